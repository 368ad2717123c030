// SPDX-License-Identifier: Apache-2.0
#include "assemble/accounts.hpp"

#include <doctest/doctest.h>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

Tree::Node file(const char* contents) {
  Tree::Node node;
  node.type = EntryType::regular;
  node.mode = 0640;
  node.gid = 42;
  node.set_contents(contents);
  return node;
}

// No newline after the last line of passwd: somebody's base has that.
Tree base() {
  Tree::Node root;
  root.children["etc"].children["passwd"] = file("root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/srv:/bin/false");
  root.children["etc"].children["group"] = file("root:x:0:\nwww:x:33:\n");
  root.children["srv"] = {};
  return Tree::from_root(std::move(root));
}

std::string text_of(const LayerEntry& made) {
  const auto source = made.bytes->open();
  std::string bytes(1000, '\0');
  bytes.resize(read_full(*source, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

}  // namespace

TEST_CASE("a created user is a line after the base's own, in files with the base's modes") {
  const auto tree = base();
  Accounts accounts(tree);
  const auto entries = accounts.create({"app", 1001, "", 1002, "/home/app", {}}, 0);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].entry.path == "etc/passwd");
  CHECK(entries[0].entry.mode == 0640);
  CHECK(entries[0].entry.gid == 42);
  CHECK(text_of(entries[0]) ==
        "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/srv:/bin/false\napp:x:1001:1002::/home/app:/sbin/nologin\n");
  CHECK(text_of(entries[1]) == "root:x:0:\nwww:x:33:\napp:x:1002:\n");
  CHECK(entries[2].entry.path == "home/app");
  CHECK(entries[2].entry.mode == 0700);
  CHECK(entries[2].entry.uid == 1001);
  CHECK(accounts.user("app").to_string() == "1001:1002");
  CHECK(accounts.owner("app:www").to_string() == "1001:33");
}

TEST_CASE("a user that is there already changes nothing") {
  const auto tree = base();
  CHECK(Accounts(tree).create({"www", 33, "", 33, {}, {}}, 0).empty());
  CHECK(Accounts(tree).create({"www", 33, "www", 33, "/srv", "/bin/false"}, 0).empty());
}

TEST_CASE("a group that has the number is taken, unless another is named") {
  const auto tree = base();
  CHECK(Accounts(tree).create({"app", 1001, "", 0, {}, {}}, 0).size() == 1);
  CHECK_THROWS_WITH_AS(Accounts(tree).create({"app", 1001, "apps", 0, {}, {}}, 0),
                       "cannot create user \"app\": the base's /etc/group has root:0", Error);
}

TEST_CASE("names and numbers of others, and words that would break the files, are refused") {
  const auto tree = base();
  const CreatedUser wrong[] = {{"www", 34, "", 34, {}, {}},         {"app", 33, "", 1001, {}, {}},
                               {"www", 33, "", 33, "/x", {}},       {"a:b", 1001, "", 1001, {}, {}},
                               {"", 1001, "", 1001, {}, {}},        {"app", 1001, "", 1001, "/a:b", {}},
                               {"app", 1001, "", 1001, "home", {}}, {"app", 1001, "", 1001, {}, "/bin/sh\nroot"}};
  for (const auto& user : wrong) {
    CAPTURE(user.name);
    CHECK_THROWS_AS(Accounts(tree).create(user, 0), Error);
  }
}
