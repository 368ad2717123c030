// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ociassemble {

// Where the certificates of the authorities are that this machine trusts.
struct SystemAuthorities {
  std::string file;  // PEM; empty: none
  // Of files named by their subjects' hashes, as openssl-rehash(1) makes it, or several with ':'; empty: none.
  std::string folder;
  bool operator==(const SystemAuthorities&) const = default;
};

// What SSL_CERT_FILE and SSL_CERT_DIR of this process's environment name (either alone leaves the other empty).
// Otherwise curl's own places (may be null), each where it is there, a folder where it has hashed names; a curl that
// was built on another system names places of that system, so the known places of other systems are tried next. Throws
// Error{not_found} and Error{io} for an SSL_CERT_FILE that cannot be read.
SystemAuthorities find_system_authorities(const char* curls_file, const char* curls_folder);

}  // namespace ociassemble
