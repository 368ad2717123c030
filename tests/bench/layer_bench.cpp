// SPDX-License-Identifier: Apache-2.0
// Measures the layer pipeline against other programs and libraries; docs/performance.md says how to read it.
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "inputs.hpp"
#include "layer_rows.hpp"
#include "report.hpp"

namespace ociassemble::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMegabyte = 1'000'000;

constexpr std::string_view kUsage =
    R"(usage: layer_bench [--rounds N] [--quick] [--input FILE] [--tool PROGRAM] [--json FILE] [SECTION…]
sections: scale    `ociassemble build` of 8 MB, 100 MB and 1 GB: time and memory
          layers   our layers against gzip, pigz, zstd, sha256 and memcpy, on one core and on all
          tree     20,000 small files
          levels   gzip:1 to gzip:9 and zstd:1 to zstd:9
          stages   where the time of a gzip layer goes
          (all but levels when none is named)
--quick: 2 rounds, 16 MB instead of 100, no 1 GB, 2,000 files
The input is made of the Go programs on this machine unless --input names a file.
)";

struct Options {
  int rounds = 5;
  bool quick = false;
  fs::path input;
  fs::path tool;
  fs::path json;
  std::set<std::string> sections;
};

Options parse(std::span<char*> words) {
  Options options;
  bool rounds_told = false;
  // Where meson builds the tool, seen from this program.
  options.tool = fs::read_symlink("/proc/self/exe").parent_path() / "../../tools/ociassemble";
  for (std::size_t index = 1; index < words.size(); ++index) {
    const std::string word = words[index];
    const auto value = [&] {
      if (index + 1 == words.size()) throw std::invalid_argument(std::string(kUsage));
      return std::string(words[++index]);
    };
    if (word == "--rounds") {
      options.rounds = std::max(1, std::stoi(value()));
      rounds_told = true;
    } else if (word == "--quick") {
      options.quick = true;
    } else if (word == "--input") {
      options.input = value();
    } else if (word == "--tool") {
      options.tool = value();
    } else if (word == "--json") {
      options.json = value();
    } else if (word.starts_with("-")) {
      throw std::invalid_argument(std::string(kUsage));
    } else {
      options.sections.insert(word);
    }
  }
  if (options.sections.empty()) options.sections = {"scale", "layers", "tree", "stages"};
  if (options.quick && !rounds_told) options.rounds = 2;
  return options;
}

