// SPDX-License-Identifier: Apache-2.0
#include "report/referrers.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

// Annotations that say what an attestation is about: cosign's, BuildKit's and in-toto's.
std::string predicate_type(const Annotations& annotations) {
  for (const auto* key : {"dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type", "predicateType"}) {
    const auto found = annotations.find(key);
    if (found != annotations.end()) return found->second;
  }
  return {};
}

void describe_below(const std::vector<Referrer>& referrers, const Digest& root, const std::string& indent,
                    std::string& text) {
  for (std::size_t i = 0; i < referrers.size(); ++i) {
    const auto& referrer = referrers[i];
    const bool is_last = i + 1 == referrers.size();
    const auto& type = referrer.descriptor.artifact_type;
    text += indent + (is_last ? "└── " : "├── ");
    text += type.empty() ? "(no type)" : terminal_text(type);
    const auto predicate = predicate_type(referrer.descriptor.annotations);
    if (!predicate.empty()) text += " of " + terminal_text(predicate);
    if (referrer.content_size != 0) text += ", " + format_size(referrer.content_size);
    if (!referrer.tag.empty()) text += ", tag " + referrer.tag;
    text += "  " + referrer.descriptor.digest.to_string();
    if (indent.empty() && referrer.subject != root) {
      text += fmt::format("  about {}", referrer.subject.to_string().substr(0, 19));
    }
    text += '\n';
    describe_below(referrer.referrers, root, indent + (is_last ? "    " : "│   "), text);
  }
}

void print_below(const std::vector<Referrer>& referrers, JsonPrinter& json) {
  json.begin_array();
  for (const auto& referrer : referrers) {
    json.begin_object();
    json.member("artifactType", referrer.descriptor.artifact_type);
    json.member("mediaType", referrer.descriptor.media_type);
    json.member("digest", referrer.descriptor.digest.to_string());
    json.member("size", referrer.descriptor.size);
    json.member("subject", referrer.subject.to_string());
    if (referrer.content_size != 0) json.member("contentSize", referrer.content_size);
    if (!referrer.tag.empty()) json.member("tag", referrer.tag);
    if (!referrer.descriptor.annotations.empty()) json.member("annotations", referrer.descriptor.annotations);
    if (!referrer.referrers.empty()) {
      json.key("referrers");
      print_below(referrer.referrers, json);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string describe_referrers(const Digest& root, const std::vector<Referrer>& referrers) {
  if (referrers.empty()) return root.to_string() + "\nnothing refers to it\n";
  auto text = root.to_string() + "\n";
  describe_below(referrers, root, {}, text);
  return text;
}

void print_referrers_json(const std::vector<Referrer>& referrers, Sink& to) {
  JsonPrinter json(to);
  print_below(referrers, json);
  json.finish();
}

}  // namespace ociassemble
