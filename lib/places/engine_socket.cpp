// SPDX-License-Identifier: Apache-2.0
#include "places/engine_socket.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_a_socket(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

EngineSocket socket_of(const std::string& address, const std::string& source) {
  constexpr std::string_view kUnix = "unix://";
  if (address.starts_with(kUnix) && address.size() > kUnix.size()) return {address.substr(kUnix.size()), source};
  const auto scheme = address.substr(0, address.find("://"));
  throw Error(
      ErrorCode::unsupported,
      fmt::format("cannot reach the engine of {}: {} addresses are not supported", source, printable(scheme)),
      "name a Unix socket, unix:///PATH; for an engine elsewhere push to a registry, or write docker-archive:FILE "
      "and load it there");
}

fs::path docker_folder() {
  if (const auto named = variable("DOCKER_CONFIG"); !named.empty()) return named;
  const auto home = variable("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".docker";
}

std::string chosen_context(const fs::path& folder) {
  if (auto named = variable("DOCKER_CONTEXT"); !named.empty()) return named;
  if (folder.empty()) return {};
  const auto file = folder / "config.json";
  const auto text = read_file_if_exists(file, kLargestFile);
  if (!text) return {};
  const auto document = parse_json(*text, file.string(), {.size = kLargestFile});
  return JsonView(document, file.native()).find_string("currentContext");
}

std::optional<EngineSocket> context_socket() {
  const auto folder = docker_folder();
  const auto name = chosen_context(folder);
  if (name.empty() || name == "default") return {};
  const auto file = folder / "contexts" / "meta" / Digest::of(name).hex() / "meta.json";
  const auto text = read_file_if_exists(file, kLargestFile);
  if (!text) {
    throw Error(ErrorCode::not_found, fmt::format("docker has no context \"{}\"", printable(name)),
                "`docker context ls` lists them; unset DOCKER_CONTEXT, or name the socket in DOCKER_HOST");
  }
  const auto document = parse_json(*text, file.string(), {.size = kLargestFile});
  const auto host = JsonView(document, file.native()).at("Endpoints").at("docker").at("Host").string();
  return socket_of(host, fmt::format("the context {}", printable(name)));
}

std::optional<EngineSocket> first_of(const std::vector<fs::path>& places) {
  for (const auto& place : places) {
    if (is_a_socket(place)) return EngineSocket{place, "a usual installation"};
  }
  return {};
}

}  // namespace

EngineSocket docker_socket() {
  if (const auto host = variable("DOCKER_HOST"); !host.empty()) return socket_of(host, "DOCKER_HOST");
  if (auto found = context_socket()) return *found;
  const fs::path usual = "/var/run/docker.sock";
  std::vector<fs::path> places{usual};
  if (const auto runtime = variable("XDG_RUNTIME_DIR"); !runtime.empty())
    places.push_back(fs::path(runtime) / "docker.sock");
  return first_of(places).value_or(EngineSocket{usual, "a usual installation"});
}

std::optional<EngineSocket> podman_socket() {
  if (const auto host = variable("CONTAINER_HOST"); !host.empty()) return socket_of(host, "CONTAINER_HOST");
  std::vector<fs::path> places;
  if (const auto runtime = variable("XDG_RUNTIME_DIR"); !runtime.empty())
    places.push_back(fs::path(runtime) / "podman" / "podman.sock");
  if (::geteuid() == 0) places.insert(places.begin(), "/run/podman/podman.sock");
  return first_of(places);
}

}  // namespace ociassemble
