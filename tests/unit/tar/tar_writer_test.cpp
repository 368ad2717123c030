// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_writer.hpp"

#include <doctest/doctest.h>

#include "ociassemble/digest.hpp"
#include "tar/tar_header.hpp"
#include "tar_test_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

ErrorCode refusal_to_add(const TarEntry& entry, Source* data = nullptr) {
  NullSink sink;
  TarWriter writer(sink);
  try {
    writer.add(entry, data);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::interrupted;  // which it never is
}

std::string record_area(const std::string& header_blocks) {
  const auto body = header_blocks.substr(512, header_blocks.size() - 1024);
  return body.substr(0, body.find_last_not_of('\0') + 1);
}

// Since 1.35 GNU tar leaves the fields for device numbers empty, where it wrote zeros: they and the checksum are
// blanked.
std::string without_device_fields(std::string archive) {
  for (std::size_t at = 0; at + 512 <= archive.size() && archive[at] != '\0';) {
    archive.replace(at + 148, 8, 8, ' ');
    archive.replace(at + 329, 16, 16, ' ');
    const auto size = std::stoul(archive.substr(at + 124, 11), nullptr, 8);
    at += 512 + (size + 511) / 512 * 512;
  }
  return archive;
}

}  // namespace

TEST_CASE("a header has its fields as POSIX says, byte for byte") {
  auto entry = file_entry("bin/app", 11, 0555);
  entry.uid = 65532;
  entry.gid = 8;
  entry.mtime = 1700000000;
  const auto archive = write_members({{entry, "hello world"}});

  std::string expected(512, '\0');
  const auto put = [&expected](std::size_t offset, std::string_view text) {
    expected.replace(offset, text.size(), text);
  };
  put(0, "bin/app");
  put(100, std::string_view("0000555\0", 8));
  put(108, std::string_view("0177774\0", 8));
  put(116, std::string_view("0000010\0", 8));
  put(124, std::string_view("00000000013\0", 12));
  put(136, std::string_view("14524770400\0", 12));
  put(148, std::string_view("010557\0 ", 8));
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  put(329, std::string_view("0000000\0", 8));
  put(337, std::string_view("0000000\0", 8));
  CHECK(archive.substr(0, 512) == expected);
  CHECK(archive.substr(512) == "hello world" + std::string(501, '\0') + std::string(1024, '\0'));
}

TEST_CASE("an archive without entries is two zero blocks") { CHECK(write_members({}) == std::string(1024, '\0')); }

