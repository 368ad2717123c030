// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/assemble.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/programs.hpp"
#include "ociassemble/verify.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {

// A summary of an image: digest, platform, user, command, layers, its programs where they were read, and how to run it
// as it is meant to be run.
std::string describe_image(const Image& image, const ImagePrograms* programs);
// A summary of an index: a line for each image in it.
std::string describe_index(const Document& document);

// The same as JSON objects, with a newline at the end; member names are in docs/cli.md. `print_more` may add members.
void print_image_json(const Image& image, const ImagePrograms* programs, Sink& to,
                      const std::function<void(JsonPrinter&)>& print_more = {});
std::string index_json(const Document& document);
// What `build --json` prints: digest, size and platform of the image, its layers, what the gates say, and the names
// that it was published as.
std::string build_json(const Assembled& made, const std::vector<std::string>& published,
                       const std::vector<Document>& referrers = {});
// The same for an index over images, with each image's digest, size, platform, layers and gates.
std::string build_json(const ImageIndex& index, const std::vector<Assembled>& images,
                       const std::vector<std::string>& published, const std::vector<Document>& referrers = {});
// With what a repair did, where there was one.
std::string verify_json(const VerifyReport& report, const std::optional<RepairReport>& repaired = {});

// Every entry of every layer, a line each: layer, mode, owner, size, path and link target.
void list_files(const Image& image, Sink& to, const std::stop_token& stop);

}  // namespace ociassemble
