// SPDX-License-Identifier: Apache-2.0
#include "yaml/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/shared_library.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"

#ifndef OCIASSEMBLE_WITHOUT_YAML
#include <libfyaml.h>
#endif

namespace ociassemble {

const YamlValue::Scalar* YamlValue::scalar() const noexcept { return std::get_if<Scalar>(&data); }
const YamlValue::Sequence* YamlValue::sequence() const noexcept { return std::get_if<Sequence>(&data); }
const YamlValue::Mapping* YamlValue::mapping() const noexcept { return std::get_if<Mapping>(&data); }

const YamlValue* YamlValue::find(std::string_view name) const noexcept {
  if (mapping() == nullptr) return nullptr;
  for (const auto& [known, value] : *mapping()) {
    if (known == name) return &value;
  }
  return nullptr;
}

#ifdef OCIASSEMBLE_WITHOUT_YAML

YamlValue parse_yaml(std::string_view /*text*/, std::string_view subject) {
  throw Error(ErrorCode::unsupported,
              fmt::format("cannot read {}: this build of ociassemble reads no YAML", printable(subject)),
              "write the file as JSON, or take a build with libfyaml");
}

#else

namespace {

constexpr std::size_t kLargestYaml = std::size_t{1} << 20U;
constexpr std::size_t kDeepest = 32;
constexpr std::size_t kMostYamlValues = 100'000;

// USE(name) for each fy_NAME() that is called here.
#define OCIASSEMBLE_FOR_EACH_YAML_FUNCTION(USE) \
  USE(diag_create)                              \
  USE(diag_destroy)                             \
  USE(diag_set_collect_errors)                  \
  USE(parser_create)                            \
  USE(parser_destroy)                           \
  USE(parser_event_free)                        \
  USE(parser_get_stream_error)                  \
  USE(parser_parse)                             \
  USE(parser_set_string)                        \
  USE(token_get_text)                           \
  USE(token_scalar_style)                       \
  USE(token_start_mark)

struct YamlFunctions {
#define OCIASSEMBLE_DECLARE(name) decltype(&fy_##name) name = nullptr;  // NOLINT: no parentheses there
  OCIASSEMBLE_FOR_EACH_YAML_FUNCTION(OCIASSEMBLE_DECLARE)
#undef OCIASSEMBLE_DECLARE
};

#ifdef OCIASSEMBLE_LOADS_YAML
[[gnu::used, gnu::section(".note.dlopen")]] alignas(4) constexpr auto kYamlNote = dlopen_note(
    R"([{"soname":["libfyaml.so.0"],"feature":"yaml","description":"Tests of container-structure-test","priority":"suggested"}])");
#endif

YamlFunctions find_yaml_functions() {
  YamlFunctions functions;
#ifdef OCIASSEMBLE_LOADS_YAML
  const SharedLibrary library("libfyaml.so.0", "install libfyaml; Debian has it in the package libfyaml0");
#define OCIASSEMBLE_FIND(name) library.find("fy_" #name, functions.name);
#else
#define OCIASSEMBLE_FIND(name) functions.name = &fy_##name;
#endif
  OCIASSEMBLE_FOR_EACH_YAML_FUNCTION(OCIASSEMBLE_FIND)
#undef OCIASSEMBLE_FIND
  return functions;
}

const YamlFunctions& yaml_library() {
  static const YamlFunctions functions = find_yaml_functions();
  return functions;
}

struct FreeYaml {
  void operator()(fy_diag* diag) const { yaml_library().diag_destroy(diag); }
  void operator()(fy_parser* parser) const { yaml_library().parser_destroy(parser); }
};

// A parser and the event that it gave last.
class YamlReader {
 public:
  YamlReader(std::string_view text, std::string_view subject) : library_(yaml_library()), subject_(subject) {
    diag_.reset(library_.diag_create(nullptr));
    if (!diag_) throw std::bad_alloc();
    library_.diag_set_collect_errors(diag_.get(), true);  // instead of printing them
    fy_parse_cfg how{};
    how.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_AUTO);
    how.diag = diag_.get();
    parser_.reset(library_.parser_create(&how));
    if (!parser_) throw std::bad_alloc();
    if (library_.parser_set_string(parser_.get(), text.data(), text.size()) != 0) refuse("it is no YAML");
  }

  YamlValue read() {
    expect(FYET_STREAM_START, "it is no YAML");
    expect(FYET_DOCUMENT_START, "it is empty");
    next();
    auto value = read_value(0);
    expect(FYET_DOCUMENT_END, "it is no YAML");
    expect(FYET_STREAM_END, "it has more than one document");
    return value;
  }

 private:
  [[noreturn]] void refuse(std::string_view cause) const {
    const auto where = line_ == 0 ? std::string() : fmt::format(":{}", line_);
    throw Error(ErrorCode::corrupt, fmt::format("cannot parse {}{}: {}", printable(subject_), where, cause),
                "correct the file");
  }

  // Takes the next event; an error ends the text early.
  void next() {
    event_.reset();
    auto* event = library_.parser_parse(parser_.get());
    if (event == nullptr || library_.parser_get_stream_error(parser_.get())) {
      if (event != nullptr) library_.parser_event_free(parser_.get(), event);
      refuse("it is no YAML from here on");
    }
    event_ =
        std::shared_ptr<fy_event>(event, [this](fy_event* old) { library_.parser_event_free(parser_.get(), old); });
  }

