// SPDX-License-Identifier: Apache-2.0
#include "flags/lock_flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

#include "base/escape.hpp"
#include "help/command_text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {

void LockFlags::add_to(CLI::App& app, const char* group) {
  app.add_option("--lock-file", named_, "Lock file that pins bases (default: ociassemble.lock if it exists)")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--allow-codec-change", allow_codec_change_,
               "With --locked: accept another version of the compressor than the lock pins")
      ->group(group);
  app.add_flag("--locked", required_, "Fail with status 3 if a base in a registry is not pinned by the lock")
      ->group(group);
  show_in_full_help_only(app, {"--lock-file", "--allow-codec-change"});
}

void LockFlags::read(const std::filesystem::path& folder) {
  const std::filesystem::path file = named_ ? std::filesystem::path(*named_) : folder / kLockFileName;
  auto lock = Lock::read(file);
  if (lock) {
    lock_ = std::make_shared<const Lock>(std::move(*lock));
    file_ = file;
  } else if (named_) {
    throw Error(ErrorCode::not_found, "cannot read the lock " + *named_ + ": there is no such file",
                "ociassemble lock --lock-file " + shell_word(*named_) + " makes it");
  }
}

void LockFlags::apply(AssembleOptions& options) const {
  options.lock = lock_;
  options.allow_codec_change = allow_codec_change_;
  options.lock_use = required_ ? LockUse::required : LockUse::preferred;
}

std::optional<std::string> LockFlags::remark() const {
  if (!lock_ || lock_->format == kLockFormat) return {};
  return file_->string() + " has lock format " + std::to_string(lock_->format) +
         "; `ociassemble lock` writes it in format " + std::to_string(kLockFormat) + " and keeps what it pins";
}

std::string LockFlags::with_its_options(std::string text, const std::vector<std::string>& platforms) const {
  constexpr std::string_view kAdvice = "ociassemble lock";
  constexpr std::string_view kBase = " --base ";
  const auto advice = text.find(kAdvice);
  if (advice == std::string::npos || text.find("--lock-file", advice) != std::string::npos) return text;
  const auto base = text.find(kBase, advice);
  if (base != std::string::npos && !platforms.empty() && text.find("--platform", advice) == std::string::npos) {
    const auto end = std::min(text.find_first_of(" `", base + kBase.size()), text.size());
    std::string words;
    for (const auto& platform : platforms) words += (words.empty() ? " --platform " : ",") + platform;
    text.insert(end, words);
  }
  if (named_) text.insert(advice + kAdvice.size(), " --lock-file " + shell_word(*named_));
  return text;
}

bool LockFlags::pins(const Location& base) const {
  return lock_ && base.reference && lock_->find(*base.reference) != nullptr;
}

}  // namespace ociassemble::tool
