// SPDX-License-Identifier: Apache-2.0
#include "policy/detail_codec.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/leb128.hpp"
#include "gates/program_needs.hpp"

namespace ociassemble {
namespace {

// Bits of a file.
constexpr std::uint64_t kHasText = 1;
constexpr std::uint64_t kHasLibrary = 2;
constexpr std::uint64_t kHasCertificates = 4;
constexpr std::uint64_t kHasProgram = 8;
constexpr std::uint64_t kHasScriptLine = 16;
constexpr std::uint64_t kHoldsKey = 32;
constexpr std::uint64_t kMayBeGo = 64;

// Of a program.
constexpr std::uint64_t kHasElf = 1;
constexpr std::uint64_t kHasGo = 2;
constexpr std::uint64_t kHasCode = 4;
constexpr std::uint64_t kHasFacts = 8;

// Numbers as LEB128, texts with their length before them.
class Writer {
 public:
  void number(std::uint64_t value) { append_leb128(bytes_, value); }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  void flag(bool value) { number(value ? 1 : 0); }

  void elf(const ElfInfo& elf) {
    flag(elf.is_64_bit);
    flag(elf.is_little_endian);
    number(elf.machine);
    text(elf.interpreter);
    number(elf.needed.size());
    for (const auto& name : elf.needed) text(name);
    for (const auto* one : {&elf.go_version, &elf.os, &elf.vcs_time, &elf.arm, &elf.arm64}) text(*one);
    number(elf.x86_level);
    const auto& traits = elf.traits;
    number(static_cast<std::uint64_t>(traits.linkage));
    number(traits.x86_level);
    flag(traits.has_executable_stack);
    number(traits.page_size);
    flag(traits.is_packed);
    text(traits.gnu_build_id);
  }

  void go(const GoProgram& go) {
    build(go.build);
    flag(go.build_id.has_value());
    if (go.build_id) {
      const auto& id = *go.build_id;
      for (const auto* one : {&id.text, &id.binary_action, &id.main_action, &id.main_content, &id.binary_content})
        text(*one);
    }
    for (const bool one : {go.is_static, go.is_position_independent, go.has_symbols, go.has_debug_info, go.uses_cgo}) {
      flag(one);
    }
  }

  // Of a program: the symbols that it asks for besides what a library has.
  void facts(const LibraryFacts& facts) {
    text(encode_library(facts));
    flag(facts.dynamic.binds_now);
    flag(facts.dynamic.is_position_independent_program);
    number(facts.undefined.size());
    for (const auto& symbol : facts.undefined) {
      text(symbol.name);
      text(symbol.library);
      flag(symbol.is_lazy);
    }
  }

  void sizes(const std::map<std::string, std::uint64_t>& sizes) {
    number(sizes.size());
    for (const auto& [name, size] : sizes) {
      text(name);
      number(size);
    }
  }

  std::string take() { return std::move(bytes_); }

 private:
  void version(const GoModuleVersion& version) {
    text(version.path);
    text(version.version);
    text(version.sum);
  }

  void module(const GoModule& module) {
    version(module.required);
    flag(module.replacement.has_value());
    if (module.replacement) version(*module.replacement);
  }

  void build(const GoBuild& build) {
    text(build.go_version);
    text(build.path);
    flag(build.main.has_value());
    if (build.main) module(*build.main);
    number(build.dependencies.size());
    for (const auto& one : build.dependencies) module(one);
    number(build.settings.size());
    for (const auto& [key, value] : build.settings) {
      text(key);
      text(value);
    }
  }

  std::string bytes_;
};

// Reads what a Writer wrote. After the first thing that is not there, everything is empty and is_good() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool is_good() const noexcept { return is_good_; }
  bool is_at_end() const noexcept { return rest_.empty(); }