TEST_CASE("GNU tar writes the same bytes where both follow ustar") {
  if (!runs("tar --version")) {
    MESSAGE("tar is not on this machine");
    return;
  }
  const TestFolder folder;
  const std::string big(700'001, 'x');
  const std::string name100 = std::string(96, 'n') + ".txt";
  folder.write("tree/bin/app", big);
  folder.write("tree/empty", "");
  folder.write("tree/" + name100, "hundred");
  std::filesystem::create_symlink("bin/app", folder / "tree/link");
  std::filesystem::permissions(folder / "tree/bin", std::filesystem::perms{01755});
  std::filesystem::permissions(folder / "tree/bin/app", std::filesystem::perms{0555});
  std::filesystem::permissions(folder / "tree/empty", std::filesystem::perms{0600});
  std::filesystem::permissions(folder / ("tree/" + name100), std::filesystem::perms{0644});
  REQUIRE(runs("cd '" + (folder / "tree").string() +
               "' && tar --format=ustar -b1 --owner=0 --group=0 --numeric-owner --mtime=@86400 --no-recursion "
               "-cf ../gnu.tar bin bin/app empty link " +
               name100));

  std::vector<Member> members = {{directory_entry("bin", 01755), ""},
                                 {file_entry("bin/app", big.size(), 0555), big},
                                 {file_entry("empty", 0, 0600), ""},
                                 {symlink_entry("link", "bin/app"), ""},
                                 {file_entry(name100, 7), "hundred"}};
  for (auto& member : members) member.entry.mtime = 86400;
  CHECK(without_device_fields(write_members(members)) == without_device_fields(read_bytes(folder / "gnu.tar")));
}

TEST_CASE("a value that does not fit gets a pax record, and only that value") {
  SUBCASE("a path that is not ASCII, its record counting bytes") {
    const auto blocks = tar_header_blocks(file_entry("\xc3\xa9", 0));
    CHECK(record_area(blocks) == "11 path=\xc3\xa9\n");
    CHECK(blocks.substr(1024, 4) == std::string_view("\xc3\xa9\0\0", 4));
  }
  SUBCASE("a path of 101 bytes, and not one of 100") {
    CHECK(tar_header_blocks(file_entry(std::string(100, 'a'), 0)).size() == 512);
    const std::string path(101, 'a');
    const auto blocks = tar_header_blocks(file_entry(path, 0));
    CHECK(record_area(blocks) == "111 path=" + path + "\n");
    CHECK(blocks.substr(1024, 101) == std::string(100, 'a') + "0");  // the mode follows at once
  }
  SUBCASE("a directory's path with its slash") {
    CHECK(tar_header_blocks(directory_entry(std::string(99, 'a'))).size() == 512);
    CHECK(record_area(tar_header_blocks(directory_entry(std::string(100, 'a')))) ==
          "111 path=" + std::string(100, 'a') + "/\n");
  }
  SUBCASE("a symlink's target") {
    CHECK(tar_header_blocks(symlink_entry("l", std::string(100, 't'))).size() == 512);
    CHECK(record_area(tar_header_blocks(symlink_entry("l", std::string(101, 't')))) ==
          "115 linkpath=" + std::string(101, 't') + "\n");
  }
  SUBCASE("a size of 8 GiB") {
    CHECK(tar_header_blocks(file_entry("f", (std::uint64_t{8} << 30U) - 1)).substr(124, 12) ==
          std::string_view("77777777777\0", 12));
    const auto blocks = tar_header_blocks(file_entry("f", std::uint64_t{8} << 30U));
    CHECK(record_area(blocks) == "19 size=8589934592\n");
    CHECK(blocks.substr(1024 + 124, 12) == std::string_view("00000000000\0", 12));
  }
  SUBCASE("owners over 2097151") {
    auto entry = file_entry("f", 0);
    entry.uid = 2097151;
    entry.gid = 2097151;
    CHECK(tar_header_blocks(entry).substr(108, 16) == std::string_view("7777777\0007777777\0", 16));
    entry.uid = 2097152;
    entry.gid = 4294967294;
    const auto blocks = tar_header_blocks(entry);
    CHECK(record_area(blocks) == "18 gid=4294967294\n15 uid=2097152\n");
    CHECK(blocks.substr(1024 + 108, 16) == std::string_view("0000000\0000000000\0", 16));
  }
  SUBCASE("a time before 1970 or after 2242") {
    auto entry = file_entry("f", 0);
    entry.mtime = -1;
    CHECK(record_area(tar_header_blocks(entry)) == "12 mtime=-1\n");
    entry.mtime = 8589934591;
    CHECK(tar_header_blocks(entry).size() == 512);
    entry.mtime = 8589934592;
    CHECK(record_area(tar_header_blocks(entry)) == "20 mtime=8589934592\n");
  }
  SUBCASE("extended attributes as bytes, sorted with the rest by keyword") {
    auto entry = file_entry(std::string(101, 'p'), 0);
    entry.xattrs = {{"user.b", std::string("\0\n=\xff", 4)}, {"security.capability", "c"}};
    CHECK(record_area(tar_header_blocks(entry)) == "38 SCHILY.xattr.security.capability=c\n" +
                                                       std::string("28 SCHILY.xattr.user.b=\0\n=\xff\n", 28) +
                                                       "111 path=" + std::string(101, 'p') + "\n");
  }
}

TEST_CASE("a pax record's length counts its own digits at the step to one more") {
  // " SCHILY.xattr.n=" and the newline are 17 bytes: with 80 of value and 2 digits 99, with one more it takes 3 digits.
  auto entry = file_entry("f", 0);
  entry.xattrs = {{"n", std::string(80, 'v')}};
  CHECK(record_area(tar_header_blocks(entry)) == "99 SCHILY.xattr.n=" + std::string(80, 'v') + "\n");
  entry.xattrs = {{"n", std::string(81, 'v')}};
  CHECK(record_area(tar_header_blocks(entry)) == "101 SCHILY.xattr.n=" + std::string(81, 'v') + "\n");
}

TEST_CASE("the pax header itself is the same for every entry but for its size") {
  auto entry = file_entry("\xc3\xa9", 5, 0600);
  entry.uid = 7;
  entry.mtime = 99;
  const auto blocks = tar_header_blocks(entry);
  CHECK(blocks.substr(0, 13) == std::string_view("PaxHeaders/0\0", 13));
  CHECK(blocks.substr(100, 24) == std::string_view("0000644\0000000000\0000000000\0", 24));
  CHECK(blocks.substr(124, 24) == std::string_view("00000000013\00000000000000\0", 24));
  CHECK(blocks[156] == 'x');
}

TEST_CASE("python's tarfile reads back what was written") {
  if (!runs("python3 -c 'import tarfile'")) {
    MESSAGE("python3 is not on this machine");
    return;
  }
  const TestFolder folder;
  auto app = file_entry("app", 600, 04755);
  app.uid = 3'000'000;
  app.gid = 65532;
  app.mtime = -5;
  app.xattrs = {{"security.capability", std::string("\1\0\0\2\0\4", 6)}};
  const std::string deep = "d/" + std::string(150, 'e') + "/\xc3\xa9";
  folder.write("our.tar", write_members({{app, std::string(600, 'a')},
                                         {directory_entry("d"), ""},
                                         {file_entry(deep, 2), "hi"},
                                         {symlink_entry("link", "\xe2\x82\xac" + std::string(200, 't')), ""}}));
  folder.write("check.py",
               "import tarfile, sys\n"
               "t = tarfile.open(sys.argv[1], 'r:')\n"
               "a, d, e, l = t.getmembers()\n"
               "assert (a.name, a.mode, a.uid, a.gid, a.mtime, a.size) == ('app', 0o4755, 3000000, 65532, -5, 600)\n"
               "assert a.pax_headers['SCHILY.xattr.security.capability'].encode() == b'\\1\\0\\0\\2\\0\\4'\n"
               "assert a.uname == '' and a.gname == '' and a.type == tarfile.REGTYPE\n"
               "assert t.extractfile(a).read() == b'a' * 600\n"
               "assert d.isdir() and d.name == 'd' and d.mode == 0o755 and d.pax_headers == {}\n"
               "assert e.name == 'd/' + 'e' * 150 + '/\\u00e9' and t.extractfile(e).read() == b'hi'\n"
               "assert sorted(e.pax_headers) == ['path'], e.pax_headers\n"
               "assert l.issym() and l.linkname == '\\u20ac' + 't' * 200\n");
  CHECK(runs("python3 '" + (folder / "check.py").string() + "' '" + (folder / "our.tar").string() + "'"));
}

// This digest is layer format 1. When it changes, every image changes: that is a new format, not a fix of this test.
TEST_CASE("the bytes of layer format 1 are those that were promised") {
  auto capable = file_entry("usr/local/bin/app", 1000, 0555);
  capable.xattrs = {{"security.capability", std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)}};
  auto owned = directory_entry("var/lib/app", 0700);
  owned.uid = 65532;
  owned.gid = 65532;
  owned.mtime = 1700000000;
  const auto archive = write_members({{directory_entry("usr"), ""},
                                      {directory_entry("usr/local"), ""},
                                      {directory_entry("usr/local/bin"), ""},
                                      {capable, std::string(1000, '\x7f')},
                                      {symlink_entry("usr/local/bin/caf\xc3\xa9", "app"), ""},
                                      {owned, ""},
                                      {file_entry("var/lib/app/" + std::string(100, 'x'), 3), "abc"}});
  CHECK(archive.size() == 9216);
  CHECK(Digest::of(archive).to_string() == "sha256:4c664f599bf74c514d158728f08a9c95c62cdbab8623150936b6435cfa7c51d7");
}

