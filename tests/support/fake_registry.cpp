// SPDX-License-Identifier: Apache-2.0
#include "fake_registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "escapes.hpp"
#include "fake_registry_impl.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble::test {

namespace {

struct Hosts {
  std::mutex mutex;
  std::vector<std::string> names;
};

Hosts& all_hosts() {
  static Hosts hosts;
  return hosts;
}

}  // namespace

FakeRegistry::FakeRegistry(FakeAuth auth) : impl_(std::make_unique<Impl>(std::move(auth), personality_of_this_run())) {
  listen();
}

FakeRegistry::FakeRegistry(const Personality& personality)
    : impl_(std::make_unique<Impl>(personality.auth, personality)) {
  listen();
}

void FakeRegistry::listen() {
  impl_->listen();
  auto& hosts = all_hosts();
  const std::lock_guard lock(hosts.mutex);
  hosts.names.push_back(host());
}

FakeRegistry::~FakeRegistry() {
  {
    auto& hosts = all_hosts();
    const std::lock_guard lock(hosts.mutex);
    std::erase(hosts.names, host());
  }
  impl_->server.stop();
  impl_->thread.join();
}

std::string FakeRegistry::host() const { return fmt::format("127.0.0.1:{}", impl_->port); }
std::vector<std::string> FakeRegistry::hosts() {
  auto& hosts = all_hosts();
  const std::lock_guard lock(hosts.mutex);
  return hosts.names;
}
int FakeRegistry::port() const { return impl_->port; }

void FakeRegistry::add_fault(Fault fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->faults.push_back(std::move(fault));
  impl_->fault_met.push_back(false);
}

std::size_t FakeRegistry::unmet_faults() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<std::size_t>(std::ranges::count(impl_->fault_met, false));
}

void FakeRegistry::set_page_size(std::size_t tags) {
  const std::lock_guard lock(impl_->mutex);
  impl_->page_size = tags;
}

void FakeRegistry::list_referrers(FakeReferrers wanted) {
  const std::lock_guard lock(impl_->mutex);
  impl_->referrers = wanted;
}

void FakeRegistry::set_relative_locations() {
  const std::lock_guard lock(impl_->mutex);
  impl_->relative = true;
}

void FakeRegistry::change_locations() {
  const std::lock_guard lock(impl_->mutex);
  impl_->fresh_locations = true;
}

void FakeRegistry::require_lengths() {
  const std::lock_guard lock(impl_->mutex);
  impl_->lengths_required = true;
}

void FakeRegistry::forbid_mounts() {
  const std::lock_guard lock(impl_->mutex);
  impl_->mounts = false;
}

void FakeRegistry::make_tags_immutable() {
  const std::lock_guard lock(impl_->mutex);
  impl_->immutable_tags = true;
}

void FakeRegistry::use_up_quota() {
  const std::lock_guard lock(impl_->mutex);
  impl_->quota_used_up = true;
}

void FakeRegistry::require_repositories() {
  const std::lock_guard lock(impl_->mutex);
  impl_->repositories_first = true;
}

void FakeRegistry::refuse_media_type(std::string type) {
  const std::lock_guard lock(impl_->mutex);
  impl_->refused_type = std::move(type);
}

void FakeRegistry::redirect_blobs_to(std::string origin) {
  const std::lock_guard lock(impl_->mutex);
  impl_->blob_redirect = std::move(origin);
}

void FakeRegistry::redirect_uploads_to(std::string origin) {
  const std::lock_guard lock(impl_->mutex);
  impl_->upload_redirect = std::move(origin);
}

void FakeRegistry::revoke_tokens() {
  const std::lock_guard lock(impl_->mutex);
  impl_->tokens.clear();
}

std::string FakeRegistry::put_blob(const std::string& repository, const std::string& bytes) {
  const std::lock_guard lock(impl_->mutex);
  auto digest = Digest::of(bytes).to_string();
  impl_->repositories[repository].blobs[digest] = bytes;
  return digest;
}

std::string FakeRegistry::put_manifest(const std::string& repository, const std::string& tag, const std::string& type,
                                       const std::string& json) {
  const std::lock_guard lock(impl_->mutex);
  impl_->store_manifest(repository, tag, type, json);
  return Digest::of(json).to_string();
}

void FakeRegistry::put_manifest_under(const std::string& repository, const std::string& identifier,
                                      const std::string& type, const std::string& json) {
  const std::lock_guard lock(impl_->mutex);
  impl_->repositories[repository].manifests[identifier] = {type, json};
}

bool FakeRegistry::has_blob(const std::string& repository, const std::string& digest) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->repositories.find(repository);
  return found != impl_->repositories.end() && found->second.blobs.contains(digest);
}

std::optional<std::string> FakeRegistry::manifest(const std::string& repository, const std::string& identifier) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->repositories.find(repository);
  if (found == impl_->repositories.end() || !found->second.manifests.contains(identifier)) return {};
  return found->second.manifests.at(identifier).second;
}

std::size_t FakeRegistry::open_sessions() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->sessions.size();
}

std::vector<LoggedRequest> FakeRegistry::log() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->log;
}

std::vector<LoggedRequest> FakeRegistry::store_log() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store_log;
}

const Personality& FakeRegistry::personality() const { return impl_->personality; }

std::vector<std::string> FakeRegistry::requests() const {
  std::vector<std::string> lines;
  for (const auto& entry : log()) {
    if (!entry.target.starts_with("/token")) lines.push_back(entry.method + " " + entry.target);
  }
  return lines;
}

std::size_t FakeRegistry::count(const std::string& method, const std::string& target_part) const {
  const auto wanted = with_equal_escapes(target_part);
  const auto all = log();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const LoggedRequest& entry) {
    return entry.method == method && with_equal_escapes(entry.target).find(wanted) != std::string::npos;
  }));
}

std::size_t FakeRegistry::token_requests() const { return count("GET", "/token") + count("POST", "/token"); }

void FakeRegistry::clear_log() {
  const std::lock_guard lock(impl_->mutex);
  impl_->log.clear();
  impl_->store_log.clear();
}

}  // namespace ociassemble::test
