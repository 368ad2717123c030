// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ociassemble/digest.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble::tool {

// The standard error output as several threads write to it: lines one at a time, and on a terminal below them a bar for
// each blob on its way. Everything that comes from outside has its control bytes replaced. Safe for concurrent use.
class ProgressDisplay {
 public:
  enum class Style { bars, lines };

  // Borrows the stream. `columns` says the terminal's width, which may change.
  ProgressDisplay(std::ostream& err, Style style, std::function<std::size_t()> columns);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();  // leaves no bar behind

  void line(const std::string& text);
  // A line on `err` of somebody who knows of no display: above the bars of the one that writes there, where one does.
  static void print(std::ostream& err, const std::string& text);
  void transfer(const TransferEvent& event);
  // How the blob is to be called instead of by its digest: "layer 3: /usr/local/bin/server".
  void name_blob(const Digest& digest, const std::string& name);

 private:
  using Clock = std::chrono::steady_clock;
  struct Bar {
    std::string subject;  // as the events have it
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::uint64_t first = 0;  // bytes at the start: an upload may be resumed
    Clock::time_point start;
  };

  void write_line(const std::string& text);
  void update(const TransferEvent& event);
  void clear_bars();
  void draw_bars();
  std::size_t width() const;
  std::string bar_text(const Bar& bar, std::size_t columns) const;
  std::string name_of(const std::string& subject) const;
  std::string outcome(const TransferEvent& event) const;

  std::ostream& err_;
  const Style style_;
  const std::function<std::size_t()> columns_;
  std::mutex mutex_;
  std::vector<Bar> bars_;                     // in the order in which they began
  std::map<std::string, std::string> names_;  // by digest
  std::size_t name_width_ = 0;                // of the longest name so far, so that bars stay below each other
  std::vector<std::size_t> drawn_;            // the widths of the bars on the terminal
  Clock::time_point last_drawn_{};
};

}  // namespace ociassemble::tool
