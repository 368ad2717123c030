// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <ostream>

namespace ociassemble::tool {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kNameWidth = 26;  // "layer sha256:0123456789ab"
constexpr std::size_t kMaxBars = 16;

// The first of a digest's digits tell enough.
std::string short_name(const std::string& subject) {
  auto name = terminal_text(subject).substr(0, kNameWidth - 1);
  name.resize(kNameWidth, ' ');
  return name;
}

std::string outcome(const TransferEvent& event) {
  switch (event.kind) {
    case TransferEvent::Kind::started:
    case TransferEvent::Kind::progressed:
      return {};
    case TransferEvent::Kind::finished:
      return "sent " + event.subject + " (" + format_size(event.total) + ")";
    case TransferEvent::Kind::received:
      return "received " + event.subject + " (" + format_size(event.total) + ")";
    case TransferEvent::Kind::mounted:
      return "mounted " + event.subject;
    case TransferEvent::Kind::skipped:
      return "already there: " + event.subject;
  }
  return {};
}

}  // namespace

ProgressDisplay::ProgressDisplay(std::ostream& err, Style style, std::size_t columns)
    : err_(err), style_(style), columns_(std::max<std::size_t>(columns, 2)) {}

ProgressDisplay::~ProgressDisplay() {
  clear_bars();
  err_.flush();
}

void ProgressDisplay::line(const std::string& text) {
  const std::lock_guard lock(mutex_);
  write_line(text);
}

void ProgressDisplay::transfer(const TransferEvent& event) {
  const std::lock_guard lock(mutex_);
  update(event);
  if (const auto text = outcome(event); !text.empty()) return write_line(text);
  const auto now = Clock::now();
  if (style_ != Style::bars || now - last_drawn_ < kRedraw) return;
  last_drawn_ = now;
  clear_bars();
  draw_bars();
  err_.flush();
}

void ProgressDisplay::update(const TransferEvent& event) {
  if (event.kind == TransferEvent::Kind::started || event.kind == TransferEvent::Kind::progressed) {
    bars_[event.subject] = {event.done, event.total};
  } else {
    bars_.erase(event.subject);
  }
}

void ProgressDisplay::write_line(const std::string& text) {
  clear_bars();
  err_ << terminal_text(text) << '\n';
  if (style_ == Style::bars) draw_bars();
  err_.flush();
}

// Up to the first bar, and away with all below.
void ProgressDisplay::clear_bars() {
  if (drawn_ != 0) err_ << "\x1b[" << drawn_ << "A\r\x1b[J";
  drawn_ = 0;
}

void ProgressDisplay::draw_bars() {
  for (const auto& [subject, bar] : bars_) {
    if (drawn_ == kMaxBars) return;
    err_ << bar_text(subject, bar) << '\n';
    ++drawn_;
  }
}

std::string ProgressDisplay::bar_text(const std::string& subject, const Bar& bar) const {
  const auto done = std::min(bar.done, bar.total);
  const double share = bar.total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(bar.total);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  auto text = short_name(subject) + '[' + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] " +
              format_size(done) + " / " + format_size(bar.total);
  return text.substr(0, columns_ - 1);  // a line that wraps could not be taken back
}

}  // namespace ociassemble::tool
