// SPDX-License-Identifier: Apache-2.0
#include "report/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/inventory.hpp"
#include "gates/needs.hpp"
#include "gates/needs_words.hpp"
#include "image/capability.hpp"
#include "inspect/elf.hpp"
#include "inspect/os_release.hpp"
#include "inspect/passwd.hpp"
#include "policy/image_facts.hpp"
#include "policy/image_texts.hpp"
#include "policy/image_user.hpp"
#include "policy/unpacked_image.hpp"
#include "report/verdict_word.hpp"

namespace ociassemble {
namespace {

std::string_view type_word(EntryType type) {
  switch (type) {
    case EntryType::regular:
    case EntryType::hard_link:
      return "file";
    case EntryType::directory:
      return "directory";
    case EntryType::symlink:
      return "symlink";
    case EntryType::character_device:
      return "character-device";
    case EntryType::block_device:
      return "block-device";
    case EntryType::fifo:
      return "fifo";
  }
  return "file";
}

// The facts of one image.
class Facts {
 public:
  Facts(JsonPrinter& json, const Image& image, const CheckInputs& inputs)
      : json_(json),
        inputs_(inputs),
        facts_(image, inputs, {.details = {.needs = true, .code = true}, .inventory = true}),
        files_(facts_.files()),
        user_(find_image_user(image.config(), files_)) {}

  void print() {
    json_.key("facts").begin_object();
    if (!inputs_.tag.empty()) json_.member("tag", inputs_.tag);
    print_system();
    print_user();
    print_start();
    print_accounts();
    if (const auto list = files_.text(kLoaderPreloadPath)) json_.member("loaderPreload", *list);
    print_packages();
    print_programs();
    print_gates();
    print_files();
    json_.end_object();
  }

 private:
  const ImageConfig& config() const { return facts_.image().config(); }

  void print_system() {
    for (const auto path : kOsReleaseFiles) {
      const auto text = files_.text(path);
      if (!text) continue;
      const auto system = parse_os_release(*text);
      json_.key("operatingSystem").begin_object();
      json_.member("id", system.id);
      json_.member("versionId", system.version_id);
      json_.member("name", system.pretty_name);
      json_.member("supportEnd", support_end_in(*text));
      json_.end_object();
      return;
    }
  }

  // Nothing where the image names a user that it does not have.
  void print_user() {
    if (!user_) return;
    json_.key("user").begin_object();
    json_.member("uid", user_->uid);
    json_.member("gid", user_->gid);
    json_.member("home", user_->home);
    json_.end_object();
  }

  void print_start() {
    json_.key("start").begin_object();
    json_.member("words", start_words(config()));
    if (const auto start = find_start_program(config(), files_)) {
      json_.member("program", start->path);
      json_.member("inVolume", start->is_in_volume);
    }
    json_.end_object();
  }

  void print_accounts() {
    json_.key("accounts").begin_array();
    auto no_password = accounts_without_password(files_.text(kShadowPath).value_or(""));
    for (auto& name : accounts_without_password(files_.text("etc/passwd").value_or("")))
      no_password.push_back(std::move(name));
    for (const auto& user : parse_passwd(files_.text("etc/passwd").value_or(""))) {
      json_.begin_object();
      json_.member("name", user.name);
      json_.member("uid", user.uid);
      json_.member("gid", user.gid);
      json_.member("home", user.home);
      json_.member("shell", user.shell);
      json_.member("emptyPassword", std::find(no_password.begin(), no_password.end(), user.name) != no_password.end());
      json_.end_object();
    }
    json_.end_array();
    json_.key("groups").begin_array();
    for (const auto& group : parse_group(files_.text("etc/group").value_or(""))) {
      json_.begin_object();
      json_.member("name", group.name);
      json_.member("gid", group.gid);
      json_.end_object();
    }
    json_.end_array();
  }

