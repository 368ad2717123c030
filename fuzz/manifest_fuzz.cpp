// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/manifest.hpp"

#include <optional>
#include <type_traits>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::DocumentKind;
using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::fuzz::require;

template <typename Parse>
auto parse(Parse action) -> std::optional<decltype(action())> {
  try {
    return action();
  } catch (const Error& error) {
    require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported,
            "a bad document is corrupt or unsupported");
    return std::nullopt;
  }
}

template <typename Document>
void check(const std::string& text, DocumentKind expected) {
  const auto document = parse([&text] { return Document::parse(text); });
  if (!document) return;
  // An index writes no entries that it cannot read; layouts keep the bytes of theirs.
  if constexpr (std::is_same_v<Document, ociassemble::Index>) {
    if (!document->unreadable.empty()) return;
  }
  const auto written = document->to_json();
  require(Document::parse(written) == *document, "to_json() is parsed to the same document");
  require(Document::parse(written, document->media_type()).to_json() == written, "one value, one text");
  require(ociassemble::document_kind(written) == expected, "what is written says what it is");
  require(ociassemble::document_kind(text) == expected, "a document is of one kind only");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  check<ociassemble::Manifest>(text, DocumentKind::manifest);
  check<ociassemble::Index>(text, DocumentKind::index);
  (void)parse([&text] { return ociassemble::document_kind(text); });
  return 0;
}
