// SPDX-License-Identifier: Apache-2.0
#include "http/curl_tls.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{16} << 20U;

void set_blob(CURL* easy, const std::string& pem) {
  auto* text = const_cast<char*>(pem.data());  // NOLINT: curl's struct is not const-correct
  curl_blob blob{text, pem.size(), CURL_BLOB_NOCOPY};
  set_option(easy, CURLOPT_CAINFO_BLOB, &blob);
}

void set_path(CURL* easy, CURLoption option, const std::string& path) {
  set_option(easy, option, path.empty() ? nullptr : path.c_str());
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
  server.authorities = std::move(added);
  server.wide = !starts_narrow(url);
  if (server.wide) server.with_system = with_system(server.authorities);
  return server;
}

// On this machine, where TLS is seldom, trying it must not cost more than the try.
bool CurlTls::starts_narrow(const Url& url) const { return !system_.folder.empty() || url.is_loopback(); }

// Besides the system's must not become instead of them.
std::string CurlTls::with_system(const std::string& authorities) const {
  if (authorities.empty() || system_.file.empty()) return authorities;
  return read_file_if_exists(system_.file, kMaxPemSize).value_or(std::string()) + "\n" + authorities;
}

bool CurlTls::has_system_authorities() const { return !system_.file.empty() || !system_.folder.empty(); }

bool CurlTls::widen(const Url& url) {
  return servers_.with([&](std::map<std::string, Server>& servers) {
    const auto server = servers.find(url.authority());
    if (server == servers.end() || server->second.wide) return false;
    server->second.with_system = with_system(server->second.authorities);
    server->second.wide = true;
    return true;
  });
}

// `server` is null where nobody is asked to vouch for it.
void CurlTls::set_authorities(CURL* easy, const Server* server) const {
  const bool wide = server != nullptr && server->wide;
  set_path(easy, CURLOPT_CAPATH, server != nullptr ? system_.folder : std::string());
  set_path(easy, CURLOPT_CAINFO, wide ? system_.file : std::string());
  if (server == nullptr) return;
  const auto& added = wide ? server->with_system : server->authorities;
  if (!added.empty()) set_blob(easy, added);
}

void CurlTls::apply(CURL* easy, const Url& url) {
  if (!url.is_https()) return;
  set_option(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  const bool verifies = options_.verify_tls && (options_.verify_special_server || !is_special(url));
  set_option(easy, CURLOPT_SSL_VERIFYPEER, verifies ? 1L : 0L);
  set_option(easy, CURLOPT_SSL_VERIFYHOST, verifies ? 2L : 0L);
  if (verifies) {
    std::call_once(system_found_, [this] {
      const auto* version = curl().version_info(CURLVERSION_NOW);
      system_ = find_system_authorities(version->cainfo, version->capath);
    });
  }
  // Under the lock: another thread may widen the server meanwhile.
  servers_.with([&](std::map<std::string, Server>& servers) {
    const auto name = url.authority();
    auto known = servers.find(name);
    if (known == servers.end()) known = servers.emplace(name, look_up(url)).first;
    const auto& server = known->second;
    set_authorities(easy, verifies ? &server : nullptr);
    if (!server.certificate.empty()) {
      set_option(easy, CURLOPT_SSLCERT, server.certificate.c_str());
      set_option(easy, CURLOPT_SSLKEY, server.key.c_str());
    }
  });
}

}  // namespace ociassemble
