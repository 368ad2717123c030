// SPDX-License-Identifier: Apache-2.0
#include "compare/file_state_record.hpp"

#include <cstdint>
#include <utility>

#include "base/leb128.hpp"

namespace ociassemble {
namespace {

enum Content : std::uint8_t { no_content, content_of_nothing, content_sha256, content_text };

const Digest& digest_of_nothing() {
  static const Digest kDigest = Digest::of(std::string_view());
  return kDigest;
}

// Numbers as LEB128, texts with their length before them.
class StateWriter {
 public:
  void number(std::uint64_t value) { append_leb128(bytes_, value); }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void content(const std::optional<Digest>& content) {
    if (!content) return number(no_content);
    if (*content == digest_of_nothing()) return number(content_of_nothing);
    if (content->algorithm() != Digest::Algorithm::sha256) {
      number(content_text);
      return text(content->to_string());
    }
    number(content_sha256);
    const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    const auto hex = content->hex();
    for (std::size_t i = 0; i < hex.size(); i += 2) bytes_ += static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1]));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() { return take_leb128(bytes_).value(); }
  std::string text() { return std::string(take(static_cast<std::size_t>(number()))); }
  std::optional<Digest> content() {
    switch (static_cast<Content>(number())) {
      case no_content:
        return {};
      case content_of_nothing:
        return digest_of_nothing();
      case content_text:
        return Digest::parse(text());
      case content_sha256:
        break;
    }
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string digest = "sha256:";
    for (const char byte : take(32)) {
      digest += kDigits[static_cast<unsigned char>(byte) >> 4U];
      digest += kDigits[static_cast<unsigned char>(byte) & 15U];
    }
    return Digest::parse(digest);
  }

 private:
  std::string_view take(std::size_t count) {
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
};

}  // namespace

std::string encode_state(const FileState& state) {
  StateWriter to;
  to.number(static_cast<std::uint64_t>(state.type));
  to.number(state.mode);
  to.number(state.uid);
  to.number(state.gid);
  to.number(static_cast<std::uint64_t>(state.mtime));
  to.number(state.size);
  to.content(state.content);
  to.text(state.link_target);
  to.number(state.device_major);
  to.number(state.device_minor);
  to.number(state.xattrs.size());
  for (const auto& [name, value] : state.xattrs) {
    to.text(name);
    to.text(value);
  }
  return to.take();
}

FileState decode_state(std::string_view bytes) {
  StateReader from(bytes);
  FileState state;
  state.type = static_cast<EntryType>(from.number());
  state.mode = static_cast<std::uint32_t>(from.number());
  state.uid = from.number();
  state.gid = from.number();
  state.mtime = static_cast<std::int64_t>(from.number());
  state.size = from.number();
  state.content = from.content();
  state.link_target = from.text();
  state.device_major = static_cast<std::uint32_t>(from.number());
  state.device_minor = static_cast<std::uint32_t>(from.number());
  for (auto count = from.number(); count > 0; --count) {
    auto name = from.text();
    state.xattrs.emplace(std::move(name), from.text());
  }
  return state;
}

}  // namespace ociassemble
