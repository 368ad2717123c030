// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "image/layer_builder.hpp"
#include "ociassemble/ignore.hpp"

namespace ociassemble {

// Everything below a folder, entry paths relative to it, the folder itself not included: types, sizes, link targets,
// and as mode, owner and mtime what the disk says (mtime: `mtime`). Hard links become separate files. Nothing is
// followed. What `ignore` excludes is left out, but for the parents of what is in; a folder is not even read where no
// exception could hold below it. Throws Error{unsupported} naming a device, fifo or socket, Error{io} for what cannot
// be read.
std::vector<LayerEntry> read_folder(const std::filesystem::path& folder, std::int64_t mtime,
                                    const FolderIgnore& ignore = {});
// The same, one after the other, a folder before what is below it. Another thread looks at the folder meanwhile, and
// asks `ignore`; `visit` is called in this one.
void walk_folder(const std::filesystem::path& folder, std::int64_t mtime, const FolderIgnore& ignore,
                 const std::function<void(LayerEntry)>& visit);

// The same for a root file system: modes and owners stay, file capabilities too.
std::vector<LayerEntry> read_rootfs_folder(const std::filesystem::path& folder, std::int64_t mtime);

// One regular file (a symlink is followed) as an entry at `path`. Throws Error{not_found}, Error{io};
// Error{unsupported} for what is neither a file nor a link to one.
LayerEntry read_regular_file(const std::filesystem::path& file, std::string path, std::int64_t mtime);

}  // namespace ociassemble
