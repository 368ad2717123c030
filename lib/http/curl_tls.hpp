// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/guarded.hpp"
#include "http/curl_handles.hpp"
#include "http/http.hpp"
#include "http/system_authorities.hpp"
#include "http/url.hpp"

namespace ociassemble {

// Whom to trust and what to show, for each server. Safe for concurrent use.
class CurlTls {
 public:
  explicit CurlTls(const HttpOptions& options);

  // The settings refer to memory of this object. Parsing the file of all the system's authorities takes some 35 ms a
  // connection, so a server is first judged by those that are found by name in a folder, where the system has one.
  void apply(CURL* easy, const Url& url);
  // After a certificate was not trusted: whether apply() takes more authorities from now on.
  bool widen(const Url& url);
  // After apply().
  bool has_system_authorities() const;

 private:
  struct Server {
    std::string authorities;  // PEM, besides the system's
    std::string with_system;  // PEM: the same and the system's, once they are wanted
    std::string certificate;  // paths; may be empty
    std::string key;
    bool wide = false;
  };

  void set_authorities(CURL* easy, const Server* server) const;
  std::string with_system(const std::string& authorities) const;
  bool is_special(const Url& url) const;
  Server look_up(const Url& url) const;
  bool starts_narrow(const Url& url) const;

  const HttpOptions options_;
  std::once_flag system_found_;
  SystemAuthorities system_;
  std::string extra_authorities_;                   // ca_file's
  std::string special_authorities_;                 // special_ca_files'
  Guarded<std::map<std::string, Server>> servers_;  // entries stay where they are
};

}  // namespace ociassemble
