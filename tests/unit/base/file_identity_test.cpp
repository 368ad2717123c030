// SPDX-License-Identifier: Apache-2.0
#include "base/file_identity.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

TEST_CASE("a member of a folder has the identity that its path has") {
  const TestFolder folder;
  const auto file = folder.write("file", "text");
  std::filesystem::create_symlink("file", folder / "link");
  std::filesystem::create_directory(folder / "below");
  const UniqueFd opened(::open((folder / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  MemberLook look;
  const auto member = look.at(opened.get(), "file", file.string());
  const auto identity = FileIdentity::of(file);
  REQUIRE(identity);
  CHECK(member.identity.same_as(*identity));
  CHECK(S_ISREG(member.mode));
  CHECK(member.uid == ::getuid());
  CHECK(S_ISLNK(look.at(opened.get(), "link", "link").mode));
  CHECK(S_ISDIR(look.at(opened.get(), "below", "below").mode));
  const auto followed = look.at(opened.get(), "link", "link", MemberLook::Links::followed);
  CHECK(followed.identity.same_as(*identity));
  CHECK(look.at(opened.get(), "file", file.string()).identity.same_as(*identity));  // the kind of system is known now
  CHECK_THROWS_WITH_AS(look.at(opened.get(), "none", "the/none"), doctest::Contains("cannot read the/none"), Error);
}
