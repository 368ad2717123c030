// SPDX-License-Identifier: Apache-2.0
#include "report/images.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/escape.hpp"
#include "base/text.hpp"
#include "image/layer_makers.hpp"
#include "image/layer_reader.hpp"
#include "image/read_only_contract.hpp"
#include "report/counted.hpp"
#include "report/programs.hpp"

namespace ociassemble {
namespace {

std::string shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

void row(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) text += fmt::format("{:<13}{}\n", name, value);
}

template <class Values>
void rows(std::string& text, std::string_view name, const Values& values) {
  for (const auto& value : values) {
    row(text, name, terminal_text(value));
    name = "";
  }
}

void pairs(std::string& text, std::string_view name, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    row(text, name, terminal_text(fmt::format("{}={}", key, value)));
    name = "";
  }
}

void describe_layers(std::string& text, const Image& image) {
  const auto makers = layer_makers(image);
  for (std::size_t i = 0; i < image.layers().size(); ++i) {
    const auto& layer = image.layers()[i].descriptor;
    row(text, i == 0 ? "Layers" : "",
        fmt::format("{} {:>9}  {}", layer.digest.to_string().substr(0, 19), format_size(layer.size),
                    terminal_text(makers[i]).substr(0, 70)));
  }
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

void describe_run(std::string& text, const ImageConfig& config) {
  if (!is_read_only(config)) return;
  std::set<std::string> capabilities;
  for (const auto& name : label_words(config, kCapabilitiesLabel)) capabilities.insert(terminal_text(name));
  row(text, "Run", fmt::format("docker run --read-only --tmpfs /tmp {} IMAGE", confinement_options(capabilities)));
  const auto added = capabilities.empty()
                         ? std::string()
                         : fmt::format(", add: [{}]", upper_case(fmt::format("{}", fmt::join(capabilities, ", "))));
  // Ruling escalation out would take a file's capabilities away.
  row(text, "Kubernetes",
      fmt::format(
          "securityContext: {{runAsNonRoot: true, readOnlyRootFilesystem: true, {}capabilities: {{drop: [ALL]{}}}}}",
          capabilities.empty() ? "allowPrivilegeEscalation: false, " : "", added));
}

std::uint64_t total_size(const Image& image) {
  std::uint64_t total = 0;
  for (const auto& layer : image.layers()) total += layer.descriptor.size;
  return total;
}

char type_letter(EntryType type) {
  switch (type) {
    case EntryType::regular:
      return '-';
    case EntryType::directory:
      return 'd';
    case EntryType::symlink:
      return 'l';
    case EntryType::hard_link:
      return 'h';
    case EntryType::character_device:
      return 'c';
    case EntryType::block_device:
      return 'b';
    case EntryType::fifo:
      return 'p';
  }
  return '?';
}

std::string mode_text(const TarEntry& entry) {
  std::string text(1, type_letter(entry.type));
  for (int shift = 6; shift >= 0; shift -= 3) {
    const auto bits = (entry.mode >> static_cast<unsigned>(shift)) & 7U;
    text += (bits & 4U) != 0 ? 'r' : '-';
    text += (bits & 2U) != 0 ? 'w' : '-';
    text += (bits & 1U) != 0 ? 'x' : '-';
  }
  if ((entry.mode & 04000U) != 0) text[3] = (entry.mode & 0100U) != 0 ? 's' : 'S';
  if ((entry.mode & 02000U) != 0) text[6] = (entry.mode & 0010U) != 0 ? 's' : 'S';
  if ((entry.mode & 01000U) != 0) text[9] = (entry.mode & 0001U) != 0 ? 't' : 'T';
  return text;
}

std::string file_line(std::size_t layer, const TarEntry& entry) {
  std::string_view arrow;
  if (entry.type == EntryType::symlink) arrow = " -> ";
  if (entry.type == EntryType::hard_link) arrow = " link to ";
  return fmt::format("{:>2} {} {:>5}/{:<5} {:>11} /{}{}{}\n", layer, mode_text(entry), entry.uid, entry.gid, entry.size,
                     terminal_text(entry.path), arrow, terminal_text(entry.link_target));
}

}  // namespace

std::string describe_image(const Image& image, const ImagePrograms* programs) {
  const auto& config = image.config();
  std::string text;
  row(text, "Digest", image.digest().to_string());
  row(text, "Format", image.manifest().format == ImageFormat::oci ? "OCI" : "Docker schema 2");
  row(text, "Platform", terminal_text(config.platform.to_string()));
  row(text, "Created", terminal_text(config.created));
  row(text, "Size", fmt::format("{} in {}", format_size(total_size(image)), counted(image.layers().size(), "layer")));
  row(text, "User", config.user.empty() ? "root (none is set)" : terminal_text(config.user));
  if (config.entrypoint) row(text, "Entrypoint", shell_words(*config.entrypoint));
  if (config.cmd) row(text, "Cmd", shell_words(*config.cmd));
  row(text, "Workdir", terminal_text(config.working_dir));
  rows(text, "Env", config.env);
  rows(text, "Ports", config.exposed_ports);
  rows(text, "Volumes", config.volumes);
  row(text, "Stop signal", terminal_text(config.stop_signal));
  pairs(text, "Labels", config.labels);
  pairs(text, "Annotations", image.manifest().annotations);
  describe_layers(text, image);
  if (programs != nullptr) text += describe_programs(*programs);
  describe_run(text, config);
  return text;
}

std::string describe_index(const Document& document) {
  const auto index = Index::parse(document.json, document.descriptor.media_type);
  std::string text;
  row(text, "Digest", document.descriptor.digest.to_string());
  row(text, "Index of", counted(index.manifests.size(), "image"));
  for (const auto& child : index.manifests) {
    const auto platform = child.platform ? child.platform->to_string() : std::string("no platform");
    row(text, "", fmt::format("{:<16} {}", terminal_text(platform), child.digest.to_string()));
  }
  pairs(text, "Annotations", index.annotations);
  return text;
}

void list_files(const Image& image, Sink& to, const std::stop_token& stop) {
  for (std::size_t i = 0; i < image.layers().size(); ++i) {
    for_each_entry(image.layers()[i], stop,
                   [&](const ReadEntry& read) { to.write(as_bytes(file_line(i + 1, read.entry))); });
  }
}

}  // namespace ociassemble
