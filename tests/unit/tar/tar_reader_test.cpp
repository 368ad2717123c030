// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_reader.hpp"

#include <doctest/doctest.h>

#include <clocale>
#include <random>
#include <set>

#include "tar_test_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

std::string one_file(const std::string& name = "file", const std::string& data = "data") {
  return RawHeader{.name = name, .size = octal_size(data.size())}.bytes() + padded(data);
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool equal(const Member& left, const Member& right) {
  const auto &a = left.entry, &b = right.entry;
  return a.path == b.path && a.type == b.type && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid &&
         a.mtime == b.mtime && a.size == b.size && a.link_target == b.link_target && a.xattrs == b.xattrs &&
         left.data == right.data;
}

bool equal(const std::vector<Member>& left, const std::vector<Member>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Member& a, const Member& b) { return equal(a, b); });
}

class FailingSource : public Source {
 public:
  FailingSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = bytes_.read(buffer);
    if (count == 0) throw Error(ErrorCode::network, "the line is dead");
    return count;
  }

 private:
  StringSource bytes_;
};

// Every kind of entry and record that the writer knows, at random but the same each time.
std::vector<Member> random_tree(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&random](unsigned limit) { return static_cast<std::size_t>(random() % limit); };
  const std::vector<std::string> names = {"a", "b-c", "d.e", "\xc3\xa9", std::string(60, 'n'), "z z", "\xff\xfe"};
  std::set<std::string, decltype(&tar_path_less)> paths(tar_path_less);
  for (int i = 0; i < 60; ++i) {
    std::string path = names[below(7)];
    for (auto depth = below(4); depth > 0; --depth) path += '/' + names[below(7)];
    paths.insert(path);
  }
  std::vector<Member> members;
  for (const auto& path : paths) {
    std::string data(below(3) == 0 ? 0 : below(3000), '\0');
    for (auto& byte : data) byte = static_cast<char>(random());
    auto entry = file_entry(path, data.size(), static_cast<std::uint32_t>(below(010000)));
    if (const auto kind = below(3); kind != 0) {
      data.clear();
      entry = kind == 1 ? directory_entry(path) : symlink_entry(path, "../" + names[below(7)] + "/x");
    }
    entry.uid = below(4) == 0 ? random() : below(70000);
    entry.gid = below(70000);
    entry.mtime = static_cast<std::int64_t>(random()) - (1 << 30);
    if (below(4) == 0) entry.xattrs["user." + names[below(7)]] = std::string("\0\n", 2) + names[below(7)];
    members.push_back({entry, data});
  }
  return members;
}

}  // namespace

TEST_CASE("what the writer wrote is read back as it was") {
  for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
    CAPTURE(seed);
    const auto members = random_tree(seed);
    CHECK(equal(read_members(write_members(members)), members));
  }
}

TEST_CASE("the pieces in which the archive arrives make no difference") {
  auto members = random_tree(6);
  members.push_back({file_entry("\xff\xff", 700'000), std::string(700'000, 'z')});
  const auto archive = write_members(members);
  for (const int piece : {1, 7, 511, 512, 513, 10'240, 262'144, 262'145, 1'000'000}) {
    CAPTURE(piece);
    PiecewiseSource source(archive, static_cast<std::size_t>(piece));
    CHECK(equal(read_members(source), members));
  }
}

TEST_CASE("data may be skipped, or read in part") {
  StringSource source(one_file("a", std::string(2000, 'a')) + one_file("b", "bbb") + one_file("c", "c") + kEndMark);
  TarReader reader(source, "test.tar");
  CHECK(reader.next()->path == "a");
  std::array<std::byte, 10> some{};
  CHECK(read_full(reader.data(), some) == 10);
  CHECK(reader.next()->path == "b");
  CHECK(reader.next()->path == "c");
  CHECK(read_all(reader.data(), 10, "c") == "c");
  CHECK(reader.data().read(some) == 0);
  CHECK_FALSE(reader.next());
  CHECK(reader.data().read(some) == 0);
  CHECK_FALSE(reader.next());
}

TEST_CASE("an archive without entries is fine") {
  CHECK(read_members("").empty());
  for (const std::size_t blocks : {1U, 2U, 20U, 600U}) {
    CAPTURE(blocks);
    CHECK(read_members(std::string(blocks * 512, '\0')).empty());
  }
}

TEST_CASE("a missing end mark after a whole entry is accepted") {
  CHECK(read_members(one_file()).size() == 1);
  CHECK(read_members(one_file() + std::string(512, '\0')).size() == 1);
}

TEST_CASE("everything behind the end mark is read") {
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}, std::size_t{8704}, std::size_t{3'000'000}}) {
    PiecewiseSource source(one_file() + kEndMark + std::string(extra, 'g'), 4096);
    CHECK(read_members(source).size() == 1);
    CHECK(source.at_end());
  }
}

