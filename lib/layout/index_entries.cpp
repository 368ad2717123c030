// SPDX-License-Identifier: Apache-2.0
#include "layout/index_entries.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/reference.hpp"
#include "spec/index_edit.hpp"

namespace ociassemble {
namespace {

using Matches = std::vector<const Descriptor*>;

std::string annotation(const Descriptor& entry, std::string_view key) {
  const auto found = entry.annotations.find(std::string(key));
  return found == entry.annotations.end() ? std::string() : found->second;
}

std::string annotation(const Annotations& annotations, std::string_view key) {
  const auto found = annotations.find(std::string(key));
  return found == annotations.end() ? std::string() : found->second;
}

template <class Predicate>
Matches entries_where(const Index& index, Predicate predicate) {
  Matches matches;
  for (const auto& entry : index.manifests) {
    if (predicate(entry)) matches.push_back(&entry);
  }
  return matches;
}

// The kinds of name in the order in which they count.
Matches entries_named(const Index& index, const std::string& name) {
  auto matches = entries_where(index, [&](const auto& entry) { return annotation(entry, kRefNameAnnotation) == name; });
  if (!matches.empty()) return matches;
  matches = entries_where(index, [&](const auto& entry) { return entry.digest.to_string() == name; });
  if (!matches.empty()) return matches;
  const auto wanted = full_reference(name);
  return entries_where(index, [&](const auto& entry) {
    const auto full = annotation(entry, kContainerdNameAnnotation);
    return !full.empty() && full_reference(full) == wanted;
  });
}

// What find() takes, so that the message is of use; entries without a name can be asked for by their digest.
std::string list_entries(const Index& index) {
  constexpr std::size_t kMaxListed = 50;
  std::vector<std::string> names;
  for (const auto& entry : index.manifests) {
    auto name = annotation(entry, kRefNameAnnotation);
    const auto full = annotation(entry, kContainerdNameAnnotation);
    // containerd writes the tag alone beside the full name.
    if (!full.empty()) name = full;
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) name = entry.digest.to_string();
    names.push_back(std::move(name));
    if (names.size() == kMaxListed) break;
  }
  for (const auto& entry : index.unreadable) {
    if (names.size() == kMaxListed) break;
    const auto name = annotation(entry.annotations, kRefNameAnnotation);
    names.push_back(fmt::format("{} (of an unknown digest algorithm)", printable(name.empty() ? entry.digest : name)));
  }
  if (names.empty()) return "it is empty";
  return fmt::format("there are: {}{}", fmt::join(names, ", "), index.manifests.size() > kMaxListed ? ", …" : "");
}

bool all_the_same(const Matches& matches) {
  return std::all_of(matches.begin(), matches.end(),
                     [&](const auto* entry) { return entry->digest == matches.front()->digest; });
}

bool replaces(const Descriptor& entry, const std::string& digest, const Annotations& annotations) {
  const auto name = annotation(entry, kRefNameAnnotation);
  if (annotation(annotations, kRefNameAnnotation) != name) return false;
  return !name.empty() || digest == entry.digest.to_string();
}

}  // namespace

std::vector<std::string> entry_names(const Index& index) {
  std::vector<std::string> names;
  for (const auto& entry : index.manifests) {
    auto name = annotation(entry, kRefNameAnnotation);
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

namespace {

// An entry that is meant and cannot be read.
void refuse_unreadable(const Index& index, const std::optional<std::string>& name, const std::string& where) {
  for (const auto& entry : index.unreadable) {
    if (name && entry.digest != *name && annotation(entry.annotations, kRefNameAnnotation) != *name) continue;
    if (!name && index.unreadable.size() + index.manifests.size() > 1) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot read the image {} in {}: its digest is of an algorithm that is not supported",
                            printable(entry.digest), where));
  }
}

const Descriptor& entry_at(const Index& index, const std::string& place, const std::string& where) {
  const auto number = place_in(place);
  if (number && *number < index.manifests.size()) return index.manifests[*number];
  throw Error(ErrorCode::not_found,
              fmt::format("cannot find image {} in {}: there are {}", printable(place), where, index.manifests.size()),
              list_entries(index));
}

}  // namespace

