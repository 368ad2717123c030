// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "policy/patterns.hpp"
#include "policy/rule_judges.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::string_view kBaseNameKey = "org.opencontainers.image.base.name";
constexpr std::string_view kBaseDigestKey = "org.opencontainers.image.base.digest";

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// "DB_PASSWORD" -> DB, PASSWORD; "dbPassword" -> DB, PASSWORD.
std::vector<std::string> words_of_name(std::string_view name) {
  std::vector<std::string> words(1);
  char before = '\0';
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool was_lower = before >= 'a' && before <= 'z';
    if (!is_letter_or_digit(c) || (is_upper && was_lower)) words.emplace_back();
    if (is_letter_or_digit(c)) words.back() += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    before = c;
  }
  std::erase(words, std::string());
  return words;
}

constexpr std::array<std::string_view, 14> kSecretWords{
    "PASS",    "PASSWD", "PASSWORD", "PASSWORDS", "PASSPHRASE",  "PWD",        "SECRET",
    "SECRETS", "TOKEN",  "TOKENS",   "APIKEY",    "CREDENTIALS", "CREDENTIAL", "PRIVATEKEY"};

// Whether a variable is called like a secret. A key needs no secret where it is a public one, and what names a file or
// folder holds none itself.
bool is_secret_name(std::string_view name) {
  const auto words = words_of_name(name);
  if (words.empty() || name == "PWD" || name == "OLDPWD") return false;
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  const auto& last = words.back();
  if (last == "FILE" || last == "PATH" || last == "DIR") return false;
  if (std::any_of(kSecretWords.begin(), kSecretWords.end(), has)) return true;
  const bool is_key = has("KEY") || has("KEYS");
  return is_key && !has("PUBLIC") && !has("PUB") && !has("GPG") && !has("SIGNING");
}

// In the text of a history entry: NAME of "NAME=VALUE" words, as builders record build arguments and variables.
std::vector<std::string> assigned_names(std::string_view text) {
  std::vector<std::string> names;
  const auto is_name = [](char c) { return is_letter_or_digit(c) || c == '_'; };
  for (auto at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    auto begin = at;
    while (begin > 0 && is_name(text[begin - 1])) --begin;
    const bool begins_word = begin == 0 || text[begin - 1] == ' ' || text[begin - 1] == '\t';
    const bool has_value = at + 1 < text.size() && text[at + 1] != ' ' && text[at + 1] != '=' && text[at + 1] != '$';
    if (begin != at && begins_word && has_value) names.emplace_back(text.substr(begin, at - begin));
  }
  return names;
}

std::string annotation_or_label(const Image& image, std::string_view name) {
  const auto& annotations = image.manifest().annotations;
  const auto annotation = annotations.find(std::string(name));
  if (annotation != annotations.end()) return annotation->second;
  const auto label = image.config().labels.find(std::string(name));
  return label == image.config().labels.end() ? std::string() : label->second;
}

bool is_url(std::string_view text) {
  const auto scheme = text.find("://");
  return scheme != std::string_view::npos && scheme > 0 && text.size() > scheme + 3 &&
         text.find(' ') == std::string_view::npos;
}

