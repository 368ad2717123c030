// SPDX-License-Identifier: Apache-2.0
#include "registry/push_ahead.hpp"

#include <chrono>
#include <system_error>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostAskedFor = 8;  // the push asks for the others
constexpr std::chrono::seconds kPatience{1};
constexpr std::uint64_t kUsualCompression = 3;  // of programs; a wrong guess costs an upload that is given back

template <class Key, class Result>
std::optional<Result> take(std::mutex& mutex, std::map<Key, std::future<std::optional<Result>>>& all, const Key& key) {
  std::future<std::optional<Result>> answer;
  {
    const std::lock_guard lock(mutex);
    const auto found = all.find(key);
    if (found == all.end()) return {};
    answer = std::move(found->second);
    all.erase(found);
  }
  return answer.get();
}

}  // namespace

PushAhead::PushAhead(std::shared_ptr<RegistrySession> session, std::string repository)
    : session_(std::move(session)), repository_(std::move(repository)) {}

PushAhead::~PushAhead() {
  // One that is being opened is waited for, a little, or the registry would keep it.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto& [large, uploads] : uploads_) {
    for (auto& upload : uploads) {
      if (!session_->stop().stop_requested()) upload.wait_until(deadline);
    }
  }
  stop_.request_stop();
  for (const bool large : {false, true}) {
    while (const auto upload = take_upload(large)) give_back(*upload);
  }
}

// Without a thread to spare there is nothing to gain: the answer is that there is none.
template <class Ask>
auto PushAhead::begin(Ask ask) -> std::future<decltype(ask())> {
  using Answer = decltype(ask());
  const auto quietly = [ask = std::move(ask)]() -> Answer {
    try {
      return ask();
    } catch (const std::exception&) {
      return {};  // the push meets it again
    }
  };
  try {
    return std::async(std::launch::async, quietly);
  } catch (const std::system_error&) {
    std::promise<Answer> none;
    none.set_value({});
    return none.get_future();
  }
}

void PushAhead::ask_for_manifest(const std::string& identifier) {
  const std::lock_guard lock(mutex_);
  if (manifests_.contains(identifier)) return;
  manifests_.emplace(identifier, begin([this, identifier]() -> std::optional<std::optional<ManifestFacts>> {
                       // So that the connection for a layer is there when one comes.
                       constexpr bool large = true;
                       return head_manifest(*session_, Scope::push(repository_), identifier, "push to " + repository_,
                                            stop_.get_token(), large);
                     }));
}

void PushAhead::expect_layer(const std::vector<Layer>& others, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  open_upload(is_large(size / kUsualCompression));
  if (!std::exchange(has_config_, true)) open_upload(false);
  for (const auto& layer : others) {
    if (blobs_.size() == kMostAskedFor) return;
    // What is read from this very repository is there.
    if (layer.blobs->repository() != session_->registry() + "/" + repository_) ask_for_blob(layer.descriptor.digest);
  }
}

void PushAhead::ask_for_blob(const Digest& digest) {
  if (blobs_.contains(digest)) return;
  blobs_.emplace(digest, begin([this, digest]() -> std::optional<bool> {
                   const auto answer = session_->request({.method = "HEAD",
                                                          .url = session_->endpoint().blob(repository_, digest),
                                                          .scope = Scope::push(repository_),
                                                          .stop = stop_.get_token()});
                   if (answer.status == 404) return false;
                   return answer.succeeded() ? std::optional(true) : std::nullopt;
                 }));
}

void PushAhead::open_upload(bool large) {
  uploads_[large].push_back(begin([this, large]() -> std::optional<RegistryAnswer> {
    auto answer = session_->request({.method = "POST",
                                     .url = session_->endpoint().uploads(repository_),
                                     .scope = Scope::push(repository_),
                                     .stop = stop_.get_token(),
                                     .large = large});
    if (answer.status != 202 || !answer.headers.find("Location")) return {};
    return answer;
  }));
}

void PushAhead::add_new(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  new_.insert(digest);
}

bool PushAhead::is_new(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  return new_.contains(digest);
}

void PushAhead::forget() {
  std::map<Digest, std::future<std::optional<bool>>> blobs;
  const std::lock_guard lock(mutex_);
  new_.clear();
  blobs_.swap(blobs);
}

std::optional<std::optional<ManifestFacts>> PushAhead::take_manifest(const std::string& identifier) {
  return take(mutex_, manifests_, identifier);
}

std::optional<bool> PushAhead::has_blob(const Digest& digest) { return take(mutex_, blobs_, digest); }

std::optional<RegistryAnswer> PushAhead::take_upload(bool large) {
  for (;;) {
    std::future<std::optional<RegistryAnswer>> upload;
    {
      const std::lock_guard lock(mutex_);
      auto& uploads = uploads_[large];
      if (uploads.empty()) return {};
      upload = std::move(uploads.back());
      uploads.pop_back();
    }
    if (auto answer = upload.get()) return answer;
  }
}

// Registries forget uploads by themselves, so nothing is lost where this one is not told.
void PushAhead::give_back(const RegistryAnswer& upload) const {
  if (session_->stop().stop_requested()) return;
  try {
    const auto location = session_->endpoint().follow(upload.url, *upload.headers.find("Location"));
    session_->exchange(
        {.method = "DELETE", .url = location, .scope = Scope::push(repository_), .stop = session_->stop()});
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace ociassemble
