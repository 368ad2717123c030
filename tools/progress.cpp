// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/text.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kFirstSpeed{1000};
constexpr std::size_t kMaxBars = 16;
constexpr std::size_t kWidestName = 48;
constexpr std::size_t kShortDigest = 12;  // digits; enough to tell blobs apart

// Characters, not bytes.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// The first columns of a text, filled up with blanks; a name that is cut keeps its end, where its file is.
std::string fitted(const std::string& text, std::size_t columns) {
  const auto wide = columns_of(text);
  if (wide <= columns) return text + std::string(columns - wide, ' ');
  if (columns < 8) return std::string(columns, ' ');
  const auto head = columns / 2 - 2;
  const auto tail = columns - head - 3;
  std::size_t seen = 0;
  std::string cut;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (begins && ++seen == head + 1) cut += "...";
    if (seen <= head || seen > wide - tail) cut += c;
  }
  return cut;
}

struct Displays {
  std::mutex mutex;
  std::vector<ProgressDisplay*> all;
};

Displays& displays() {
  static Displays displays;
  return displays;
}

}  // namespace

ProgressDisplay::ProgressDisplay(std::ostream& err, Style style, std::function<std::size_t()> columns)
    : err_(err), style_(style), columns_(std::move(columns)) {
  const std::lock_guard lock(displays().mutex);
  displays().all.push_back(this);
}

ProgressDisplay::~ProgressDisplay() {
  {
    const std::lock_guard lock(displays().mutex);
    std::erase(displays().all, this);
  }
  clear_bars();
  err_.flush();
}

void ProgressDisplay::line(const std::string& text) {
  const std::lock_guard lock(mutex_);
  write_line(text);
}

void ProgressDisplay::print(std::ostream& err, const std::string& text) {
  const std::lock_guard lock(displays().mutex);
  const auto writes_there = [&](const ProgressDisplay* display) { return &display->err_ == &err; };
  const auto found = std::ranges::find_if(displays().all, writes_there);
  if (found != displays().all.end()) return (*found)->line(text);
  err << terminal_text(text) << '\n' << std::flush;
}

void ProgressDisplay::name_blob(const Digest& digest, const std::string& name) {
  const std::lock_guard lock(mutex_);
  names_.try_emplace(digest.to_string(), name);
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
  const auto found = std::ranges::find(bars_, event.subject, &Bar::subject);
  if (event.kind != TransferEvent::Kind::started && event.kind != TransferEvent::Kind::progressed) {
    if (found != bars_.end()) bars_.erase(found);
  } else if (found == bars_.end()) {
    bars_.push_back({event.subject, event.done, event.total, event.done, Clock::now()});
  } else {
    found->done = event.done;
    found->total = event.total;
  }
}

void ProgressDisplay::write_line(const std::string& text) {
  clear_bars();
  err_ << terminal_text(text) << '\n';
  if (style_ == Style::bars) draw_bars();
  err_.flush();
}

std::size_t ProgressDisplay::width() const { return std::max<std::size_t>(columns_(), 2); }

// Removes the bars, the last first. A terminal that got narrower since has broken the bars into several
// lines each.
void ProgressDisplay::clear_bars() {
  if (drawn_.empty()) return;
  const auto columns = width();
  std::size_t rows = 0;
  for (const auto wide : drawn_) rows += std::max<std::size_t>((wide + columns - 1) / columns, 1);
  // Line by line: some terminals keep a copy of a screen that is cleared as a whole.
  err_ << '\r';
  for (; rows > 0; --rows) err_ << "\x1b[1A\x1b[2K";
  drawn_.clear();
}

void ProgressDisplay::draw_bars() {
  const auto columns = width();
  for (const auto& bar : bars_) name_width_ = std::max(name_width_, columns_of(name_of(bar.subject)));
  for (const auto& bar : bars_) {
    if (drawn_.size() == kMaxBars) return;
    const auto text = bar_text(bar, columns);
    err_ << text << '\n';
    drawn_.push_back(columns_of(text));
  }
}

// "NAME [####....] 12.3 MB / 45.6 MB, 7.8 MB/s"; a narrow terminal has no bar, then no speed, then a short name.
std::string ProgressDisplay::bar_text(const Bar& bar, std::size_t columns) const {
  const auto done = std::min(bar.done, bar.total);
  auto numbers = format_size(done) + " / " + format_size(bar.total);
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - bar.start);
  if (time >= kFirstSpeed && columns >= 60 && bar.done > bar.first) {
    numbers += ", " + format_size((bar.done - bar.first) * 1000 / static_cast<std::uint64_t>(time.count())) + "/s";
  }
  // A line that wraps could not be taken back.
  const auto most = columns - 1;
  const std::size_t bar_width = columns >= 100 ? 24 : columns >= 60 ? 12 : 0;
  const auto taken = numbers.size() + 1 + (bar_width == 0 ? 0 : bar_width + 3);
  const auto left = most > taken ? std::min({most - taken, kWidestName, name_width_}) : 0;
  auto text = fitted(name_of(bar.subject), left) + ' ';
  if (bar_width != 0) {
    const double share = bar.total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(bar.total);
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_width));
    text += '[' + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
  }
  text += numbers;
  return columns_of(text) <= most ? text : numbers.substr(0, most);
}

// "layer sha256:0123…" has the digest of a blob.
std::string ProgressDisplay::name_of(const std::string& subject) const {
  const auto blank = subject.rfind(' ');
  const auto digest = blank == std::string::npos ? subject : subject.substr(blank + 1);
  if (const auto known = names_.find(digest); known != names_.end()) return terminal_text(known->second);
  const auto colon = digest.find(':');
  if (blank == std::string::npos || colon == std::string::npos) return terminal_text(subject);
  return terminal_text(subject.substr(0, blank + 1 + colon + 1 + kShortDigest));
}

std::string ProgressDisplay::outcome(const TransferEvent& event) const {
  const auto sized = [&](const char* verb) {
    return verb + name_of(event.subject) + " (" + format_size(event.total) + ")";
  };
  switch (event.kind) {
    case TransferEvent::Kind::started:
    case TransferEvent::Kind::progressed:
      return {};
    case TransferEvent::Kind::finished:
      return sized("sent ");
    case TransferEvent::Kind::received:
      return sized("received ");
    case TransferEvent::Kind::mounted:
      return "mounted " + name_of(event.subject);
    case TransferEvent::Kind::skipped:
      return "already there: " + name_of(event.subject);
  }
  return {};
}

}  // namespace ociassemble::tool
