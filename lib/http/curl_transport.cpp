// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include "http/curl_stream.hpp"
#include "http/http.hpp"

namespace ociassemble {
namespace {

class CurlTransport : public HttpTransport {
 public:
  explicit CurlTransport(const HttpOptions& options) : context_(std::make_shared<CurlContext>(options)) {}

  std::unique_ptr<HttpStream> open(const HttpRequest& request) override {
    return std::make_unique<CurlStream>(context_, request);
  }

 private:
  std::shared_ptr<CurlContext> context_;
};

// Never undone: other users of curl in the process may still need it.
void initialise_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_ALL);
  if (code != CURLE_OK) throw std::bad_alloc();
}

}  // namespace

std::shared_ptr<HttpTransport> make_curl_transport(const HttpOptions& options) {
  initialise_curl();
  return std::make_shared<CurlTransport>(options);
}

}  // namespace ociassemble
