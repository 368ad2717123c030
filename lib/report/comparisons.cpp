// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.hpp"
#include "compare/change_text.hpp"
#include "io/streams.hpp"
#include "report/causes.hpp"
#include "report/comparisons.hpp"
#include "report/layer_text.hpp"
#include "tree/whiteout.hpp"

namespace ociassemble {
namespace {

std::string short_digest(const Digest& digest) {
  return digest.to_string().substr(0, digest.to_string().find(':') + 13);
}

std::string content_text(const FileState& state) {
  if (state.type != EntryType::regular || !state.content) return std::string(file_type_name(state.type));
  return fmt::format("{} {}", format_size(state.size), short_digest(*state.content));
}

std::string aspect_text(FileAspect aspect, const FileState& a, const FileState& b) {
  switch (aspect) {
    case FileAspect::type:
      return fmt::format("type {} -> {}", file_type_name(a.type), file_type_name(b.type));
    case FileAspect::content:
      return fmt::format("content {} -> {}", content_text(a), content_text(b));
    case FileAspect::mode:
      return fmt::format("mode {:04o} -> {:04o}", a.mode, b.mode);
    case FileAspect::owner:
      return fmt::format("owner {}:{} -> {}:{}", a.uid, a.gid, b.uid, b.gid);
    case FileAspect::mtime:
      return fmt::format("mtime {} -> {}", a.mtime, b.mtime);
    case FileAspect::link_target:
      return fmt::format("link target {} -> {}", short_text(a.link_target), short_text(b.link_target));
    case FileAspect::device:
      return fmt::format("device {}:{} -> {}:{}", a.device_major, a.device_minor, b.device_major, b.device_minor);
    case FileAspect::xattrs:
      return "xattrs";
  }
  return {};
}

std::string changed_file(const FileChange& change) {
  std::string text;
  for (const auto aspect : change.aspects) {
    // What has another type has other contents and another target besides.
    if (aspect != FileAspect::type && change.aspects.front() == FileAspect::type &&
        (aspect == FileAspect::content || aspect == FileAspect::link_target)) {
      continue;
    }
    text += (text.empty() ? "" : "; ") + aspect_text(aspect, *change.before, *change.after);
  }
  return text;
}

std::string lone_file(const FileState& state) {
  if (state.type == EntryType::symlink) return "-> " + short_text(state.link_target);
  return content_text(state);
}

std::string file_line(const FileChange& change) {
  const auto path = "/" + short_text(change.path);
  if (const auto removed = whiteout_target(change.path); removed && !(change.before && change.after)) {
    return fmt::format("      {} {}  (whiteout)\n", change.after ? '-' : '+', short_text(*removed));
  }
  if (!change.before) return fmt::format("      + {}  {}\n", path, lone_file(*change.after));
  if (!change.after) return fmt::format("      - {}  {}\n", path, lone_file(*change.before));
  return fmt::format("      ~ {}  {}\n", path, changed_file(change));
}

char layer_mark(LayerChange change) {
  switch (change) {
    case LayerChange::same:
      return '=';
    case LayerChange::recompressed:
      return 'z';
    case LayerChange::changed:
      return '~';
    case LayerChange::added:
      return '+';
    case LayerChange::removed:
      return '-';
    case LayerChange::moved:
      return '>';
  }
  return '?';
}

std::string side_text(const LayerSide& side) {
  return fmt::format("{} {}", short_digest(side.descriptor.digest), format_size(side.descriptor.size));
}

std::string layer_heading(const LayerComparison& layer) {
  const auto& shown = layer.after ? *layer.after : *layer.before;
  auto text = fmt::format("  {} {:>2}  ", layer_mark(layer.change), shown.number);
  const bool both = layer.before && layer.after && layer.change != LayerChange::same;
  text += both ? fmt::format("{} -> {}", side_text(*layer.before), side_text(*layer.after)) : side_text(shown);
  if (layer.change == LayerChange::recompressed) text += "  same contents, other compressor";
  if (layer.change == LayerChange::moved) text += fmt::format("  moved from place {}", layer.before->number);
  if (!shown.created_by.empty()) text += "  " + short_text(shown.created_by, 80);
  return text + "\n";
}

std::string file_counts(const FileChanges& files) {
  std::vector<std::string> parts;
  if (files.added() != 0) parts.push_back(fmt::format("{} added", files.added()));
  if (files.removed() != 0) parts.push_back(fmt::format("{} removed", files.removed()));
  if (const auto changed = files.size() - files.added() - files.removed(); changed != 0)
    parts.push_back(fmt::format("{} changed", changed));
  return fmt::format("{}", fmt::join(parts, ", "));
}

template <class Layers, class Test>
std::size_t count_layers(const Layers& layers, const Test& test) {
  return static_cast<std::size_t>(std::count_if(layers.begin(), layers.end(), test));
}

// "2 layers changed, 1 layer added".
void add_layer_counts(std::vector<std::string>& parts, const ImageComparison& image) {
  struct Row {
    LayerChange change;
    std::string_view words;
  };
  for (const auto& [change, words] : {Row{LayerChange::changed, "changed"}, Row{LayerChange::added, "added"},
                                      Row{LayerChange::removed, "removed"}, Row{LayerChange::moved, "moved"},
                                      Row{LayerChange::recompressed, "with the same contents by another compressor"}}) {
    const auto wanted = change;
    const auto count = count_layers(image.layers, [wanted](const LayerComparison& l) { return l.change == wanted; });
    if (count != 0) parts.push_back(fmt::format("{} {} {}", count, count == 1 ? "layer" : "layers", words));
  }
}

std::string summary(const ImageComparison& image) {
  switch (image.verdict()) {
    case Verdict::same:
      return "same";
    case Verdict::recompressed:
      return "same contents, other compressor";
    case Verdict::different:
      break;
  }
  std::vector<std::string> parts;
  if (image.base.moved()) parts.emplace_back("base moved");
  if (image.base.named_otherwise()) parts.emplace_back("base named otherwise");
  add_layer_counts(parts, image);
  if (!image.config.empty()) parts.emplace_back("config changed");
  if (!image.manifest.empty()) parts.emplace_back("manifest changed");
  if (parts.empty()) return "different bytes that say the same: spacing, order, or members that have no meaning here";
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string base_text(const std::string& name, const std::string& digest) {
  if (name.empty() && digest.empty()) return "(not named)";
  return short_text(name.empty() || digest.empty() ? name + digest : name + "@" + digest.substr(0, 19));
}

void describe_image_comparison(Sink& to, const ImageComparison& image, std::size_t files) {
  std::string text;
  text += fmt::format("{}  {} -> {}: {}\n", terminal_text(image.platform.to_string()), short_digest(image.before),
                      short_digest(image.after), summary(image));
  if (image.verdict() == Verdict::same) return to.write(as_bytes(text));
  if (!image.causes.empty()) text += "Causes\n";
  for (const auto& cause : image.causes) text += "  " + cause_text(cause) + "\n";
  if (image.base.moved() || image.base.named_otherwise()) {
    const auto& base = image.base;
    text += fmt::format("Base\n  {} -> {}{}\n", base_text(base.name_before, base.digest_before),
                        base_text(base.name_after, base.digest_after), base.layers_differ ? "; other layers" : "");
  }
  text += "Layers\n";
  to.write(as_bytes(text));
  for (const auto& layer : image.layers) describe_layer_comparison(layer, files, to);
  text.clear();
  if (!image.config.empty()) text += "Config\n";
  for (const auto& change : image.config) text += "  " + value_change_text(change) + "\n";
  if (!image.manifest.empty()) text += "Manifest\n";
  for (const auto& change : image.manifest) text += "  " + value_change_text(change) + "\n";
  to.write(as_bytes(text));
}

}  // namespace

std::optional<std::string> whiteout_target(std::string_view path) {
  const auto whiteout = whiteout_of(path);
  if (!whiteout) return {};
  if (!whiteout->is_opaque) return "/" + whiteout->path;
  return whiteout->path.empty() ? "/*" : "/" + whiteout->path + "/*";
}

std::string_view file_type_name(EntryType type) {
  switch (type) {
    case EntryType::regular:
      return "file";
    case EntryType::directory:
      return "directory";
    case EntryType::symlink:
      return "symlink";
    case EntryType::hard_link:
      return "hard link";
    case EntryType::character_device:
      return "character device";
    case EntryType::block_device:
      return "block device";
    case EntryType::fifo:
      return "fifo";
  }
  return {};
}

void describe_layer_comparison(const LayerComparison& layer, std::size_t files, Sink& to) {
  to.write(as_bytes(layer_heading(layer)));
  if (layer.change == LayerChange::same) {
    for (const auto& change : layer.descriptor) to.write(as_bytes("      " + value_change_text(change) + "\n"));
  }
  if (!layer.was_read) return;
  if (layer.files.empty()) return to.write(as_bytes("      the same entries in other tar bytes\n"));
  std::size_t shown = 0;
  for (auto file = layer.files.begin(); file != layer.files.end() && shown < files; ++file, ++shown) {
    to.write(as_bytes(file_line(*file)));
  }
  if (shown == layer.files.size()) return;
  to.write(as_bytes(fmt::format("      … {} more of {} ({})\n", layer.files.size() - shown, layer.files.size(),
                                file_counts(layer.files))));
}

void describe_comparison(const Comparison& comparison, std::size_t files, Sink& to) {
  if (comparison.verdict() == Verdict::same) {
    return to.write(as_bytes(fmt::format("same: {}\n", comparison.after.to_string())));
  }
  std::string text;
  for (const auto& image : comparison.images) {
    if (&image != &comparison.images.front()) to.write(as_bytes("\n"));
    describe_image_comparison(to, image, files);
  }
  for (const auto& name : comparison.only_before) text += fmt::format("only in the first: {}\n", terminal_text(name));
  for (const auto& name : comparison.only_after) text += fmt::format("only in the second: {}\n", terminal_text(name));
  if (!comparison.index.empty()) text += "Index\n";
  for (const auto& change : comparison.index) text += "  " + value_change_text(change) + "\n";
  to.write(as_bytes(text));
}

}  // namespace ociassemble
