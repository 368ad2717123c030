// SPDX-License-Identifier: Apache-2.0
#include "store/used_files.hpp"

#include <algorithm>
#include <system_error>

namespace ociassemble {

void UsedFiles::add(const std::filesystem::directory_entry& file) {
  std::error_code gone;
  if (!file.is_regular_file(gone) || gone) return;
  const auto size = file.file_size(gone);
  const auto used = file.last_write_time(gone);
  if (gone) return;
  files_.push_back({file.path(), size, used});
  size_ += size;
}

void UsedFiles::remove_oldest(std::uint64_t limit) {
  std::ranges::sort(files_, {}, &File::used);
  auto file = files_.begin();
  for (; file != files_.end() && size_ > limit; ++file) {
    std::error_code ignored;
    std::filesystem::remove(file->path, ignored);
    size_ -= file->size;
  }
  files_.erase(files_.begin(), file);
}

}  // namespace ociassemble
