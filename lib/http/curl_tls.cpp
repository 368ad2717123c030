// SPDX-License-Identifier: Apache-2.0
#include "http/curl_tls.hpp"

#include <algorithm>
#include <system_error>

#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{16} << 20U;

// curl's own bundle, so that "besides the system's" does not become "instead of".
std::string read_system_authorities() {
  const auto* version = curl().version_info(CURLVERSION_NOW);
  if (version->cainfo == nullptr) return {};
  return read_file_if_exists(version->cainfo, kMaxPemSize).value_or(std::string()) + "\n";
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    files.push_back(at->path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

CurlTls::CurlTls(const HttpOptions& options) : options_(options) {
  for (const auto& file : options.special_ca_files) special_authorities_ += read_file(file, kMaxPemSize) + "\n";
  if (!options.ca_file.empty()) extra_authorities_ = read_file(options.ca_file, kMaxPemSize) + "\n";
}

bool CurlTls::is_special(const Url& url) const {
  return url.authority() == options_.special_server || url.host() + ":" + url.port() == options_.special_server;
}

CurlTls::Server CurlTls::look_up(const Url& url) const {
  Server server;
  std::string added = extra_authorities_;
  if (is_special(url)) added += special_authorities_;
  for (const auto& folder : options_.certificate_folders) {
    for (const auto& name : {url.authority(), url.host() + ":" + url.port()}) {
      for (const auto& file : files_of(folder / name)) {
        if (file.extension() == ".crt") added += read_file(file, kMaxPemSize) + "\n";
        if (file.extension() != ".cert") continue;
        server.certificate = file.string();
        server.key = std::filesystem::path(file).replace_extension(".key").string();
      }
      if (url.authority() == url.host() + ":" + url.port()) break;
    }
  }
  if (!added.empty()) server.authorities = read_system_authorities() + added;
  return server;
}

void CurlTls::apply(CURL* easy, const Url& url) {
  if (!url.is_https()) return;
  set_option(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  const bool verifies = options_.verify_tls && (options_.verify_special_server || !is_special(url));
  set_option(easy, CURLOPT_SSL_VERIFYPEER, verifies ? 1L : 0L);
  set_option(easy, CURLOPT_SSL_VERIFYHOST, verifies ? 2L : 0L);
  const Server* server = servers_.with([&](std::map<std::string, Server>& servers) {
    const auto name = url.authority();
    auto known = servers.find(name);
    if (known == servers.end()) known = servers.emplace(name, look_up(url)).first;
    return &std::as_const(known->second);
  });
  if (!server->authorities.empty()) {
    auto* text = const_cast<char*>(server->authorities.data());  // NOLINT: curl's struct is not const-correct
    curl_blob blob{text, server->authorities.size(), CURL_BLOB_NOCOPY};
    set_option(easy, CURLOPT_CAINFO_BLOB, &blob);
  }
  if (!server->certificate.empty()) {
    set_option(easy, CURLOPT_SSLCERT, server->certificate.c_str());
    set_option(easy, CURLOPT_SSLKEY, server->key.c_str());
  }
}

}  // namespace ociassemble
