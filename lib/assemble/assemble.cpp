// SPDX-License-Identifier: Apache-2.0
// Long because one image is assembled here, step by step over one state.
#include "ociassemble/assemble.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "assemble/accounts.hpp"
#include "assemble/assembly.hpp"
#include "assemble/binary_check.hpp"
#include "assemble/config.hpp"
#include "assemble/entrypoint_check.hpp"
#include "assemble/image_adds.hpp"
#include "assemble/image_files.hpp"
#include "assemble/lock_checks.hpp"
#include "assemble/name_check.hpp"
#include "assemble/needs_check.hpp"
#include "assemble/new_programs.hpp"
#include "assemble/origin.hpp"
#include "assemble/placement.hpp"
#include "assemble/read_inputs.hpp"
#include "assemble/stages.hpp"
#include "assemble/start_check.hpp"
#include "assemble/system_files.hpp"
#include "assemble/value_place.hpp"
#include "base/file_status.hpp"
#include "base/stop.hpp"
#include "base/trace.hpp"
#include "bases/static_base.hpp"
#include "image/capability.hpp"
#include "image/layer_makers.hpp"
#include "image/new_layer.hpp"
#include "inputs/folder.hpp"
#include "inspect/passwd.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestAccounts = std::size_t{4} * 1024 * 1024;

struct Modes {
  std::uint32_t program;
  std::uint32_t file;
  std::uint32_t directory;
};

LayerOptions layer_options(const AssembleOptions& options) { return {options.format, options.compression}; }

BaseRequest base_request(const AssembleOptions& options, std::int64_t created) {
  return {options.base,       options.lock, options.lock_use,       layer_options(options),
          options.file_times, created,      options.fix_media_types};
}

// A layer whose entries are known, and which is made once the image is found to be good.
struct PlannedLayer {
  std::vector<LayerEntry> entries;
  std::string created_by;
};

// One assembly: the base, what is laid on it, and the layers so far.
class Assembly {
 public:
  Assembly(SharedWork& work, const AssembleOptions& options, const Workplace& workplace)
      : work_(work),
        options_(options),
        workplace_(workplace),
        binaries_(look_at_binaries(options)),
        platform_(choose_platform(options, binaries_)),
        created_(created_time(options, binaries_)),
        origin_(about(options, ValueKind::annotation_source, "vcs",
                      [&] { return origin_of(options, binaries_, workplace.warn); })),
        new_programs_(binaries_, workplace),
        base_(about(
            options, ValueKind::base, options.base.to_string(),
            [&] { return open_base(work, base_request(options, created_), platform_, workplace, inputs_.named()); })),
        placement_(base_.tree, options.file_times),
        accounts_(base_.tree),
        image_adds_(work, options, platform_) {}

  Assembled run() {
    config_ = base_.config;
    pad_history();
    const auto stages = stages_of(options_);
    image_adds_.find(stages, inputs_.named());
    for (const auto& stage : stages) add_stage(stage);
    warn_of_equal_names(placement_, workplace_.warn);
    finish_config();
    pass_gates();
    layers_ = base_.layers;
    placement_.clear();
    for (auto& planned : planned_) make_planned(std::move(planned));
    new_programs_.remember(workplace_);
    warn_of_depth();
    auto image = Image::from_layers(options_.format, layers_, config_, annotations());
    return {std::move(image), inputs_.all(),         base_.root, base_layers(), std::move(gates_),
            origin_,          std::move(new_layers_)};
  }

 private:
  std::set<Digest> base_layers() const {
    std::set<Digest> digests;
    if (!base_.root) return digests;
    for (const auto& layer : base_.layers) digests.insert(layer.descriptor.digest);
    return digests;
  }

  void warn_of_depth() const {
    constexpr std::size_t kDockersDepth = 125;
    if (layers_.size() <= kDockersDepth || !workplace_.warn) return;
    workplace_.warn(fmt::format("the image has {} layers, and Docker takes no more than {} (\"max depth exceeded\")",
                                layers_.size(), kDockersDepth));
  }

  std::int64_t mtime() const { return options_.file_times; }

