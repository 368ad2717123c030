// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// Brings an image into the engine's store under these names, references with a tag. What an engine answers is read, as
// some say success and mean a failure. Throws Error{network} where an engine cannot be reached or dies, Error{io} for
// what it refuses.
void load(const Image& image, const Location& target, const std::vector<std::string>& names,
          const Workplace& workplace);
void load(const ImageIndex& index, const Location& target, const std::vector<std::string>& names,
          const Workplace& workplace);
void load(const Document& root, const Location& target, const std::vector<std::string>& names,
          const Workplace& workplace);

// The image of that name in the store of docker, podman or containerd, brought into a temporary file.
Document open_from_engine(const Location& location, const Workplace& workplace);

// How the engine itself calls the image that has this name now: what `docker run` and `podman run` take.
std::string engine_image_id(const Location& location, const Workplace& workplace);

// The engine that `--load` takes: docker where one answers, else podman, else containerd.
std::optional<Location::Kind> find_engine(const std::stop_token& stop);

}  // namespace ociassemble
