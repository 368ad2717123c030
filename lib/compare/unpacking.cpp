// SPDX-License-Identifier: Apache-2.0
#include "compare/unpacking.hpp"

#include <fmt/format.h>

#include "ociassemble/error.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {

void Unpacking::start_layer(std::string subject) {
  subject_ = std::move(subject);
  if (tree_) tree_->start_layer();
}

void Unpacking::add(const TarEntry& entry, TarReader& layer) {
  if (!tree_) return;
  try {
    tree_->add(entry, layer.data());
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) {
      unjudged_ = fmt::format("{}: {}", subject_, error.what());
    } else if (error.code() == ErrorCode::corrupt) {
      report_(fmt::format("{}: {}", subject_, error.what()));
    } else {
      throw;
    }
    tree_.reset();
  }
}

void Unpacking::end_layer() {
  if (!tree_ || tree_->below_files().empty()) return;
  for (const auto& path : tree_->below_files()) {
    report_(fmt::format("{}: entry {} lies below a file, where container engines cannot unpack it", subject_,
                        tar_name_for_message(path)));
  }
  tree_.reset();
}

}  // namespace ociassemble