  // DEST itself, or below it where it ends in '/' or is a directory of the base or of what was placed before.
  std::string destination(const std::string& text, const fs::path& source) const {
    const auto path = canonical_path(text, "destination");
    const auto* node = base_.tree.follow(path);
    const bool is_directory = node != nullptr && node->type == EntryType::directory;
    const bool into = text.back() == '/' || is_directory || placement_.has_directory(path);
    const auto name = source.filename().string();
    return canonical_path("/" + (into ? path + "/" + name : path), "destination");
  }

  std::string binary_path(const BinaryInput& binary) const {
    const auto name = binary.source.filename().string();
    return binary.destination.empty() ? canonical_path("/usr/local/bin/" + name, "destination")
                                      : destination(binary.destination, binary.source);
  }

  std::string entrypoint() const {
    return options_.contents.binaries.empty() ? std::string() : "/" + binary_path(options_.contents.binaries.front());
  }

  void pad_history() {
    const auto filled = static_cast<std::size_t>(std::count_if(
        config_.history.begin(), config_.history.end(), [](const HistoryEntry& entry) { return !entry.empty_layer; }));
    HistoryEntry padding;
    padding.created = format_timestamp(created_);
    padding.comment = "a layer of the base that has no history";
    for (auto i = filled; i < base_.layers.size(); ++i) config_.history.push_back(padding);
  }

  // What slowly moves first. The first program makes the application layer; what comes later lies over it.
  void add_stage(const Contents& stage) {
    modes_ = stage.read_only ? Modes{0555, 0444, 0555} : Modes{0755, 0644, 0755};
    add_system_layers(stage);
    add_users_layer(stage);
    add_assets_layer(stage);
    add_application_layer(stage);
    placement_.begin_overlay();
  }

  // Once all accounts are there.
  void finish_config() {
    auto made = make_config(options_, base_, created_, user_of(options_.contents), entrypoint());
    made.diff_ids = std::move(config_.diff_ids);
    made.history = std::move(config_.history);
    config_ = std::move(made);
    about(options_, ValueKind::program, first_word(), [&] { require_program(options_, config_, placement_); });
  }

  NumericUser user_of(const Contents& contents) const {
    return about(options_, ValueKind::user, contents.user.value_or(""), [&] { return accounts_.user(contents.user); });
  }

  NumericUser owner_of(const std::string& text) const {
    return about(options_, ValueKind::owner, text, [&] { return accounts_.owner(text); });
  }

  // Of what the image starts with, where the options say it.
  std::string first_word() const {
    const bool has_entrypoint = config_.entrypoint && !config_.entrypoint->empty();
    const auto& words = has_entrypoint ? options_.entrypoint : options_.cmd;
    return words && !words->empty() ? words->front() : std::string();
  }

  // Once everything is placed, the environment and the user are known, and before a layer is made.
  void pass_gates() {
    const TraceSpan span("gates");
    const ImageFiles files(base_.tree, placement_, sources_);
    auto cache = open_record_cache(workplace_);
    for (const auto& binary : binaries_) {
      about(options_, ValueKind::path, binary.input->source.string(),
            [&] { pass_gates(binary, files, cache ? &*cache : nullptr); });
    }
  }

  void pass_gates(const CheckedBinary& binary, const ImageFiles& files, RecordCache* cache) {
    const auto path = placement_.resolve(binary_path(*binary.input));
    if (!binary.elf) {
      gates_.push_back({"runs", "", "/" + path, GateVerdict::not_judged, "it is taken as it is", ""});
      return;
    }
    gates_.push_back(check_start(checked_start(binary, path), files, workplace_.warn));
    if (binary.elf->traits.is_packed || options_.needs == Severity::off) return;
    const auto source = binary.input->source.string();
    const CheckedNeeds needs{source, path, find_needs(source, binary.file, cache), surroundings()};
    auto results = check_needs(needs, files, options_.needs, workplace_.warn);
    gates_.insert(gates_.end(), results.begin(), results.end());
  }

  CheckedStart checked_start(const CheckedBinary& binary, const std::string& path) const {
    const auto source = binary.input->source.string();
    const auto user = accounts_.user(options_.contents.user);
    CheckedStart start{source, base_words(base_), *binary.elf, {}};
    start.program = {path,    binary.elf->interpreter, {}, config_.env_value("LD_LIBRARY_PATH").value_or(""), user.uid,
                     user.gid};
    if (!binary.elf->interpreter.empty()) start.program.facts = facts_of_program(source);
    return start;
  }

