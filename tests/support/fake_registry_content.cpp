// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fake_http.hpp"
#include "fake_registry_impl.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble::test {

void FakeRegistry::Impl::route(const Request& request, const std::string& body, const Fault& effect,
                               Response& response) {
  if (request.path == "/v2/") {
    const auto& type = personality.usual_type;
    return response.set_content(personality.root, type.empty() ? "application/json" : type);
  }
  if (const auto session = session_of(request.path))
    return route_session(session->first, session->second, request, body, response);
  const auto place = parse_path(request.path);
  if (!place) return refuse(response, 404, "NOT_FOUND", "no such page");
  const auto& [repository, what, name] = *place;
  if (what == "manifests" && request.method == "PUT") return take_manifest(repository, name, request, body, response);
  if (what == "manifests" && request.method == "DELETE") return delete_manifest(repository, name, response);
  if (what == "manifests") return give_manifest(repository, name, effect, response);
  if (what == "tags") return give_tags(repository, request, response);
  if (what == "referrers") return give_referrers(repository, name, request, response);
  if (what == "blobs") return give_blob(repository, name, request, effect, response);
  return open_session(repository, request, response);
}

void FakeRegistry::Impl::route_session(const std::string& repository, const std::string& name, const Request& request,
                                       const std::string& body, Response& response) {
  const auto session = sessions.find(name);
  if (session == sessions.end() || session->second.repository != repository)
    return refuse(response, 404, "BLOB_UPLOAD_UNKNOWN", "no such upload");
  if (fresh_locations && request.method != "GET" && request.get_param_value("_state") != state_of(session->second))
    return refuse(response, 400, "BLOB_UPLOAD_INVALID", "the Location of an earlier answer");
  if (request.method == "PATCH") return take_chunk(session->second, name, request, body, response);
  if (request.method == "PUT") return close_session(name, request, body, response);
  response.status = 204;
  if (request.method == "DELETE") {
    sessions.erase(session);
  } else {
    tell_offset(session->second, name, response);
  }
}

std::optional<std::pair<std::string, std::string>> FakeRegistry::Impl::session_of(const std::string& path) const {
  const auto& [root, infix] = std::pair(personality.session_root, personality.session_infix);
  if (!path.starts_with(root)) return {};
  const auto at = path.find(infix, root.size());
  if (at == std::string::npos || at + infix.size() == path.size()) return {};
  return std::pair(path.substr(root.size(), at - root.size()), path.substr(at + infix.size()));
}

