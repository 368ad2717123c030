// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_reader.hpp"
#include "tar/tar_writer.hpp"

namespace ociassemble::test {

struct Member {
  TarEntry entry;
  std::string data;
};

// Gives its bytes in pieces of at most `piece` bytes.
class PiecewiseSource : public Source {
 public:
  PiecewiseSource(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = std::min({buffer.size(), piece_, bytes_.size() - position_});
    std::memcpy(buffer.data(), bytes_.data() + position_, count);
    position_ += count;
    return count;
  }
  bool at_end() const { return position_ == bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t position_ = 0;
};

inline std::vector<Member> read_members(Source& from) {
  TarReader reader(from, "test.tar");
  std::vector<Member> members;
  while (auto entry = reader.next()) {
    auto data = read_all(reader.data(), std::size_t{64} << 20U, "member");
    members.push_back({*std::move(entry), std::move(data)});
  }
  return members;
}

inline std::vector<Member> read_members(const std::string& archive) {
  StringSource source(archive);
  return read_members(source);
}

inline std::string write_members(const std::vector<Member>& members, std::size_t piece = 1000) {
  StringSink sink;
  TarWriter writer(sink);
  for (const auto& [entry, data] : members) {
    PiecewiseSource source(data, piece);
    writer.add(entry, entry.type == EntryType::regular ? &source : nullptr);
  }
  writer.finish();
  return sink.take();
}

inline TarEntry file_entry(std::string path, std::uint64_t size, std::uint32_t mode = 0644) {
  TarEntry entry;
  entry.path = std::move(path);
  entry.mode = mode;
  entry.size = size;
  return entry;
}

inline TarEntry directory_entry(std::string path, std::uint32_t mode = 0755) {
  TarEntry entry;
  entry.path = std::move(path);
  entry.type = EntryType::directory;
  entry.mode = mode;
  return entry;
}

inline TarEntry symlink_entry(std::string path, std::string target) {
  TarEntry entry;
  entry.path = std::move(path);
  entry.type = EntryType::symlink;
  entry.mode = 0777;
  entry.link_target = std::move(target);
  return entry;
}

inline std::string padded(std::string data) {
  data.resize((data.size() + 511) / 512 * 512);
  return data;
}

inline const std::string kEndMark(1024, '\0');

// A ustar header by hand, field by field, for archives that our writer would never make.
struct RawHeader {
  std::string name = "file";
  char type = '0';
  std::string size = "00000000000";  // as its bytes
  std::string link{};
  std::string mode = "0000644";
  std::string uid = "0000000";
  std::string mtime = "00000000000";
  std::string magic = std::string("ustar\00000", 8);
  std::string devmajor = "0000000";
  std::string devminor = "0000000";

  std::string bytes() const {
    std::string block(512, '\0');
    const auto put = [&block](std::size_t offset, std::string_view text) { block.replace(offset, text.size(), text); };
    put(0, name);
    put(100, mode);
    put(108, uid);
    put(116, "0000000");
    put(124, size);
    put(136, mtime);
    put(148, "        ");
    block[156] = type;
    put(157, link);
    put(257, magic);
    put(329, devmajor);
    put(337, devminor);
    unsigned sum = 0;
    for (const char byte : block) sum += static_cast<unsigned char>(byte);
    for (std::size_t digit = 6; digit-- > 0; sum /= 8) block[148 + digit] = static_cast<char>('0' + sum % 8);
    block[154] = '\0';
    return block;
  }
};

inline std::string octal_size(std::size_t size) {
  std::string digits(11, '0');
  for (std::size_t i = digits.size(); i-- > 0; size /= 8) digits[i] = static_cast<char>('0' + size % 8);
  return digits;
}

// A pax header whose body is given as it is.
inline std::string raw_pax(const std::string& body, char type = 'x') {
  return RawHeader{.name = "pax", .type = type, .size = octal_size(body.size())}.bytes() + padded(body);
}

inline bool runs(const std::string& command) { return std::system((command + " > /dev/null 2>&1").c_str()) == 0; }

// What the archive is refused with; an empty message when it is not.
struct Refusal {
  ErrorCode code = ErrorCode::io;
  std::string message{};
};
inline Refusal refusal_of(const std::string& archive) {
  try {
    read_members(archive);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

}  // namespace ociassemble::test
