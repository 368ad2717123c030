// SPDX-License-Identifier: Apache-2.0
#include "bases/source_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/escape.hpp"
#include "base/stop.hpp"
#include "base/text.hpp"
#include "bases/base.hpp"
#include "bases/taken_files.hpp"
#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_reader.hpp"

namespace ociassemble {
namespace {

constexpr const char* kRecordKind = "taken-files";

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

// For messages: the path that was asked for, and what is below it.
std::string whole_path(const std::string& asked, const std::string& name) {
  if (name.empty()) return printable(asked);
  return printable(asked == "/" ? "/" + name : asked + "/" + name);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text.append(line).append(1, '\n');
  return text;
}

// A file whose bytes are looked for in a layer, and the places that it is taken to.
using Wanted = std::map<std::uint32_t, std::vector<TakenFile*>>;  // by the entry in the layer

}  // namespace

struct SourceImage::Reading {
  std::map<std::string, TakenFiles> found;  // by the path asked for
  std::map<std::uint32_t, Wanted> wanted;   // by layer
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};

SourceImage::SourceImage(std::string name, OpenLayers open_layers, Pin pin, const Workplace& workplace)
    : name_(std::move(name)), open_layers_(std::move(open_layers)), pin_(std::move(pin)), workplace_(workplace) {
  // Two folders down, where no record is.
  if (open_record_cache(workplace_)) cache_.emplace(workplace_.cache_folder / "files" / "1");
}

void SourceImage::find(const std::set<std::string>& paths) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> missing;
  for (const auto& path : paths) {
    if (files_.contains(path)) continue;
    if (auto known = known_files(path)) {
      files_.emplace(path, std::move(*known));
    } else {
      missing.insert(path);
    }
  }
  if (!missing.empty()) files_.merge(read(missing));
}

TakenFiles SourceImage::files(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return files_.at(path);
}

std::vector<LayerEntry> SourceImage::entries(const std::string& path, std::int64_t mtime) {
  std::vector<LayerEntry> entries;
  for (const auto& [name, file] : files(path)) {
    LayerEntry made;
    made.entry.path = name;
    made.entry.type = file.type;
    made.entry.mtime = mtime;
    made.entry.link_target = file.link_target;
    made.entry.mode = file.type == EntryType::symlink                        ? 0777
                      : file.type == EntryType::directory || file.is_program ? 0755
                                                                             : 0644;
    if (file.type == EntryType::regular) {
      made.entry.size = file.size;
      made.bytes =
          entry_bytes([self = shared_from_this(), path, below = name] { return self->open(path, below); }, file.digest);
    }
    entries.push_back(std::move(made));
  }
  return entries;
}

std::optional<TakenFiles> SourceImage::known_files(const std::string& path) {
  if (pin_.locked != nullptr) {
    const auto locked = pin_.locked->files.find(path);
    if (locked != pin_.locked->files.end()) return locked->second;
    if (pin_.is_required) {
      throw TakenPathError(
          ErrorCode::check_failed,
          fmt::format("cannot take {} from {}: the lock file does not pin it", printable(path), name_), path,
          "`ociassemble lock` pins what the recipe takes; without a recipe, name it with lock --add-from");
    }
  }
  auto cache = open_record_cache(workplace_);
  const auto record = cache ? cache->find(kRecordKind, record_key(path)) : std::nullopt;
  return record ? parse_taken_lines(lines_of(record->bytes)) : std::nullopt;
}

const std::vector<Layer>& SourceImage::layers() {
  if (!layers_) layers_ = open_layers_(workplace_);
  return *layers_;
}

Digest SourceImage::record_key(const std::string& path) {
  return Digest::of(tree_key(layers()).to_string() + " " + path);
}

std::map<std::string, TakenFiles> SourceImage::read(const std::set<std::string>& paths) {
  Reading reading;
  const auto tree = read_tree();
  for (const auto& path : paths) list(reading, tree, path);
  auto store = cache_ ? cache_->make_room(reading.bytes) : nullptr;
  try {
    if (store) extract(reading, *store);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
    store = nullptr;
  }
  if (!store) {
    if (!aside_) aside_ = make_temporary_store();
    extract(reading, *aside_);
  }
  if (auto cache = open_record_cache(workplace_)) {
    for (const auto& [path, files] : reading.found)
      cache->put(kRecordKind, record_key(path), joined(taken_lines(files)));
  }
  return std::move(reading.found);
}

// A layer in a registry comes over the network once.
Tree SourceImage::read_tree() {
  Tree tree;
  layers();
  for (auto& layer : *layers_) {
    const auto digest = layer.descriptor.digest.to_string();
    const auto subject = fmt::format("layer {} of {}", digest, name_);
    if (workplace_.progress) workplace_.progress("reading " + subject);
    if (layer.blobs->repository()) {
      if (!aside_) aside_ = make_temporary_store();
      copy_blob(*layer.blobs, layer.descriptor, *aside_, workplace_.stop);
      layer.blobs = aside_;
    }
    HashSource tar_bytes(make_decompressor(layer.blobs->open(layer.descriptor), subject), layer.diff_id.algorithm());
    StoppableSource stoppable(tar_bytes, workplace_.stop);
    TarReader tar(stoppable, subject);
    tree.apply(tar);
    const auto diff_id = tar_bytes.finish();
    if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  }
  return tree;
}