  ProgramSurroundings surroundings() const {
    const auto user = accounts_.user(options_.contents.user);
    return {config_.env, config_.volumes, user.uid, user.gid};
  }

  static bool is_noted(const std::string& path) {
    const auto is_one = [&](const auto& names) { return std::find(names.begin(), names.end(), path) != names.end(); };
    return is_library_path(path) || is_one(kLoaderTexts) || is_one(kAccountTexts);
  }

  // Remembers where a file comes from that a gate may look into.
  void note_source(const std::string& path, ImageFiles::FileBytes source) {
    if (is_noted(path)) sources_.put(placement_.resolve(path), std::move(source));
  }

  void add_layer(const std::string& created_by) {
    auto entries = placement_.take_layer();
    if (entries.empty()) return;
    planned_.push_back({std::move(entries), (has_application_ ? "overlay " : "") + created_by});
  }

  void make_planned(PlannedLayer planned) {
    std::shared_ptr<NewLayer> kept;
    if (workplace_.keep_entries) kept = std::make_shared<NewLayer>(NewLayer{planned.entries});
    layers_.push_back(
        make_layer(std::move(planned.entries), planned.created_by, layer_options(options_), workplace_, work_));
    if (kept) new_layers_.insert_or_assign(layers_.back().descriptor.digest, std::move(kept));
    HistoryEntry entry;
    entry.created = format_timestamp(created_);
    entry.created_by = "ociassemble: " + planned.created_by;
    config_.diff_ids.push_back(layers_.back().diff_id);
    config_.history.push_back(std::move(entry));
  }

  void add_system_layers(const Contents& stage) {
    if (stage.ca_certificates) {
      std::vector<LayerEntry> bundle;
      bundle.push_back(about(options_, ValueKind::certificates, *stage.ca_certificates,
                             [&] { return ca_certificates_entry(*stage.ca_certificates, mtime(), inputs_.named()); }));
      if (stage.ca_certificates == "host") check_host_data(options_, workplace_, "caCertificates", bundle);
      placement_.add(std::move(bundle.front()));
      add_layer("ca-certificates");
    }
    if (stage.tzdata) {
      auto zones = about(options_, ValueKind::zones, *stage.tzdata,
                         [&] { return tzdata_entries(*stage.tzdata, mtime(), inputs_.named()); });
      if (stage.tzdata == "host") check_host_data(options_, workplace_, "tzdata", zones);
      for (auto& entry : zones) placement_.add(std::move(entry));
      add_layer("tzdata");
    }
  }

  void add_users_layer(const Contents& stage) {
    if (!stage.create_user) return;
    auto entries = about(options_, ValueKind::user, stage.create_user->name,
                         [&] { return accounts_.create(*stage.create_user, mtime()); });
    for (auto& entry : entries) {
      if (entry.bytes) {
        sources_.put(placement_.resolve(entry.entry.path),
                     read_all(*entry.bytes->open(), kLargestAccounts, entry.entry.path));
      }
      placement_.add(std::move(entry), Placement::Existing::replace);
    }
    add_layer(fmt::format("user {}", stage.create_user->name));
  }

  void add_assets_layer(const Contents& stage) {
    std::vector<std::string> names;
    for (const auto& add : stage.adds)
      names.push_back(about(options_, ValueKind::destination, add.destination, [&] { return place(add); }));
    for (const auto& path : stage.writable) {
      const auto user = user_of(stage);
      if (about(options_, ValueKind::writable, path, [&] { return place_writable(path, user); }))
        names.push_back("/" + canonical_path(path, "writable path"));
    }
    const auto& folder = stage.working_dir;
    if (folder && about(options_, ValueKind::working_dir, *folder, [&] { return place_working_dir(*folder); }))
      names.push_back(*folder);
    add_layer(fmt::format("files {}", fmt::join(names, " ")));
  }

  void add_application_layer(const Contents& stage) {
    std::vector<std::string> names;
    for (const auto& binary : stage.binaries)
      names.push_back(about(options_, ValueKind::destination, binary.destination, [&] { return place(binary); }));
    add_layer(fmt::format("binary {}", fmt::join(names, " ")));
    has_application_ = has_application_ || !names.empty();
  }

