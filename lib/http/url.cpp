// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/text.hpp"
#include "http/curl_functions.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const noexcept { curl().url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const noexcept { curl().free(text); }
};
using Handle = std::unique_ptr<CURLU, FreeUrl>;

struct Network {
  std::uint32_t address;
  unsigned bits;
};

bool is_private_v4(std::uint32_t address) noexcept {
  constexpr std::array<Network, 7> kNetworks{{{0x0A000000, 8},
                                              {0xAC100000, 12},
                                              {0xC0A80000, 16},
                                              {0x7F000000, 8},
                                              {0xA9FE0000, 16},
                                              {0x64400000, 10},
                                              {0x00000000, 8}}};
  return std::ranges::any_of(kNetworks, [address](const Network& network) {
    return (address ^ network.address) >> (32U - network.bits) == 0;
  });
}

std::string before_query(std::string_view text) {
  std::string shown(text.substr(0, text.find_first_of("?#")));
  std::ranges::replace_if(
      shown, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return shown;
}

[[noreturn]] void refuse(std::string_view text, std::string_view cause) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use the URL {}: {}", before_query(text), cause));
}

Handle new_handle() {
  Handle handle(curl().url());
  if (!handle) throw std::bad_alloc();
  return handle;
}

void set_url(CURLU* handle, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) refuse("(with a null byte)", "not a URL");
  const auto code = curl().url_set(handle, CURLUPART_URL, std::string(text).c_str(), CURLU_DISALLOW_USER);
  if (code == CURLUE_USER_NOT_ALLOWED) refuse("(with a user name)", "a user name or password in a URL is not accepted");
  if (code != CURLUE_OK) refuse(text, curl().url_strerror(code));
}

std::string part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  const auto code = curl().url_get(handle, which, &text, flags);
  const std::unique_ptr<char, FreeText> owner(text);
  return code == CURLUE_OK && text != nullptr ? std::string(text) : std::string();
}

struct Parts {
  std::string text, scheme, host, port;
};

Parts parts_of(CURLU* handle) {
  curl().url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  curl().url_set(handle, CURLUPART_HOST, to_lower(part(handle, CURLUPART_HOST)).c_str(), 0);
  Parts parts{part(handle, CURLUPART_URL), to_lower(part(handle, CURLUPART_SCHEME)), part(handle, CURLUPART_HOST),
              part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (parts.scheme != "https" && parts.scheme != "http") refuse(parts.text, "neither http nor https");
  if (parts.host.empty()) refuse(parts.text, "no host");
  return parts;
}

}  // namespace

Url Url::parse(std::string_view text) {
  const auto handle = new_handle();
  set_url(handle.get(), text);
  const auto parts = parts_of(handle.get());
  Url url;
  url.text_ = parts.text;
  url.scheme_ = parts.scheme;
  url.host_ = parts.host;
  url.port_ = parts.port;
  return url;
}

Url Url::resolve(std::string_view reference) const {
  const auto handle = new_handle();
  set_url(handle.get(), text_);
  try {
    set_url(handle.get(), reference);
    return parse(part(handle.get(), CURLUPART_URL));
  } catch (const Error& error) {
    // Not the caller's words but the server's: "cannot use the URL …" becomes what it was to be used for.
    const auto what = std::string(error.what()).substr(std::string_view("cannot use ").size());
    throw Error(ErrorCode::corrupt, fmt::format("cannot follow {} to {}", authority(), what));
  }
}

Url Url::with_query(std::string_view name, std::string_view value) const {
  const auto handle = new_handle();
  set_url(handle.get(), text_);
  const auto pair = fmt::format("{}={}", name, value);
  const auto code = curl().url_set(handle.get(), CURLUPART_QUERY, pair.c_str(),
                                   unsigned{CURLU_APPENDQUERY} | unsigned{CURLU_URLENCODE});
  if (code != CURLUE_OK) refuse(text_, curl().url_strerror(code));
  return parse(part(handle.get(), CURLUPART_URL));
}

std::string Url::authority() const {
  const std::string_view usual = is_https() ? "443" : "80";
  return port_ == usual ? host_ : fmt::format("{}:{}", host_, port_);
}

bool Url::same_origin(const Url& other) const noexcept {
  return scheme_ == other.scheme_ && host_ == other.host_ && port_ == other.port_;
}

bool Url::is_loopback() const noexcept { return is_loopback_host(host_); }

std::string Url::without_query() const { return before_query(text_); }

bool is_loopback_host(std::string_view host) noexcept {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  // Four decimal numbers, so that "127.0.0.1.example.com" is not one of us.
  int numbers = 0;
  const char* at = host.data();
  const char* end = at + host.size();
  for (;;) {
    unsigned number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || number > 255) return false;
    ++numbers;
    if (next == end) return numbers == 4;
    if (*next != '.' || numbers == 4) return false;
    at = next + 1;
  }
}

bool is_private_address(std::string_view host) noexcept {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));  // a zone
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size()) return false;
  std::ranges::copy(host, text.begin());
  in_addr four{};
  if (::inet_pton(AF_INET, text.data(), &four) == 1) return is_private_v4(ntohl(four.s_addr));
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.data(), &six) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&six) || IN6_IS_ADDR_V4COMPAT(&six)) {
    const auto byte = [&six](std::size_t i) { return std::uint32_t{six.s6_addr[i]}; };
    if (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six)) return true;
    return is_private_v4(byte(12) << 24U | byte(13) << 16U | byte(14) << 8U | byte(15));
  }
  const bool unique_local = (six.s6_addr[0] & 0xFEU) == 0xFC;
  return unique_local || IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_LINKLOCAL(&six);
}

}  // namespace ociassemble
