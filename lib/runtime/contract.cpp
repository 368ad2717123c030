// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "image/capability.hpp"
#include "image/read_only_contract.hpp"
#include "inspect/passwd.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/reference.hpp"
#include "ociassemble/runtime.hpp"
#include "runtime/image_root.hpp"
#include "runtime/ports.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kUsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::uint32_t kExecute = 1;
constexpr std::uint32_t kWrite = 2;
constexpr std::uint16_t kFirstUnprivilegedPort = 1024;

[[noreturn]] void contradict(const std::string& why, std::string hint) {
  throw Error(ErrorCode::check_failed, "the image contradicts its run contract: " + why, std::move(hint));
}

// The bits of a mode that are this user's, without any capability.
bool may(const Tree::Node& node, std::uint32_t uid, std::uint32_t gid, std::uint32_t bit) {
  const unsigned shift = node.uid == uid ? 6 : node.gid == gid ? 3 : 0;
  return ((node.mode >> shift) & bit) == bit;
}

bool lies_in(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

std::string describe_owner(const Tree::Node& node) {
  return fmt::format("{}:{}, mode {:04o}", node.uid, node.gid, node.mode);
}

std::set<std::string> file_capabilities(const Tree::Node& file) {
  const auto found = file.xattrs().find("security.capability");
  return found == file.xattrs().end() ? std::set<std::string>() : capabilities_of_xattr(found->second);
}

// Of all files below; a tree is at most 256 folders deep.
void add_capabilities(const Tree::Node& folder, std::set<std::string>& names) {
  for (const auto& child : folder.children) {
    if (child.node.type == EntryType::directory) add_capabilities(child.node, names);
    if (child.node.type == EntryType::regular) names.merge(file_capabilities(child.node));
  }
}

// How an engine calls an image of its own: no name of a registry's.
bool is_engine_id(const std::string& image) { return image.starts_with("sha256:") && image.size() == 71; }

bool is_dns_label(std::string_view name) {
  const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' && name.back() != '-' &&
         std::ranges::all_of(name, is_inner);
}

class ContractReader {
 public:
  ContractReader(const Image& image, const Tree& tree, const RunSettings& settings)
      : config_(image.config()), tree_(tree) {
    contract_.settings = settings;
    contract_.platform = config_.platform;
    contract_.read_only = is_read_only(config_);
    contract_.working_dir = config_.working_dir.empty() ? "/" : config_.working_dir;
  }

  RunContract read() {
    require_linux();
    set_signal();
    set_user();
    set_environment();
    set_words();
    set_ports();
    check_mount_points();
    resolve_mounts();
    find_writable();
    find_program();
    set_capabilities();
    check_ports();
    set_health();
    set_name();
    return std::move(contract_);
  }

 private:
  std::string contents(const char* path) const {
    const auto* node = tree_.follow(path);
    return node != nullptr ? node->contents().value_or("") : std::string();
  }

  void require_linux() const {
    const auto& os = contract_.platform.os;
    if (os.empty() || os == "linux") return;
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot say how the image is run: it is for {}", printable(contract_.platform.to_string())),
                "choose a Linux image with --platform");
  }

  void set_user() {
    if (config_.user.empty()) return;  // root
    try {
      const auto user = lookup_user(config_.user, contents(kPasswdPath), contents(kGroupPath));
      contract_.uid = user.uid;
      contract_.gid = user.gid;
    } catch (const Error& error) {
      contradict(fmt::format("its user \"{}\" cannot be found: {}", printable(config_.user), error.what()),
                 "build it with --user UID:GID");
    }
  }

  void set_signal() {
    const auto is_signal = [](char c) { return is_letter_or_digit(c) || c == '+' || c == '-'; };
    if (!std::ranges::all_of(config_.stop_signal, is_signal)) {
      contradict(fmt::format("its stop signal \"{}\" is no signal", printable(config_.stop_signal)),
                 "build it with --stop-signal SIGTERM");
    }
    contract_.stop_signal = config_.stop_signal;
  }

  void set_environment() {
    ImageConfig merged = config_;
    for (const auto& [name, value] : contract_.settings.env) merged.set_env(name, value);
    contract_.env = merged.env;
    path_ = merged.env_value("PATH").value_or(std::string(kUsualPath));
  }

  void set_words() {
    auto words = config_.entrypoint.value_or(std::vector<std::string>());
    const auto& arguments = contract_.settings.arguments;
    const auto rest = arguments ? *arguments : config_.cmd.value_or(std::vector<std::string>());
    words.insert(words.end(), rest.begin(), rest.end());
    if (words.empty() || words.front().empty())
      contradict("it names no program to run", "build it with --binary or --entrypoint, or name a program after --");
    contract_.words = std::move(words);
  }

  void set_ports() {
    for (const auto& text : config_.exposed_ports) {
      const auto slash = text.find('/');
      const auto protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
      if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
        contradict(fmt::format("its port \"{}\" has an unknown protocol", printable(text)),
                   "build it with --expose PORT/tcp");
      contract_.ports.push_back({parse_port(std::string_view(text).substr(0, slash), text), protocol});
    }
    std::ranges::sort(contract_.ports, [](const DeclaredPort& left, const DeclaredPort& right) {
      return std::tie(left.number, left.protocol) < std::tie(right.number, right.protocol);
    });
  }

  // Runtimes mount there, and some make files through what they find: runc 1.1 follows a link that is /dev out of the
  // root.
  void check_mount_points() const {
    for (const auto* name : {"dev", "proc", "sys", "tmp"}) {
      const auto* node = tree_.find(name);
      if (node == nullptr || node->type == EntryType::directory) continue;
      contradict(fmt::format("/{} is no folder, and runtimes mount a file system there", name),
                 fmt::format("build it on a base whose /{} is a folder, or missing", name));
    }
  }

  // No runtime is left to follow the image's links.
  void resolve_mounts() {
    for (auto& mount : contract_.settings.mounts) {
      const auto target = tree_.resolve(mount.target);
      if (!target.empty()) mount.target = "/" + target;
    }
  }

  void find_writable() {
    const auto declared = label_words(config_, kWritableLabel);
    auto paths = config_.volumes;
    paths.insert(declared.begin(), declared.end());
    for (const auto& path : paths) {
      check_path(path);
      if (contract_.read_only && tree_.resolve(path) == "tmp") continue;  // every form has a memory file system there
      contract_.writable.push_back(read_writable(path, declared.contains(path)));
    }
    auto& folders = contract_.writable;
    std::ranges::sort(folders, {}, &WritableFolder::path);
    const auto is_same = [](const WritableFolder& left, const WritableFolder& right) {
      return left.path == right.path;
    };
    folders.erase(std::unique(folders.begin(), folders.end(), is_same), folders.end());
  }

  // The image's words go into options and files of runtimes, where a ',' or a line break would begin another option.
  static void check_path(const std::string& path) {
    const auto is_odd = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
             std::string_view(",:\"\\").find(c) != std::string_view::npos;
    };
    const bool is_canonical = path.starts_with('/') && ("/" + path + "/").find("/../") == std::string::npos;
    if (is_canonical && std::ranges::none_of(path, is_odd)) return;
    contradict(printable(path) + " is no path that a volume can be mounted on",
               "an absolute path without \"..\", ',', ':', quotes and control characters");
  }

  WritableFolder read_writable(const std::string& path, bool is_declared) const {
    WritableFolder folder{.path = "/" + tree_.resolve(path), .uid = contract_.uid, .gid = contract_.gid};
    if (tree_.resolve(path).empty())
      contradict("all of the root is to be writable, and read-only at once", "build it with --no-readonly");
    const auto* node = tree_.follow(path);
    if (node == nullptr) {
      if (is_declared)
        contradict(fmt::format("there is no folder {} to write to", printable(path)),
                   "build it with --writable " + path);
      return folder;
    }
    if (node->type != EntryType::directory)
      contradict(fmt::format("{} is a file, and a folder to write to at once", printable(path)),
                 "declare its folder writable, in the image a folder of its own");
    if (is_declared && !may(*node, contract_.uid, contract_.gid, kWrite | kExecute)) {
      contradict(fmt::format("the user {}:{} cannot write to {}, which belongs to {}", contract_.uid, contract_.gid,
                             printable(path), describe_owner(*node)),
                 "build it with --writable " + path + " and the same --user");
    }
    folder.uid = node->uid;
    folder.gid = node->gid;
    folder.mode = node->mode & 01777U;
    folder.has_files = !node->children.empty();
    return folder;
  }

  // As the kernel looks for it, and runtimes in PATH before.
  std::string path_of_program(const std::string& name, const char* whose) const {
    if (name.find('/') == std::string::npos) return search(name, whose);
    return "/" + tree_.resolve(name.starts_with('/') ? name : contract_.working_dir + "/" + name);
  }

  void find_program() {
    contract_.program = path_of_program(contract_.words.front(), "program");
    check_program(contract_.program, "program");
  }

  void check_program(const std::string& path, const char* whose) const {
    for (const auto& mount : contract_.settings.mounts) {
      if (lies_in(path, mount.target)) return;  // what is mounted there is not the image's
    }
    for (const auto& folder : contract_.writable) {
      if (!lies_in(path, folder.path)) continue;
      contradict(fmt::format("the {} {} lies in {}, which is writable: a volume there hides it", whose, printable(path),
                             printable(folder.path)),
                 "put the program elsewhere, /usr/local/bin for example");
    }
    check_executable(path, whose);
  }

  std::string search(const std::string& name, const char* whose) const {
    std::string_view rest = path_;
    for (;;) {
      const auto colon = rest.find(':');
      const auto place = fmt::format("{}/{}", rest.substr(0, colon), name);
      const auto* node = tree_.follow(place);
      if (node != nullptr && node->type == EntryType::regular && may(*node, contract_.uid, contract_.gid, kExecute))
        return "/" + tree_.resolve(place);
      if (colon == std::string_view::npos) break;
      rest = rest.substr(colon + 1);
    }
    contradict(fmt::format("its {} {} is in no folder of PATH={}", whose, printable(name), printable(path_)),
               fmt::format("name the whole path of its {}", whose));
  }

  void check_executable(std::string_view path, const char* whose) const {
    for (std::size_t slash = 0; slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      const auto* folder = tree_.find(path.substr(0, slash));
      if (folder == nullptr || may(*folder, contract_.uid, contract_.gid, kExecute)) continue;
      refuse_program(path, whose,
                     fmt::format("cannot enter {}, which belongs to {}",
                                 slash == 0 ? "/" : printable(path.substr(0, slash)), describe_owner(*folder)));
    }
    const auto* file = tree_.find(path);
    if (file == nullptr) {
      contradict(fmt::format("its {} {} does not exist", whose, printable(path)),
                 fmt::format("add the file, or correct the path of its {}", whose));
    }
    if (file->type != EntryType::regular) {
      contradict(fmt::format("its {} {} is no file", whose, printable(path)),
                 fmt::format("correct the path of its {}", whose));
    }
    if (!may(*file, contract_.uid, contract_.gid, kExecute))
      refuse_program(path, whose, fmt::format("cannot execute it: it belongs to {}", describe_owner(*file)));
  }

  [[noreturn]] void refuse_program(std::string_view path, const char* whose, const std::string& why) const {
    contradict(fmt::format("the user {}:{} has no permission to its {} {}: the user {}", contract_.uid, contract_.gid,
                           whose, printable(path), why),
               "add the program with a mode such as 0555, or run it as its owner");
  }

  // Those of the label, each of which a program must have; and those without which the program cannot be executed.
  void set_capabilities() {
    const auto* program = tree_.find(contract_.program);
    if (program != nullptr) {
      contract_.capabilities = file_capabilities(*program);
    }
    // Root has the capabilities of every program, as far as the runtime leaves it some.
    const auto is_low = [](const DeclaredPort& port) { return port.number < kFirstUnprivilegedPort; };
    if (contract_.uid == 0 && std::ranges::any_of(contract_.ports, is_low))
      contract_.capabilities.insert("net_bind_service");
    for (const auto& name : contract_.settings.capabilities) contract_.capabilities.insert(canonical_capability(name));
    const auto declared = label_words(config_, kCapabilitiesLabel);
    if (declared.empty()) return;
    std::set<std::string> found;
    add_capabilities(tree_.root(), found);
    for (const auto& name : declared) {
      if (!found.contains(name)) {
        contradict(fmt::format("no program in it has the capability {} that its label names", printable(name)),
                   "build it with --cap " + name);
      }
      contract_.capabilities.insert(name);
    }
  }

  // A program that is not the first may listen, too: any that has the capability will do.
  void check_ports() const {
    if (contract_.uid == 0 || contract_.capabilities.contains("net_bind_service")) return;
    for (const auto& port : contract_.ports) {
      if (port.number >= kFirstUnprivilegedPort) continue;
      contradict(fmt::format("the user {}:{} may not listen on port {}/{}, which is below 1024: no program has the "
                             "capability net_bind_service",
                             contract_.uid, contract_.gid, port.number, port.protocol),
                 fmt::format("build it with --cap net_bind_service, or listen on {} and publish it as {}",
                             8000 + port.number, port.number));
    }
  }

  void set_health() {
    const auto found = config_.config_unknown.find("Healthcheck");
    if (found == config_.config_unknown.end()) return;
    const auto document = parse_json(found->second, "health check", {.size = std::size_t{1} << 20U});
    const JsonView view(document, "health check");
    auto test = view.find_strings("Test");
    if (test.empty() || test.front() == "NONE") return;
    HealthCommand health;
    if (test.front() == "CMD") {
      health.words.assign(test.begin() + 1, test.end());
    } else if (test.front() == "CMD-SHELL" && test.size() == 2) {
      health.words = {"/bin/sh", "-c", test[1]};
    }
    if (health.words.empty() || health.words.front().empty())
      view.refuse("Test is neither CMD with words nor CMD-SHELL with a line");
    check_program(path_of_program(health.words.front(), "health check"), "health check");
    const auto duration = [&](const char* name) -> std::optional<std::chrono::nanoseconds> {
      const auto member = view.find(name);
      if (!member || member->size() == 0) return {};
      return std::chrono::nanoseconds(member->size());
    };
    health.interval = duration("Interval");
    health.timeout = duration("Timeout");
    health.start_period = duration("StartPeriod");
    if (const auto retries = view.find("Retries"); retries && retries->size() != 0)
      health.retries = static_cast<std::uint32_t>(std::min<std::uint64_t>(retries->size(), 1000));
    contract_.health = std::move(health);
  }

  void set_name() {
    contract_.name = contract_.settings.name;  // which check_settings() found to be a label
    if (contract_.name.empty()) contract_.name = dns_label(own_name());
    add_notes();
  }

  std::string own_name() const {
    const auto& image = contract_.settings.image;
    if (image.empty() || is_engine_id(image)) return contract_.program.substr(contract_.program.rfind('/') + 1);
    const auto repository = Reference::parse(image).repository();
    return repository.substr(repository.rfind('/') + 1);
  }

  void add_notes() {
    for (const auto& folder : contract_.writable) {
      if (!folder.has_files) continue;
      contract_.notes.push_back(
          fmt::format("the image has files in {}: a named volume begins with them, a memory file system and a pod's "
                      "volume are empty",
                      printable(folder.path)));
    }
    if (contract_.uid == 0) {
      contract_.notes.emplace_back(
          "the program runs as root, without root's capabilities: one that changes its user or owners of files needs "
          "--cap-add setuid, setgid or chown");
    }
    if (!contract_.read_only) contract_.notes.emplace_back("the image does not ask for a read-only root file system");
  }

  // At most 40 characters, since names of volumes begin with it.
  static std::string dns_label(std::string_view text) {
    std::string label;
    for (const char c : to_lower(text)) label += is_letter_or_digit(c) ? c : '-';
    label.resize(std::min<std::size_t>(label.size(), 40));
    const auto begin = label.find_first_not_of('-');
    if (begin == std::string::npos) return "service";
    label = label.substr(begin, label.find_last_not_of('-') + 1 - begin);
    // Kubernetes' names of services begin with a letter.
    return label.front() >= '0' && label.front() <= '9' ? "s-" + label : label;
  }

  const ImageConfig& config_;
  const Tree& tree_;
  RunContract contract_;
  std::string path_;
};