  // Returns the path in the image, for the history.
  std::string place(const BinaryInput& binary) {
    const auto path = binary_path(binary);
    auto made = about(options_, ValueKind::path, binary.source.string(),
                      [&] { return read_regular_file(binary.source, path, mtime()); });
    require_checked(binaries_, binary, made);
    const auto owner = owner_of(binary.owner);
    made.entry.mode = binary.mode.value_or(modes_.program);
    made.entry.uid = owner.uid;
    made.entry.gid = owner.gid;
    if (!binary.capabilities.empty()) made.entry.xattrs["security.capability"] = capability_xattr(binary.capabilities);
    inputs_.add(binary.source);
    auto name = "/" + made.entry.path;
    placement_.add(std::move(made));
    return name;
  }

  // The same.
  std::string place(const AddInput& add) {
    if (add.image) return place_from_image(add);
    const bool adds_folder = is_folder(add.source);
    const auto path =
        adds_folder ? canonical_path(add.destination, "destination") : destination(add.destination, add.source);
    const auto owner = owner_of(add.owner);
    if (adds_folder) {
      place_folder(add, owner, path);
    } else {
      place_entry(add, owner, about(options_, ValueKind::path, add.source.string(), [&] {
                    return read_regular_file(add.source, path, mtime());
                  }));
      note_source(path, {add.source, {}});
      inputs_.add(add.source);
    }
    return "/" + path;
  }

  // The same; links to what was asked for are followed, those below it are not.
  std::string place_from_image(const AddInput& add) {
    auto entries = image_adds_.entries(add);
    const bool takes_folder = entries.front().entry.type == EntryType::directory;
    const auto path =
        takes_folder ? canonical_path(add.destination, "destination") : destination(add.destination, add.source);
    const auto owner = owner_of(add.owner);
    for (auto& made : entries) {
      auto& entry = made.entry;
      entry.path = entry.path.empty() ? path : canonical_path("/" + path + "/" + entry.path, "destination");
      if (entry.path.empty()) continue;
      if (entry.type == EntryType::regular) note_source(entry.path, {{}, made.bytes});
      place_entry(add, owner, std::move(made));
    }
    return "/" + path;
  }

  void place_folder(const AddInput& add, const NumericUser& owner, const std::string& path) {
    const auto source_text = add.source.string();
    const auto ignore = about(options_, ValueKind::path, source_text, [&] { return find_ignore(add); });
    if (!path.empty()) place_entry(add, owner, directory_entry(path, 0755, 0, 0, mtime()));
    inputs_.add(add.source);
    FileModes modes;
    const auto prefix = (add.source / "").native();
    const auto place_member = [&](LayerEntry found) {
      if (!add.mode) modes.add(found.entry);
      const bool is_file = found.entry.type == EntryType::regular;
      // A folder's time says that something in it has come or gone.
      if (is_file || found.entry.type == EntryType::directory) inputs_.add_member(prefix, found.entry.path);
      auto place = canonical_path("/" + path + "/" + found.entry.path, "destination");
      if (is_file && is_noted(place)) note_source(place, {prefix + found.entry.path, {}});
      found.entry.path = std::move(place);
      about(options_, ValueKind::destination, add.destination, [&] { place_entry(add, owner, std::move(found)); });
    };
    about(options_, ValueKind::path, source_text, [&] { walk_folder(add.source, mtime(), ignore, place_member); });
    modes.warn_of_made_up_ones(add.source, workplace_.warn);
  }