TEST_CASE("a truncated archive is corrupt, wherever it is cut") {
  const std::string long_name = "././@LongLink";
  const auto gnu_long = RawHeader{.name = long_name, .type = 'L', .size = octal_size(201), .magic = "ustar  "}.bytes() +
                        padded(std::string(200, 'l'));
  const auto pax = raw_pax("13 path=long\n");
  const auto archive = one_file("a", std::string(1000, 'a')) + gnu_long + one_file() + pax + one_file("b", "b");
  const auto is_whole = [&archive](std::size_t length) {
    // Entries, the data of each of which may lack its padding: headers and data end at these bytes.
    const std::size_t first = 512 + 1000, second = 1536 + 1024 + 512 + 4, third = archive.size() - 512 + 1;
    return length == 0 || (length >= first && length <= 1536) || (length >= second && length <= 1536 + 1024 + 1024) ||
           length >= third;
  };
  for (std::size_t length = 0; length <= archive.size(); length += 64) {
    CAPTURE(length);
    const auto cut = refusal_of(archive.substr(0, length));
    if (is_whole(length)) {
      CHECK(cut.message.empty());
    } else {
      CHECK(cut.code == ErrorCode::corrupt);
      CHECK(contains(cut.message, "cannot read test.tar"));
    }
  }
  CHECK(refusal_of(archive.substr(0, 1)).code == ErrorCode::corrupt);
  CHECK(refusal_of(archive.substr(0, archive.size() - 512)).code == ErrorCode::corrupt);
}

TEST_CASE("an archive whose last data lacks its padding is read, and says so") {
  const auto archive = one_file("a", std::string(1000, 'a')) + one_file("b", "bbb");
  for (const std::size_t missing : {0U, 1U, 400U, 509U}) {
    CAPTURE(missing);
    for (const bool skips : {false, true}) {
      StringSource source(archive.substr(0, archive.size() - missing));
      TarReader reader(source, "test.tar");
      reader.next();
      CHECK(reader.next()->path == "b");
      if (!skips) CHECK(read_all(reader.data(), 10, "b") == "bbb");
      CHECK_FALSE(reader.next());
      CHECK(reader.lacks_padding() == (missing != 0));
    }
  }
  CHECK(refusal_of(archive.substr(0, archive.size() - 510)).code == ErrorCode::corrupt);
}

// As GNU tar and Go's archive/tar have it.
TEST_CASE("of two pax headers in a row the last one counts, and nothing of the first") {
  const auto members =
      read_members(raw_pax("10 path=a\n12 uid=1234\n") + raw_pax("10 path=b\n") + one_file() + one_file("next"));
  CHECK(members.at(0).entry.path == "b");
  CHECK(members.at(0).entry.uid == 0);
  CHECK(members.at(1).entry.path == "next");
}

TEST_CASE("the size of a sparse file counts for none that is not sparse") {
  const auto members = read_members(raw_pax("30 GNU.sparse.realsize=100000\n25 GNU.sparse.name=other\n") + one_file());
  CHECK(members.at(0).entry.path == "file");
  CHECK(members.at(0).entry.size == 4);
  CHECK(members.at(0).data == "data");
}

TEST_CASE("an access control list changes no mode") {
  const std::string acl = "user::rwx,user:7:rwx,group::rwx,mask::rwx,other::rwx";
  const auto keyword = [&](const std::string& name) {
    const auto length = name.size() + acl.size() + 5;
    return std::to_string(length) + " " + name + "=" + acl + "\n";
  };
  const auto records = keyword("SCHILY.acl.access") + keyword("SCHILY.acl.default");
  const auto members = read_members(raw_pax(records) + RawHeader{.name = "d/", .type = '5', .mode = "0000750"}.bytes());
  CHECK(members.at(0).entry.mode == 0750);
  CHECK(members.at(0).entry.xattrs.empty());
}

TEST_CASE("a NUL in a pax name is corrupt, and so are numbers that are none") {
  for (const auto& body : {std::string("12 path=a\0b\n", 12), std::string("16 linkpath=a\0b\n", 16),
                           std::string("9 uid=1x\n"), std::string("11 size=+5\n"), std::string("11 mtime=x\n")}) {
    CAPTURE(body);
    const auto header = RawHeader{.type = body.find("link") == std::string::npos ? '0' : '2', .link = "x"};
    CHECK(refusal_of(raw_pax(body) + header.bytes()).code == ErrorCode::corrupt);
  }
}

