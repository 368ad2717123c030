// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

using namespace ociassemble;
using tool::ProgressDisplay;
using Kind = TransferEvent::Kind;

namespace {

// What a terminal shows after these bytes: it knows text, line ends, "up N lines" and "clear from here".
std::vector<std::string> screen_of(const std::string& bytes) {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else if (bytes[i] == '\x1b') {
      std::size_t count = 0;
      for (i += 2; bytes[i] >= '0' && bytes[i] <= '9'; ++i)
        count = count * 10 + static_cast<std::size_t>(bytes[i] - '0');
      REQUIRE((bytes[i] == 'A' || bytes[i] == 'J'));
      if (bytes[i] == 'J') {
        lines.resize(row);
        lines.emplace_back();
      } else {
        REQUIRE(count <= row);
        row -= count;
      }
    } else if (bytes[i] != '\r') {
      lines[row] += bytes[i];
    }
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

const std::string kLayer = "layer sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("a bar tells a blob's name, share and bytes, and is gone when the blob is done") {
  std::ostringstream err;
  {
    ProgressDisplay display(err, ProgressDisplay::Style::bars, 100);
    display.transfer({Kind::progressed, kLayer, 50, 100});
    CHECK(screen_of(err.str()) ==
          std::vector<std::string>{"layer sha256:0123456789ab [############............] 50 B / 100 B"});
    display.transfer({Kind::finished, kLayer, 100, 100});
    CHECK(screen_of(err.str()) == std::vector<std::string>{"sent " + kLayer + " (100 B)"});
  }
  CHECK(screen_of(err.str()).size() == 1);
}

TEST_CASE("lines go above the bars, and the end leaves no bar behind") {
  std::ostringstream err;
  {
    ProgressDisplay display(err, ProgressDisplay::Style::bars, 100);
    display.transfer({Kind::started, kLayer, 0, 100});
    display.line("warning: one");
    display.line("warning: two");
    const auto screen = screen_of(err.str());
    REQUIRE(screen.size() == 3);
    CHECK(screen[1] == "warning: two");
    CHECK(screen[2].starts_with("layer sha256:0123456789ab [...."));
  }
  CHECK(screen_of(err.str()) == std::vector<std::string>{"warning: one", "warning: two"});
}

TEST_CASE("no bar is as wide as the terminal, however narrow that is") {
  for (const std::size_t columns : {20U, 40U, 60U}) {
    std::ostringstream err;
    ProgressDisplay display(err, ProgressDisplay::Style::bars, columns);
    display.transfer({Kind::progressed, kLayer, 123456789, 987654321});
    CHECK(screen_of(err.str()).front().size() == columns - 1);
  }
}

TEST_CASE("where there is no terminal only what is done is said, a line each") {
  std::ostringstream err;
  {
    ProgressDisplay display(err, ProgressDisplay::Style::lines, 80);
    display.transfer({Kind::started, kLayer, 0, 100});
    display.transfer({Kind::progressed, kLayer, 50, 100});
    display.transfer({Kind::mounted, kLayer, 100, 100});
  }
  CHECK(err.str() == "mounted " + kLayer + "\n");
}
