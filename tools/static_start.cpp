// SPDX-License-Identifier: Apache-2.0
// For the statically linked release. It runs on systems with another C library or another version of glibc, whose
// shared libraries it must not load into itself: glibc would do so for what /etc/nsswitch.conf names, OpenSSL for its
// engines and providers.
#include <nss.h>
#include <openssl/crypto.h>

namespace {

[[gnu::constructor]] void start_without_modules() {
  // Files and DNS are built in.
  __nss_configure_lookup("hosts", "files dns");
  __nss_configure_lookup("passwd", "files");
  // The system's openssl.cnf is for the system's OpenSSL: without the providers that it names nothing would work.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

}  // namespace

// In the place of the C library's. The declarations are not <dlfcn.h>'s, which promise more than is kept here.
extern "C" {
void* dlopen(const char* name, int flags);
void* dlsym(void* library, const char* name);
int dlclose(void* library);
char* dlerror();
int dladdr(const void* address, void* info);

void* dlopen(const char* /*name*/, int /*flags*/) { return nullptr; }
void* dlsym(void* /*library*/, const char* /*name*/) { return nullptr; }
int dlclose(void* /*library*/) { return -1; }
char* dlerror() {
  static char text[] = "this program is static and loads no libraries";
  return text;
}
int dladdr(const void* /*address*/, void* /*info*/) { return 0; }
}
