// SPDX-License-Identifier: Apache-2.0
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

}  // namespace

std::shared_ptr<HttpTransport> make_curl_transport(const HttpOptions& options) {
  return std::make_shared<CurlTransport>(options);
}

}  // namespace ociassemble