TEST_CASE("the same bytes come out however the data comes in") {
  std::string data(900'000, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 31 + i / 251);
  const std::vector<Member> members = {{file_entry("a", data.size()), data}, {file_entry("b", 1), "b"}};
  const auto whole = write_members(members, data.size());
  CHECK(write_members(members, 511) == whole);
  CHECK(write_members(members, 262'145) == whole);
  CHECK(whole.substr(512, data.size()) == data);
}

TEST_CASE("the order of a layer puts '/' before all other bytes, bytes being unsigned") {
  CHECK(tar_path_less("a", "a/b"));
  CHECK(tar_path_less("a/b", "a-b"));
  CHECK(tar_path_less("a/b", "a b"));
  CHECK(tar_path_less("a/z", "a.b"));
  CHECK(tar_path_less("a\x7f", "a\xc3\xa9"));
  CHECK_FALSE(tar_path_less("a", "a"));
  CHECK_FALSE(tar_path_less("a-b", "a/b"));
  CHECK_FALSE(tar_path_less("b", "a"));
}

TEST_CASE("an entry that does not sort after the one before it is refused") {
  NullSink sink;
  TarWriter writer(sink);
  writer.add(directory_entry("b"));
  CHECK_THROWS_WITH_AS(writer.add(directory_entry("b")), "cannot add b to a layer: it does not sort after b", Error);
  CHECK_THROWS_WITH_AS(writer.add(directory_entry("a")), "cannot add a to a layer: it does not sort after b", Error);
  writer.add(directory_entry("b/a"));
  CHECK_THROWS_AS(writer.add(directory_entry("b")), Error);
}

TEST_CASE("a path that is not canonical is refused") {
  for (const std::string path : {"", "/", "/a", "a/", "./a", "a/.", ".", "..", "a/../b", "a//b", "a/./b"}) {
    CAPTURE(path);
    CHECK(refusal_to_add(directory_entry(path)) == ErrorCode::invalid_argument);
  }
  CHECK(refusal_to_add(directory_entry(std::string("a\0b", 3))) == ErrorCode::invalid_argument);
  CHECK(refusal_to_add(directory_entry("...")) == ErrorCode::interrupted);
}

TEST_CASE("an entry that tar cannot hold is refused") {
  for (const auto type :
       {EntryType::hard_link, EntryType::character_device, EntryType::block_device, EntryType::fifo}) {
    auto entry = file_entry("special", 0);
    entry.type = type;
    CHECK(refusal_to_add(entry) == ErrorCode::invalid_argument);
  }
  CHECK(refusal_to_add(symlink_entry("l", "")) == ErrorCode::invalid_argument);
  CHECK(refusal_to_add(symlink_entry("l", std::string("a\0b", 3))) == ErrorCode::invalid_argument);
  CHECK(refusal_to_add(file_entry("f", 1)) == ErrorCode::invalid_argument);
  CHECK(refusal_to_add(file_entry("f", 0, 010000)) == ErrorCode::invalid_argument);
  auto sized = directory_entry("d");
  sized.size = 1;
  CHECK(refusal_to_add(sized) == ErrorCode::invalid_argument);
  for (const std::string& name : {std::string("user.a=b"), std::string("user.\0", 6), std::string()}) {
    auto entry = file_entry("f", 0);
    entry.xattrs[name] = "v";
    CHECK(refusal_to_add(entry) == ErrorCode::invalid_argument);
  }
  auto huge = file_entry("f", 0);
  huge.xattrs["user.a"] = std::string(std::size_t{1} << 20U, 'v');
  CHECK(refusal_to_add(huge) == ErrorCode::invalid_argument);
}

TEST_CASE("data that is longer or shorter than its entry says is a file that changed") {
  for (const std::size_t length : {std::size_t{4}, std::size_t{6}, std::size_t{0}}) {
    StringSource data(std::string(length, 'x'));
    CHECK(refusal_to_add(file_entry("f", 5), &data) == ErrorCode::io);
  }
  StringSource data("x");
  NullSink sink;
  TarWriter writer(sink);
  CHECK_THROWS_WITH_AS(writer.add(file_entry("f", 0), &data), "cannot add f to a layer: it changed while it was read",
                       Error);
}