  void print_packages() {
    const auto inventory = facts_.inventory();
    json_.key("packages").begin_array();
    for (const auto& [manager, packages] :
         {std::pair("apk", &inventory->apk_packages), std::pair("dpkg", &inventory->dpkg_packages)}) {
      for (const auto& package : *packages) {
        json_.begin_object();
        json_.member("manager", manager);
        json_.member("name", package.name);
        json_.member("version", package.version);
        json_.member("architecture", package.architecture);
        json_.member("source", package.source_name);
        json_.member("sourceVersion", package.source_version);
        json_.end_object();
      }
    }
    json_.end_array();
    json_.member("brokenPackageRecords", std::uint64_t{inventory->broken_records});
  }

  // Go's and packed ones. What Go wrote into them is in the member "programs" of the image.
  void print_programs() {
    json_.key("programs").begin_array();
    files_.for_each_program([&](const std::string& path, const Tree::Node& node) {
      const auto& program = *files_.detail_of(node).program;
      json_.begin_object();
      json_.member("path", path);
      json_.member("size", node.size);
      json_.member("packed", program.elf && program.elf->traits.is_packed);
      if (program.elf) {
        json_.member("platform", elf_platform(*program.elf));
        json_.member("loader", program.elf->interpreter);
        json_.member("libraries", program.elf->needed);
        json_.member("x86Level", std::uint64_t{program.elf->x86_level});
      }
      if (program.go) print_needs(program.needs);
      if (program.code) {
        json_.key("codeOfModules").begin_object();
        for (const auto& [module, size] : program.code->modules) json_.member(module, size);
        json_.end_object();
      }
      json_.end_object();
    });
    json_.end_array();
  }

  void print_needs(const ProgramNeeds& needs) {
    json_.member("needsKnown", needs.is_known);
    if (!needs.is_known) return;
    const ProgramSurroundings surroundings{config().env, config().volumes, user_ ? user_->uid : 0,
                                           user_ ? user_->gid : 0};
    json_.key("needs").begin_array();
    for (const auto& verdict : judge_needs(needs, surroundings, files_)) {
      json_.begin_object();
      json_.member("need", name_of_need(verdict.need));
      json_.member("met", verdict.failure == NeedFailure::none);
      json_.member("path", verdict.path);
      json_.end_object();
    }
    json_.end_array();
  }

  // Whether programs start is no fact but a judgement, which nobody can repeat from the others.
  void print_gates() {
    auto policy = Policy::of_level(PolicyLevel::standard);
    for (auto& [name, setting] : policy.rules) setting.level = name == "runs" ? Severity::error : Severity::off;
    json_.key("starts").begin_array();
    for (const auto& finding : check_image(facts_.image(), policy, inputs_).findings) {
      json_.begin_object();
      json_.member("subject", finding.subject);
      json_.member("verdict", verdict_word(finding.verdict));
      json_.member("reason", finding.reason);
      json_.end_object();
    }
    json_.end_array();
  }

  void print_files() {
    json_.key("files").begin_array();
    files_.for_each([&](const std::string& path, const Tree::Node& node) {
      json_.begin_object();
      json_.member("path", path);
      json_.member("type", type_word(node.type));
      json_.member("mode", fmt::format("{:04o}", std::uint32_t{node.mode}));
      json_.member("uid", node.uid);
      json_.member("gid", node.gid);
      json_.member("layer", node.layer);
      if (node.type == EntryType::regular) json_.member("size", node.size);
      if (!node.link_target().empty()) json_.member("target", node.link_target());
      const auto capability = node.xattrs().find("security.capability");
      if (capability != node.xattrs().end()) json_.member("capabilities", capabilities_of_xattr(capability->second));
      if (files_.holds_private_key(node)) json_.member("privateKey", true);
      json_.end_object();
    });
    json_.end_array();
  }

  JsonPrinter& json_;
  const CheckInputs& inputs_;
  ImageFacts facts_;
  const UnpackedImage& files_;
  std::optional<NumericUser> user_;
};

}  // namespace

void print_facts(JsonPrinter& json, const Image& image, const CheckInputs& inputs) {
  Facts(json, image, inputs).print();
}

}  // namespace ociassemble
