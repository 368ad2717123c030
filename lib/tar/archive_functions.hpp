// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

namespace ociassemble {

// USE(name) for each archive_NAME() that this module calls, but for archive_errno(): errno is a macro.
#define OCIASSEMBLE_FOR_EACH_ARCHIVE_FUNCTION(USE) \
  USE(entry_filetype)                              \
  USE(entry_gid)                                   \
  USE(entry_hardlink)                              \
  USE(entry_mtime)                                 \
  USE(entry_mtime_nsec)                            \
  USE(entry_pathname)                              \
  USE(entry_perm)                                  \
  USE(entry_rdevmajor)                             \
  USE(entry_rdevminor)                             \
  USE(entry_size)                                  \
  USE(entry_symlink)                               \
  USE(entry_uid)                                   \
  USE(entry_xattr_next)                            \
  USE(entry_xattr_reset)                           \
  USE(error_string)                                \
  USE(filter_bytes)                                \
  USE(read_data_block)                             \
  USE(read_free)                                   \
  USE(read_new)                                    \
  USE(read_next_header)                            \
  USE(read_open)                                   \
  USE(read_support_format_tar)                     \
  USE(set_error)

// archive_read_new() is here read_new, of the same type.
struct ArchiveFunctions {
#define OCIASSEMBLE_DECLARE(name) decltype(&archive_##name) name = nullptr;  // NOLINT: no parentheses there
  OCIASSEMBLE_FOR_EACH_ARCHIVE_FUNCTION(OCIASSEMBLE_DECLARE)
#undef OCIASSEMBLE_DECLARE
  decltype(&archive_errno) error_number = nullptr;
};

// libarchive: loaded with the first call, unless the build links it (-Dload_on_first_use=false). Every call of it in
// this module goes this way. Throws Error{unsupported} when it is not there; the next call tries again. Safe for
// concurrent use.
const ArchiveFunctions& libarchive();

}  // namespace ociassemble