void check_settings(const RunSettings& settings) {
  const auto reject = [](const std::string& what, const std::string& why) {
    throw Error(ErrorCode::invalid_argument, "cannot use " + what + ": " + why);
  };
  if (!settings.name.empty() && !is_dns_label(settings.name)) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot name the service \"{}\": it is no DNS label", printable(settings.name)),
                "write at most 63 lower-case letters, digits and '-', a letter first");
  }
  capability_xattr(settings.capabilities);  // throws for a name that there is not
  for (const auto& [name, value] : settings.env) {
    if (name.empty() || name.find('=') != std::string::npos || (name + value).find('\0') != std::string::npos)
      reject("variable \"" + printable(name) + "\"", "it is empty or holds '=' or a NUL byte");
  }
  for (const auto& mount : settings.mounts) {
    for (const auto& path : {mount.source.string(), mount.target}) {
      if (!path.starts_with('/')) reject("mount \"" + printable(path) + "\"", "it is no absolute path");
      if (path.find_first_of(",:\"\n\r\\") != std::string::npos || path.find('\0') != std::string::npos)
        reject("mount \"" + printable(path) + "\"",
               "engines cannot be told a path with ',', ':', a quote or a line break");
    }
  }
}

}  // namespace

RunContract read_contract(const Image& image, const RunSettings& settings, const std::stop_token& stop) {
  check_settings(settings);
  return read_contract(image, read_image_root(image, image.layers().size(), nullptr, stop), settings);
}

RunContract read_contract(const Image& image, const Tree& tree, const RunSettings& settings) {
  check_settings(settings);
  return ContractReader(image, tree, settings).read();
}

}  // namespace ociassemble
