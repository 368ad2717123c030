// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "compress/codec.hpp"

namespace ociassemble {

// What make_decompressor() chooses from. Each owns `from`, whose first bytes are of its compression, and throws as
// make_decompressor() says.
std::unique_ptr<Source> make_gzip_source(std::unique_ptr<Source> from, std::string subject, DecompressionNotes* notes);
std::unique_ptr<Source> make_zstd_source(std::unique_ptr<Source> from, std::string subject);
// xz or bzip2.
std::unique_ptr<Source> make_archive_source(std::unique_ptr<Source> from, std::string subject,
                                            DetectedCompression kind);

// Error{corrupt} with "cannot decompress SUBJECT: CAUSE".
[[noreturn]] void throw_damaged(const std::string& subject, const std::string& cause);

inline constexpr std::size_t kDecoderInputSize = std::size_t{128} * 1024;

}  // namespace ociassemble
