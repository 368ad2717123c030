// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ociassemble {

struct YamlMember;

struct YamlScalar {
  std::string text;
  bool is_plain = false;  // without quotes, so that it may stand for something else than text
};

// A value of a YAML document. Scalars keep their text: what a plain one means (true, 0755, null) is the reader's
// matter.
struct YamlValue {
  using Scalar = YamlScalar;
  using Sequence = std::vector<YamlValue>;
  using Mapping = std::vector<YamlMember>;  // in order, each name once; names are scalars

  std::variant<Scalar, Sequence, Mapping> data;
  std::size_t line = 0;  // counted from 1

  const Scalar* scalar() const noexcept;
  const Sequence* sequence() const noexcept;
  const Mapping* mapping() const noexcept;
  // A member of a mapping; null where there is none, or no mapping.
  const YamlValue* find(std::string_view name) const noexcept;
};

struct YamlMember {
  std::string name;
  YamlValue value;
};

// Reads the one document of a text, YAML 1.1 or 1.2. `subject` names it in errors. Throws Error{corrupt} with the line
// for what is no YAML, for more than 1 MiB, a depth of 32 or 100,000 values (those that aliases stand for included),
// for a name that is there twice or is no scalar, and for merge keys ("<<"); Error{unsupported} where there is no
// libfyaml.
YamlValue parse_yaml(std::string_view text, std::string_view subject);

}  // namespace ociassemble
