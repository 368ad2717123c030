// SPDX-License-Identifier: Apache-2.0
#include "places/engines.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>

#include "base/atomic_file.hpp"
#include "base/nameless_file.hpp"
#include "base/system_error.hpp"
#include "base/temporary_parent.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "http/http.hpp"
#include "io/output.hpp"
#include "io/streams.hpp"
#include "layout/hybrid_archive.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "places/client_program.hpp"
#include "places/engine_answers.hpp"
#include "places/engine_socket.hpp"

namespace ociassemble {
namespace {

using Kind = Location::Kind;

constexpr std::chrono::seconds kLongestSilence{600};  // an engine unpacks without a word
constexpr const char* kK3sFolder = "/var/lib/rancher/k3s/agent/images";

// The archive of what is loaded, which nobody else sees.
class ArchiveFile : public Sink {
 public:
  ArchiveFile() : fd_(std::make_shared<const UniqueFd>(open_nameless_file())) {}

  void write(std::span<const std::byte> bytes) override {
    write_nameless_file(fd_->get(), bytes);
    size_ += bytes.size();
  }
  HttpBody body() const {
    return {size_, [fd = fd_, size = size_] { return std::make_unique<FileSliceSource>(fd, 0, size, "the archive"); }};
  }
  // For a program that reads it from its beginning.
  int rewound() const {
    if (::lseek(fd_->get(), 0, SEEK_SET) != 0) throw_errno("cannot read the archive");
    return fd_->get();
  }

 private:
  std::shared_ptr<const UniqueFd> fd_;
  std::uint64_t size_ = 0;
};

// An engine's API over its socket. One thread.
class EngineClient {
  template <class Work>
  auto reaching(const Work& work) const {
    try {
      return work();
    } catch (const TransportError& error) {
      throw Error(ErrorCode::network, fmt::format("{}: {}", engine_, error.what()), hint_of(error));
    }
  }

 public:
  EngineClient(std::string engine, EngineSocket socket, const std::stop_token& stop)
      : engine_(std::move(engine)), socket_(std::move(socket)), stop_(stop) {
    HttpOptions options;
    options.unix_socket = socket_.path;
    options.stall_timeout = kLongestSilence;
    transport_ = make_curl_transport(options);
  }

  std::unique_ptr<HttpStream> open(const std::string& method, const std::string& path,
                                   const std::optional<HttpBody>& body = {}) {
    HttpRequest request;
    request.method = method;
    request.url = "http://engine" + path;
    request.body = body;
    request.stop = stop_;
    if (body) request.headers.add("Content-Type", "application/x-tar");
    return reaching([&] { return transport_->open(request); });
  }

  // The answer's text. Throws for a status other than 200.
  std::string ask(const std::string& method, const std::string& path, const std::optional<HttpBody>& body = {}) {
    const auto stream = open(method, path, body);
    auto text = reaching([&] { return collect_body(*stream, kLongestAnswer, "the answer of " + engine_); });
    if (stream->status() != 200) refuse(stream->status(), text);
    return text;
  }

  [[noreturn]] void refuse(int status, const std::string& text) const {
    throw Error(status == 404 ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("{} refused, with status {}: {}", engine_, status, refusal_of(text)));
  }

 private:
  std::string hint_of(const Error& error) const {
    const std::string_view text = error.what();
    const auto has = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
    if (has("Permission denied"))
      return "the socket is for root and its group: join the group (usermod -aG docker USER), or run as root";
    if (has("No such file"))
      return fmt::format("{} has this path; start {}, or name its socket in {}", socket_.source, engine_,
                         engine_ == "docker" ? "DOCKER_HOST" : "CONTAINER_HOST");
    if (has("refused")) return "nobody listens there: start " + engine_;
    return engine_ + " may have ended: its log says why; the image may be there in part";
  }

