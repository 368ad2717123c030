// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/manifest.hpp"

namespace ociassemble {

// Files of a layout (OCI image layout specification).
inline constexpr const char* kLayoutFile = "oci-layout";
inline constexpr const char* kIndexFile = "index.json";

// Entries of a layout's index.json and their names (OCI image specification, annotations.md).
inline constexpr std::string_view kRefNameAnnotation = "org.opencontainers.image.ref.name";
inline constexpr std::string_view kContainerdNameAnnotation = "io.containerd.image.name";

// The names in the index, each once, in its order.
std::vector<std::string> entry_names(const Index& index);

// See OciLayout::open_document; `where` names the layout or archive in errors.
const Descriptor& choose_entry(const Index& index, const std::optional<std::string>& name, const std::string& where);

// N of "@N"; nothing for another text.
std::optional<std::size_t> place_in(std::string_view name);

// The descriptor with that name and no other. Throws Error{invalid_argument} for an empty name.
Descriptor name_entry(Descriptor descriptor, const std::optional<std::string>& name);

// The index with the entry in the place of those that it replaces (see OciLayout::put), or at the end; all else in it
// stays.
std::string put_entry(std::string_view json, const Descriptor& entry);
// Whether putting the entry would change nothing.
bool has_entry(const Index& index, const Descriptor& entry);

// A reference with all that its short form implies ("app" is "docker.io/library/app:latest"), so that two of them can
// be compared; text that is no reference comes back as it is.
std::string full_reference(const std::string& text);

// The blob's bytes; nullptr for a foreign layer that is nowhere to be had, since it need not lie with its image.
std::unique_ptr<Source> open_if_there(BlobReader& blobs, const Descriptor& descriptor);
// Copies the blob, or does nothing for such a layer. Each is opened once.
void copy_if_there(BlobReader& from, const Descriptor& descriptor, BlobStore& to, const std::stop_token& stop,
                   Present present = Present::by_size);

// The descriptor under which an index names the image; nothing when it does not.
std::optional<Descriptor> find_in_index(const Index& index, const Image& image);

}  // namespace ociassemble
