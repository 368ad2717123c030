// SPDX-License-Identifier: Apache-2.0
#include "policy/unpacked_image.hpp"

#include <algorithm>
#include <utility>

#include "base/slash_path.hpp"
#include "base/stop.hpp"
#include "base/trace.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "policy/detail_codec.hpp"
#include "policy/image_texts.hpp"
#include "policy/layer_record.hpp"

namespace ociassemble {
namespace {

constexpr std::uint64_t kMostTreeMetadata = 1'000'000'000;
constexpr std::uint64_t kRoomOfDetail = 300;
constexpr const char* kRecordKind = "layer-policy";

// `path` is the folder's, and is so again afterwards: a path is not made anew for each entry.
void visit_below(const Tree::Node& folder, std::string& path, const UnpackedImage::Visit& visit) {
  const auto size = path.size();
  for (const auto& [name, child] : folder.children) {
    path += '/';
    path += name;
    visit(path, child);
    if (child.type == EntryType::directory) visit_below(child, path, visit);
    path.resize(size);
  }
}

std::uint64_t room_of_detail(const FileDetail& detail) {
  if (detail.is_empty()) return 0;
  std::uint64_t room = kRoomOfDetail + (detail.text ? detail.text->size() : 0) + detail.script_line.size();
  const auto add_library = [&](const LibraryFacts& facts) {
    for (const auto& name : facts.musl_symbols) room += name.size() + sizeof(std::string);
    for (const auto& symbol : facts.undefined) room += symbol.name.size() + sizeof(symbol);
    room += 64 * (facts.dynamic.needed.size() + facts.dynamic.version_needs.size());
    if (facts.dynamic.version_definitions) room += 64 * facts.dynamic.version_definitions->size();
  };
  if (detail.library) add_library(*detail.library);
  if (detail.program) {
    add_library(detail.program->facts);
    if (detail.program->go) room += size_of_facts(*detail.program->go);
    constexpr std::uint64_t kRoomOfPackage = 150;
    if (detail.program->code) room += kRoomOfPackage * detail.program->code->packages.size();
  }
  return room;
}

std::uint64_t slot_of(std::uint32_t layer, std::uint32_t number) { return std::uint64_t{layer} << 32U | number; }

// The cache has checked its bytes: somebody else wrote it.
[[noreturn]] void refuse_damaged_record() {
  throw Error(ErrorCode::corrupt, "cannot read the cached facts of a layer: a record is damaged",
              "remove the cache folder, or name another with --cache-dir");
}

// Whether what is read of the files now is what the layer has.
bool is_told_by_identity(const NewLayer& layer) {
  return std::all_of(layer.entries.begin(), layer.entries.end(), [](const LayerEntry& made) {
    if (made.entry.type != EntryType::regular) return true;
    if (!made.bytes || made.bytes->may_be_written()) return false;
    if (made.bytes->digest() != nullptr) return true;
    const auto file = made.bytes->file();
    return file && file->tells_changes();
  });
}

// A name with a line break, which only a hostile file has, does not come back from a record.
bool can_be_kept(std::string_view encoded) { return encoded.empty() || decode_detail(encoded).has_value(); }

}  // namespace

UnpackedImage::UnpackedImage(const Image& image, FileSources sources, std::stop_token stop)
    : image_(image),
      sources_(std::move(sources)),
      stop_(std::move(stop)),
      tree_({}, kMostTreeMetadata),
      reader_(sources_.wants, stop_) {
  const TraceSpan span("files for rules");
  std::uint32_t number = 0;
  for (const auto& layer : image_.layers()) {
    throw_if_stopped(stop_);
    ++number;
    tree_.start_layer(this);
    if (recall(layer)) continue;
    if (take_new(layer)) {
      new_layers_.push_back(number);
    } else {
      read(layer);
    }
  }
}

// Whether there was a record of the layer that is enough.
bool UnpackedImage::recall(const Layer& layer) {
  auto record = sources_.records->find(kRecordKind, layer);
  if (!record) return false;
  LayerRecordReader entries(record->bytes);
  if (!sources_.wants.is_in(entries.has())) return false;
  StringSource nothing{{}};
  is_recalling_ = true;
  while (const auto item = entries.next()) {
    encoded_ = item->detail;
    tree_.add(item->entry, nothing);
  }
  is_recalling_ = false;
  if (!entries.is_whole()) refuse_damaged_record();
  recalled_.push_back(std::move(*record));
  return true;
}

bool UnpackedImage::take_new(const Layer& layer) {
  const auto found = sources_.new_layers.find(layer.descriptor.digest);
  if (found == sources_.new_layers.end() || !is_told_by_identity(*found->second)) return false;
  StringSource nothing{{}};
  for (const auto& made : found->second->entries) {
    made_ = &made;
    tree_.add(made.entry, nothing);
  }
  made_ = nullptr;
  return true;
}

Layer UnpackedImage::with_blobs(const Layer& layer) const {
  const auto& kept = sources_.kept_layers;
  if (!kept || !kept->contains(layer.descriptor)) return layer;
  return {layer.descriptor, layer.diff_id, kept};
}

void UnpackedImage::read(const Layer& layer) {
  constexpr auto kDetail = ProgramReading::functions;
  const bool adds_facts =
      sources_.with_inventory && !sources_.records->find(layer_facts_kind(kDetail), layer).has_value();
  if (adds_facts && !facts_reader_) facts_reader_.emplace(kDetail);
  LayerRecordWriter record(sources_.wants);
  LayerFactsWriter facts;
  bool is_kept = true;
  for_each_entry(with_blobs(layer), stop_, [&](const ReadEntry& read) {
    layer_bytes_ = read.layer_bytes;
    newly_encoded_.clear();
    facts_ = {};
    reads_facts_ = adds_facts;
    tree_.add(read.entry, read.data);
    if (adds_facts) facts.add(read.entry, facts_);
    is_kept = is_kept && can_be_kept(newly_encoded_);
    if (is_kept) record.add(read.entry, newly_encoded_);
  });
  if (auto bytes = is_kept ? record.take() : std::nullopt) sources_.records->put(kRecordKind, layer, std::move(*bytes));
  if (auto bytes = adds_facts ? facts.take() : std::nullopt)
    sources_.records->put(layer_facts_kind(kDetail), layer, std::move(*bytes));
}

std::optional<TreeWatcher::Known> UnpackedImage::read(const TarEntry& entry, Source& data, std::uint32_t layer,
                                                      std::uint32_t number) {
  if (entry.type != EntryType::regular) return {};
  if (made_ != nullptr) {
    note_secret(entry, layer, number, false);
    slots_[slot_of(layer, number)].made = made_;
    return Known{{}, sizeof(Slot)};
  }
  if (is_recalling_) {
    note_secret(entry, layer, number, head_of_detail(encoded_).holds_private_key);
    if (encoded_.empty()) return Known{};
    slots_[slot_of(layer, number)].encoded = encoded_;
    return Known{{}, sizeof(Slot) + encoded_.size()};
  }
  auto* facts = reads_facts_ ? &*facts_reader_ : nullptr;
  if (facts != nullptr) facts->begin(entry);
  auto detail = reader_.read(entry, data, layer_bytes_, facts);
  if (facts != nullptr) facts_ = facts->finish(reader_.elf_file(entry.path));
  note_secret(entry, layer, number, detail.holds_private_key);
  newly_encoded_ = encode_detail(detail);
  const auto room = room_of_detail(detail);
  if (!detail.is_empty()) slots_[slot_of(layer, number)].detail = std::move(detail);
  return Known{{}, room};
}

// What a build makes it never hides again: of its files the name is enough here.
void UnpackedImage::note_secret(const TarEntry& entry, std::uint32_t layer, std::uint32_t number, bool is_key) {
  constexpr std::size_t kMostSecrets = 1000;
  if (entry.size == 0 || secrets_.size() == kMostSecrets) return;
  secret_path_ = '/';
  secret_path_ += entry.path;
  if (is_key || is_secret_path(secret_path_)) secrets_.push_back({secret_path_, layer, number, is_key});
}

// Many rules go over all files: paths are made once where they take little room.
void UnpackedImage::for_each(const Visit& visit) const {
  constexpr std::size_t kMostListed = 100'000;
  if (entries_) {
    for (const auto& [path, node] : *entries_) visit(path, *node);
    return;
  }
  std::optional<std::vector<std::pair<std::string, const Tree::Node*>>> list(std::in_place);
  std::string path;
  visit_below(tree_.root(), path, [&](const std::string& place, const Tree::Node& node) {
    if (list && list->size() == kMostListed) list.reset();
    if (list) list->emplace_back(place, &node);
    visit(place, node);
  });
  entries_ = std::move(list);
}

void UnpackedImage::list_programs() const {
  programs_.emplace();
  for_each([&](const std::string& path, const Tree::Node& node) {
    if (head_of(node).may_be_go) programs_->emplace_back(path, &node);
  });
}

void UnpackedImage::for_each_program(const Visit& visit) const {
  if (!programs_) list_programs();
  for (const auto& [path, node] : *programs_) visit(path, *node);
}

UnpackedImage::Slot* UnpackedImage::slot_at(const Tree::Node& node) const {
  if (node.type != EntryType::regular) return nullptr;
  const auto found = slots_.find(slot_of(node.bytes_layer, node.bytes_entry));
  return found == slots_.end() ? nullptr : &found->second;
}

const FileDetail& UnpackedImage::detail_of(const Tree::Node& node) const {
  static const FileDetail kNone;
  auto* slot = slot_at(node);
  if (slot == nullptr) return kNone;
  if (slot->detail) return *slot->detail;
  if (slot->made != nullptr) {
    slot->detail = reader_.read(*slot->made);
  } else {
    slot->detail = decode_detail(slot->encoded);
    if (!slot->detail) refuse_damaged_record();
  }
  return *slot->detail;
}

// A record is not read further than it must.
DetailHead UnpackedImage::head_of(const Tree::Node& node) const {
  const auto* slot = slot_at(node);
  if (slot == nullptr) return {};
  if (!slot->detail && slot->made == nullptr) return head_of_detail(slot->encoded);
  const auto& detail = detail_of(node);
  return {detail.may_be_go(), detail.holds_private_key};
}

bool UnpackedImage::holds_private_key(const Tree::Node& node) const { return head_of(node).holds_private_key; }

void UnpackedImage::remember_new_layers() const {
  for (const auto number : new_layers_) {
    const auto& layer = image_.layers()[number - 1];
    const auto& entries = sources_.new_layers.at(layer.descriptor.digest)->entries;
    LayerRecordWriter record(sources_.wants);
    bool is_kept = true;
    for (std::uint32_t i = 0; is_kept && i < entries.size(); ++i) {
      std::string encoded;
      if (entries[i].entry.type == EntryType::regular) {
        const auto slot = slots_.find(slot_of(number, i));
        is_kept = slot != slots_.end() && slot->second.detail.has_value();
        if (is_kept) encoded = encode_detail(*slot->second.detail);
      }
      is_kept = is_kept && can_be_kept(encoded);
      if (is_kept) record.add(entries[i].entry, encoded);
    }
    if (auto bytes = is_kept ? record.take() : std::nullopt)
      sources_.records->put(kRecordKind, layer, std::move(*bytes));
  }
}

std::optional<UnpackedImage::Found> UnpackedImage::look_up(std::string_view path) const {
  try {
    auto real = tree_.resolve(path);
    const auto* node = tree_.find(real);
    if (node == nullptr) return {};
    return Found{std::move(real), node};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    return {};  // symlinks in a circle lead to nothing
  }
}

std::string UnpackedImage::read_bytes(const Tree::Node& node, std::size_t most) const {
  std::string bytes;
  if (node.bytes_layer == 0 || node.bytes_layer > image_.layers().size()) return bytes;
  const auto* slot = slot_at(node);
  if (slot != nullptr && slot->made != nullptr)
    return read_all(*slot->made->bytes->open(), most, slot->made->entry.path);
  std::uint32_t number = 0;
  for_each_entry(with_blobs(image_.layers()[node.bytes_layer - 1]), stop_, [&](const ReadEntry& read) {
    if (number++ == node.bytes_entry) bytes = read_all(read.data, most, read.entry.path);
  });
  return bytes;
}

std::optional<RootFile> UnpackedImage::find(std::string_view path) const {
  auto found = look_up(path);
  if (!found || found->node->type != EntryType::regular) return {};
  const auto& node = *found->node;
  const auto& detail = detail_of(node);
  return RootFile{std::move(found->path), node.mode, node.uid, node.gid, detail.library, detail.certificates};
}

std::optional<RootFolder> UnpackedImage::folder(std::string_view path) const {
  const auto found = look_up(path);
  if (!found || found->node->type != EntryType::directory) return {};
  const auto& node = *found->node;
  return RootFolder{node.mode, node.uid, node.gid, !node.children.empty()};
}

std::optional<std::string> UnpackedImage::text(std::string_view path) const {
  const auto found = look_up(path);
  return found ? detail_of(*found->node).text : std::nullopt;
}

std::vector<std::string> UnpackedImage::paths_named(std::string_view name) const {
  std::vector<std::string> paths;
  for_each([&](const std::string& path, const Tree::Node& node) {
    if (node.type != EntryType::directory && std::string_view(path).substr(path.rfind('/') + 1) == name)
      paths.push_back(path.substr(1));
  });
  return paths;
}

bool UnpackedImage::may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const {
  for (auto folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
    const auto* node = tree_.find(folder);
    if (node == nullptr) return false;
    const std::uint32_t searchable = node->uid == uid ? 0100U : node->gid == gid ? 0010U : 0001U;
    if (uid != 0 && (node->mode & searchable) == 0) return false;
  }
  return true;
}

}  // namespace ociassemble
