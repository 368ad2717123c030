// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/compare.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/same_app.hpp"
#include "ociassemble/verify.hpp"

namespace ociassemble {

// Texts about images, for people and for machines. Everything that comes from an image has its control bytes replaced,
// so that it cannot play with a terminal.

// A summary of an image: digest, platform, user, command, layers, and how to run it as it is meant to be run.
std::string describe_image(const Image& image);
// A summary of an index: a line for each image in it.
std::string describe_index(const Document& document);

// The same as JSON objects, with a newline at the end; member names are in docs/cli.md.
std::string image_json(const Image& image);
std::string index_json(const Document& document);
// What `build --json` prints: digest, size and platform of the image, its layers, and the names that it was published
// as.
std::string build_json(const Image& image, const std::vector<std::string>& published);
// The same for an index, with each image's digest, size, platform and layers.
std::string build_json(const ImageIndex& index, const std::vector<std::string>& published);
std::string verify_json(const VerifyReport& report);
// What differs, for people: a summary, layers with at most `files` files each, config, annotations; and as JSON.
std::string describe_comparison(const Comparison& comparison, std::size_t files);
std::string comparison_json(const Comparison& comparison);
// What was proven of two images, and all that differs.
std::string describe_same_app(const SameAppReport& report, std::size_t files);
std::string same_app_json(const SameAppReport& report);
// Versions of the tool, the layer format, and the codecs that layer digests depend on.
std::string version_json();
std::string version_text();

// Every entry of every layer, a line each: layer, mode, owner, size, path and link target.
void list_files(const Image& image, Sink& to, const std::stop_token& stop);

// Control bytes and broken UTF-8 as "?".
std::string terminal_text(std::string_view text);

// "12.3 MB"; decimal units.
std::string format_size(std::uint64_t bytes);

}  // namespace ociassemble
