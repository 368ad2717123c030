// SPDX-License-Identifier: Apache-2.0
#include "sign/pem.hpp"

#include <fmt/format.h>

#include "ociassemble/error.hpp"
#include "sign/openssl.hpp"

namespace ociassemble {
namespace {

// What PEM_read_bio() hands over.
struct ReadBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;

  ReadBlock() = default;
  ReadBlock(const ReadBlock&) = delete;
  ReadBlock& operator=(const ReadBlock&) = delete;
  ~ReadBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(length));
  }
  bool read(BIO* from) {
    const bool found = PEM_read_bio(from, &name, &header, &data, &length) == 1;
    ERR_clear_error();
    return found;
  }
};

[[noreturn]] void refuse(std::string_view subject, std::string_view cause) {
  throw Error(ErrorCode::corrupt, fmt::format("cannot read the key {}: {}", subject, cause),
              "a key is PEM: -----BEGIN PUBLIC KEY-----, PRIVATE KEY, ENCRYPTED PRIVATE KEY or ENCRYPTED SIGSTORE "
              "PRIVATE KEY");
}

}  // namespace

PemBlock parse_pem(std::string_view text, std::string_view subject) {
  if (text.size() > kLargestKeyFile) refuse(subject, "it is larger than any key");
  const BioHandle bio(require_handle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))));
  ReadBlock block;
  if (!block.read(bio.get())) refuse(subject, "it holds no PEM block");
  if (block.header != nullptr && block.header[0] != '\0') {
    refuse(subject, "its block has headers, as OpenSSL's old encryption writes them");
  }
  ReadBlock another;
  const bool has_another = another.read(bio.get());
  // OpenSSL writes the curve before a key in the form of SEC 1, which its label refuses.
  const bool is_sec1 = has_another && std::string_view(block.name) == "EC PARAMETERS" &&
                       std::string_view(another.name) == "EC PRIVATE KEY";
  if (has_another && !is_sec1) refuse(subject, "it holds more than one PEM block");
  const auto& key = has_another ? another : block;
  return {key.name,
          SecretBytes::copy_of({reinterpret_cast<const char*>(key.data), static_cast<std::size_t>(key.length)})};
}

SecretBytes write_pem(std::string_view label, std::string_view bytes) {
  // A memory BIO wipes what it held.
  const BioHandle bio(require_handle(BIO_new(BIO_s_mem())));
  const std::string name(label);
  require_success(PEM_write_bio(bio.get(), name.c_str(), "", as_octets(bytes), static_cast<long>(bytes.size())) > 0,
                  "write a key");
  char* written = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &written);
  return SecretBytes::copy_of({written, static_cast<std::size_t>(length)});
}

}  // namespace ociassemble