TEST_CASE("a number that has no room in 64 bits is corrupt") {
  const auto with_size = [](std::string bytes) { return RawHeader{.size = std::move(bytes)}.bytes(); };
  CHECK(refusal_of(with_size(std::string("\x80\0\0\1\0\0\0\0\0\0\0\0", 12))).code == ErrorCode::corrupt);
  CHECK(refusal_of(with_size(std::string("\x80\0\0\0\xff\0\0\0\0\0\0\0", 12))).code == ErrorCode::corrupt);
  CHECK(refusal_of(raw_pax("29 size=99999999999999999999\n") + one_file()).code == ErrorCode::corrupt);
}

TEST_CASE("a truncated archive is corrupt when its data is skipped, too") {
  StringSource source(one_file("a", std::string(600'000, 'a')).substr(0, 500'000));
  TarReader reader(source, "test.tar");
  REQUIRE(reader.next());
  CHECK_THROWS_AS(reader.next(), Error);
}

TEST_CASE("a damaged header is corrupt") {
  for (const std::size_t victim : {std::size_t{0}, std::size_t{1024}}) {
    auto archive = one_file("a") + one_file("b") + kEndMark;
    archive[victim] = static_cast<char>(archive[victim] ^ 1);
    CHECK(refusal_of(archive).code == ErrorCode::corrupt);
  }
  CHECK(contains(refusal_of(one_file("a") + std::string(512, 'x')).message, "at or after a"));
  CHECK(refusal_of(std::string(4096, 'x')).code == ErrorCode::corrupt);
  CHECK(refusal_of("\x1f\x8b\x08 gzip").code == ErrorCode::corrupt);
}

TEST_CASE("paths come in one form") {
  const auto path_of = [](const std::string& name) { return read_members(one_file(name) + kEndMark).at(0).entry.path; };
  CHECK(path_of("a/b") == "a/b");
  CHECK(path_of("./a/b") == "a/b");
  CHECK(path_of("/a/b") == "a/b");
  CHECK(path_of("//a/.//./b") == "a/b");
  CHECK(path_of("...") == "...");
  const auto root = read_members(RawHeader{.name = "./", .type = '5'}.bytes()).at(0).entry;
  CHECK(root.path.empty());
  CHECK(root.type == EntryType::directory);
  CHECK(read_members(RawHeader{.name = "etc/", .type = '5'}.bytes()).at(0).entry.path == "etc");
}

TEST_CASE("a path that climbs is corrupt and named") {
  for (const std::string name : {"..", "../a", "a/..", "a/../../b", "/../a", "./.."}) {
    CAPTURE(name);
    const auto refusal = refusal_of(one_file("first") + one_file(name));
    CHECK(refusal.code == ErrorCode::corrupt);
    CHECK(refusal.message == "cannot read entry " + name + " of test.tar: its path climbs with \"..\"");
  }
  CHECK(contains(refusal_of(raw_pax("15 path=x/../y\n") + one_file()).message, "entry x/../y of test.tar"));
  CHECK(refusal_of(one_file("./", "")).message == "");  // a directory by its name
  CHECK(refusal_of(one_file(".")).code == ErrorCode::corrupt);
}

TEST_CASE("a name cannot put control characters into a message") {
  const auto refusal = refusal_of(one_file("a\x1b[31m\n/.."));
  CHECK(contains(refusal.message, "a\\x1b[31m\\x0a/.."));
}

TEST_CASE("every type is read as what it is") {
  const auto entry_of = [](const RawHeader& header) { return read_members(header.bytes() + kEndMark).at(0).entry; };
  CHECK(entry_of({.type = '0'}).type == EntryType::regular);
  CHECK(entry_of({.type = '\0'}).type == EntryType::regular);
  CHECK(entry_of({.type = '7'}).type == EntryType::regular);
  CHECK(entry_of({.name = "old/", .type = '\0', .magic = ""}).type == EntryType::directory);
  CHECK(entry_of({.type = '5', .mode = "0001777"}).mode == 01777);
  CHECK(entry_of({.type = '6'}).type == EntryType::fifo);

  const auto device = entry_of({.type = '3', .devmajor = "0000010", .devminor = "0000003"});
  CHECK(device.type == EntryType::character_device);
  CHECK(device.device_major == 8);
  CHECK(device.device_minor == 3);
  CHECK(entry_of({.type = '4'}).type == EntryType::block_device);

  const auto symlink = entry_of({.type = '2', .link = "../etc//x/"});
  CHECK(symlink.type == EntryType::symlink);
  CHECK(symlink.link_target == "../etc//x/");
  const auto hard_link = entry_of({.type = '1', .link = "/./bin//busybox"});
  CHECK(hard_link.type == EntryType::hard_link);
  CHECK(hard_link.link_target == "bin/busybox");
}

TEST_CASE("a type that no layer may hold is refused by name") {
  for (const char type : {'M', 'N', 's', '8', 'Z'}) {
    CAPTURE(type);
    const auto refusal = refusal_of(one_file() + RawHeader{.name = "odd", .type = type}.bytes());
    CHECK(refusal.code == ErrorCode::unsupported);
    CHECK(refusal.message ==
          std::string("cannot read entry odd of test.tar: its type '") + type + "' is nothing a layer can hold");
  }
}

TEST_CASE("the type of an entry is its header's, whatever a pax record says") {
  const auto members = read_members(raw_pax("18 linkpath=other\n") + one_file());
  REQUIRE(members.size() == 1);
  CHECK(members[0].entry.type == EntryType::regular);
  CHECK(members[0].data == "data");
}

TEST_CASE("a header with the signed checksum of old programs is read") {
  auto header = RawHeader{.name = "\xe9", .type = '2', .link = "t"}.bytes();
  int sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<signed char>(header[i]);
  header.replace(148, 6, octal_size(static_cast<std::size_t>(sum)).substr(5));
  CHECK(read_members(header).at(0).entry.type == EntryType::symlink);
}

TEST_CASE("links that lead nowhere or climb are corrupt") {
  CHECK(refusal_of(RawHeader{.type = '1', .link = "../x"}.bytes()).code == ErrorCode::corrupt);
  CHECK(refusal_of(RawHeader{.type = '1', .link = "/"}.bytes()).code == ErrorCode::corrupt);
  CHECK(refusal_of(RawHeader{.type = '1'}.bytes()).code == ErrorCode::corrupt);
  CHECK(refusal_of(RawHeader{.type = '2'}.bytes()).code == ErrorCode::corrupt);
  CHECK(refusal_of(RawHeader{.type = '2', .link = "../../x"}.bytes()).message.empty());
}

TEST_CASE("the data of a hard link is skipped") {
  const auto members =
      read_members(raw_pax("9 path=l\n") + RawHeader{.type = '1', .size = octal_size(600), .link = "f"}.bytes() +
                   std::string(1024, 'x') + one_file("next") + kEndMark);
  REQUIRE(members.size() == 2);
  CHECK(members[0].entry.type == EntryType::hard_link);
  CHECK(members[0].entry.size == 0);
  CHECK(members[0].data.empty());
  CHECK(members[1].entry.path == "next");
}

TEST_CASE("numbers are read in octal, base 256 and pax decimal") {
  const auto entry_of = [](const std::string& archive) { return read_members(archive).at(0).entry; };
  const auto base256 = RawHeader{.uid = std::string("\x80\0\0\0\xee\x6b\x28\0", 8)}.bytes();
  CHECK(entry_of(base256).uid == 4'000'000'000);
  CHECK(entry_of(RawHeader{.mtime = std::string(11, '\xff') + '\xfe'}.bytes()).mtime == -2);
  CHECK(entry_of(raw_pax("16 uid=99999999\n15 gid=1234567\n") + one_file()).uid == 99'999'999);
  CHECK(entry_of(raw_pax("22 mtime=1700000000.9\n") + one_file()).mtime == 1'700'000'000);
  CHECK(entry_of(raw_pax("14 mtime=-1.5\n") + one_file()).mtime == -2);
  CHECK(entry_of(raw_pax("12 mtime=-2\n") + one_file()).mtime == -2);
  CHECK(refusal_of(RawHeader{.uid = std::string(8, '\xff')}.bytes()).code == ErrorCode::corrupt);
  CHECK(refusal_of(RawHeader{.size = std::string(12, '\xff')}.bytes()).code == ErrorCode::corrupt);
}

TEST_CASE("a size of several GiB is no trouble, and its absence is seen") {
  const auto header = RawHeader{.size = std::string("\x80\0\0\0\0\0\0\x05\0\0\0\0", 12)}.bytes();
  StringSource source(header + std::string(4096, 'x'));
  TarReader reader(source, "test.tar");
  CHECK(reader.next()->size == 0x500000000);
  CHECK_THROWS_AS(reader.next(), Error);
}

TEST_CASE("a malformed pax header is corrupt") {
  for (const std::string body : {"nonsense", "9999 path=a\n", "11 path=ab", "5 a=b\n", "8 path\n\n", "0 path=a\n"}) {
    CAPTURE(body);
    CHECK(refusal_of(raw_pax(body) + one_file()).code == ErrorCode::corrupt);
  }
  CHECK(refusal_of(raw_pax("9 path=a\n")).code == ErrorCode::corrupt);  // and nothing after it
}

TEST_CASE("extended attributes are read in both spellings, values as bytes") {
  const auto members =
      read_members(raw_pax(std::string("32 SCHILY.xattr.user.a=\0\n=\xff\0value\n", 34).replace(0, 2, "34") +
                           "40 LIBARCHIVE.xattr.user.b%2Fc=AAECAwQF\n") +
                   one_file());
  const auto& xattrs = members.at(0).entry.xattrs;
  CHECK(xattrs.size() == 2);
  CHECK(xattrs.at("user.a") == std::string("\0\n=\xff\0value", 10));
  CHECK(xattrs.at("user.b/c") == std::string("\0\1\2\3\4\5", 6));
}

TEST_CASE("the last record of an extended attribute counts") {
  const auto members = read_members(raw_pax("25 SCHILY.xattr.user.a=1\n25 SCHILY.xattr.user.a=2\n") + one_file());
  CHECK(members.at(0).entry.xattrs.at("user.a") == "2");
}

TEST_CASE("an extended attribute may be empty") {
  auto entry = file_entry("file", 0);
  entry.xattrs["user.empty"] = "";
  CHECK(read_members(write_members({{entry, ""}})).at(0).entry.xattrs == entry.xattrs);
}

TEST_CASE("a global pax header is passed over") {
  const auto members = read_members(raw_pax("18 comment=1234567\n", 'g').substr(0, 1024) + one_file());
  CHECK(members.at(0).entry.path == "file");
}

TEST_CASE("names are bytes, in every locale") {
  const std::string utf8 = "caf\xc3\xa9/\xe6\x97\xa5\xe6\x9c\xac";
  const std::string decomposed = "cafe\xcc\x81";  // libarchive would compose it in a UTF-8 locale
  const std::string latin1 = "caf\xe9";
  const auto pax_of = [](const std::string& keyword, const std::string& value) {
    const auto length = keyword.size() + value.size() + 5;  // with two digits
    return std::to_string(length) + ' ' + keyword + '=' + value + '\n';
  };
  for (const char* locale : {"C", "C.UTF-8", "en_US.UTF-8", "de_DE.ISO-8859-1", "ja_JP.EUC-JP"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    CAPTURE(std::string(locale));
    for (const auto& name : {utf8, decomposed, latin1}) {
      CHECK(read_members(one_file(name)).at(0).entry.path == name);
      CHECK(read_members(raw_pax(pax_of("path", name)) + one_file()).at(0).entry.path == name);
      CHECK(read_members(raw_pax("21 hdrcharset=BINARY\n" + pax_of("path", name)) + one_file()).at(0).entry.path ==
            name);
      const auto link = raw_pax(pax_of("linkpath", name) + pax_of("uname", name) + pax_of("gname", name));
      CHECK(read_members(link + RawHeader{.type = '2', .link = "x"}.bytes()).at(0).entry.link_target == name);
      const auto gnu = RawHeader{.name = "././@LongLink", .type = 'L', .size = octal_size(name.size() + 1)}.bytes();
      CHECK(read_members(gnu + padded(name) + one_file()).at(0).entry.path == name);
    }
    CHECK(refusal_of(raw_pax("nonsense") + one_file(utf8)).code == ErrorCode::corrupt);
    CHECK(std::string(std::setlocale(LC_ALL, nullptr)) == locale);
  }
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("what the source throws comes out") {
  for (const std::size_t length : {std::size_t{0}, std::size_t{600}, std::size_t{1024}, std::size_t{2048}}) {
    CAPTURE(length);
    FailingSource source((one_file() + kEndMark).substr(0, length));
    CHECK_THROWS_WITH_AS(read_members(source), "the line is dead", Error);
  }
}

TEST_CASE("a sparse map that contradicts the size is corrupt") {
  CHECK(refusal_of(raw_pax("22 GNU.sparse.major=0\n22 GNU.sparse.minor=1\n20 GNU.sparse.size=8\n"
                           "25 GNU.sparse.map=5,4,0,4\n") +
                   one_file("f", "datadata"))
            .code == ErrorCode::corrupt);
}
