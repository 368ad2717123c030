// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/guarded.hpp"
#include "http/curl_handles.hpp"
#include "http/http.hpp"
#include "http/url.hpp"

namespace ociassemble {

// Whom to trust and what to show, for each server. Safe for concurrent use.
class CurlTls {
 public:
  explicit CurlTls(const HttpOptions& options);

  // The settings refer to memory of this object.
  void apply(CURL* easy, const Url& url);

 private:
  struct Server {
    std::string authorities;  // PEM; empty: the system's
    std::string certificate;  // paths; may be empty
    std::string key;
  };

  bool is_special(const Url& url) const;
  Server look_up(const Url& url) const;

  const HttpOptions options_;
  std::string extra_authorities_;                   // ca_file's
  std::string special_authorities_;                 // special_ca_files'
  Guarded<std::map<std::string, Server>> servers_;  // entries stay where they are
};

}  // namespace ociassemble
