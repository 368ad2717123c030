// SPDX-License-Identifier: Apache-2.0
#include "flags/build_arguments.hpp"

#include <charconv>

#include "assemble/placement.hpp"
#include "base/file_status.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {
namespace {

[[noreturn]] void reject(std::string_view what, std::string_view text, std::string_view why, std::string hint = {}) {
  std::string message = "cannot parse ";
  message.append(what).append(" \"").append(text).append("\": ").append(why);
  throw Error(ErrorCode::invalid_argument, message, std::move(hint));
}

std::uint32_t parse_mode(std::string_view digits, std::string_view what, std::string_view whole) {
  std::uint32_t mode = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
  if (failure != std::errc() || end != digits.data() + digits.size() || mode > 07777) {
    reject(what, whole, "the mode is not an octal number up to 7777", "write ,mode=0640");
  }
  return mode;
}

void parse_add_option(AddInput& add, std::string_view option, std::string_view what, std::string_view whole) {
  const auto equals = option.find('=');
  const auto name = option.substr(0, equals);
  const auto value = equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
  if (name == "mode") {
    add.mode = parse_mode(value, what, whole);
  } else if (name == "owner" && !value.empty()) {
    add.owner = std::string(value);
  } else if (name == "ignore" && !value.empty() && !add.image) {
    add.ignore = std::string(value);
  } else {
    reject(what, whole,
           add.image ? "after the destination only ,mode=OCTAL and ,owner=USER[:GROUP] may follow"
                     : "after the destination only ,mode=OCTAL, ,owner=USER[:GROUP] and ,ignore=FILE|none may follow");
  }
}

// "DEST[,OPTION]…"
void parse_destination(AddInput& add, std::string_view text, std::string_view what, std::string_view whole) {
  auto comma = text.find(',');
  add.destination = std::string(text.substr(0, comma));
  while (comma != std::string_view::npos) {
    text = text.substr(comma + 1);
    comma = text.find(',');
    parse_add_option(add, text.substr(0, comma), what, whole);
  }
}

}  // namespace

BinaryInput parse_binary(std::string_view text) {
  const auto divider = text.rfind(":/");
  BinaryInput binary;
  binary.source = std::string(text.substr(0, divider));
  if (divider != std::string_view::npos) binary.destination = std::string(text.substr(divider + 1));
  if (binary.source.empty()) reject("--binary", text, "no path", "write --binary PATH or --binary PATH:/DEST");
  if (!binary.source.has_filename()) reject("--binary", text, "it names a folder, not a file");
  return binary;
}

AddInput parse_add(std::string_view text) {
  const auto divider = text.rfind(":/");
  if (divider == std::string_view::npos || divider == 0) {
    reject("--add", text, "no source and absolute destination", "write --add SRC:/DEST");
  }
  AddInput add;
  add.source = std::string(text.substr(0, divider));
  parse_destination(add, text.substr(divider + 1), "--add", text);
  return add;
}

AddInput parse_add_from(std::string_view text) {
  const auto divider = text.rfind(":/");
  const auto path = divider == std::string_view::npos ? divider : text.substr(0, divider).rfind(":/");
  if (path == std::string_view::npos || path == 0) {
    reject("--add-from", text, "no image, absolute path in it and absolute destination",
           "write --add-from IMAGE:/PATH:/DEST, for example alpine:3.20:/etc/ssl/cert.pem:/etc/ssl/cert.pem");
  }
  AddInput add;
  add.image = Location::parse(text.substr(0, path));
  if (add.image->kind == Location::Kind::scratch) reject("--add-from", text, "scratch has no files");
  add.source = "/" + canonical_path(text.substr(path + 1, divider - path - 1), "source");
  parse_destination(add, text.substr(divider + 1), "--add-from", text);
  return add;
}

std::pair<std::string, std::string> parse_assignment(std::string_view text, std::string_view what) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    reject(what, text, "not NAME=VALUE", "write " + std::string(what) + " NAME=VALUE");
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::vector<Platform> parse_platforms(const std::vector<std::string>& texts) {
  std::vector<Platform> platforms;
  for (std::string_view rest : texts) {
    for (auto comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
      platforms.push_back(Platform::parse(rest.substr(0, comma)));
      rest = rest.substr(comma + 1);
    }
    platforms.push_back(Platform::parse(rest));
  }
  return platforms;
}

Location parse_output(const std::string& text) {
  auto location = Location::parse(text);
  if (!location.reference || text.starts_with("docker://")) return location;
  const auto first = text.substr(0, text.find('/'));
  const bool is_explicit =
      first.size() != text.size() && (first == "localhost" || first.find_first_of(".:") != std::string::npos);
  if (is_explicit) return location;
  throw Error(ErrorCode::invalid_argument,
              "cannot write to \"" + text + "\": it names neither a kind of place nor a registry",
              is_folder(text) ? "there is a folder of that name: oci:" + text
                              : "write oci:" + text + ", oci-archive:" + text + ", docker-archive:" + text + ", or " +
                                    location.reference->to_string());
}

Location parse_push_target(const std::string& text, const std::string& instead) {
  auto location = Location::parse(text);
  if (!location.reference)
    throw Error(ErrorCode::invalid_argument, "cannot push to " + text + ": it is no registry", "use " + instead);
  if (text.find('/') == std::string::npos) {
    throw Error(ErrorCode::invalid_argument, "cannot push to " + text + ": it names no registry",
                "write REGISTRY/" + text + ", or for Docker Hub USER/" + text);
  }
  return location;
}

ImageFormat parse_format(std::string_view text) {
  if (text == "oci") return ImageFormat::oci;
  if (text == "docker") return ImageFormat::docker;
  reject("--format", text, "neither oci nor docker");
}

std::int64_t parse_epoch(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || end != text.data() + text.size() || seconds < 0) {
    reject("SOURCE_DATE_EPOCH", text, "not a number of seconds",
           "leave the variable unset, or set it to `git log -1 --pretty=%ct`");
  }
  return seconds;
}

}  // namespace ociassemble::tool
