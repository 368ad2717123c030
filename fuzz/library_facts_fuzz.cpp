// SPDX-License-Identifier: Apache-2.0
#include "gates/library_facts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.hpp"
#include "gates/runs.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::LibraryFacts;
using ociassemble::fuzz::require;

// A root file system in which every path is the same library.
class OneLibrary : public ociassemble::RootFiles {
 public:
  explicit OneLibrary(const LibraryFacts& facts) : facts_(std::make_shared<const LibraryFacts>(facts)) {}
  std::optional<ociassemble::RootFile> find(std::string_view path) const override {
    return ociassemble::RootFile{std::string(path), 0755, 0, 0, facts_};
  }
  std::optional<ociassemble::RootFolder> folder(std::string_view) const override {
    return ociassemble::RootFolder{0755, 0, 0, true};
  }
  std::optional<std::string> text(std::string_view) const override { return {}; }
  std::vector<std::string> paths_named(std::string_view name) const override { return {std::string(name)}; }
  bool may_reach(std::string_view, std::uint64_t, std::uint64_t) const override { return true; }

 private:
  std::shared_ptr<const LibraryFacts> facts_;
};

void check_facts(const LibraryFacts& facts) {
  const auto text = ociassemble::encode_library(facts);
  const auto again = ociassemble::decode_library(text);
  require(again.has_value(), "facts can be read again");
  require(ociassemble::encode_library(*again) == text, "facts survive their record");
  ociassemble::ProgramStart program;
  program.path = "program";
  program.interpreter = "/loader";
  program.facts = facts;
  require(ociassemble::judge_start(program, OneLibrary(facts)).obstacles.size() <= 50, "obstacles are bounded");
}

void read_symbols(const std::string& bytes) {
  try {
    const ociassemble::BoundedFile file("fuzz", bytes);
    const ociassemble::ElfFile elf(file);
    for (const auto& symbol : ociassemble::read_undefined_symbols(elf, file))
      require(!symbol.name.empty(), "a symbol has a name");
    require(ociassemble::read_defined_symbols(elf, file, 100).size() <= 100, "symbols are bounded");
  } catch (const ociassemble::Error& error) {
    require(error.code() == ociassemble::ErrorCode::check_failed, "a bad file fails its check");
  }
}

}  // namespace

// The bytes are both a library and the record of one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = ociassemble::fuzz::as_text(data, size);
  check_facts(ociassemble::facts_of_library(bytes));
  if (const auto facts = ociassemble::decode_library(bytes)) check_facts(*facts);
  read_symbols(bytes);
  return 0;
}