void SourceImage::list(Reading& reading, const Tree& tree, const std::string& path) const {
  const auto* node = tree.follow(path);
  if (node != nullptr) return list_below(reading, path, {}, *node);
  const auto* link = tree.find(tree.resolve_parent(path));
  const auto why = link == nullptr
                       ? std::string("there is no such file in the image")
                       : fmt::format("it is a link to {}, which is not in the image", printable(link->link_target()));
  throw TakenPathError(ErrorCode::not_found, fmt::format("cannot take {} from {}: {}", printable(path), name_, why),
                       path, fmt::format("`ociassemble inspect --files {}` lists what is there", shell_word(name_)));
}

void SourceImage::list_below(Reading& reading, const std::string& asked, const std::string& name,
                             const Tree::Node& node) const {
  const auto refuse = [&](std::string_view why, std::string hint) {
    throw TakenPathError(ErrorCode::unsupported,
                         fmt::format("cannot take {} from {}: {}", whole_path(asked, name), name_, why), asked,
                         std::move(hint));
  };
  throw_if_stopped(workplace_.stop);
  const bool is_regular = node.type == EntryType::regular;
  if (!is_regular && node.type != EntryType::directory && node.type != EntryType::symlink) {
    refuse("it is a device or a fifo", "only files, folders and symbolic links go into a layer");
  }
  if (node.type == EntryType::symlink && node.link_target().find('\0') != std::string::npos)
    refuse("it is a link whose target has a NUL byte", {});
  if (is_regular) reading.bytes += std::min(node.size, kMostTakenBytes + 1);
  if (++reading.count > kMostTakenFiles || reading.bytes > kMostTakenBytes) {
    refuse(fmt::format("more than {} files or 4 GiB would be taken", kMostTakenFiles),
           "take fewer files, or use the image as the base");
  }
  TakenFile file{node.type, is_regular && (node.mode & 0100U) != 0, is_regular ? node.size : 0, {}, node.link_target()};
  auto& taken = reading.found[asked].emplace(name, std::move(file)).first->second;
  if (is_regular) reading.wanted[node.bytes_layer][node.bytes_entry].push_back(&taken);
  for (const auto& [child, child_node] : node.children)
    list_below(reading, asked, below(name, std::string(child)), child_node);
}

void SourceImage::extract(Reading& reading, BlobStore& store) {
  for (const auto& wanted : reading.wanted) extract_layer(reading, wanted.first, store);
}

void SourceImage::extract_layer(Reading& reading, std::uint32_t number, BlobStore& store) {
  const auto& wanted = reading.wanted.at(number);
  std::uint32_t entry = 0;
  for_each_entry(layers().at(number - 1), workplace_.stop, [&](const ReadEntry& read) {
    const auto found = wanted.find(entry++);
    if (found == wanted.end()) return;
    const auto blob = store.begin();
    copy(read.data, *blob, workplace_.stop);
    const auto stored = blob->commit(std::string_view());
    for (auto* file : found->second) file->digest = stored.digest;
  });
}

std::unique_ptr<Source> SourceImage::find_bytes(const Descriptor& file) {
  if (aside_ && aside_->contains(file)) return aside_->open(file);
  if (cache_ && cache_->holds(file, workplace_.stop)) return cache_->open(file);
  return nullptr;
}

std::unique_ptr<Source> SourceImage::open(const std::string& path, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto& file = files_.at(path).at(name);
  const Descriptor bytes{.media_type = {}, .digest = file.digest.value(), .size = file.size};
  if (auto source = find_bytes(bytes)) return source;
  require_same(path, read({path}).at(path));
  if (auto source = find_bytes(bytes)) return source;
  throw Error(ErrorCode::io, fmt::format("cannot take {} from {}: it left the cache while it was read",
                                         whole_path(path, name), name_));
}

void SourceImage::require_same(const std::string& path, const TakenFiles& actual) const {
  const auto& expected = files_.at(path);
  if (expected == actual) return;
  const auto refuse = [&](const std::string& name, std::string_view what) {
    throw Error(ErrorCode::check_failed, fmt::format("cannot take {} from {}: {}", whole_path(path, name), name_, what),
                "`ociassemble lock --update` pins what the image has now");
  };
  for (const auto& [name, file] : expected) {
    const auto found = actual.find(name);
    if (found == actual.end()) refuse(name, "it is pinned, but the image lacks it");
    if (found->second == file) continue;
    if (file.digest && found->second.digest && file.digest != found->second.digest) {
      refuse(name, fmt::format("{} is pinned, and the image has {}", file.digest->to_string(),
                               found->second.digest->to_string()));
    }
    refuse(name, "its type, size or target differs from the pinned one");
  }
  for (const auto& [name, file] : actual) {
    if (!expected.contains(name)) refuse(name, "the image has it, but it is not pinned");
  }
}

}  // namespace ociassemble
