// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "runtime/forms.hpp"

namespace ociassemble {
namespace {

struct NamedForm {
  std::string_view name;
  RuntimeForm form;
};
constexpr std::array kForms{
    NamedForm{"docker", RuntimeForm::docker},         NamedForm{"compose", RuntimeForm::compose},
    NamedForm{"podman", RuntimeForm::podman},         NamedForm{"quadlet", RuntimeForm::quadlet},
    NamedForm{"kubernetes", RuntimeForm::kubernetes}, NamedForm{"bundle", RuntimeForm::bundle},
    NamedForm{"systemd", RuntimeForm::systemd},
};

std::string size_in(std::uint64_t bytes, std::string_view mebi) {
  constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;
  return bytes % kMebi == 0 ? fmt::format("{}{}", bytes / kMebi, mebi) : std::to_string(bytes);
}

}  // namespace

RuntimeForm parse_runtime_form(std::string_view text) {
  const auto found = std::ranges::find_if(kForms, [&](const NamedForm& one) { return one.name == text; });
  if (found != kForms.end()) return found->form;
  std::string names;
  for (const auto& one : kForms) names += (names.empty() ? "" : ", ") + std::string(one.name);
  throw Error(ErrorCode::invalid_argument, fmt::format("there is no runtime \"{}\"", printable(text)),
              "write one of " + names);
}

std::string write_run_spec(const RunContract& contract, RuntimeForm form, SpecScope scope) {
  if (scope == SpecScope::patch && form != RuntimeForm::kubernetes)
    throw Error(ErrorCode::invalid_argument, "only Kubernetes takes a patch", "leave --patch out");
  switch (form) {
    case RuntimeForm::docker:
      return write_command_line(contract, Engine::docker);
    case RuntimeForm::podman:
      return write_command_line(contract, Engine::podman);
    case RuntimeForm::compose:
      return write_compose(contract);
    case RuntimeForm::quadlet:
      return write_quadlet(contract);
    case RuntimeForm::kubernetes:
      return write_kubernetes(contract, scope);
    case RuntimeForm::bundle:
      return write_bundle_config(contract);
    case RuntimeForm::systemd:
      return write_systemd_unit(contract);
  }
  return {};
}

std::string volume_name(const RunContract& contract, const WritableFolder& folder) {
  std::string name = contract.name;
  for (const char c : folder.path) name += is_letter_or_digit(c) || c == '.' || c == '_' ? c : '-';
  return name;
}

std::string docker_size(std::uint64_t bytes) { return size_in(bytes, "m"); }
std::string kubernetes_size(std::uint64_t bytes) { return size_in(bytes, "Mi"); }

std::string upper_case(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

const std::string& required_image(const RunContract& contract) {
  if (!contract.settings.image.empty()) return contract.settings.image;
  throw Error(ErrorCode::invalid_argument, "the image has no name by which the runtime can find it",
              "name a registry's repository: --image REGISTRY/REPOSITORY");
}

}  // namespace ociassemble
