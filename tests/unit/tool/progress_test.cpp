// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <sstream>

using namespace ociassemble;
using tool::ProgressDisplay;
using Kind = TransferEvent::Kind;

namespace {

// What a terminal shows after these bytes: it knows text, line ends, "up N lines" and "clear the line".
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
      REQUIRE((bytes[i] == 'A' || bytes[i] == 'K'));
      if (bytes[i] == 'K') {
        REQUIRE(count == 2);
        lines[row].clear();
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

const std::string kDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kLayer = "layer " + kDigest;

// A terminal of so many columns.
std::function<std::size_t()> columns(std::size_t count) {
  return [count] { return count; };
}

}  // namespace

TEST_CASE("a bar tells a blob's name, share and bytes, and is gone when the blob is done") {
  std::ostringstream err;
  {
    ProgressDisplay display(err, ProgressDisplay::Style::bars, columns(80));
    display.transfer({Kind::progressed, kLayer, 50, 100});
    CHECK(screen_of(err.str()) == std::vector<std::string>{"layer sha256:0123456789ab [######......] 50 B / 100 B"});
    display.transfer({Kind::finished, kLayer, 100, 100});
    CHECK(screen_of(err.str()) == std::vector<std::string>{"sent layer sha256:0123456789ab (100 B)"});
  }
  CHECK(screen_of(err.str()).size() == 1);
}

TEST_CASE("a blob whose contents are known goes by them") {
  std::ostringstream err;
  ProgressDisplay display(err, ProgressDisplay::Style::lines, columns(80));
  display.name_blob(Digest::parse(kDigest), "layer 3: /usr/local/bin/server");
  display.transfer({Kind::finished, kLayer, 100, 4600000});
  display.transfer({Kind::skipped, "config sha256:" + std::string(64, 'a'), 0, 400});
  CHECK(err.str() == "sent layer 3: /usr/local/bin/server (4.6 MB)\nalready there: config sha256:aaaaaaaaaaaa\n");
}

TEST_CASE("lines go above the bars, and the end leaves no bar behind") {
  std::ostringstream err;
  {
    ProgressDisplay display(err, ProgressDisplay::Style::bars, columns(100));
    display.transfer({Kind::started, kLayer, 0, 100});
    display.line("warning: one");
    display.line("warning: two");
    const auto screen = screen_of(err.str());
    REQUIRE(screen.size() == 3);
    CHECK(screen[1] == "warning: two");
    CHECK(screen[2].starts_with("layer sha256:0123456789ab "));
  }
  CHECK(screen_of(err.str()) == std::vector<std::string>{"warning: one", "warning: two"});
}

TEST_CASE("no bar is as wide as the terminal, and a narrow one has the bytes and both ends of the name") {
  for (const std::size_t wide : {2U, 10U, 20U, 40U, 59U, 60U, 80U, 100U, 120U}) {
    std::ostringstream err;
    ProgressDisplay display(err, ProgressDisplay::Style::bars, columns(wide));
    display.name_blob(Digest::parse(kDigest), "layer 3: /usr/local/share/application/plugins/server");
    display.transfer({Kind::progressed, kLayer, 123456789, 987654321});
    CAPTURE(wide);
    const auto text = screen_of(err.str()).front();
    CHECK(text.size() < wide);
    if (wide >= 40) {
      CHECK(text.find("123.5 MB / 987.7 MB") != std::string::npos);
      CHECK(text.starts_with("layer"));
      CHECK(text.find("server ") != std::string::npos);
    }
  }
}

TEST_CASE("a terminal that got narrower is cleared of the lines into which it broke the bars") {
  std::ostringstream err;
  std::size_t wide = 100;
  ProgressDisplay display(err, ProgressDisplay::Style::bars, [&] { return wide; });
  display.name_blob(Digest::parse(kDigest), "layer 3: " + std::string(60, 'x'));
  display.transfer({Kind::progressed, kLayer, 50, 100});
  wide = 40;
  err.str("");
  display.transfer({Kind::finished, kLayer, 100, 100});
  // 48 for the name, 27 for the bar, 12 for the bytes, and a blank: 88 of 100.
  CHECK(err.str() ==
        "\r\x1b[1A\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2Ksent layer 3: " + std::string(60, 'x') + " (100 B)\n");
}

TEST_CASE("where there is no terminal only what is done is said, a line each") {
  std::ostringstream err;
  {
    ProgressDisplay display(err, ProgressDisplay::Style::lines, columns(80));
    display.transfer({Kind::started, kLayer, 0, 100});
    display.transfer({Kind::progressed, kLayer, 50, 100});
    display.transfer({Kind::mounted, kLayer, 100, 100});
  }
  CHECK(err.str() == "mounted layer sha256:0123456789ab\n");
}