void FakeRegistry::Impl::give_manifest(const std::string& repository, const std::string& name, const Fault& effect,
                                       Response& response) {
  if (!repositories.contains(repository)) return refuse(response, 404, "NAME_UNKNOWN", "repository name not known");
  const auto& manifests = repositories.at(repository).manifests;
  const bool is_digest = personality.referrers == Personality::Referrers::no_such_page_and_digest_tags &&
                         name.starts_with("sha256-") && name.size() == 71;
  const auto found = manifests.find(is_digest ? "sha256:" + name.substr(7) : name);
  if (found == manifests.end()) return refuse(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
  auto [type, bytes] = found->second;
  response.set_header("Docker-Content-Digest", Digest::of(bytes).to_string());
  if (effect.wrong_bytes) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  if (!effect.cut_after) return response.set_content(bytes, type);
  give(bytes, type, effect, response);
}

void FakeRegistry::Impl::give_blob(const std::string& repository, const std::string& digest, const Request& request,
                                   const Fault& effect, Response& response) {
  if (!blob_redirect.empty()) {
    response.set_redirect(blob_redirect + request.path + "?signature=very-secret", 307);
    return;
  }
  if (!repositories.contains(repository)) return refuse(response, 404, "NAME_UNKNOWN", "repository name not known");
  const auto& blobs = repositories.at(repository).blobs;
  const auto found = blobs.find(digest);
  if (found == blobs.end()) return refuse(response, 404, "BLOB_UNKNOWN", "blob unknown to registry");
  if (leads_to_store(request)) {
    response.set_redirect(fmt::format("http://localhost:{}/store{}?X-Amz-Signature=very-secret", port, request.path),
                          personality.store_redirect);
    return;
  }
  if (effect.ignore_range) const_cast<Request&>(request).ranges.clear();  // else httplib cuts the range out itself
  auto bytes = found->second;
  if (effect.wrong_bytes) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  response.set_header("Docker-Content-Digest", digest);
  if (bytes.empty()) return response.set_content("", "application/octet-stream");
  give(bytes, "application/octet-stream", effect, response);
}

bool FakeRegistry::Impl::leads_to_store(const Request& request) const {
  const auto place = parse_path(request.path);
  if (!place || place->what != "blobs" || !blob_redirect.empty()) return false;
  switch (personality.store) {
    case Personality::Store::none:
      return false;
    case Personality::Store::for_get:
      return request.method == "GET";
    case Personality::Store::for_get_and_head:
      return request.method == "GET" || request.method == "HEAD";
  }
  return false;
}

// As S3: the signature is all that it wants to know.
void FakeRegistry::Impl::answer_as_store(const Request& request, const Fault& effect, Response& response) {
  const auto place = parse_path(request.path.substr(std::string("/store").size()));
  if (request.has_header("Authorization") || !request.has_param("X-Amz-Signature")) {
    response.status = 400;
    response.set_content("<Error><Message>Only one auth mechanism allowed</Message></Error>", "application/xml");
    return;
  }
  const auto& blobs = repositories[place.value().repository].blobs;
  auto bytes = blobs.at(place->name);
  if (effect.ignore_range) const_cast<Request&>(request).ranges.clear();
  if (effect.wrong_bytes) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  if (bytes.empty()) return response.set_content("", "binary/octet-stream");
  give(bytes, "binary/octet-stream", effect, response);
}

void FakeRegistry::Impl::delete_manifest(const std::string& repository, const std::string& name, Response& response) {
  response.status = personality.manifest_deletion;
  if (personality.manifest_deletion >= 400)
    return refuse(response, personality.manifest_deletion, "UNSUPPORTED", "deletion is not enabled");
  auto& known = repositories[repository];
  if (known.manifests.erase(name) == 0) return refuse(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
  std::erase(known.tags, name);
}

void FakeRegistry::Impl::give(const std::string& bytes, const std::string& type, const Fault& effect,
                              Response& response) {
  const auto content = std::make_shared<const std::string>(bytes);
  const auto left = std::make_shared<std::size_t>(effect.cut_after.value_or(SIZE_MAX));
  const std::size_t piece = effect.piece_delay.count() == 0 ? 65536 : 4096;
  response.set_content_provider(
      bytes.size(), type,
      [=, piece_delay = effect.piece_delay](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        if (piece_delay.count() != 0) std::this_thread::sleep_for(piece_delay);
        const auto count = std::min({length, *left, piece});
        if (count != 0) sink.write(content->data() + offset, count);
        *left -= count;
        return *left != 0;
      });
}

void FakeRegistry::Impl::give_tags(const std::string& repository, const Request& request, Response& response) {
  if (!repositories.contains(repository)) return refuse(response, 404, "NAME_UNKNOWN", "repository name not known");
  const auto& tags = repositories.at(repository).tags;
  const auto& parameter = personality.page_parameter;
  std::size_t begin = 0;
  if (request.has_param(parameter)) {
    auto after = request.get_param_value(parameter);
    if (parameter != "last") std::ranges::reverse(after);  // a token that only this registry understands
    const auto last = std::ranges::find(tags, after);
    begin = static_cast<std::size_t>(last - tags.begin()) + (last == tags.end() ? 0 : 1);
  }
  const auto end = std::min(tags.size(), begin + page_size.value_or(personality.tags_on_a_page));
  Json names = Json::array();
  for (auto i = begin; i < end; ++i) names.push_back(tags[i]);
  if (end < tags.size()) {
    auto after = tags[end - 1];
    if (parameter != "last") std::ranges::reverse(after);
    response.set_header("Link", fmt::format("<{}/v2/{}/tags/list?{}={}&n={}>; rel=\"next\"",
                                            personality.links == Personality::Links::absolute ? origin() : "",
                                            repository, parameter, after, end - begin));
  }
  response.set_content(Json{{"name", repository}, {"tags", names}}.dump(), "application/json");
}

std::vector<FakeRegistry::Impl::Json> FakeRegistry::Impl::referrers_of(const std::string& repository,
                                                                       const std::string& subject) const {
  std::vector<Json> found;
  const auto known = repositories.find(repository);
  if (known == repositories.end()) return found;
  for (const auto& [identifier, manifest] : known->second.manifests) {
    const auto& [type, bytes] = manifest;
    const auto document = Json::parse(bytes, nullptr, false);
    if (identifier.find(':') == std::string::npos || !document.contains("subject")) continue;
    if (document["subject"].value("digest", "") != subject) continue;
    Json entry{{"mediaType", type}, {"digest", identifier}, {"size", bytes.size()}};
    entry["artifactType"] = document.value("artifactType", document.value("/config/mediaType"_json_pointer, ""));
    if (document.contains("annotations")) entry["annotations"] = document["annotations"];
    found.push_back(std::move(entry));
  }
  return found;
}

void FakeRegistry::Impl::give_referrers(const std::string& repository, const std::string& subject,
                                        const Request& request, Response& response) const {
  const bool listed = referrers || personality.referrers == Personality::Referrers::listed;
  if (!listed && personality.referrers == Personality::Referrers::see_a_web_page)
    return response.set_redirect(fmt::format("http://localhost:{}/packages{}", port, request.path), 303);
  if (!listed && personality.referrers == Personality::Referrers::unauthorised)
    return refuse(response, 401, "UNAUTHORIZED", "unauthorized");
  if (!listed) return refuse(response, 404, "NOT_FOUND", "no such page");
  const auto way = referrers.value_or(FakeReferrers{});
  auto entries = referrers_of(repository, subject);
  const auto type = request.get_param_value("artifactType");
  if (!type.empty() && way.filter == FakeReferrers::Filter::applied) {
    std::erase_if(entries, [&](const Json& entry) { return entry["artifactType"] != type; });
    response.set_header("OCI-Filters-Applied", "artifactType");
  }
  const auto begin = std::min(entries.size(), number(request.get_param_value("from")).value_or(0));
  const auto end = std::min(entries.size(), begin + way.page_size);
  if (end < entries.size()) {
    const auto filter = type.empty() ? type : "&artifactType=" + percent_encoded(type);
    response.set_header("Link",
                        fmt::format("</v2/{}/referrers/{}?from={}{}>; rel=\"next\"", repository, subject, end, filter));
  }
  const auto first = entries.begin() + static_cast<std::ptrdiff_t>(begin);
  const Json page(std::vector<Json>(first, first + static_cast<std::ptrdiff_t>(end - begin)));
  const std::string index = "application/vnd.oci.image.index.v1+json";
  response.set_content(Json{{"schemaVersion", 2}, {"mediaType", index}, {"manifests", page}}.dump(), index);
}

void FakeRegistry::Impl::take_manifest(const std::string& repository, const std::string& name, const Request& request,
                                       const std::string& body, Response& response) {
  const auto document = Json::parse(body, nullptr, false);
  const auto no = [&](const Personality::Refusal& why) { refuse(response, why.status, why.code, why.message); };
  if (is_refused(repository, response)) return;
  if (!document.is_object()) return refuse(response, 400, "MANIFEST_INVALID", "not JSON");
  if (!refused_type.empty() && request.get_header_value("Content-Type") == refused_type)
    return no(personality.media_type);
  const auto digest = Digest::of(body).to_string();
  const auto there = repositories[repository].manifests.find(name);
  const bool moves = there != repositories[repository].manifests.end() && there->second.second != body;
  if (immutable_tags && moves) return no(personality.immutable_tag);
  if (name.find(':') != std::string::npos && name != digest)
    return refuse(response, 400, "DIGEST_INVALID", "not the digest of the manifest");
  if (const auto missing = missing_content(repository, document); !missing.empty())
    return refuse(response, 400, "MANIFEST_BLOB_UNKNOWN", missing);
  store_manifest(repository, name, request.get_header_value("Content-Type"), body);
  response.set_header("Docker-Content-Digest", digest);
  response.set_header("Location", fmt::format("/v2/{}/manifests/{}", repository, digest));
  const bool lists_referrers = referrers || personality.referrers == Personality::Referrers::listed;
  if (lists_referrers && document.contains("subject"))
    response.set_header("OCI-Subject", document["subject"].value("digest", ""));
  response.status = 201;
}

std::string FakeRegistry::Impl::missing_content(const std::string& repository, const Json& document) {
  const auto& known = repositories[repository];
  for (const auto& entry : document.value("manifests", Json::array())) {
    if (!known.manifests.contains(entry.value("digest", ""))) return entry.value("digest", "");
  }
  auto blobs = document.value("layers", Json::array());
  if (document.contains("config")) blobs.push_back(document["config"]);
  for (const auto& entry : blobs) {
    const auto type = entry.value("mediaType", "");
    if (type.find("foreign") != std::string::npos || type.find("nondistributable") != std::string::npos) continue;
    if (!known.blobs.contains(entry.value("digest", ""))) return entry.value("digest", "");
  }
  return {};
}

void FakeRegistry::Impl::store_manifest(const std::string& repository, const std::string& name, const std::string& type,
                                        const std::string& body) {
  auto& known = repositories[repository];
  known.manifests[Digest::of(body).to_string()] = {type, body};
  known.manifests[name] = {type, body};
  const bool tag = name.find(':') == std::string::npos;
  if (tag && std::ranges::find(known.tags, name) == known.tags.end()) known.tags.push_back(name);
}

void FakeRegistry::Impl::open_session(const std::string& repository, const Request& request, Response& response) {
  if (request.has_param("mount") && !request.has_param("from"))
    return refuse(response, 400, "UNSUPPORTED", "a mount needs a source");
  if (is_refused(repository, response)) return;
  if (request.has_param("mount") && mounts && is_mounted(repository, request, response)) return;
  const auto name = fmt::format("session-{}", ++session_number);
  sessions[name] = {.repository = repository};
  response.status = 202;
  response.set_header("Location", location(repository, name));
}

bool FakeRegistry::Impl::is_refused(const std::string& repository, Response& response) const {
  const auto& why = personality.missing_repository;
  if (!repositories_first || why.status == 0 || repositories.contains(repository)) return false;
  refuse(response, why.status, why.code, why.message);
  return true;
}

// Whether the mount is answered, well or badly; else a session is opened.
bool FakeRegistry::Impl::is_mounted(const std::string& repository, const Request& request, Response& response) {
  const auto digest = request.get_param_value("mount");
  const auto source = repositories.find(request.get_param_value("from"));
  if (source == repositories.end()) {
    if (personality.unknown_mount_source == 202) return false;
    refuse(response, personality.unknown_mount_source, "UNAUTHORIZED", "project not found");
    return true;
  }
  const auto found = source->second.blobs.find(digest);
  if (found == source->second.blobs.end() || personality.mounts == Personality::Mounts::never) return false;
  const bool is_referenced = std::ranges::any_of(source->second.manifests, [&](const auto& manifest) {
    return manifest.second.second.find(digest) != std::string::npos;
  });
  if (personality.mounts == Personality::Mounts::of_referenced_blobs && !is_referenced) return false;
  const auto bytes = found->second;
  repositories[repository].blobs[digest] = bytes;
  response.set_header("Location", fmt::format("/v2/{}/blobs/{}", repository, digest));
  response.status = 201;
  return true;
}

std::string FakeRegistry::Impl::location(const std::string& repository, const std::string& name) {
  auto& session = sessions.at(name);
  ++session.answers;
  const auto path = fmt::format("{}{}{}{}?_state={}", personality.session_root, repository, personality.session_infix,
                                name, percent_encoded(state_of(session)));
  if (!upload_redirect.empty()) return upload_redirect + path;
  return (relative || personality.locations == Personality::Links::relative ? std::string() : origin()) + path;
}

std::string FakeRegistry::Impl::state_of(const Session& session) const {
  return fresh_locations ? fmt::format("secret/state/{}", session.answers) : "secret/state";
}

void FakeRegistry::Impl::tell_offset(const Session& session, const std::string& name, Response& response) {
  auto told = session.bytes.size();
  if (personality.chunk_range == Personality::ChunkRange::stuck_at_the_first && session.chunks > 0)
    told = std::min(told, session.first_chunk);
  response.set_header("Range", fmt::format("0-{}", told == 0 ? 0 : told - 1));
  response.set_header("Location", location(session.repository, name));
}

void FakeRegistry::Impl::take_chunk(Session& session, const std::string& name, const Request& request,
                                    const std::string& body, Response& response) {
  const auto range = request.get_header_value("Content-Range");
  if (!range.empty() && number(range.substr(0, range.find('-'))) != session.bytes.size()) {
    tell_offset(session, name, response);
    return refuse(response, 416, "BLOB_UPLOAD_INVALID", "the chunk is not the next one");
  }
  const auto no = [&](const Personality::Refusal& why) { refuse(response, why.status, why.code, why.message); };
  // A stream without a Content-Range is not a chunk.
  if (!range.empty() && session.chunks >= personality.most_chunks) return no(personality.further_chunk);
  if (!range.empty() && body.size() > personality.largest_chunk) return no(personality.large_chunk);
  if (session.short_chunk) return no(personality.small_chunk);
  session.short_chunk = body.size() < personality.least_chunk;
  if (session.chunks++ == 0) session.first_chunk = session.bytes.size() + body.size();
  session.bytes += body;
  response.status = personality.chunk_status;
  tell_offset(session, name, response);
}

void FakeRegistry::Impl::close_session(const std::string& name, const Request& request, const std::string& body,
                                       Response& response) {
  if (request.get_param_value("_state") != state_of(sessions.at(name)))
    return refuse(response, 400, "BLOB_UPLOAD_INVALID", "the query of the Location is missing");
  const auto no = [&](const Personality::Refusal& why) { refuse(response, why.status, why.code, why.message); };
  if (body.size() > personality.largest_put) return no(personality.large_put);
  if (quota_used_up) return no(personality.quota);
  const auto session = sessions.extract(name).mapped();
  const auto bytes = session.bytes + body;
  const auto digest = Digest::of(bytes).to_string();
  if (digest != request.get_param_value("digest"))
    return refuse(response, 400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  repositories[session.repository].blobs[digest] = bytes;
  response.set_header("Docker-Content-Digest", digest);
  response.set_header("Location", fmt::format("/v2/{}/blobs/{}", session.repository, digest));
  response.status = 201;
}

std::string FakeRegistry::Impl::origin() const { return fmt::format("http://127.0.0.1:{}", port); }

}  // namespace ociassemble::test
