// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <algorithm>
#include <mutex>
#include <ostream>
#include <utility>

#include "base/escape.hpp"
#include "base/file_status.hpp"
#include "base/placed_error.hpp"
#include "base/task_group.hpp"
#include "bases/lock_check.hpp"
#include "bases/source_image.hpp"
#include "commands/command.hpp"
#include "commands/path_claims.hpp"
#include "commands/wanted_bases.hpp"
#include "flags/build_arguments.hpp"
#include "flags/key_flags.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/registry.hpp"
#include "ociassemble/signatures.hpp"
#include "report/locks.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

// Most of the time goes by waiting for registries.
constexpr std::size_t kLockedAtOnce = 32;

constexpr const char* kLockFooter =
    "The lock records the image that the tag of each base names, and the facts that a build needs: a locked build\n"
    "makes no request about the base, reads none of its layers, and has the same digest every day. Commit it. A "
    "locked\n"
    "base stays as it is until --update; missing platforms are added. Without a recipe and --base, --check and "
    "--update\n"
    "apply to all locked bases.\n"
    "\n"
    "Examples:\n"
    "  ociassemble lock --base alpine:3.20 --platform linux/amd64,linux/arm64\n"
    "  ociassemble lock -f ociassemble.json\n"
    "  ociassemble lock --update                 # lock the images that the tags name now\n"
    "  ociassemble lock --update alpine:3.20\n"
    "  ociassemble lock --check                  # exit status 3 when a tag has moved\n"
    "  ociassemble build --locked --base alpine:3.20 --binary server -o oci:image:v1 --shallow";

template <class Places, class Key>
std::string place_in(const Places& places, const Key& key) {
  const auto found = places.find(key);
  return found == places.end() ? std::string() : found->second;
}

// Does `use`, which is about a base or an image. An error begins with its place in the recipe, unless it is about this
// machine.
template <class Use>
auto placed(const WantedPins& pins, const std::string& name, const Use& use) {
  try {
    return use();
  } catch (const TakenPathError& error) {
    rethrow_at(place_in(pins.path_places, std::pair(name, error.path())));
  } catch (const Error& error) {
    rethrow_at(error.code() == ErrorCode::io ? "" : place_in(pins.places, name));
  }
}