  const std::string engine_;
  const EngineSocket socket_;
  const std::stop_token stop_;
  std::shared_ptr<HttpTransport> transport_;
};

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '/' || c == ':';
    encoded += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

EngineClient docker_client(const std::stop_token& stop) { return {"docker", docker_socket(), stop}; }

void load_into_docker(const ArchiveFile& archive, bool has_zstd, const Workplace& workplace) {
  auto client = docker_client(workplace.stop);
  if (has_zstd && workplace.warn) {
    const auto version = docker_version_of(client.ask("GET", "/version"));
    if (version.starts_with("20.") || version.starts_with("19."))
      workplace.warn(
          fmt::format("docker {} cannot load layers of zstd; build with --compression gzip", printable(version)));
  }
  require_loaded_by_docker(client.ask("POST", "/images/load?quiet=1", archive.body()));
}

void load_into_podman(const ArchiveFile& archive, const Workplace& workplace) {
  const auto socket = podman_socket();
  if (!socket) {
    if (!has_program("podman")) {
      throw Error(ErrorCode::not_found, "there is no podman here: neither a socket nor the program",
                  "install podman, or name its socket in CONTAINER_HOST");
    }
    output_of({"podman", "load", "--quiet"}, archive.rewound(), workplace.stop);
    return;
  }
  EngineClient client("podman", *socket, workplace.stop);
  require_loaded_by_podman(client.ask("POST", "/v4.0.0/libpod/images/load", archive.body()));
}

std::vector<std::string> ctr_words(const Location& location, std::vector<std::string> words) {
  std::vector<std::string> all{"ctr"};
  if (!location.scope.empty()) all.push_back("--namespace=" + location.scope);
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// ctr says nothing, and status 0, of an archive in which it finds no name.
void load_into_containerd(const ArchiveFile& archive, const Location& target, bool is_index,
                          const Workplace& workplace) {
  std::vector<std::string> words{"images", "import"};
  if (is_index) words.emplace_back("--all-platforms");
  words.emplace_back("-");
  output_of(ctr_words(target, words), archive.rewound(), workplace.stop);
  const auto listed =
      lines_of(output_of(ctr_words(target, {"images", "ls", "-q", "name==" + *target.name}), -1, workplace.stop));
  if (std::ranges::find(listed, *target.name) == listed.end())
    throw Error(ErrorCode::io, fmt::format("containerd has no image {} after the import", *target.name));
}

void tell_untried(const Location& target, const Workplace& workplace) {
  if (workplace.warn)
    workplace.warn(
        fmt::format("{} has not been tried on a real cluster; check that the image is there", target.to_string()));
}

void load_into_kind(const ArchiveFile& archive, const Location& target, const Workplace& workplace) {
  tell_untried(target, workplace);
  const auto cluster = target.scope.empty() ? std::string("kind") : target.scope;
  const auto nodes =
      output_of({"docker", "ps", "--filter", "label=io.x-k8s.kind.cluster=" + cluster, "--format", "{{.Names}}"}, -1,
                workplace.stop);
  std::size_t count = 0;
  for (const auto& node : lines_of(nodes)) {
    if (node.find("external-load-balancer") != std::string::npos) continue;
    output_of({"docker", "exec", "--privileged", "-i", node, "ctr", "--namespace=k8s.io", "images", "import",
               "--all-platforms", "--digests", "--snapshotter=overlayfs", "-"},
              archive.rewound(), workplace.stop);
    ++count;
  }
  if (count == 0)
    throw Error(ErrorCode::not_found, "there is no kind cluster \"" + cluster + "\"", "`kind get clusters` lists them");
}

bool has_zstd(const Manifest& manifest) {
  return std::ranges::any_of(manifest.layers,
                             [](const Descriptor& layer) { return layer.media_type.ends_with("zstd"); });
}
bool has_zstd(const Image& image) { return has_zstd(image.manifest()); }
bool has_zstd(const ImageIndex& index) {
  return std::ranges::any_of(index.images, [](const Image& image) { return has_zstd(image); });
}
bool has_zstd(const Document& root) {
  return document_kind(root.json, root.descriptor.media_type) != DocumentKind::index &&
         has_zstd(Manifest::parse(root.json, root.descriptor.media_type));
}
bool is_index(const Image&) { return false; }
bool is_index(const ImageIndex&) { return true; }
bool is_index(const Document& root) {
  return document_kind(root.json, root.descriptor.media_type) == DocumentKind::index;
}

// A k3s node takes what appears in its folder whole.
template <class Content>
void load_into_k3s(const Content& content, const Location& target, const std::vector<std::string>& names,
                   const Workplace& workplace) {
  tell_untried(target, workplace);
  std::string file;
  for (const char c : *target.name) file += is_letter_or_digit(c) || c == '.' ? c : '-';
  write_hybrid_archive(std::filesystem::path(kK3sFolder) / (file + ".tar"), content, names_of_references(names),
                       workplace.stop);
}

template <class Content>
void load_content(const Content& content, const Location& target, const std::vector<std::string>& names,
                  const Workplace& workplace) {
  if (target.kind == Kind::k3s) return load_into_k3s(content, target, names, workplace);
  ArchiveFile archive;
  GatheringSink gathered(archive);
  write_hybrid_archive(gathered, content, names_of_references(names), workplace.stop);
  gathered.flush();
  if (target.kind == Kind::docker_daemon) return load_into_docker(archive, has_zstd(content), workplace);
  if (target.kind == Kind::podman) return load_into_podman(archive, workplace);
  if (target.kind == Kind::containerd) return load_into_containerd(archive, target, is_index(content), workplace);
  if (target.kind == Kind::kind) return load_into_kind(archive, target, workplace);
  throw Error(ErrorCode::invalid_argument, "cannot load into " + target.to_string() + ": it is no engine");
}

EngineClient engine_client(const Location& location, const std::stop_token& stop) {
  if (location.kind == Kind::docker_daemon) return docker_client(stop);
  return {"podman", *podman_socket(), stop};
}

[[noreturn]] void refuse_unknown(const Location& location) {
  throw Error(ErrorCode::not_found, fmt::format("there is no image {}", location.to_string()),
              location.kind == Kind::docker_daemon ? "`docker images` lists those that there are"
                                                   : "`podman images` lists those that there are");
}

void save_stream(HttpStream& stream, const std::filesystem::path& file, const std::stop_token& stop) {
  write_output(file, [&](Sink& to) { copy(stream, to, stop); });
}

}  // namespace

void load(const Image& image, const Location& target, const std::vector<std::string>& names,
          const Workplace& workplace) {
  load_content(image, target, names, workplace);
}
void load(const ImageIndex& index, const Location& target, const std::vector<std::string>& names,
          const Workplace& workplace) {
  load_content(index, target, names, workplace);
}
void load(const Document& root, const Location& target, const std::vector<std::string>& names,
          const Workplace& workplace) {
  load_content(root, target, names, workplace);
}

// The file goes when its folder does; whoever reads the document holds it open.
Document open_from_engine(const Location& location, const Workplace& workplace) {
  const auto folder = in_temporary_parent(
      [](const std::filesystem::path& parent) { return std::make_unique<TemporaryFolder>(parent); });
  const auto file = folder->path() / "image.tar";
  if (location.kind == Kind::containerd) {
    output_of(ctr_words(location, {"images", "export", file.string(), *location.name}), -1, workplace.stop);
    return open_oci_archive(file, std::nullopt, workplace.stop);
  }
  if (location.kind == Kind::podman && !podman_socket()) {
    output_of({"podman", "save", "--quiet", "--format=oci-archive", "--output", file.string(), *location.name}, -1,
              workplace.stop);
    return open_oci_archive(file, std::nullopt, workplace.stop);
  }
  const bool is_docker = location.kind == Kind::docker_daemon;
  auto client = engine_client(location, workplace.stop);
  const auto path =
      is_docker ? fmt::format("/images/{}/get", percent_encoded(*location.name))
                : fmt::format("/v4.0.0/libpod/images/{}/get?format=docker-archive", percent_encoded(*location.name));
  const auto stream = client.open("GET", path);
  if (stream->status() == 404) refuse_unknown(location);
  if (stream->status() != 200) client.refuse(stream->status(), collect_beginning(*stream, 4096));
  save_stream(*stream, file, workplace.stop);
  return open_docker_archive(file, std::nullopt, workplace.stop);
}

std::string engine_image_id(const Location& location, const Workplace& workplace) {
  if (location.kind == Kind::podman && !podman_socket()) {
    return image_id_of_line(
        output_of({"podman", "image", "inspect", "--format", "{{.Id}}", *location.name}, -1, workplace.stop));
  }
  auto client = engine_client(location, workplace.stop);
  return image_id_of_json(client.ask("GET", fmt::format("/images/{}/json", percent_encoded(*location.name))));
}

std::optional<Kind> find_engine(const std::stop_token& stop) {
  try {
    docker_client(stop).ask("GET", "/_ping");
    return Kind::docker_daemon;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
  }
  if (podman_socket() || has_program("podman")) return Kind::podman;
  struct stat status {};
  if (has_program("ctr") && ::stat("/run/containerd/containerd.sock", &status) == 0) return Kind::containerd;
  return {};
}

}  // namespace ociassemble
