// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gates/program_needs.hpp"
#include "gates/root_files.hpp"
#include "inspect/elf.hpp"
#include "inspect/elf_spool.hpp"
#include "inspect/go_program.hpp"
#include "ociassemble/image.hpp"
#include "policy/go_code_sizes.hpp"
#include "tar/claimed_bytes.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// An ELF program of an image.
struct ProgramDetail {
  std::optional<ElfInfo> elf;       // nothing for one that is damaged
  std::optional<GoProgram> go;      // of a program that Go built
  ProgramNeeds needs;               // of a program that Go built
  std::optional<GoCodeSizes> code;  // of a program that Go built
  LibraryFacts facts;               // of one that asks for a loader
};

// What the rules want to know of a regular file's bytes.
struct FileDetail {
  std::optional<std::string> text;              // of the few small files in kPolicyTexts
  std::shared_ptr<const LibraryFacts> library;  // of a file that is called like a library
  std::optional<std::uint64_t> certificates;    // in one of kCertificateFiles
  std::shared_ptr<const ProgramDetail> program;
  std::string script_line;  // of a script: its first line, "#!/bin/sh"
  bool holds_private_key = false;
};

// The files that an image's layers make when they are unpacked, and what is in them. One thread.
class UnpackedImage : public RootFiles, private TreeWatcher {
 public:
  using Visit = std::function<void(const std::string& path, const Tree::Node& node)>;

  // Reads every layer once, and checks it. Throws what reading layers and Tree::apply() throw.
  UnpackedImage(const Image& image, std::stop_token stop);

  const Tree& tree() const noexcept { return tree_; }
  // Every entry, folders before what is in them, by the bytes of names; paths without a leading '/'.
  void for_each(const Visit& visit) const;
  // Of anything but a regular file, nothing.
  const FileDetail& detail_of(const Tree::Node& node) const;
  // The entry that a path leads to, links followed, and its path; nothing where there is none.
  struct Found {
    std::string path;
    const Tree::Node* node = nullptr;
  };
  std::optional<Found> look_up(std::string_view path) const;
  // The bytes of a regular file, by reading its layer once more. Throws Error{unsupported} for one of more than `most`.
  std::string read_bytes(const Tree::Node& node, std::size_t most) const;

  std::optional<RootFile> find(std::string_view path) const override;
  std::optional<RootFolder> folder(std::string_view path) const override;
  std::optional<std::string> text(std::string_view path) const override;
  std::vector<std::string> paths_named(std::string_view name) const override;
  bool may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const override;

 private:
  std::optional<Known> read(const TarEntry& entry, Source& data, std::uint32_t layer, std::uint32_t number) override;
  void placed(const TarEntry& /*entry*/, const std::string& /*path*/) override {}
  void removed(const std::string& /*path*/) override {}
  FileDetail look_at(const TarEntry& entry, Source& data);
  void look_at_elf(const std::string& path, std::uint32_t mode, FileDetail& detail) const;

  Image image_;
  std::stop_token stop_;
  Tree tree_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, FileDetail> details_;  // by the layer and entry that have the bytes
  std::uint64_t layer_bytes_ = 0;
  ClaimedBytes claimed_;
  ElfSpool spool_;
  std::vector<std::byte> buffer_;
};

// The texts that rules read, besides those of loaders and accounts.
inline constexpr std::string_view kShadowPath = "etc/shadow";
inline constexpr std::string_view kLoaderPreloadPath = "etc/ld.so.preload";

}  // namespace ociassemble
