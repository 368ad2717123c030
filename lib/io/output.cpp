// SPDX-License-Identifier: Apache-2.0
#include "io/output.hpp"

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/output_file.hpp"
#include "io/streams.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

class AtomicFileSink : public Sink {
 public:
  explicit AtomicFileSink(AtomicFile& file) : file_(file) {}
  void write(std::span<const std::byte> bytes) override { file_.write(bytes); }

 private:
  AtomicFile& file_;
};

class OutputStreamSink : public Sink {
 public:
  explicit OutputStreamSink(const fs::path& path) : path_(path), fd_(open_output_stream(path)) {}
  void write(std::span<const std::byte> bytes) override { write_output_stream(fd_.get(), bytes, path_); }

 private:
  const fs::path& path_;
  UniqueFd fd_;
};

bool same_bytes(const fs::path& left, const fs::path& right) {
  std::error_code error;
  const auto size = fs::file_size(left, error);
  if (error || size != fs::file_size(right, error) || error) return false;
  const UniqueFd probe(::open(left.c_str(), O_RDONLY | O_CLOEXEC));
  if (!probe) return false;  // What we may not read we may still replace.
  FileSource left_source(left);
  FileSource right_source(right);
  std::vector<std::byte> left_buffer(kCopyBufferSize);
  std::vector<std::byte> right_buffer(kCopyBufferSize);
  for (;;) {
    const auto count = read_full(left_source, left_buffer);
    if (count != read_full(right_source, right_buffer)) return false;
    if (!std::equal(left_buffer.begin(), left_buffer.begin() + static_cast<std::ptrdiff_t>(count),
                    right_buffer.begin())) {
      return false;
    }
    if (count == 0) return true;
  }
}

}  // namespace

void write_output(const fs::path& file, const std::function<void(Sink&)>& write) {
  const auto place = find_output(file);
  if (place.kind == OutputPlace::Kind::stream) {
    OutputStreamSink stream(file);
    write(stream);
    return;
  }
  auto output = AtomicFile::in_folder(place.path.parent_path());
  AtomicFileSink sink(output);
  write(sink);
  if (same_bytes(place.path, output.temporary_path())) return;
  output.commit_as(place.path);
  sync_folder(place.path.parent_path());
}

}  // namespace ociassemble
