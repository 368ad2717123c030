// SPDX-License-Identifier: Apache-2.0
#include "registry/push_ahead.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostAskedFor = 8;  // the push asks for the others
constexpr std::chrono::seconds kPatience{1};
// A smaller layer is made before a trip to the registry has come back, and then goes in one request instead of two.
constexpr std::uint64_t kWorthStreaming = std::uint64_t{32} << 20U;
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
  streamed_.clear();
  stop_.request_stop();
  std::vector<std::future<bool>> given_back;
  for (const bool large : {false, true}) {
    while (const auto upload = take_upload(large)) {
      given_back.push_back(begin([this, upload] {
        give_back_upload(*session_, repository_, *upload);
        return true;
      }));
    }
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

void PushAhead::expect_uploads(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  const bool large = is_large(size / kUsualCompression);
  open_upload(large);
  ++expected_[large];
  open_config_uploads(++expected_images_);
}

void PushAhead::expect_configs(std::size_t images) {
  const std::lock_guard lock(mutex_);
  open_config_uploads(images);
}

std::shared_ptr<StreamedUpload> PushAhead::expect_layer(const std::vector<Layer>& others, std::uint64_t size,
                                                        Streaming streaming) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<StreamedUpload> streamed;
  const bool large = is_large(size / kUsualCompression);
  const bool is_open = take_expected(large);
  if (streaming == Streaming::allowed && size >= kWorthStreaming && session_->takes_streams()) {
    streamed = std::make_shared<StreamedUpload>(session_, repository_, [this, large, is_open] {
      auto upload = is_open ? take_upload(large) : std::nullopt;
      return upload ? upload : ask_for_upload(large);
    });
  } else if (!is_open) {
    open_upload(large);
  }
  open_config_uploads(1);
  for (const auto& layer : others) {
    if (blobs_.size() == kMostAskedFor) break;
    // What is read from this very repository is there.
    if (layer.blobs->repository() != session_->registry() + "/" + repository_) ask_for_blob(layer.descriptor.digest);
  }
  return streamed;
}

void PushAhead::expect_blob(std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  open_upload(is_large(size));
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

void PushAhead::open_config_uploads(std::size_t images) {
  for (; config_uploads_ < std::min(images, kMostAskedFor); ++config_uploads_) open_upload(false);
}

bool PushAhead::take_expected(bool large) {
  auto& count = expected_[large];
  if (count == 0) return false;
  --count;
  return true;
}

void PushAhead::open_upload(bool large) {
  uploads_[large].push_back(begin([this, large] { return ask_for_upload(large); }));
}

std::optional<RegistryAnswer> PushAhead::ask_for_upload(bool large) const {
  auto answer = session_->request({.method = "POST",
                                   .url = session_->endpoint().uploads(repository_),
                                   .scope = Scope::push(repository_),
                                   .stop = stop_.get_token(),
                                   .large = large});
  if (answer.status != 202 || !answer.headers.find("Location")) return {};
  return answer;
}

void PushAhead::add_new(const Digest& digest, std::shared_ptr<StreamedUpload> streamed) {
  const std::lock_guard lock(mutex_);
  new_.insert(digest);
  if (streamed) streamed_.insert_or_assign(digest, std::move(streamed));
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

StreamedOutcome PushAhead::take_streamed(const Digest& digest) {
  std::shared_ptr<StreamedUpload> streamed;
  {
    const std::lock_guard lock(mutex_);
    const auto found = streamed_.find(digest);
    if (found == streamed_.end()) return {};
    streamed = std::move(found->second);
    streamed_.erase(found);
  }
  return streamed->take();
}

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

}  // namespace ociassemble