  void expect(fy_event_type type, std::string_view cause) {
    next();
    if (event_->type != type) refuse(cause);
  }

  void note_line(fy_token* token) {
    const auto* mark = token == nullptr ? nullptr : library_.token_start_mark(token);
    if (mark != nullptr && mark->line >= 0) line_ = static_cast<std::size_t>(mark->line) + 1;
  }

  std::string text_of(fy_token* token) const {
    std::size_t size = 0;
    const char* text = token == nullptr ? nullptr : library_.token_get_text(token, &size);
    return text == nullptr ? std::string() : std::string(text, size);
  }

  // Of a value and all that is in it.
  static std::size_t count_values(const YamlValue& value) {
    std::size_t count = 1;
    if (const auto* sequence = value.sequence()) {
      for (const auto& one : *sequence) count += count_values(one);
    }
    if (const auto* mapping = value.mapping()) {
      for (const auto& [name, one] : *mapping) count += count_values(one);
    }
    return count;
  }

  static std::size_t depth_of(const YamlValue& value) {
    std::size_t depth = 0;
    if (const auto* sequence = value.sequence()) {
      for (const auto& one : *sequence) depth = std::max(depth, depth_of(one));
    }
    if (const auto* mapping = value.mapping()) {
      for (const auto& [name, one] : *mapping) depth = std::max(depth, depth_of(one));
    }
    return depth + 1;
  }

  void take_values(std::size_t count) {
    values_ += count;
    if (values_ > kMostYamlValues) refuse("it has more than 100,000 values");
  }

  // The value whose first event is there.
  YamlValue read_value(std::size_t depth) {
    if (depth == kDeepest) refuse("it is nested more than 32 deep");
    switch (event_->type) {
      case FYET_SCALAR:
        return read_scalar();
      case FYET_SEQUENCE_START:
        return read_sequence(depth);
      case FYET_MAPPING_START:
        return read_mapping(depth);
      case FYET_ALIAS:
        return read_alias(depth);
      default:
        refuse("it is no YAML from here on");
    }
  }

  YamlValue read_scalar() {
    auto& scalar = event_->scalar;
    note_line(scalar.value);
    take_values(1);
    YamlValue value{YamlValue::Scalar{text_of(scalar.value), true}, line_};
    if (scalar.value != nullptr)
      std::get<YamlValue::Scalar>(value.data).is_plain = library_.token_scalar_style(scalar.value) == FYSS_PLAIN;
    remember(text_of(scalar.anchor), value);
    return value;
  }

  YamlValue read_sequence(std::size_t depth) {
    note_line(event_->sequence_start.sequence_start);
    take_values(1);
    const auto anchor = text_of(event_->sequence_start.anchor);
    YamlValue value{YamlValue::Sequence(), line_};
    auto& elements = std::get<YamlValue::Sequence>(value.data);
    for (next(); event_->type != FYET_SEQUENCE_END; next()) elements.push_back(read_value(depth + 1));
    remember(anchor, value);
    return value;
  }

  YamlValue read_mapping(std::size_t depth) {
    note_line(event_->mapping_start.mapping_start);
    take_values(1);
    const auto anchor = text_of(event_->mapping_start.anchor);
    YamlValue value{YamlValue::Mapping(), line_};
    for (next(); event_->type != FYET_MAPPING_END; next()) {
      if (event_->type != FYET_SCALAR) refuse("a name is no scalar");
      const auto name = text_of(event_->scalar.value);
      note_line(event_->scalar.value);
      if (name == "<<") refuse("merge keys (<<) are not read");
      if (value.find(name) != nullptr) refuse(fmt::format("{} is there twice", printable(name)));
      next();
      auto member = read_value(depth + 1);
      std::get<YamlValue::Mapping>(value.data).push_back({name, std::move(member)});
    }
    remember(anchor, value);
    return value;
  }

  // A copy of what the anchor stands for, which is finished: no value can hold itself.
  YamlValue read_alias(std::size_t depth) {
    note_line(event_->alias.anchor);
    const auto found = anchors_.find(text_of(event_->alias.anchor));
    if (found == anchors_.end()) refuse("an alias stands for nothing");
    take_values(count_values(found->second));
    if (depth + depth_of(found->second) > kDeepest) refuse("it is nested more than 32 deep");
    return found->second;
  }

  void remember(const std::string& anchor, const YamlValue& value) {
    if (anchor.empty()) return;
    take_values(count_values(value));
    anchors_[anchor] = value;
  }

  const YamlFunctions& library_;
  std::string subject_;
  std::unique_ptr<fy_diag, FreeYaml> diag_;
  std::unique_ptr<fy_parser, FreeYaml> parser_;
  std::shared_ptr<fy_event> event_;
  std::map<std::string, YamlValue> anchors_;
  std::size_t values_ = 0;
  std::size_t line_ = 0;
};

}  // namespace

YamlValue parse_yaml(std::string_view text, std::string_view subject) {
  if (text.size() > kLargestYaml) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot parse {}: it has more than 1 MiB", printable(subject)),
                "split the file");
  }
  if (text.find('\0') != std::string_view::npos) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot parse {}: it holds a NUL character", printable(subject)),
                "name a text file");
  }
  if (!is_valid_utf8(text)) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot parse {}: it is not UTF-8", printable(subject)),
                "save the file as UTF-8");
  }
  return YamlReader(text, subject).read();
}

#endif

}  // namespace ociassemble