class LockCommand : public Command {
 public:
  explicit LockCommand(CLI::App& app) {
    app.add_option("-f,--file", recipe_, "Recipe whose bases are locked (default: ociassemble.json if it exists)")
        ->type_name("RECIPE");
    app.add_option("--set", settings_, "Set an argument of the recipe; repeatable")
        ->type_name("NAME=VALUE")
        ->take_all();
    auto* base = app.add_option("--base", bases_, "Lock this base instead of a recipe's; repeatable")
                     ->type_name("REF")
                     ->take_all();
    base->excludes("--file");
    app.add_option("--base-name", base_name_, "With --base: also pin the base's name in the annotations")
        ->type_name("NAME|none")
        ->needs(base);
    app.add_option("--add-from", adds_from_, "Lock files that a build takes from another image; repeatable")
        ->type_name("IMAGE:PATH:DEST")
        ->take_all()
        ->excludes("--file");
    app.add_option("--platform", platforms_, "Platforms to lock (default: the recipe's, or this machine's)")
        ->type_name("OS/ARCH[,OS/ARCH…]")
        ->take_all();
    app.add_option("--lock-file", lock_file_, "Lock file (default: ociassemble.lock beside the recipe)")
        ->type_name("FILE");
    app.add_option("--compression", compression_, "Pin the codec of this compression (default: the recipe's, or gzip)")
        ->type_name("KIND[:LEVEL]");
    app.add_flag("--host-data", host_data_, "Also pin this machine's CA certificates and zone data");
    auto* update =
        app.add_option("--update", update_, "Lock this base, or all bases, at the image that the tag names now")
            ->type_name("[BASE]")
            ->expected(0, 1);
    app.add_flag("--check", check_,
                 "Change nothing; report tags that moved and bases that are not locked, with exit status 3")
        ->excludes(update);
    app.add_option(
           "--verify-key", verify_keys_,
           "Lock a base only if this public key signed it, and record the key; repeatable: one of the keys is enough")
        ->type_name("FILE|env:NAME")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false);
    app.add_option("--cache-dir", cache_dir_, "Cache for facts about bases")->type_name("DIR");
    app.add_flag("--json", json_, "Print JSON: the lock, or the findings of --check")->group("Output");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(kLockFooter);
    updating_ = [update] { return update->count() > 0; };
  }

  int run(const Streams& streams) override {
    find_recipe();
    const auto file = lock_path();
    PathClaims claims;
    if (recipe_) claims.read(*recipe_, "the recipe");
    claims.write(file, "the lock " + file.string());
    if (!registry_.trace_file().empty()) claims.write(registry_.trace_file(), "--trace " + registry_.trace_file());
    auto lock = load(file, streams);
    WantedPins pins;
    const auto wanted = wanted_bases(lock, pins);
    auto workplace = registry_.workplace(streams, output_.verbosity(json_), registry_for_credentials(wanted),
                                         cache_folder(cache_dir_, streams));
    for (const auto& key : verify_keys_) keys_.push_back(read_public_key(key, streams));
    return check_ ? check(lock, wanted, pins, workplace, streams) : write(file, lock, wanted, pins, workplace, streams);
  }

 private:
  using Texts = std::vector<std::string>;

  void find_recipe() {
    if (!recipe_ && bases_.empty() && adds_from_.empty() && is_there(kRecipeFileName)) recipe_ = kRecipeFileName;
  }

  fs::path lock_path() const {
    if (lock_file_) return *lock_file_;
    return recipe_ ? fs::path(*recipe_).parent_path() / kLockFileName : fs::path(kLockFileName);
  }

  // A lock that cannot be read is no hindrance to making it anew, where something else says of what.
  Lock load(const fs::path& file, const Streams& streams) const {
    try {
      auto lock = Lock::read(file);
      if (!lock && check_) {
        throw Error(ErrorCode::not_found, "cannot check the lock " + file.string() + ": there is no such file",
                    lock_file_ ? "ociassemble lock --lock-file " + shell_word(*lock_file_) + " makes it"
                               : "ociassemble lock makes it");
      }
      return lock.value_or(Lock());
    } catch (const Error& error) {
      const bool anew = updating_() && update_.empty() && (recipe_ || !bases_.empty());
      if (!anew || (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported)) throw;
      streams.err << "ociassemble: warning: " << error.what() << "; it is made anew\n";
      return {};
    }
  }

  WantedBases wanted_bases(const Lock& lock, WantedPins& pins) const {
    const auto platforms = parse_platforms(platforms_);
    WantedBases wanted;
    if (recipe_) {
      RecipeSettings settings;
      for (const auto& text : settings_) settings.arguments.push_back(parse_assignment(text, "--set"));
      settings.platforms = platforms;
      wanted = bases_of(Recipe::read(*recipe_), settings, pins);
    } else if (bases_.empty() && adds_from_.empty() && (check_ || updating_())) {
      wanted = bases_of(lock);
      pins.images = images_of(lock);
    }
    if (!recipe_ || compression_) {
      pins.compressions.insert(CompressionOptions::parse(compression_.value_or("gzip")).to_string());
    }
    if (host_data_) pins.host_certificates = pins.host_zones = true;
    for (const auto& text : bases_) {
      const auto reference = registry_base(text);
      want(wanted, reference, platforms);
      if (base_name_) pins.base_names[reference.to_string()] = {base_name_};
    }
    for (const auto& text : adds_from_) {
      const auto add = parse_add_from(text);
      want(pins.images, *add.image, add.source.string(), platforms);
    }
    if (wanted.empty() && pins.images.empty() && !recipe_ && !check_) {
      throw Error(ErrorCode::invalid_argument, "cannot lock: there is no recipe here and no --base",
                  "name it: ociassemble lock --base alpine:3.20 --platform linux/amd64");
    }
    return wanted;
  }

  static Reference registry_base(const std::string& text) {
    const auto location = Location::parse(text);
    if (location.reference) return *location.reference;
    throw Error(ErrorCode::invalid_argument, "cannot lock " + text + ": it is not in a registry",
                "a base on this machine is an input like the program, and needs no lock");
  }

  // A base that neither a recipe nor --base names is named by the lock alone, a document like others.
  std::string registry_for_credentials(const WantedBases& wanted) const {
    if (!bases_.empty()) return registry_base(bases_.front()).registry();
    for (const auto& text : adds_from_) {
      if (const auto image = parse_add_from(text).image; image->reference) return image->reference->registry();
    }
    if (!update_.empty()) return registry_base(update_).registry();
    return recipe_ && !wanted.empty() ? Reference::parse(wanted.begin()->first).registry() : std::string();
  }

  int check(const Lock& lock, const WantedBases& wanted, const WantedPins& pins, const Workplace& workplace,
            const Streams& streams) const {
    const auto found = check_lock(lock, wanted, pins.images, workplace,
                                  [&](const std::string& name) { return place_in(pins.places, name); });
    streams.out << (json_ ? lock_check_json(found) : describe_lock_check(found));
    return found.ok() ? 0 : 3;
  }

  int write(const fs::path& file, const Lock& before, const WantedBases& wanted, const WantedPins& pins,
            const Workplace& workplace, const Streams& streams) const {
    const auto update = update_.empty() ? std::string() : registry_base(update_).to_string();
    const auto is_known = [&](const auto& names) { return names.contains(update); };
    if (!update.empty() && !is_known(wanted) && !is_known(before.bases) && !is_known(pins.images) &&
        !is_known(before.images)) {
      throw Error(ErrorCode::not_found, "cannot update " + update + ": it is not among the bases",
                  "ociassemble lock --base " + shell_word(update) + " adds it");
    }
    // A recipe says all that is needed; a flag adds to what is there.
    auto after = recipe_ ? Lock() : before;
    const auto is_anew = [&](const std::string& name) { return updating_() && (update.empty() || update == name); };
    for (const auto& [name, platforms] : wanted) warn_of_latest(name, workplace);
    std::mutex mutex;
    TaskGroup group(kLockedAtOnce, workplace.stop);
    for (const auto& [name, platforms] : wanted) {
      group.spawn([&, name = name, platforms = platforms](const std::stop_token&) {
        auto locked = placed(pins, name, [&] { return lock_one(before, name, platforms, is_anew(name), workplace); });
        const std::lock_guard lock(mutex);
        after.bases.insert_or_assign(name, std::move(locked));
      });
    }
    for (const auto& [name, files] : pins.images) {
      group.spawn([&, name = name, files = files](const std::stop_token&) {
        auto locked = placed(pins, name, [&] { return lock_files_of(before, name, files, is_anew(name), workplace); });
        const std::lock_guard lock(mutex);
        after.images.insert_or_assign(name, std::move(locked));
      });
    }
    group.wait();
    for (auto& [name, base] : after.bases) pin_name(base, before, name, pins);
    for (auto& [name, base] : after.bases) {
      placed(pins, name, [&, &name = name, &base = base] { check_signature(base, before, name, workplace); });
    }
    after.format = kLockFormat;
    pin(after, before, pins);
    after.write(file);
    streams.out << (json_ ? locked_json(after, wanted, pins.images) : describe_locked(after, wanted, pins.images));
    return 0;
  }

  // What all builds of a base call it; what nothing was said about stays.
  static void pin_name(LockedBase& base, const Lock& before, const std::string& reference, const WantedPins& pins) {
    const auto names = pins.base_names.find(reference);
    if (names != pins.base_names.end()) {
      base.name = names->second.size() == 1 ? *names->second.begin() : std::nullopt;
    } else if (const auto known = before.bases.find(reference); known != before.bases.end()) {
      base.name = known->second.name;
    }
  }

  // What was locked by a signature goes to another digest by a signature alone.
  void check_signature(LockedBase& base, const Lock& before, const std::string& name,
                       const Workplace& workplace) const {
    const auto known = before.bases.find(name);
    const auto signed_by = known == before.bases.end() ? std::nullopt : known->second.signed_by;
    if (!keys_.empty()) {
      base.signed_by = signer_of(base, name, workplace);
      return;
    }
    if (signed_by && known->second.digest != base.digest) {
      throw Error(ErrorCode::check_failed,
                  "cannot lock " + name + " as it is now: it was locked with a signature, and no key is given",
                  "add --verify-key FILE, the public key of who signs the base");
    }
    base.signed_by = signed_by;
  }

  Digest signer_of(const LockedBase& base, const std::string& name, const Workplace& workplace) const {
    const auto reference = Reference::parse(name);
    const auto& json = base.documents.at(base.digest);
    const Document root{{.media_type = base.media_type, .digest = base.digest, .size = json.size()},
                        json,
                        client_of(workplace)->blobs(reference)};
    Location where;
    where.kind = Location::Kind::registry;
    where.reference = reference;
    for (const auto& key : keys_) {
      if (verify_signatures(root, where, {key}, {}, workplace).ok()) return key.id();
    }
    throw Error(ErrorCode::check_failed,
                "cannot lock " + name + ": " + base.digest.to_string() + " has no signature by " +
                    (keys_.size() == 1 ? "this key" : "any of these keys"),
                "ociassemble verify --key FILE " + shell_word(name) + " lists what was found");
  }

  // What is pinned stays until --update, as with bases.
  void pin(Lock& after, const Lock& before, const WantedPins& pins) const {
    const bool anew = updating_() && update_.empty();
    for (const auto& compression : pins.compressions) {
      const auto known = before.codecs.find(compression);
      const auto ours = codec_of(CompressionOptions::parse(compression));
      if (known != before.codecs.end() && !anew) {
        after.codecs.insert_or_assign(compression, known->second);
      } else if (ours) {
        after.codecs.insert_or_assign(compression, *ours);
      }
    }
    for (const auto& [name, digest] : lock_host_data(pins.host_certificates, pins.host_zones)) {
      const auto known = before.host.find(name);
      after.host.insert_or_assign(name, known != before.host.end() && !anew ? known->second : digest);
    }
  }

  static void warn_of_latest(const std::string& name, const Workplace& workplace) {
    const auto base = Reference::parse(name);
    if (!base.digest() && base.tag().value_or("latest") == "latest" && workplace.warn) {
      workplace.warn("base " + name + " has the tag latest: --update may bring another major version");
    }
  }

  static LockedBase lock_one(const Lock& before, const std::string& name, const std::vector<Platform>& platforms,
                             bool anew, const Workplace& workplace) {
    const auto base = Reference::parse(name);
    const auto known = before.bases.find(name);
    if (known == before.bases.end()) return lock_base(base, platforms, workplace);
    if (!anew) {
      auto locked = known->second;
      lock_platforms(locked, base, platforms, workplace);
      return locked;
    }
    auto locked = lock_base(base, platforms, workplace);
    return locked.digest == known->second.digest && locked.platforms == known->second.platforms ? known->second
                                                                                                : locked;
  }

  // A recipe says all that is taken; --add-from adds to what is there.
  LockedImage lock_files_of(const Lock& before, const std::string& name, const WantedFiles& wanted, bool anew,
                            const Workplace& workplace) const {
    const auto image = Reference::parse(name);
    const auto known = before.images.find(name);
    if (known == before.images.end() || anew) return lock_image(image, wanted, workplace);
    auto locked = known->second;
    if (recipe_) keep_wanted(locked, wanted);
    lock_files(locked, image, wanted, workplace);
    return locked;
  }

  static void keep_wanted(LockedImage& locked, const WantedFiles& wanted) {
    for (auto& [platform, pinned] : locked.platforms) {
      const auto of_platform = wanted.find(platform);
      std::erase_if(pinned.files, [&](const auto& taken) {
        return of_platform == wanted.end() || !of_platform->second.contains(taken.first);
      });
    }
    std::erase_if(locked.platforms, [](const auto& platform) { return platform.second.files.empty(); });
  }

  std::optional<std::string> recipe_, lock_file_, cache_dir_, compression_, base_name_;
  Texts settings_, bases_, adds_from_, platforms_, verify_keys_;
  std::vector<PublicKey> keys_;
  std::string update_;
  std::function<bool()> updating_;
  bool host_data_ = false;
  bool check_ = false;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_lock_command(CLI::App& app) { return std::make_unique<LockCommand>(app); }

}  // namespace ociassemble::tool