  std::uint64_t number() {
    const auto value = is_good_ ? take_leb128(rest_) : std::nullopt;
    is_good_ = value.has_value();
    return value.value_or(0);
  }
  // How many follow, each of which has a byte at the least.
  std::uint64_t count() {
    const auto value = number();
    is_good_ = is_good_ && value <= rest_.size();
    return is_good_ ? value : 0;
  }
  std::string text() {
    const auto size = count();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  bool flag() { return number() != 0; }

  ElfInfo elf() {
    ElfInfo elf;
    elf.is_64_bit = flag();
    elf.is_little_endian = flag();
    elf.machine = static_cast<std::uint16_t>(number());
    elf.interpreter = text();
    for (auto left = count(); left != 0 && is_good_; --left) elf.needed.push_back(text());
    for (auto* one : {&elf.go_version, &elf.os, &elf.vcs_time, &elf.arm, &elf.arm64}) *one = text();
    elf.x86_level = static_cast<unsigned>(number());
    auto& traits = elf.traits;
    const auto linkage = number();
    is_good_ = is_good_ && linkage <= static_cast<std::uint64_t>(ElfLinkage::shared_library);
    if (is_good_) traits.linkage = static_cast<ElfLinkage>(linkage);
    traits.x86_level = static_cast<unsigned>(number());
    traits.has_executable_stack = flag();
    traits.page_size = number();
    traits.is_packed = flag();
    traits.gnu_build_id = text();
    return elf;
  }

  GoProgram go() {
    GoProgram go;
    go.build = build();
    if (flag()) {
      auto& id = go.build_id.emplace();
      for (auto* one : {&id.text, &id.binary_action, &id.main_action, &id.main_content, &id.binary_content})
        *one = text();
    }
    for (auto* one : {&go.is_static, &go.is_position_independent, &go.has_symbols, &go.has_debug_info, &go.uses_cgo}) {
      *one = flag();
    }
    return go;
  }

  LibraryFacts facts() {
    auto facts = decode_library(text());
    is_good_ = is_good_ && facts.has_value();
    if (!is_good_) return {};
    facts->dynamic.binds_now = flag();
    facts->dynamic.is_position_independent_program = flag();
    for (auto left = count(); left != 0 && is_good_; --left) {
      ElfUndefinedSymbol symbol;
      symbol.name = text();
      symbol.library = text();
      symbol.is_lazy = flag();
      facts->undefined.push_back(std::move(symbol));
    }
    return std::move(*facts);
  }

  std::map<std::string, std::uint64_t> sizes() {
    std::map<std::string, std::uint64_t> sizes;
    for (auto left = count(); left != 0 && is_good_; --left) {
      auto name = text();
      sizes.insert_or_assign(std::move(name), number());
    }
    return sizes;
  }

  LibraryFacts library() {
    auto facts = decode_library(text());
    is_good_ = is_good_ && facts.has_value();
    return facts.value_or(LibraryFacts());
  }

  ProgramNeeds needs() {
    const auto needs = decode_needs(text());
    is_good_ = is_good_ && needs.has_value();
    return needs.value_or(ProgramNeeds());
  }

 private:
  GoModuleVersion version() {
    GoModuleVersion version;
    version.path = text();
    version.version = text();
    version.sum = text();
    return version;
  }

  GoModule module() {
    GoModule module{version(), {}};
    if (flag()) module.replacement = version();
    return module;
  }

  GoBuild build() {
    GoBuild build;
    build.go_version = text();
    build.path = text();
    if (flag()) build.main = module();
    for (auto left = count(); left != 0 && is_good_; --left) build.dependencies.push_back(module());
    for (auto left = count(); left != 0 && is_good_; --left) {
      auto key = text();
      build.settings.emplace_back(std::move(key), text());
    }
    return build;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

void put_program(Writer& to, const ProgramDetail& program) {
  const bool has_facts = program.elf && !program.elf->interpreter.empty();
  to.number((program.elf ? kHasElf : 0) | (program.go ? kHasGo : 0) | (program.code ? kHasCode : 0) |
            (has_facts ? kHasFacts : 0));
  if (program.elf) to.elf(*program.elf);
  if (program.go) {
    to.go(*program.go);
    to.text(encode_needs(program.needs));
  }
  if (program.code) {
    to.sizes(program.code->modules);
    to.sizes(program.code->packages);
  }
  if (has_facts) to.facts(program.facts);
}

ProgramDetail take_program(Reader& from) {
  ProgramDetail program;
  const auto has = from.number();
  if ((has & kHasElf) != 0) program.elf = from.elf();
  if ((has & kHasGo) != 0) {
    program.go = from.go();
    program.needs = from.needs();
  }
  if ((has & kHasCode) != 0) {
    auto& code = program.code.emplace();
    code.modules = from.sizes();
    code.packages = from.sizes();
  }
  if ((has & kHasFacts) != 0) program.facts = from.facts();
  return program;
}

}  // namespace

std::string encode_detail(const FileDetail& detail) {
  if (detail.is_empty()) return {};
  Writer to;
  to.number((detail.text ? kHasText : 0) | (detail.library ? kHasLibrary : 0) |
            (detail.certificates ? kHasCertificates : 0) | (detail.program ? kHasProgram : 0) |
            (detail.script_line.empty() ? 0 : kHasScriptLine) | (detail.holds_private_key ? kHoldsKey : 0) |
            (detail.may_be_go() ? kMayBeGo : 0));
  if (detail.text) to.text(*detail.text);
  if (detail.library) to.text(encode_library(*detail.library));
  if (detail.certificates) to.number(*detail.certificates);
  if (detail.program) put_program(to, *detail.program);
  if (!detail.script_line.empty()) to.text(detail.script_line);
  return to.take();
}

DetailHead head_of_detail(std::string_view bytes) noexcept {
  const std::uint64_t has = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
  return {(has & kMayBeGo) != 0, (has & kHoldsKey) != 0};
}

std::optional<FileDetail> decode_detail(std::string_view bytes) {
  FileDetail detail;
  if (bytes.empty()) return detail;
  Reader from(bytes);
  const auto has = from.number();
  if ((has & kHasText) != 0) detail.text = from.text();
  if ((has & kHasLibrary) != 0) detail.library = std::make_shared<const LibraryFacts>(from.library());
  if ((has & kHasCertificates) != 0) detail.certificates = from.number();
  if ((has & kHasProgram) != 0) detail.program = std::make_shared<const ProgramDetail>(take_program(from));
  if ((has & kHasScriptLine) != 0) detail.script_line = from.text();
  detail.holds_private_key = (has & kHoldsKey) != 0;
  if (!from.is_good() || !from.is_at_end()) return {};
  return detail;
}

}  // namespace ociassemble