// Removed at the end.
class WorkFolder {
 public:
  WorkFolder() {
    std::string name = (fs::temp_directory_path() / "layer-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create " + name);
    path_ = name;
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

class LayerBench {
 public:
  explicit LayerBench(Options options) : options_(std::move(options)) {
    bench_.folder = folder_.path();
    bench_.tool = options_.tool;
    bench_.input = options_.input;
    if (bench_.input.empty()) {
      bench_.input = bench_.folder / "input";
      make_input(find_go_programs(), (options_.quick ? 16 : 100) * kMegabyte, bench_.input);
    }
  }

  void run() {
    // First what measures memory: a child's peak begins with what its parent holds.
    if (wanted("scale")) scale();
    if (wanted("tree")) tree();
    if (wanted("layers")) on_cores([this](std::size_t cores) { layers(cores); });
    if (wanted("levels")) on_cores([this](std::size_t cores) { levels(cores); });
    if (wanted("stages")) stages();
    if (!options_.json.empty()) write_json(tables_, options_.json);
  }

 private:
  bool wanted(const std::string& section) const { return options_.sections.contains(section); }

  // On one core, then on all.
  template <typename Section>
  void on_cores(Section section) {
    const auto all = usable_core_count();
    for (const std::size_t cores : std::set<std::size_t>{1, all}) {
      const CoreLimit limit(cores);
      section(cores);
    }
  }

  void show(Table table) {
    print(table);
    tables_.push_back(std::move(table));
  }

  bool tool_is_there(std::string_view section) const {
    if (fs::exists(bench_.tool)) return true;
    fmt::print("\n{}: left out, there is no {} (name the program with --tool)\n", section, bench_.tool.string());
    return false;
  }

  void scale() {
    if (!tool_is_there("scale")) return;
    const auto size = fs::file_size(bench_.input);
    const auto part = bench_.folder / "part";
    const auto tenfold = bench_.folder / "tenfold";
    repeat_input(bench_.input, size * 8 / 100, part);
    std::vector<Contender> rows = {tool_build(bench_, "build of the input", bench_.input, {}),
                                   tool_build(bench_, "build of its 8 %", part, {})};
    if (!options_.quick) {
      repeat_input(bench_.input, size * 10, tenfold);
      rows.push_back(tool_build(bench_, "build of ten times it", tenfold, {}));
    }
    Table table{fmt::format("ociassemble build of a program to a layout, {} cores; the input has {:.1f} MB",
                            usable_core_count(), static_cast<double>(size) / 1e6),
                size, rows.front().name, run_paired(rows, options_.rounds, WarmUp::yes)};
    print_line(table);
    show(std::move(table));
    fs::remove(part);
    fs::remove(tenfold);
  }

  static void print_line(const Table& table) {
    const auto& base = row_of(table, "build of the input");
    fmt::print("\ntime against a straight line through the build of the input (CPU time in brackets):\n");
    for (const auto& [name, times] : {std::pair("build of its 8 %", 0.08), std::pair("build of ten times it", 10.0)}) {
      const auto& row = row_of(table, name);
      if (row.name != name) continue;
      fmt::print("  {}: {:.3f} ({:.3f})\n", name, wall_ratio(row, base) / times, cpu_ratio(row, base) / times);
    }
  }

  void tree() {
    if (!tool_is_there("tree")) return;
    const std::size_t count = options_.quick ? 2'000 : 20'000;
    const auto folder = bench_.folder / "tree";
    make_tree(bench_.input, count, folder);
    std::uint64_t size = 0;
    for (const auto& file : fs::recursive_directory_iterator(folder)) {
      if (file.is_regular_file()) size += file.file_size();
    }
    const auto rows = tree_contenders(bench_, folder);
    show({fmt::format("a tree of {} files, {:.1f} MB, {} cores", count, static_cast<double>(size) / 1e6,
                      usable_core_count()),
          size, rows.front().name, run_paired(rows, options_.rounds, WarmUp::yes)});
    fs::remove_all(folder);
  }

  void layers(std::size_t cores) { compare("a layer of the input", layer_contenders(bench_, cores), cores); }
  void levels(std::size_t cores) { compare("levels", level_contenders(bench_, cores), cores); }

  void compare(std::string_view title, const std::vector<Contender>& rows, std::size_t cores) {
    const auto size = fs::file_size(bench_.input);
    show({fmt::format("{}, {:.1f} MB, {}", title, static_cast<double>(size) / 1e6,
                      cores == 1 ? "one core" : fmt::format("{} cores", cores)),
          size, rows.front().name, run_paired(rows, options_.rounds, WarmUp::no)});
  }

  void stages() {
    const CoreLimit one(1);
    make_blob();
    const auto rows = stage_contenders(bench_);
    const auto size = fs::file_size(bench_.input);
    show({fmt::format("the stages of a gzip layer at the default level, each alone, {:.1f} MB, one core",
                      static_cast<double>(size) / 1e6),
          size, rows.front().name, run_paired(rows, options_.rounds, WarmUp::yes)});
  }

  // Something as long as the layer, for the stages behind the compressor; what is in it makes no difference to them.
  void make_blob() {
    const auto layer = our_layer(bench_, "layer", "gzip", 1).run();
    repeat_input(bench_.input, layer.output_size, bench_.folder / "blob");
  }

  Options options_;
  WorkFolder folder_;
  Bench bench_;
  std::vector<Table> tables_;
};

}  // namespace
}  // namespace ociassemble::bench

int main(int argc, char** argv) {
  using namespace ociassemble::bench;
  try {
    LayerBench(parse({argv, static_cast<std::size_t>(argc)})).run();
    return 0;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "{}", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "layer_bench: {}\n", error.what());
    return 1;
  }
}