std::optional<std::size_t> place_in(std::string_view name) {
  std::size_t number = 0;
  const auto digits = name.substr(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

const Descriptor& choose_entry(const Index& index, const std::optional<std::string>& name, const std::string& where) {
  if (name && name->starts_with('@')) return entry_at(index, *name, where);
  const auto matches = name ? entries_named(index, *name) : entries_where(index, [](const auto&) { return true; });
  const bool is_one = name || index.unreadable.empty() || matches.empty();
  if (!matches.empty() && all_the_same(matches) && is_one) return *matches.front();
  if (matches.empty()) refuse_unreadable(index, name, where);
  const auto subject = name ? fmt::format("image {} in {}", *name, where) : fmt::format("the image in {}", where);
  if (matches.empty()) {
    throw Error(ErrorCode::not_found,
                fmt::format("cannot find {}: {}", subject, name ? "there is no image of that name" : "it holds none"),
                list_entries(index));
  }
  throw Error(
      ErrorCode::not_found,
      fmt::format("cannot choose {}: {} images {}", subject, matches.size() + (name ? 0 : index.unreadable.size()),
                  name ? "have that name" : "are in it and none was named"),
      list_entries(index));
}

Descriptor name_entry(Descriptor descriptor, const std::optional<std::string>& name) {
  descriptor.annotations.erase(std::string(kRefNameAnnotation));
  descriptor.annotations.erase(std::string(kContainerdNameAnnotation));
  if (!name) return descriptor;
  if (name->empty()) throw Error(ErrorCode::invalid_argument, "cannot name an image: the name is empty");
  descriptor.annotations.emplace(kRefNameAnnotation, *name);
  return descriptor;
}

std::string put_entry(std::string_view json, const Descriptor& entry) {
  return put_index_entry(
      json, [&](const IndexEntryNames& old) { return replaces(entry, old.digest, old.annotations); }, entry);
}

bool has_entry(const Index& index, const Descriptor& entry) {
  std::size_t replaced = 0;
  for (const auto& old : index.unreadable) replaced += replaces(entry, old.digest, old.annotations) ? 1 : 0;
  bool is_there = false;
  for (const auto& old : index.manifests) {
    if (!replaces(entry, old.digest.to_string(), old.annotations)) continue;
    ++replaced;
    is_there = is_there || old == entry;
  }
  return is_there && replaced == 1;
}

std::string full_reference(const std::string& text) {
  try {
    const auto reference = Reference::parse(text);
    return reference.tag() || reference.digest() ? reference.to_string() : reference.to_string() + ":latest";
  } catch (const Error&) {
    return text;
  }
}

std::unique_ptr<Source> open_if_there(BlobReader& blobs, const Descriptor& descriptor) {
  if (!is_foreign_layer_type(descriptor.media_type)) return blobs.open(descriptor);
  try {
    return blobs.open(descriptor);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return nullptr;
    throw;
  }
}

void copy_if_there(BlobReader& from, const Descriptor& descriptor, BlobStore& to, const std::stop_token& stop,
                   Present present) {
  if (!is_foreign_layer_type(descriptor.media_type)) {
    copy_blob(from, descriptor, to, stop, present);
    return;
  }
  if (to.contains(descriptor)) return;
  const auto source = open_if_there(from, descriptor);
  if (!source) return;
  const auto writer = to.begin();
  copy(*source, *writer, stop);
  writer->commit(descriptor);
}

std::optional<Descriptor> find_in_index(const Index& index, const Image& image) {
  const auto names_it = [&](const Descriptor& entry) {
    return entry.size == image.manifest_json().size() &&
           entry.digest == Digest::of(image.manifest_json(), entry.digest.algorithm());
  };
  const auto found = std::find_if(index.manifests.begin(), index.manifests.end(), names_it);
  if (found == index.manifests.end()) return {};
  return *found;
}

}  // namespace ociassemble
