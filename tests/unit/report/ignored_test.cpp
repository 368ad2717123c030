// SPDX-License-Identifier: Apache-2.0
#include "report/ignored.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

TEST_CASE("an explanation names file, line and rule") {
  const TestFolder folder;
  const auto file = folder.write(".dockerignore", "*.map\ndocs\n!docs/a\n").string();
  const auto ignore = FolderIgnore::read(folder.path(), std::nullopt);
  CHECK(explain_ignored(ignore, {"x.map", "/docs/", "docs/a", "y"}) ==
        "x.map: out (" + file + ":1: *.map)\n" + "docs: out (" + file +
            ":2: docs; a later exception may hold below)\n" + "docs/a: in (" + file + ":3: !docs/a)\n" +
            "y: in (no rule of " + file + " matches)\n");
  CHECK(explain_ignored_json(ignore, {"x.map"}) ==
        "[\n  {\n    \"path\": \"x.map\",\n    \"included\": false,\n    \"file\": \"" + file +
            "\",\n    \"line\": 1,\n    \"rule\": \"*.map\"\n  }\n]\n");
  CHECK_THROWS_AS(explain_ignored(ignore, {"../x"}), Error);
}
