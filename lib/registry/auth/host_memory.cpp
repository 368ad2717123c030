// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/host_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <vector>

#include "ociassemble/digest.hpp"

namespace ociassemble {
namespace {

constexpr const char* kKind = "hosts";
constexpr std::int64_t kLifetime = std::int64_t{24} * 60 * 60;
constexpr std::size_t kLongest = 4096;

Digest key_of(const Url& root) { return Digest::of(fmt::format("login 1 {}", root.to_string())); }
Digest stream_key_of(const std::string& registry) { return Digest::of(fmt::format("refuses streams 1 {}", registry)); }

bool is_recent(std::int64_t learned, std::int64_t now) { return learned <= now && now - learned <= kLifetime; }

std::optional<std::int64_t> time_of(std::string_view text) {
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(time) : std::nullopt;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

std::string encode_login_way(const LoginWay& way, std::int64_t learned) {
  return fmt::format("{}\n{}\n{}\n{}\n", learned, way.kind == LoginWay::Kind::bearer ? "bearer" : "basic", way.realm,
                     way.service);
}

std::optional<LearnedWay> decode_login_way(std::string_view record) {
  const auto lines = lines_of(record.substr(0, kLongest));
  if (lines.size() != 4 || (lines[1] != "bearer" && lines[1] != "basic")) return {};
  const auto learned = time_of(lines[0]);
  if (!learned) return {};
  const auto kind = lines[1] == "bearer" ? LoginWay::Kind::bearer : LoginWay::Kind::basic;
  return LearnedWay{{kind, std::string(lines[2]), std::string(lines[3])}, *learned};
}

std::optional<LoginWay> HostMemory::find(const Url& root, std::int64_t now) const noexcept {
  try {
    const auto record = records_.find(kKind, key_of(root));
    const auto found = record ? decode_login_way(record->bytes) : std::nullopt;
    if (!found || !is_recent(found->learned, now)) return {};
    return found->way;
  } catch (const std::exception&) {
    return {};
  }
}

void HostMemory::put(const Url& root, const LoginWay& way, std::int64_t now) noexcept {
  try {
    // A query may hold more than a place.
    if (way.realm.find('?') != std::string::npos || !is_one_line(way.realm) || !is_one_line(way.service)) return;
    const auto record = encode_login_way(way, now);
    if (record.size() <= kLongest) records_.put(kKind, key_of(root), record);
  } catch (const std::exception&) {
    return;  // it is asked again
  }
}

bool HostMemory::refuses_streams(const std::string& registry, std::int64_t now) const noexcept {
  try {
    const auto record = records_.find(kKind, stream_key_of(registry));
    const auto learned = record ? time_of(std::string_view(record->bytes).substr(0, kLongest)) : std::nullopt;
    return learned && is_recent(*learned, now);
  } catch (const std::exception&) {
    return false;
  }
}

void HostMemory::put_refusal_of_streams(const std::string& registry, std::int64_t now) noexcept {
  try {
    records_.put(kKind, stream_key_of(registry), std::to_string(now));
  } catch (const std::exception&) {
    return;  // it is tried again
  }
}

}  // namespace ociassemble
