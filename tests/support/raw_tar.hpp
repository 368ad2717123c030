// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace ociassemble::test {

struct Owner {
  unsigned uid = 0;
  unsigned gid = 0;
};

// Tar archives byte by byte (POSIX pax, "ustar Interchange Format"), for what our own writer refuses to write: any
// order, hard links, devices, odd names.
class RawTar {
 public:
  static constexpr char kFile = '0';
  static constexpr char kHardLink = '1';
  static constexpr char kSymlink = '2';
  static constexpr char kCharacterDevice = '3';
  static constexpr char kFolder = '5';
  static constexpr char kFifo = '6';

  RawTar& file(std::string_view path, std::string_view data = {}, unsigned mode = 0644, Owner owner = {}) {
    return add(path, kFile, mode, {}, data, owner);
  }
  RawTar& folder(std::string_view path, unsigned mode = 0755, Owner owner = {}) {
    return add(path, kFolder, mode, {}, {}, owner);
  }
  RawTar& symlink(std::string_view path, std::string_view target) { return add(path, kSymlink, 0777, target, {}, {}); }
  RawTar& hard_link(std::string_view path, std::string_view target) {
    return add(path, kHardLink, 0644, target, {}, {});
  }
  RawTar& special(std::string_view path, char type) { return add(path, type, 0600, {}, {}, {}); }

  // One member; a path of up to 100 bytes, or a longer one in a pax header.
  RawTar& add(std::string_view path, char type, unsigned mode, std::string_view link, std::string_view data,
              Owner owner) {
    std::string records;
    if (path.size() > 100) records += pax_record("path", path);
    if (link.size() > 100) records += pax_record("linkpath", link);
    if (!records.empty()) put("pax", 'x', 0644, {}, records, {});
    put(path.substr(0, 100), type, mode, link.substr(0, 100), data, owner);
    return *this;
  }

  // The archive with its two zero blocks.
  std::string bytes() const { return bytes_ + std::string(1024, '\0'); }

 private:
  static std::string octal(std::uint64_t value, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
    return std::string(text) + '\0';
  }

  static std::string padded(std::string_view text, std::size_t size) {
    std::string field(text);
    field.resize(size, '\0');
    return field;
  }

  // "LENGTH KEY=VALUE\n", where LENGTH counts its own digits.
  static std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (std::to_string(length).size() + rest != length) ++length;
    return std::to_string(length) + ' ' + std::string(key) + '=' + std::string(value) + '\n';
  }

  void put(std::string_view path, char type, unsigned mode, std::string_view link, std::string_view data, Owner owner) {
    std::string block = padded(path, 100) + octal(mode, 7) + octal(owner.uid, 7) + octal(owner.gid, 7) +
                        octal(data.size(), 11) + octal(0, 11) + std::string(8, ' ') + type + padded(link, 100);
    block += std::string("ustar\0", 6) + "00" + std::string(64, '\0') + octal(0, 7) + octal(0, 7);
    block.resize(512, '\0');
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    block.replace(148, 8, octal(sum, 6) + ' ');
    bytes_ += block;
    bytes_ += data;
    bytes_.resize((bytes_.size() + 511) / 512 * 512, '\0');
  }

  std::string bytes_;
};

}  // namespace ociassemble::test
