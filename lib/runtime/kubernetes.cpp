// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "ociassemble/error.hpp"
#include "runtime/durations.hpp"
#include "runtime/forms.hpp"
#include "runtime/quoting.hpp"

namespace ociassemble {
namespace {

// What Pod Security Standards, profile "restricted", would refuse whatever we write.
void check_restricted(const RunContract& contract) {
  const auto refuse = [](const std::string& why, const char* hint) {
    throw Error(ErrorCode::check_failed, "Kubernetes' restricted profile refuses the image: " + why, hint);
  };
  if (contract.uid == 0) refuse("its program runs as root", "build it with --user UID:GID");
  for (const auto& name : contract.capabilities) {
    if (name != "net_bind_service")
      refuse("a program has the capability " + name + "; only net_bind_service may be added", "leave --cap out");
  }
  if (!contract.settings.mounts.empty()) refuse("a folder of the node is mounted", "leave --mount out");
}

std::string port_name(const DeclaredPort& port) { return fmt::format("{}-{}", port.protocol, port.number); }

// A volume's name is a DNS label of at most 63 characters; paths are longer, and not unique once made one.
std::string pod_volume(std::size_t index) { return fmt::format("data-{}", index); }

const DeclaredPort* first_tcp(const RunContract& contract) {
  const auto found =
      std::ranges::find_if(contract.ports, [](const DeclaredPort& port) { return port.protocol == "tcp"; });
  return found == contract.ports.end() ? nullptr : &*found;
}

std::string probe_action(const RunContract& contract) {
  const auto* port = first_tcp(contract);
  if (!contract.settings.probe_path.empty()) {
    if (port == nullptr) {
      throw Error(ErrorCode::invalid_argument,
                  "cannot ask for " + contract.settings.probe_path + ": the image declares no TCP port",
                  "build it with --expose, or leave --probe-path out");
    }
    return fmt::format("httpGet: {{path: {}, port: {}}}", yaml_string(contract.settings.probe_path), port_name(*port));
  }
  if (contract.health) return "exec: {command: " + yaml_strings(contract.health->words) + "}";
  return port != nullptr ? fmt::format("tcpSocket: {{port: {}}}", port_name(*port)) : std::string();
}

std::string probes(const RunContract& contract) {
  const auto action = probe_action(contract);
  if (action.empty()) return {};
  const auto& health = contract.health;
  const auto period = health && health->interval ? whole_seconds(*health->interval) : 10;
  const auto timeout = health && health->timeout ? whole_seconds(*health->timeout) : 5;
  const auto retries = health && health->retries ? *health->retries : 3U;
  const auto start =
      health && health->start_period ? std::max<std::int64_t>(whole_seconds(*health->start_period), 30) : 30;
  return fmt::format(
      "          startupProbe: {{{0}, periodSeconds: 1, timeoutSeconds: {1}, failureThreshold: {2}}}\n"
      "          readinessProbe: {{{0}, periodSeconds: 5, timeoutSeconds: {1}}}\n"
      "          livenessProbe: {{{0}, periodSeconds: {3}, timeoutSeconds: {1}, failureThreshold: {4}}}\n",
      action, timeout, start, period, retries);
}

std::string pod_security(const RunContract& contract) {
  return fmt::format(
      "      automountServiceAccountToken: false\n"
      "      securityContext:\n"
      "        runAsNonRoot: true\n"
      "        runAsUser: {0}\n"
      "        runAsGroup: {1}\n"
      "        fsGroup: {1}\n"
      "        fsGroupChangePolicy: OnRootMismatch\n"
      "        seccompProfile: {{type: RuntimeDefault}}\n",
      contract.uid, contract.gid);
}

std::string container_security(const RunContract& contract) {
  return fmt::format(
      "          securityContext:\n"
      "            allowPrivilegeEscalation: false\n"
      "            readOnlyRootFilesystem: {}\n"
      "            capabilities: {{drop: [ALL]{}}}\n",
      contract.read_only, contract.capabilities.empty() ? "" : ", add: [NET_BIND_SERVICE]");
}

std::string mounts(const RunContract& contract) {
  std::string text;
  if (contract.read_only) text += "            - {name: tmp, mountPath: /tmp}\n";
  for (std::size_t i = 0; i < contract.writable.size(); ++i)
    text += fmt::format("            - {{name: {}, mountPath: {}}}\n", pod_volume(i),
                        yaml_string(contract.writable[i].path));
  return text.empty() ? text : "          volumeMounts:\n" + text;
}

std::string volumes(const RunContract& contract) {
  std::string text;
  if (contract.read_only) {
    text += fmt::format("        - name: tmp\n          emptyDir: {{medium: Memory, sizeLimit: {}}}\n",
                        kubernetes_size(contract.settings.temporary));
  }
  for (std::size_t i = 0; i < contract.writable.size(); ++i) {
    text += fmt::format("        - name: {}\n          emptyDir: {{sizeLimit: {}}}\n", pod_volume(i),
                        kubernetes_size(contract.settings.volume_size));
  }
  return text.empty() ? text : "      volumes:\n" + text;
}

std::string container_ports(const RunContract& contract) {
  if (contract.ports.empty()) return {};
  std::string text = "          ports:\n";
  for (const auto& port : contract.ports) {
    text += fmt::format("            - {{name: {}, containerPort: {}, protocol: {}}}\n", port_name(port), port.number,
                        upper_case(port.protocol));
  }
  return text;
}

std::string container_words(const RunContract& contract) {
  const auto& settings = contract.settings;
  std::string text;
  if (settings.arguments) {
    // "$(NAME)" would be replaced by the kubelet.
    auto arguments = *settings.arguments;
    for (auto& one : arguments) {
      for (auto at = one.find("$("); at != std::string::npos; at = one.find("$(", at + 3)) one.insert(at, "$");
    }
    text += fmt::format("          args: {}\n", yaml_strings(arguments));
  }
  if (settings.env.empty()) return text;
  text += "          env:\n";
  for (auto [name, value] : settings.env) {
    for (auto at = value.find("$("); at != std::string::npos; at = value.find("$(", at + 3)) value.insert(at, "$");
    text += fmt::format("            - {{name: {}, value: {}}}\n", yaml_string(name), yaml_string(value));
  }
  return text;
}

std::string resources(const RunContract& contract) {
  const auto& settings = contract.settings;
  const auto disk = settings.volume_size * std::max<std::size_t>(contract.writable.size(), 1) + settings.temporary;
  return fmt::format(
      "          resources:\n"
      "            requests: {{cpu: 50m, memory: {0}, ephemeral-storage: {1}}}\n"
      "            limits: {{memory: {2}, ephemeral-storage: {3}}}\n",
      kubernetes_size(settings.memory / 4), kubernetes_size(settings.temporary), kubernetes_size(settings.memory),
      kubernetes_size(disk));
}

std::string service(const RunContract& contract) {
  if (contract.ports.empty()) return {};
  auto text = fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {0}\n  labels: {{app.kubernetes.io/name: {0}}}\nspec:\n"
      "  selector: {{app.kubernetes.io/name: {0}}}\n  ports:\n",
      yaml_string(contract.name));
  for (const auto& port : contract.ports) {
    text += fmt::format("    - {{name: {0}, port: {1}, targetPort: {0}, protocol: {2}}}\n", port_name(port),
                        port.number, upper_case(port.protocol));
  }
  return text;
}

std::string notes(const RunContract& contract) {
  std::string text;
  for (const auto& note : contract.notes) text += "# " + note + "\n";
  return text;
}

std::string write_patch(const RunContract& contract) {
  return notes(contract) +
         fmt::format("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {0}\nspec:\n  template:\n    spec:\n",
                     yaml_string(contract.name)) +
         pod_security(contract) + "      containers:\n        - name: " + yaml_string(contract.name) + "\n" +
         container_security(contract) + mounts(contract) + volumes(contract);
}

}  // namespace

std::string write_kubernetes(const RunContract& contract, SpecScope scope) {
  check_restricted(contract);
  if (scope == SpecScope::patch) return write_patch(contract);
  return notes(contract) +
         fmt::format(
             "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {0}\n  labels: {{app.kubernetes.io/name: "
             "{0}}}\n"
             "spec:\n  replicas: 1\n  selector:\n    matchLabels: {{app.kubernetes.io/name: {0}}}\n  template:\n"
             "    metadata:\n      labels: {{app.kubernetes.io/name: {0}}}\n    spec:\n",
             yaml_string(contract.name)) +
         "      enableServiceLinks: false\n      terminationGracePeriodSeconds: 30\n" + pod_security(contract) +
         fmt::format(
             "      containers:\n        - name: {}\n          image: {}\n          imagePullPolicy: IfNotPresent\n",
             yaml_string(contract.name), yaml_string(required_image(contract))) +
         container_words(contract) + container_ports(contract) + container_security(contract) + probes(contract) +
         resources(contract) + mounts(contract) + volumes(contract) + service(contract);
}

}  // namespace ociassemble
