// SPDX-License-Identifier: Apache-2.0
#include "commands/signer_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "base/atomic_file.hpp"
#include "base/child_process.hpp"
#include "base/system_error.hpp"
#include "base/temporary_parent.hpp"
#include "image/contents.hpp"
#include "layout/index_entries.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/referrers.hpp"
#include "ociassemble/registry.hpp"
#include "spec/descriptor_json.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

void run_signer(const std::string& program, const Descriptor& descriptor, const fs::path& folder,
                const std::stop_token& stop) {
  const auto question = folder / "descriptor.json";
  write_file_atomically(question, as_bytes(write_descriptor(descriptor)));
  const UniqueFd input(::open(question.c_str(), O_RDONLY | O_CLOEXEC));
  const auto answer = folder / "layout.tar";
  const UniqueFd output(::open(answer.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!input || !output) throw_errno("cannot write " + answer.string());
  ChildProcess child({.program = program,
                      .arguments = {},
                      .directory = {},
                      .standard_input = input.get(),
                      .standard_output = output.get(),
                      .standard_error = STDERR_FILENO,
                      .environment = {}});
  const int status = child.wait(stop);
  if (status == 0) return;
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot sign {}: {} ended with status {}", descriptor.digest.to_string(), program, status),
              "the program gets a descriptor as JSON and answers with an OCI layout as tar");
}

// Whether the name is cosign's for something about the digest.
bool is_tag_of(const std::string& name, const Digest& digest) {
  const auto tag = fmt::format("{}-{}", digest.algorithm_name(), digest.hex());
  return name == tag + ".sig" || name == tag + ".att";
}

std::optional<SignatureForm> form_of(const Document& document, const std::string& name, const Digest& digest) {
  if (is_tag_of(name, digest)) return SignatureForm::tag;
  const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
  if (manifest.subject && manifest.subject->digest == digest) return SignatureForm::bundle;
  return {};
}

}  // namespace

std::vector<MadeSignature> sign_by_program(const std::string& program, const Document& document, const Location& where,
                                           const Workplace& workplace) {
  const auto scratch =
      in_temporary_parent([](const fs::path& parent) { return std::make_unique<TemporaryFolder>(parent); });
  run_signer(program, document.descriptor, scratch->path(), workplace.stop);
  const auto layout = open_oci_archive_index(scratch->path() / "layout.tar", workplace.stop);
  const auto& digest = document.descriptor.digest;
  std::vector<MadeSignature> made;
  for (const auto& entry : Index::parse(layout.json).manifests) {
    const auto found = entry.annotations.find(std::string(kRefNameAnnotation));
    const auto name = found == entry.annotations.end() ? std::string() : found->second;
    const auto signature = read_document(entry, layout.blobs);
    const auto form = form_of(signature, name, digest);
    if (!form) continue;
    attach(signature, where, workplace, *form == SignatureForm::tag ? std::optional(name) : std::nullopt);
    made.push_back({digest, *form, signature.descriptor.digest});
  }
  if (!made.empty()) return made;
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot sign {}: {} answered with nothing about it", digest.to_string(), program),
              "the layout's index names manifests whose subject it is, or that are called sha256-HEX.sig");
}

}  // namespace ociassemble::tool
