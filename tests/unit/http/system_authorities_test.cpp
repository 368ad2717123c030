// SPDX-License-Identifier: Apache-2.0
#include "http/system_authorities.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <string>

#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using ociassemble::test::TestFolder;

namespace {

// The process's variables are put back.
class Variables {
 public:
  Variables() {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
  ~Variables() {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
  }
};

}  // namespace

TEST_CASE("curl's own places of certificates are taken where they are there") {
  const Variables variables;
  const TestFolder folder;
  const auto file = folder.write("own.pem", "pem").string();
  CHECK(find_system_authorities(file.c_str(), folder.path().c_str()) == SystemAuthorities{.file = file, .folder = ""});
  folder.write("a94d09e5.0", "pem");  // the folder is one that OpenSSL can look up names in
  CHECK(find_system_authorities(file.c_str(), folder.path().c_str()) ==
        SystemAuthorities{.file = file, .folder = folder.path().string()});
  CHECK(find_system_authorities(file.c_str(), (folder / "missing").c_str()) ==
        SystemAuthorities{.file = file, .folder = ""});
}

TEST_CASE("what is not where curl looks is looked for elsewhere, and never named though it is missing") {
  const Variables variables;
  const TestFolder folder;
  const auto missing = (folder / "own.pem").string();
  CHECK(find_system_authorities(missing.c_str(), nullptr).file != missing);
  CHECK(find_system_authorities(missing.c_str(), nullptr) == find_system_authorities(nullptr, nullptr));
}

TEST_CASE("SSL_CERT_FILE and SSL_CERT_DIR come before curl's own places") {
  const Variables variables;
  const TestFolder folder;
  const auto file = folder.write("named.pem", "pem").string();
  ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  CHECK(find_system_authorities("/etc/passwd", "/etc") == SystemAuthorities{.file = file, .folder = ""});
  ::setenv("SSL_CERT_DIR", "/a:/b", 1);
  CHECK(find_system_authorities("/etc/passwd", "/etc") == SystemAuthorities{.file = file, .folder = "/a:/b"});
  ::unsetenv("SSL_CERT_FILE");
  CHECK(find_system_authorities("/etc/passwd", "/etc") == SystemAuthorities{.file = "", .folder = "/a:/b"});
}

TEST_CASE("an SSL_CERT_FILE that is missing is an error that names the file and the variable") {
  const Variables variables;
  const TestFolder folder;
  const auto missing = (folder / "named.pem").string();
  ::setenv("SSL_CERT_FILE", missing.c_str(), 1);
  try {
    find_system_authorities("/etc/passwd", nullptr);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::not_found);
    CHECK(std::string(error.what()) ==
          "cannot read " + missing + ", which SSL_CERT_FILE names: No such file or directory");
  }
}
