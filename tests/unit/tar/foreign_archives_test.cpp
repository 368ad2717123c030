// SPDX-License-Identifier: Apache-2.0
// Archives that other programs make on the spot.
#include <doctest/doctest.h>

#include <algorithm>

#include "tar_test_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

bool has(const char* program) {
  if (runs(std::string(program) + " --version")) return true;
  MESSAGE(program << " is not on this machine");
  return false;
}

const Member& member(const std::vector<Member>& members, std::string_view path) {
  const auto found =
      std::find_if(members.begin(), members.end(), [path](const Member& one) { return one.entry.path == path; });
  REQUIRE(found != members.end());
  return *found;
}

std::string in(const TestFolder& folder, const std::string& command) {
  return "cd '" + folder.path().string() + "' && " + command;
}

}  // namespace

TEST_CASE("GNU tar's archives are read in each of its formats") {
  if (!has("tar")) return;
  const std::string long_name = std::string(120, 'l') + "/" + std::string(120, 'm');
  const std::string short_name = std::string(60, 's') + "/" + std::string(60, 't');
  for (const std::string format : {"v7", "oldgnu", "gnu", "ustar", "pax"}) {
    CAPTURE(format);
    const bool holds_long = format != "v7" && format != "ustar";
    const bool holds_prefix = format != "v7";
    const TestFolder folder;
    folder.write("tree/a", "first");
    folder.write("tree/caf\xc3\xa9/\xff", "bytes");
    if (holds_prefix) folder.write("tree/" + short_name, "prefix");
    if (holds_long) folder.write("tree/" + long_name, "long");
    std::filesystem::create_hard_link(folder / "tree/a", folder / "tree/b");
    std::filesystem::create_symlink("caf\xc3\xa9", folder / "tree/link");
    if (holds_long) std::filesystem::create_symlink(long_name, folder / "tree/longlink");
    REQUIRE(runs(in(folder, "tar --sort=name --format=" + format + " --mtime=@1700000000 -cf t.tar -C tree .")));

    const auto members = read_members(read_bytes(folder / "t.tar"));
    CHECK(members.at(0).entry.path.empty());
    CHECK(members[0].entry.type == EntryType::directory);
    CHECK(member(members, "a").data == "first");
    CHECK(member(members, "a").entry.mtime == 1'700'000'000);
    CHECK(member(members, "b").entry.type == EntryType::hard_link);
    CHECK(member(members, "b").entry.link_target == "a");
    CHECK(member(members, "link").entry.link_target == "caf\xc3\xa9");
    CHECK(member(members, "caf\xc3\xa9/\xff").data == "bytes");
    if (holds_prefix) CHECK(member(members, short_name).data == "prefix");
    if (holds_long) CHECK(member(members, long_name).data == "long");
    if (holds_long) CHECK(member(members, "longlink").entry.link_target == long_name);
  }
}

TEST_CASE("holes of sparse files are zeros, in each of GNU tar's forms") {
  if (!has("tar")) return;
  const TestFolder folder;
  std::string expected(3'000'000, '\0');
  const auto file = folder.write("sparse", "");
  folder.write("after", "after");
  std::filesystem::resize_file(file, expected.size());
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t i = 1; i < 12; ++i) {  // more than the 4 that fit an old header
      expected.replace(i * 200'000, 5, "<" + std::to_string(100 + i) + ">");
      stream.seekp(static_cast<std::streamoff>(i * 200'000)) << "<" << 100 + i << ">";
    }
  }
  folder.write("holes", "");
  std::filesystem::resize_file(folder / "holes", 1'000'000);
  for (const std::string form : {"--format=gnu", "--format=oldgnu", "--format=pax --sparse-version=0.0",
                                 "--format=pax --sparse-version=0.1", "--format=pax --sparse-version=1.0"}) {
    CAPTURE(form);
    REQUIRE(runs(in(folder, "tar -S " + form + " -cf t.tar sparse holes after")));
    CHECK(std::filesystem::file_size(folder / "t.tar") < 200'000);
    const auto members = read_members(read_bytes(folder / "t.tar"));
    REQUIRE(members.size() == 3);
    CHECK(members[0].entry.path == "sparse");
    CHECK(members[0].entry.type == EntryType::regular);
    CHECK(members[0].entry.size == expected.size());
    CHECK(members[0].data == expected);
    CHECK(members[1].data == std::string(1'000'000, '\0'));
    CHECK(members[2].data == "after");
  }
}

TEST_CASE("python's archives are read in each of its formats") {
  if (!has("python3")) return;
  const TestFolder folder;
  folder.write("make.py",
               "import io, tarfile\n"
               "def add(t, name, data=b'', **more):\n"
               "    i = tarfile.TarInfo(name)\n"
               "    i.size = len(data)\n"
               "    for k, v in more.items(): setattr(i, k, v)\n"
               "    t.addfile(i, io.BytesIO(data))\n"
               "for name, format in (('gnu', tarfile.GNU_FORMAT), ('pax', tarfile.PAX_FORMAT)):\n"
               "    t = tarfile.open(name + '.tar', 'w', format=format)\n"
               "    add(t, 'd/' * 100 + 'deep', b'deep')\n"
               "    add(t, 'owner', uid=3000000000, gid=2500000, mode=0o4711)\n"
               "    add(t, '/abs/link', type=tarfile.SYMTYPE, linkname='x' * 300)\n"
               "    add(t, 'null', type=tarfile.CHRTYPE, devmajor=1, devminor=3)\n"
               "    add(t, 'pipe', type=tarfile.FIFOTYPE)\n"
               "    if name == 'pax':\n"
               "        add(t, 'x', pax_headers={'SCHILY.xattr.user.k': 'v\\u00e9', 'comment': 'c'}, mtime=1.75)\n"
               "    t.close()\n");
  REQUIRE(runs(in(folder, "python3 make.py")));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "d/";
  for (const std::string format : {"gnu", "pax"}) {
    CAPTURE(format);
    const auto members = read_members(read_bytes(folder / (format + ".tar")));
    CHECK(member(members, deep + "deep").data == "deep");
    const auto& owner = member(members, "owner").entry;
    CHECK(owner.uid == 3'000'000'000);
    CHECK(owner.gid == 2'500'000);
    CHECK(owner.mode == 04711);
    CHECK(member(members, "abs/link").entry.link_target == std::string(300, 'x'));
    CHECK(member(members, "null").entry.device_minor == 3);
    CHECK(member(members, "pipe").entry.type == EntryType::fifo);
    if (format == "gnu") continue;
    CHECK(member(members, "x").entry.xattrs.at("user.k") == "v\xc3\xa9");
    CHECK(member(members, "x").entry.mtime == 1);
  }
}

TEST_CASE("GNU tar lists and unpacks what our writer made") {
  if (!has("tar")) return;
  const TestFolder folder;
  const std::string path = "d/" + std::string(150, 'p') + "\xc3\xa9";
  folder.write("our.tar", write_members({{directory_entry("d"), ""},
                                         {file_entry(path, 5), "hello"},
                                         {symlink_entry("l", std::string(120, 't')), ""}}));
  REQUIRE(runs(in(folder, "tar -xf our.tar")));
  CHECK(read_bytes(folder / path) == "hello");
  CHECK(std::filesystem::read_symlink(folder / "l").string() == std::string(120, 't'));
}