bool are_identifiers(std::string_view text, bool forbids_zeros) {
  for (;;) {
    const auto dot = std::min(text.find('.'), text.size());
    const auto one = text.substr(0, dot);
    const bool is_number =
        !one.empty() && std::all_of(one.begin(), one.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (one.empty() || (forbids_zeros && is_number && one.size() > 1 && one.front() == '0')) return false;
    if (!std::all_of(one.begin(), one.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; })) return false;
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

// Semantic Versioning 2.0.0, with or without the "v" of tags.
bool is_semver(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto plus = text.find('+');
  if (plus != std::string_view::npos && !are_identifiers(text.substr(plus + 1), false)) return false;
  text = text.substr(0, plus);
  const auto dash = text.find('-');
  if (dash != std::string_view::npos && !are_identifiers(text.substr(dash + 1), true)) return false;
  const auto core = text.substr(0, dash);
  return std::count(core.begin(), core.end(), '.') == 2 && are_identifiers(core, true) &&
         std::all_of(core.begin(), core.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

std::optional<std::int64_t> time_of(const std::string& text) {
  if (text.find('T') == std::string::npos) return {};
  try {
    return parse_time(text);
  } catch (const Error&) {
    return {};
  }
}

void judge_format(const RuleContext& context, std::string_view format, bool (*is_good)(std::string_view),
                  std::string_view example) {
  for (const auto& name : context.texts(format)) {
    const auto value = annotation_or_label(context.image(), name);
    if (value.empty() || is_good(value)) continue;
    context.fail(name, fmt::format("{} is {}, which is not {}", printable(name), printable(value), example),
                 "correct the label's value");
  }
}

}  // namespace

void judge_user(const RuleContext& context) {
  const auto& text = context.config().user;
  const auto name = text.substr(0, text.find(':'));
  const auto* remedy = "set a user such as 65532:65532 (\"user\" of a recipe, --user, or USER of a Dockerfile)";
  if (name.empty()) return context.fail("user", "no user is set, so the image runs as root", remedy);
  const auto uid = number_of(name);
  if (!uid) {
    return context.fail("user",
                        fmt::format("the user is the name {}: whether that is root depends on the image's /etc/passwd, "
                                    "and Kubernetes' runAsNonRoot refuses names",
                                    printable(name)),
                        remedy);
  }
  if (*uid == 0) return context.fail("user", "the image runs as root (user 0)", remedy);
  const auto least = context.number("min");
  if (least && *uid < *least)
    context.fail("user", fmt::format("the user is {}, below {}", *uid, *least),
                 fmt::format("set a user of {} or above", *least));
}

void judge_workdir(const RuleContext& context) {
  const auto& path = context.config().working_dir;
  if (path.empty() || path.starts_with('/')) return;
  context.fail("workdir", fmt::format("the working directory {} is not an absolute path", printable(path)),
               "write the path from the root on");
}

void judge_secret_names(const RuleContext& context) {
  const auto* remedy =
      "give the value to the container when it runs (a secret of the orchestrator); who has the image can read it, "
      "also "
      "in an older layer or in the history";
  for (const auto& variable : context.config().env) {
    const auto equals = std::min(variable.find('='), variable.size());
    const auto name = variable.substr(0, equals);
    if (equals + 1 < variable.size() && is_secret_name(name))
      context.fail(name, fmt::format("the variable {} is called like a secret, and has a value", printable(name)),
                   remedy);
  }
  for (const auto& [name, value] : context.config().labels) {
    if (!value.empty() && is_secret_name(name))
      context.fail(name, fmt::format("the label {} is called like a secret, and has a value", printable(name)), remedy);
  }
  std::vector<std::string> told;
  for (const auto& entry : context.config().history) {
    for (const auto& name : assigned_names(entry.created_by)) {
      if (!is_secret_name(name) || context.config().env_value(name)) continue;
      if (std::find(told.begin(), told.end(), name) != told.end()) continue;
      told.push_back(name);
      context.fail(name, fmt::format("the history has a value of {}, which is called like a secret", printable(name)),
                   remedy);
    }
  }
}

void judge_volumes(const RuleContext& context) {
  constexpr std::array<std::string_view, 3> kSystem{"/proc", "/sys", "/dev"};
  for (auto path : context.config().volumes) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const bool is_system = std::any_of(kSystem.begin(), kSystem.end(), [&](std::string_view system) {
      return path == system || path.starts_with(std::string(system) + "/");
    });
    if (path == "/" || is_system)
      context.fail(path, fmt::format("a volume at {} hides files of the system", printable(path)),
                   "name the folder that the service writes to");
  }
}

void judge_labels(const RuleContext& context) {
  for (const auto& name : context.texts("required")) {
    const auto& labels = context.config().labels;
    const auto found = labels.find(name);
    if (found == labels.end() || found->second.empty())
      context.fail(name, fmt::format("the label {} is missing", printable(name)),
                   "set it (\"labels\" of a recipe, or --label)");
  }
  for (const auto& name : context.texts("annotations")) {
    const auto& annotations = context.image().manifest().annotations;
    const auto found = annotations.find(name);
    if (found == annotations.end() || found->second.empty())
      context.fail(name, fmt::format("the annotation {} is missing", printable(name)),
                   "set it (\"annotations\" of a recipe, or --annotation)");
  }
  judge_format(context, "url", is_url, "a URL such as https://example.com");
  judge_format(context, "semver", is_semver, "a semantic version such as 1.2.3");
  judge_format(
      context, "time", [](std::string_view text) { return time_of(std::string(text)).has_value(); },
      "a time such as 2026-11-27T10:00:00Z");
}

namespace {

bool is_digest(const std::string& text) {
  try {
    static_cast<void>(Digest::parse(text));
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The lock says who had signed the base; an image does not.
void judge_signed_base(const RuleContext& context, const std::string& name) {
  const auto keys = context.texts("signedBy");
  if (keys.empty()) return;
  for (const auto& key : keys) {
    if (is_digest(key)) continue;
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("cannot judge by the rule base: \"signedBy\" has {}, which is no key's SHA-256", printable(key)),
        "write sha256:HEX, as `ociassemble lock --verify-key` puts it into the lock (docs/lock.md)");
  }
  const auto& signer = context.inputs().base_signed_by;
  if (!signer) {
    return context.not_judged(name, "who has signed the base is in the lock, which a finished image does not have",
                              "check the recipe: ociassemble check -f ociassemble.json; a build checks it, too");
  }
  if (std::find(keys.begin(), keys.end(), *signer) != keys.end()) return;
  context.fail(name,
               signer->empty() ? fmt::format("the base {} is not locked with a signature", printable(name))
                               : fmt::format("the base {} was signed by the key {}, which is not one of those wanted",
                                             printable(name), *signer),
               "lock it where it is signed: ociassemble lock --verify-key KEY.pub");
}

}  // namespace

void judge_base(const RuleContext& context) {
  const auto name = annotation_or_label(context.image(), kBaseNameKey);
  const auto digest = annotation_or_label(context.image(), kBaseDigestKey);
  const auto allowed = context.texts("allow");
  if (name.empty() && digest.empty()) {
    return context.not_judged("base", "the image does not say what its base is",
                              fmt::format("set the annotation {}, as `ociassemble build` does", kBaseNameKey));
  }
  const bool is_allowed = std::any_of(allowed.begin(), allowed.end(),
                                      [&](const std::string& pattern) { return matches_pattern(pattern, name); });
  if (!allowed.empty() && !is_allowed)
    context.fail(name, fmt::format("the base {} is not allowed", printable(name)),
                 fmt::format("choose one of {}", printable(fmt::format("{}", fmt::join(allowed, ", ")))));
  if (context.flag("pinned") && digest.empty())
    context.fail(name, fmt::format("the digest of the base {} is not recorded", printable(name)),
                 "pin the base with `ociassemble lock`, or name it with @sha256:…");
  judge_signed_base(context, name.empty() ? "base" : name);
}

void judge_tag(const RuleContext& context) {
  if (context.inputs().tag != "latest") return;
  context.fail("latest", "the tag is latest, which says nothing about what it is and moves with every push",
               "publish under a version or a commit");
}

void judge_age(const RuleContext& context) {
  const auto most = static_cast<std::int64_t>(context.number("atMost").value_or(0));
  auto newest = time_of(context.config().created).value_or(0);
  for (const auto& entry : context.config().history) newest = std::max(newest, time_of(entry.created).value_or(0));
  if (newest == 0) {
    return context.not_judged("created", "the image and its history do not say when they were made",
                              "build with --created vcs, which takes the commit's time");
  }
  const auto& now = context.inputs().now;
  if (!now) {
    return context.not_judged("created", "how old the image is is not known without a date",
                              "say what day it is: --now DATE, or --now system for this machine's clock");
  }
  const auto days = (*now - newest) / kDay;
  if (*now - newest > most * kDay)
    context.fail("created",
                 fmt::format("the image is {} days old, from {}; {} are allowed", days, format_timestamp(newest), most),
                 "build it again on the base's newest version");
}

void judge_layers(const RuleContext& context) {
  constexpr std::uint64_t kRuntimes = 125;
  const auto most = context.number("atMost").value_or(kRuntimes);
  const auto count = context.image().layers().size();
  if (count > most)
    context.fail("layers", fmt::format("the image has {} layers; {} are allowed", count, most),
                 "put more into each layer, or choose a base of fewer");
}

void judge_healthcheck(const RuleContext& context) {
  const auto& members = context.config().config_unknown;
  const auto found = members.find("Healthcheck");
  const bool is_off = found != members.end() && found->second.find("\"NONE\"") != std::string::npos;
  if (found != members.end() && !is_off) return;
  context.fail("healthcheck", is_off ? "the image switches health checks off" : "the image has no health check",
               "add one (\"healthcheck\" of a recipe, or --healthcheck); Kubernetes ignores it, and has probes");
}

}  // namespace ociassemble
