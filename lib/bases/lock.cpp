// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/lock.hpp"

#include <fmt/format.h>

#include "base/output_file.hpp"
#include "bases/lock_limits.hpp"
#include "bases/taken_files.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

void print_texts(JsonPrinter& json, std::string_view name, const std::map<Digest, std::string>& texts) {
  json.key(name).begin_object();
  for (const auto& [digest, text] : texts) json.member(digest.to_string(), text);
  json.end_object();
}

void print(JsonPrinter& json, const LockedBase& base) {
  json.begin_object();
  json.member("digest", base.digest.to_string());
  json.member("mediaType", base.media_type);
  if (base.name) json.member("baseName", *base.name);
  if (base.signed_by) json.member("signedBy", base.signed_by->to_string());
  json.key("platforms").begin_object();
  for (const auto& [name, platform] : base.platforms) {
    json.key(name).begin_object();
    json.member("digest", platform.manifest.to_string());
    json.member("system", platform.system);
    json.key("facts").begin_object();
    json.member("files", platform.files.to_string());
    for (const auto& [fact, value] : platform.other_facts) json.key(fact).json(value);
    json.end_object();
    json.end_object();
  }
  json.end_object();
  print_texts(json, "documents", base.documents);
  print_texts(json, "records", base.records);
  json.end_object();
}

void print(JsonPrinter& json, const LockedImage& image) {
  json.begin_object();
  json.member("digest", image.digest.to_string());
  json.member("mediaType", image.media_type);
  json.key("platforms").begin_object();
  for (const auto& [name, platform] : image.platforms) {
    json.key(name).begin_object();
    json.member("digest", platform.manifest.to_string());
    json.key("files").begin_array();
    for (const auto& [path, files] : platform.files) {
      json.begin_object();
      json.member("path", path);
      json.key("entries").begin_array();
      for (const auto& line : taken_lines(files)) json.value(line);
      json.end_array();
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_object();
  json.end_object();
}

void print_images(JsonPrinter& json, const std::map<std::string, LockedImage>& images) {
  if (images.empty()) return;
  json.key("images").begin_object();
  for (const auto& [name, image] : images) print(json.key(name), image);
  json.end_object();
}

void print_codecs(JsonPrinter& json, const std::map<std::string, Codec>& codecs) {
  if (codecs.empty()) return;
  json.key("codecs").begin_object();
  for (const auto& [compression, codec] : codecs) {
    json.key(compression).begin_object();
    json.member("name", codec.name);
    json.member("version", codec.version);
    json.end_object();
  }
  json.end_object();
}

void print_host(JsonPrinter& json, const std::map<std::string, Digest>& host) {
  if (host.empty()) return;
  json.key("host").begin_object();
  for (const auto& [name, digest] : host) json.member(name, digest.to_string());
  json.end_object();
}

}  // namespace

const LockedPlatform* LockedBase::find(const Platform& platform) const {
  const auto found = platforms.find(platform.normalised().to_string());
  return found == platforms.end() ? nullptr : &found->second;
}

const LockedImage::OfPlatform* LockedImage::find(const Platform& platform) const {
  const auto found = platforms.find(platform.normalised().to_string());
  return found == platforms.end() ? nullptr : &found->second;
}

const LockedImage* Lock::find_image(const Reference& image) const {
  const auto found = images.find(image.to_string());
  return found == images.end() ? nullptr : &found->second;
}

const LockedBase* Lock::find(const Reference& base) const {
  const auto found = bases.find(base.to_string());
  return found == bases.end() ? nullptr : &found->second;
}

std::string Lock::to_json() const {
  StringSink sink;
  JsonPrinter json(sink);
  json.begin_object();
  json.member("lockFormat", kLockFormat);
  json.key("bases").begin_object();
  for (const auto& [name, base] : bases) print(json.key(name), base);
  json.end_object();
  print_images(json, images);
  print_codecs(json, codecs);
  print_host(json, host);
  json.end_object();
  json.finish();
  auto text = sink.take();
  if (text.size() > kMaxLockSize) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("cannot write the lock: it has {} bytes, and at most {} are read again", text.size(), kMaxLockSize),
        "lock fewer bases, each in a file of its own");
  }
  return text;
}

std::optional<Lock> Lock::read(const std::filesystem::path& file) {
  const auto json = read_file_if_exists(file, kMaxLockSize);
  if (!json) return {};
  return parse(*json, file.string());
}

bool Lock::write(const std::filesystem::path& file) const {
  const auto json = to_json();
  // One that is too long to be a lock is another.
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) == json.size() && read_file(file, kMaxLockSize) == json) return false;
  write_output(file, as_bytes(json));
  return true;
}

}  // namespace ociassemble
