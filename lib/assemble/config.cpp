// SPDX-License-Identifier: Apache-2.0
#include "assemble/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "assemble/placement.hpp"
#include "image/capability.hpp"
#include "image/read_only_contract.hpp"
#include "ociassemble/error.hpp"
#include "spec/json_writer.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void reject_value(std::string_view what, std::string_view value, std::string_view why,
                               std::string hint = {}) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use {} \"{}\": {}", what, value, why), std::move(hint));
}

void reject_control_bytes(std::string_view what, std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    reject_value(what, text.substr(0, text.find('\0')), "it holds a NUL byte");
}

// "8080" -> "8080/tcp".
std::string canonical_port(std::string_view text) {
  const auto slash = text.find('/');
  const auto number = text.substr(0, slash);
  const auto protocol = slash == std::string_view::npos ? "tcp" : text.substr(slash + 1);
  unsigned port = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), port);
  const bool whole = failure == std::errc() && end == number.data() + number.size();
  if (!whole || port == 0 || port > 65535) reject_value("port", text, "not a number from 1 to 65535");
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    reject_value("port", text, "the protocol is none of tcp, udp and sctp", "write 8080 or 8080/udp");
  }
  return fmt::format("{}/{}", port, protocol);
}

std::string canonical_volume(std::string_view text) { return "/" + canonical_folder(text, "volume"); }

// A number from `low` to `high`, in decimal digits alone.
bool is_number_in(std::string_view text, int low, int high) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size() && text.front() != '-' && number >= low &&
         number <= high;
}

// Signals of Linux, as engines know them (signal(7)).
bool is_signal(std::string_view text) {
  constexpr int kHighest = 64;
  constexpr std::array<std::string_view, 35> kSignals{
      "SIGABRT", "SIGALRM",   "SIGBUS",  "SIGCHLD",   "SIGCLD",   "SIGCONT", "SIGFPE",  "SIGHUP",  "SIGILL",
      "SIGINT",  "SIGIO",     "SIGIOT",  "SIGKILL",   "SIGPIPE",  "SIGPOLL", "SIGPROF", "SIGPWR",  "SIGQUIT",
      "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS",    "SIGTERM",  "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU",
      "SIGURG",  "SIGUSR1",   "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ", "SIGRTMIN"};
  if (std::ranges::find(kSignals, text) != kSignals.end() || text == "SIGRTMAX") return true;
  if (text.starts_with("SIGRTMIN+")) return is_number_in(text.substr(9), 1, 15);
  if (text.starts_with("SIGRTMAX-")) return is_number_in(text.substr(9), 1, 14);
  return is_number_in(text, 1, kHighest);
}

void validate_signal(std::string_view text) {
  if (is_signal(text)) return;
  reject_value("stop signal", text, "neither the name of a signal nor a number from 1 to 64",
               "write SIGTERM, SIGINT, SIGRTMIN+3 or the like");
}

// As Docker checks it: a duration is 0, for the engine's default, or a millisecond at the least.
void validate_healthcheck(const Healthcheck& check) {
  const auto& test = check.test;
  const bool is_known = !test.empty() && ((test[0] == "CMD" && test.size() > 1 && !test[1].empty()) ||
                                          (test[0] == "CMD-SHELL" && test.size() == 2 && !test[1].empty()) ||
                                          (test[0] == "NONE" && test.size() == 1));
  if (!is_known) {
    reject_value("health check", fmt::format("{}", fmt::join(test, " ")),
                 "the test is none of CMD with words, CMD-SHELL with a line, and NONE",
                 R"(write ["CMD", "/app", "health"], or ["CMD-SHELL", "LINE"])");
  }
  for (const auto& word : test) reject_control_bytes("health check", word);
  for (const auto& duration : {check.interval, check.timeout, check.start_period}) {
    if (!duration || duration->count() == 0 || *duration >= std::chrono::milliseconds(1)) continue;
    reject_value("health check", fmt::format("{}", fmt::join(test, " ")),
                 fmt::format("a duration of {} ns is under a millisecond", duration->count()), "write 1ms or longer");
  }
}

void validate_env(const std::string& name, const std::string& value) {
  if (name.empty() || name.find('=') != std::string::npos)
    reject_value("variable", name, "the name is empty or holds '='");
  reject_control_bytes("variable", name);
  reject_control_bytes("variable", value);
}

void apply_command(ImageConfig& config, const AssembleOptions& options, const std::string& entrypoint) {
  auto chosen = options.entrypoint;
  if (!chosen && !entrypoint.empty()) chosen = std::vector<std::string>{entrypoint};
  if (chosen) {
    config.entrypoint = chosen->empty() ? std::nullopt : chosen;
    config.cmd.reset();
  }
  if (options.cmd) config.cmd = options.cmd->empty() ? std::nullopt : options.cmd;
}

std::set<std::string> capabilities_of(const AssembleOptions& options) {
  std::set<std::string> names;
  for (const auto& binary : options.contents.binaries) {
    for (const auto& name : binary.capabilities) names.insert(canonical_capability(name));
  }
  return names;
}

