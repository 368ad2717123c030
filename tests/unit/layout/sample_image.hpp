// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "compress/codec.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/image.hpp"
#include "tar/tar_writer.hpp"

namespace ociassemble::test {

// A tar archive with one file, `name`, of these bytes.
inline std::string tar_with(const std::string& name, const std::string& bytes) {
  StringSink tar;
  TarWriter writer(tar);
  TarEntry entry;
  entry.path = name;
  entry.mode = 0644;
  entry.size = bytes.size();
  StringSource source(bytes);
  writer.add(entry, &source);
  writer.finish();
  return tar.take();
}

inline std::string compressed(const std::string& bytes, Compression kind) {
  StringSink result;
  const auto compressor = make_compressor({.kind = kind, .level = 0, .workers = 1}, result);
  compressor->write(as_bytes(bytes));
  compressor->finish();
  return result.take();
}

inline Layer make_layer(BlobStore& store, const std::shared_ptr<BlobReader>& blobs, const std::string& tar,
                        Compression kind) {
  const auto bytes = kind == Compression::none ? tar : compressed(tar, kind);
  return {
      .descriptor = store.put(bytes, layer_type(ImageFormat::oci, kind)), .diff_id = Digest::of(tar), .blobs = blobs};
}

// An image with a plain, a gzip and a zstd layer, in a memory store. `text` makes it another one.
inline Image sample_image(const std::string& text, const std::string& platform = "linux/amd64",
                          ImageFormat format = ImageFormat::oci) {
  const auto store = make_memory_store();
  ImageConfig config;
  config.platform = Platform::parse(platform);
  config.cmd = {{"/hello"}};
  return Image::from_layers(format,
                            {make_layer(*store, store, tar_with("plain", text), Compression::none),
                             make_layer(*store, store, tar_with("gzip", text), Compression::gzip),
                             make_layer(*store, store, tar_with("zstd", text), Compression::zstd)},
                            config, {});
}

inline ImageIndex index_of(std::vector<Image> images) {
  Index index;
  for (const auto& image : images) index.manifests.push_back(image.descriptor());
  auto json = index.to_json();
  return {
      .descriptor = {.media_type = std::string(media_type::kOciIndex), .digest = Digest::of(json), .size = json.size()},
      .json = json,
      .index = index,
      .images = std::move(images)};
}

// Reads every layer of the image to the end, which verifies it, and returns the bytes.
inline std::vector<std::string> layer_bytes(const Image& image) {
  std::vector<std::string> all;
  for (const auto& layer : image.layers()) {
    const auto source = layer.blobs->open(layer.descriptor);
    all.push_back(read_all(*source, 1'000'000, "layer"));
  }
  return all;
}

inline bool have_program(const std::string& name) {
  return std::system(("command -v " + name + " > /dev/null 2>&1").c_str()) == 0;
}

// Whether the command ends with status 0; its output is thrown away.
inline bool run(const std::string& command) { return std::system((command + " > /dev/null 2>&1").c_str()) == 0; }

// The kind of error, and its message with the hint.
struct Failure {
  ErrorCode code = ErrorCode::io;
  std::string text;

  bool says(const std::string& part) const { return text.find(part) != std::string::npos; }
};

inline Failure failure_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return {.code = error.code(), .text = std::string(error.what()) + " | " + error.hint()};
  }
  throw std::runtime_error("nothing was thrown");
}

}  // namespace ociassemble::test