  FolderIgnore find_ignore(const AddInput& add) {
    auto ignore = FolderIgnore::read(add.source, add.ignore);
    if (!ignore.file().empty()) inputs_.add(ignore.file());
    const auto whole = ignore.decide("");
    if (!whole.excluded || whole.may_include_below) return ignore;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot add {}: {}:{} leaves all of it out", add.source.string(), ignore.file().string(),
                            whole.rule->line),
                "add ,ignore=none to take it as it is");
  }

  void place_entry(const AddInput& add, const NumericUser& owner, LayerEntry made) {
    throw_if_stopped(workplace_.stop);
    auto& entry = made.entry;
    const bool is_program = (entry.mode & 0100U) != 0;
    entry.uid = owner.uid;
    entry.gid = owner.gid;
    if (entry.type == EntryType::regular) entry.mode = add.mode.value_or(is_program ? modes_.program : modes_.file);
    if (entry.type == EntryType::directory) {
      // Who may read a directory's files may enter it.
      entry.mode = add.mode ? *add.mode | ((*add.mode & 0444U) >> 2U) : modes_.directory;
    }
    placement_.add(std::move(made));
  }

  // A directory that the service's user can write to: what the base has when that is so already, else the user's own.
  // Returns whether that takes an entry.
  bool place_writable(const std::string& text, const NumericUser& user) {
    const auto path = canonical_path(text, "writable path");
    const auto* node = base_.tree.follow(path);
    const bool untouched = !placement_.find(base_.tree.resolve(path));
    if (path.empty()) return false;
    // Root can write wherever somebody else can.
    if (user.uid == 0 && !untouched && placement_.has_directory(path)) return false;
    if (untouched && node != nullptr && node->type == EntryType::directory && writable_by(*node, user)) return false;
    const auto mode = node != nullptr && node->type == EntryType::directory ? node->mode | 0700U : 0755U;
    placement_.add(directory_entry(path, mode, user.uid, user.gid, mtime()), Placement::Existing::replace);
    return true;
  }

  static bool writable_by(const Tree::Node& node, const NumericUser& user) {
    if (node.uid == user.uid) return (node.mode & 0200U) != 0;
    if (node.gid == user.gid) return (node.mode & 0020U) != 0;
    return (node.mode & 0002U) != 0;
  }

  // As with Docker's WORKDIR the directory exists afterwards; a runtime could not make it on a read-only root.
  bool place_working_dir(const std::string& text) {
    const auto path = canonical_path(text, "working directory");
    if (path.empty() || base_.tree.follow(path) != nullptr || placement_.has_directory(path)) return false;
    placement_.add(directory_entry(path, modes_.directory, 0, 0, mtime()));
    return true;
  }

  Annotations annotations() const {
    if (options_.format == ImageFormat::docker) return {};
    Annotations all;
    if (base_.digest) all[kBaseDigest] = base_.digest->to_string();
    const auto base_name = options_.base_name.value_or(base_.name);
    if (!base_name.empty() && base_name != "none") all[kBaseName] = base_name;
    for (const auto* more : {&origin_, &options_.annotations}) {
      for (const auto& [name, value] : *more) all[name] = value;
    }
    return all;
  }

  SharedWork& work_;
  const AssembleOptions& options_;
  const Workplace& workplace_;
  Modes modes_{};  // of the stage
  ReadInputs inputs_;
  const std::vector<CheckedBinary> binaries_;
  const Platform platform_;
  const std::int64_t created_;
  const Annotations origin_;
  const NewPrograms new_programs_;
  Base base_;
  Placement placement_;
  Accounts accounts_;
  ImageAdds image_adds_;
  bool has_application_ = false;
  std::vector<PlannedLayer> planned_;
  ImageFiles::Sources sources_;
  std::vector<GateResult> gates_;
  ImageConfig config_;
  std::vector<Layer> layers_;
  std::map<Digest, std::shared_ptr<const NewLayer>> new_layers_;
};

void reject_contradictions(const AssembleOptions& options, const Workplace& workplace) {
  if (options.contents.binaries.empty() && options.contents.adds.empty()) {
    throw Error(ErrorCode::invalid_argument, "nothing to put in the image: give --binary or --add",
                "name the compiled program with --binary, or in a recipe's \"binaries\"");
  }
  if (options.format == ImageFormat::docker && !options.annotations.empty() && workplace.warn) {
    workplace.warn("Docker's manifests have no annotations; those given are left out");
  }
  validate_options(options);
  check_codec(options, workplace);
  check_base_name(options, workplace);
}

}  // namespace

Assembled assemble_with(SharedWork& work, const AssembleOptions& options, const Workplace& workplace) {
  reject_contradictions(options, workplace);
  return Assembly(work, options, workplace).run();
}

Assembled assemble(const AssembleOptions& options, const Workplace& workplace) {
  SharedWork work(workplace);
  return assemble_with(work, options, workplace);
}

}  // namespace ociassemble