// The contract of a base that is an image of ours is continued: its volumes stay, and so do the programs that need a
// capability. What does not hold for the new image does not stay in its labels.
void apply_read_only(ImageConfig& config, const AssembleOptions& options) {
  auto writable = label_words(config, kWritableLabel);
  auto capabilities = label_words(config, kCapabilitiesLabel);
  if (is_read_only(config)) config.labels.erase("RUN");
  for (const auto* label : {kReadOnlyLabel, kWritableLabel, kCapabilitiesLabel}) config.labels.erase(label);
  for (const auto& path : options.contents.writable) writable.insert(canonical_volume(path));
  if (options.writable_volumes) config.volumes.insert(writable.begin(), writable.end());
  capabilities.merge(capabilities_of(options));
  if (!capabilities.empty()) config.labels[kCapabilitiesLabel] = fmt::format("{}", fmt::join(capabilities, ","));
  if (!options.contents.read_only) return;
  if (!writable.empty()) config.labels[kWritableLabel] = fmt::format("{}", fmt::join(writable, ","));
  config.labels[kReadOnlyLabel] = "true";
  auto run = fmt::format("podman run --read-only {}", confinement_options(capabilities));
  if (!options.writable_volumes) {
    for (const auto& path : writable) run += " --volume " + path;
  }
  config.labels["RUN"] = run + " IMAGE";
}

// What describes the base would describe the new image wrongly.
void drop_base_labels(ImageConfig& config) {
  std::erase_if(config.labels, [](const auto& label) { return label.first.starts_with("org.opencontainers.image."); });
}

// The members and units of Docker's API: durations in nanoseconds, 0 for what the engine's default is.
void apply_healthcheck(ImageConfig& config, const Healthcheck& check) {
  JsonObjectWriter writer;
  writer.strings("Test", check.test);
  const auto duration = [&](const char* name, const std::optional<std::chrono::nanoseconds>& value) {
    if (value) writer.json(name, std::to_string(value->count()));
  };
  duration("Interval", check.interval);
  duration("Timeout", check.timeout);
  duration("StartPeriod", check.start_period);
  if (check.retries) writer.json("Retries", std::to_string(*check.retries));
  config.config_unknown["Healthcheck"] = writer.finish();
}

std::optional<std::string> base_variable(const ImageConfig& base, const std::string& name) {
  if (auto value = base.env_value(name)) return value;
  // As Docker and runtimes have it where nothing is said.
  if (name == "PATH" && base.env.empty()) return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return {};
}

constexpr std::size_t kLongestEnv = std::size_t{1} << 20U;
constexpr std::size_t kMostEnv = std::size_t{16} << 20U;  // of all variables that have a base's in them

[[noreturn]] void refuse_long_env(const std::string& name) {
  throw Error(ErrorCode::unsupported,
              fmt::format("cannot set the variable {}: with the base's variables in it its value grows too long", name),
              "a value may have 1 MiB, all of them together 16");
}

std::string fill_from_base(const std::string& name, const EnvTemplate& parts, const ImageConfig& base) {
  std::string text;
  for (const auto& part : parts) {
    if (text.size() > kLongestEnv) refuse_long_env(name);
    text += part.text;
    if (!part.variable) continue;
    const auto value = base_variable(base, part.variable->name);
    const auto& operation = part.variable->operation;
    const bool is_there = value && !(operation.starts_with(':') && value->empty());
    const bool is_word = operation.ends_with('+') == is_there;
    if (is_word) {
      text += fill_from_base(name, part.variable->word, base);
    } else if (is_there) {
      text += *value;
    }
  }
  if (text.size() > kLongestEnv) refuse_long_env(name);
  return text;
}

void apply_env_of_base(ImageConfig& config, const AssembleOptions& options, const ImageConfig& base) {
  std::size_t size = 0;
  for (const auto& [name, parts] : options.env_of_base) {
    const auto value = fill_from_base(name, parts, base);
    if ((size += value.size()) > kMostEnv) refuse_long_env(name);
    config.set_env(name, value);
  }
}

void validate_template(const std::string& name, const EnvTemplate& parts) {
  for (const auto& part : parts) {
    validate_env(name, part.text);
    if (part.variable) validate_template(name, part.variable->word);
  }
}

}  // namespace

void validate_options(const AssembleOptions& options) {
  for (const auto& port : options.exposed_ports) canonical_port(port);
  for (const auto& volume : options.volumes) canonical_volume(volume);
  for (const auto& path : options.contents.writable) canonical_folder(path, "writable path");
  for (const auto& [name, value] : options.env) validate_env(name, value);
  for (const auto& [name, parts] : options.env_of_base) validate_template(name, parts);
  if (options.contents.working_dir) canonical_path(*options.contents.working_dir, "working directory");
  if (options.stop_signal) validate_signal(*options.stop_signal);
  if (options.healthcheck) validate_healthcheck(*options.healthcheck);
  format_timestamp(options.created.value_or(0));
  format_timestamp(options.file_times);
}

ImageConfig make_config(const AssembleOptions& options, const Base& base, std::int64_t created, const NumericUser& user,
                        const std::string& entrypoint) {
  ImageConfig config = base.config;
  if (!options.inherit_labels) drop_base_labels(config);
  config.created = format_timestamp(created);
  config.user = user.to_string();
  apply_command(config, options, entrypoint);
  apply_env_of_base(config, options, base.config);
  for (const auto& [name, value] : options.env) config.set_env(name, value);
  for (const auto& port : options.exposed_ports) config.exposed_ports.insert(canonical_port(port));
  for (const auto& volume : options.volumes) config.volumes.insert(canonical_volume(volume));
  if (options.contents.working_dir)
    config.working_dir = "/" + canonical_path(*options.contents.working_dir, "working directory");
  if (options.stop_signal) config.stop_signal = *options.stop_signal;
  if (options.healthcheck) apply_healthcheck(config, *options.healthcheck);
  apply_read_only(config, options);
  for (const auto& [name, value] : options.labels) config.labels[name] = value;
  return config;
}

}  // namespace ociassemble
