// SPDX-License-Identifier: Apache-2.0
#include "fake_http.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ociassemble::test {
namespace {

using Json = nlohmann::json;
using httplib::Request;
using httplib::Response;

std::string error_json(const std::string& code, const std::string& message) {
  return Json{{"errors", {{{"code", code}, {"message", message}}}}}.dump();
}

// httplib does not show a handler its socket; the peer's port tells which of ours it is.
int connection_of(const Request& request) {
  for (int fd = 3; fd < 4096; ++fd) {
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0 || peer.sin_family != AF_INET) continue;
    sockaddr_in own{};
    length = sizeof own;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) != 0) continue;
    if (ntohs(peer.sin_port) == request.remote_port && ntohs(own.sin_port) == request.local_port) return fd;
  }
  return -1;
}

}  // namespace

std::string base64(const std::string& bytes) {
  static const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  unsigned value = 0;
  for (const char c : bytes) {
    value = (value << 8U | static_cast<unsigned char>(c)) & 0xFFFFFFU;
    for (bits += 8; bits >= 6; bits -= 6) text += letters[value >> (bits - 6) & 63U];
  }
  if (bits != 0) text += letters[value << (6 - bits) & 63U];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::string percent_encoded(const std::string& text) {
  std::ostringstream encoded;
  encoded << std::uppercase << std::hex << std::setfill('0');
  for (const char c : text) {
    const bool is_unreserved =
        (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_unreserved) {
      encoded << c;
    } else {
      encoded << '%' << std::setw(2) << static_cast<unsigned>(static_cast<unsigned char>(c));
    }
  }
  return encoded.str();
}

std::string form_decoded(const std::string& text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      decoded += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

void drop_connection(const Request& request) {
  if (const int fd = connection_of(request); fd >= 0) ::shutdown(fd, SHUT_RDWR);
}

void send_raw(const Request& request, const std::string& bytes) {
  if (const int fd = connection_of(request); fd >= 0) ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void answer_raw(const Request& request, const std::string& bytes) {
  send_raw(request, bytes);
  drop_connection(request);
}

void refuse(Response& response, int status, const std::string& code, const std::string& message) {
  response.status = status;
  response.set_content(error_json(code, message), "application/json");
}

std::optional<Place> parse_path(const std::string& path) {
  const std::string root = "/v2/";
  if (!path.starts_with(root)) return {};
  for (const std::string what : {"manifests", "blobs/uploads", "blobs", "tags", "referrers"}) {
    const auto at = path.find("/" + what + "/", root.size());
    if (at == std::string::npos || at == root.size()) continue;
    return Place{path.substr(root.size(), at - root.size()), what, path.substr(at + what.size() + 2)};
  }
  return {};
}

std::optional<std::size_t> number(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return {};
  return std::stoull(text);
}

}  // namespace ociassemble::test
