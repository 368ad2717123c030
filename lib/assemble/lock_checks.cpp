// SPDX-License-Identifier: Apache-2.0
#include "assemble/lock_checks.hpp"

#include <fmt/format.h>

#include "assemble/system_files.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

void object(const AssembleOptions& options, const Workplace& workplace, const std::string& message,
            const std::string& hint) {
  if (options.lock_use == LockUse::required) throw Error(ErrorCode::check_failed, message, hint);
  if (workplace.warn) workplace.warn(message + "; " + hint);
}

std::string_view in_words(std::string_view name) {
  return name == "tzdata" ? "the host's zone data" : "the host's CA certificates";
}

}  // namespace

void check_codec(const AssembleOptions& options, const Workplace& workplace) {
  if (!options.lock) return;
  const auto compression = options.compression.to_string();
  const auto locked = options.lock->codecs.find(compression);
  const auto ours = codec_of(options.compression);
  if (locked == options.lock->codecs.end() || !ours || locked->second == *ours) return;
  const auto message = fmt::format("the lock pins {} {} for {}, and this build has {} {}: layers may get other digests",
                                   locked->second.name, locked->second.version, compression, ours->name, ours->version);
  if (options.allow_codec_change) {
    if (workplace.warn) workplace.warn(message);
    return;
  }
  object(options, workplace, message,
         "--allow-codec-change builds all the same; `ociassemble lock --update` pins this one");
}

void check_base_name(const AssembleOptions& options, const Workplace& workplace) {
  if (!options.lock || !options.base_name || !options.base.reference) return;
  const auto* locked = options.lock->find(*options.base.reference);
  if (locked == nullptr || !locked->name || locked->name == options.base_name) return;
  object(options, workplace,
         fmt::format("the lock pins the name {} for base {}, and this build says {}", printable(*locked->name),
                     options.base.to_string(), printable(*options.base_name)),
         "`ociassemble lock` pins the recipe's \"baseName\"; without a recipe, `ociassemble lock --base-name`");
}

void check_host_data(const AssembleOptions& options, const Workplace& workplace, std::string_view name,
                     const std::vector<LayerEntry>& entries) {
  if (!options.lock || options.lock->format < 2) return;
  const auto locked = options.lock->host.find(std::string(name));
  if (locked == options.lock->host.end()) {
    if (options.lock_use == LockUse::preferred) return;
    object(options, workplace, fmt::format("the lock does not pin {}", in_words(name)),
           "`ociassemble lock` pins what the recipe takes from the host; without a recipe, `ociassemble lock "
           "--host-data`");
    return;
  }
  if (host_data_digest(entries) == locked->second) return;
  object(options, workplace, fmt::format("the lock pins other data than {}", in_words(name)),
         "`ociassemble lock --update` pins what this machine has");
}

}  // namespace ociassemble
