// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ociassemble/registry.hpp"

namespace ociassemble::tool {

// The standard error output as several threads write to it: lines one at a time, and on a terminal below them a bar for
// each blob on its way. Everything that comes from outside has its control bytes replaced. Safe for concurrent use.
class ProgressDisplay {
 public:
  enum class Style { bars, lines };

  // Borrows the stream. `columns` is the terminal's width.
  ProgressDisplay(std::ostream& err, Style style, std::size_t columns);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();  // leaves no bar behind

  void line(const std::string& text);
  void transfer(const TransferEvent& event);

 private:
  struct Bar {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  using Clock = std::chrono::steady_clock;

  void write_line(const std::string& text);
  void update(const TransferEvent& event);
  void clear_bars();
  void draw_bars();
  std::string bar_text(const std::string& subject, const Bar& bar) const;

  std::ostream& err_;
  const Style style_;
  const std::size_t columns_;
  std::mutex mutex_;
  std::map<std::string, Bar> bars_;
  std::size_t drawn_ = 0;  // lines of bars on the terminal
  Clock::time_point last_drawn_{};
};

}  // namespace ociassemble::tool
