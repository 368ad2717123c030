// SPDX-License-Identifier: Apache-2.0
#include "registry/push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/task_group.hpp"
#include "ociassemble/media_type.hpp"
#include "registry/blob_reader.hpp"
#include "registry/manifests.hpp"
#include "registry/referrers.hpp"
#include "registry/retry.hpp"
#include "registry/uploader.hpp"

namespace ociassemble {
namespace {

void add_step(PushPlan& plan, PlannedStep step) {
  plan.requests += step.requests;
  if (step.action == PlannedStep::Action::send) plan.bytes += step.descriptor.size;
  plan.steps.push_back(std::move(step));
}

}  // namespace

Push::Push(std::shared_ptr<RegistrySession> session, std::shared_ptr<KnownBlobs> known,
           std::shared_ptr<PushAhead> ahead, const Reference& target, Digest root)
    : session_(std::move(session)),
      known_(std::move(known)),
      ahead_(std::move(ahead)),
      target_(target),
      root_(std::move(root)),
      action_("push " + target.to_string()) {}

Reference Push::run(const FindParts& find_parts) {
  check_target();
  if (was_up_to_date()) return target_.with_digest(root_);
  const auto has = [this](const Descriptor& entry) { return is_up_to_date(entry.digest.to_string(), entry.digest); };
  const auto parts = find_parts(has, action_);
  send_blobs(parts);
  put_all(parts);
  return target_.with_digest(root_);
}

PushPlan Push::plan(const FindParts& find_parts) {
  using Action = PlannedStep::Action;
  check_target();
  PushPlan plan{target_.with_digest(root_), {}, 1, 0};
  if (is_up_to_date(identifier(), root_)) return plan;
  const auto has = [&](const Descriptor& entry) {
    ++plan.requests;
    if (!is_up_to_date(entry.digest.to_string(), entry.digest)) return false;
    add_step(plan, {Action::skip, entry, blob_name(entry), {}, 0});
    return true;
  };
  const auto parts = find_parts(has, action_);
  const Uploader uploader(session_, target_.repository(), known_);
  for (const auto& blob : blobs_of(parts)) {
    add_step(plan, uploader.plan(blob.descriptor, blob.from, session_->stop()));
  }
  for (const auto& part : parts) add_step(plan, {Action::send, part.descriptor, blob_name(part.descriptor), {}, 1});
  return plan;
}

void Push::check_target() const {
  if (!target_.digest() || *target_.digest() == root_) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot {}: the image's digest is {}", action_, root_.to_string()),
              "name a tag, or no digest");
}

// A tag is what is to move; a digest alone names where the document goes.
std::string Push::identifier() const {
  if (target_.tag()) return *target_.tag();
  return target_.digest() ? root_.to_string() : "latest";
}

bool Push::is_up_to_date(const std::string& identifier, const Digest& digest) const {
  const auto facts = head_manifest(*session_, Scope::push(target_.repository()), identifier, action_, session_->stop());
  return facts && facts->digest == digest;
}

bool Push::was_up_to_date() const {
  if (const auto facts = ahead_ ? ahead_->take_manifest(identifier()) : std::nullopt)
    return *facts && (*facts)->digest == root_;
  return is_up_to_date(identifier(), root_);
}

// Of an image with a new layer the config is new, too.
void Push::note_new_configs(const std::vector<PushPart>& parts) const {
  if (!ahead_) return;
  for (const auto& part : parts) {
    const auto is_new = [&](const BlobToPush& blob) { return ahead_->is_new(blob.descriptor.digest); };
    if (std::ranges::none_of(part.blobs, is_new)) continue;
    for (const auto& blob : part.blobs) {
      if (is_config_type(blob.descriptor.media_type)) ahead_->add_new(blob.descriptor.digest);
    }
  }
}

void Push::send_blobs(const std::vector<PushPart>& parts) {
  note_new_configs(parts);
  Uploader uploader(session_, target_.repository(), known_, ahead_);
  TaskGroup group(session_->context().options.parallel, session_->stop());
  for (auto& blob : blobs_of(parts)) {
    group.spawn([&uploader, blob = std::move(blob)](const std::stop_token& stop) {
      uploader.upload(blob.descriptor, blob.from, stop);
    });
  }
  group.wait();
}

// A registry may throw a blob away after it was asked for it; and docker-registry 2.8 does not see one for a moment
// when somebody else sends it again. So what it lacks is looked after once more.
void Push::put_all(const std::vector<PushPart>& parts) {
  Retrier retrier(session_->context().policy, session_->stop());
  for (auto part = parts.begin(); part != parts.end();) {
    const bool last = part + 1 == parts.end();
    try {
      put(last ? identifier() : part->descriptor.digest.to_string(), *part);
      ++part;
    } catch (const BlobsUnknown&) {
      if (!retrier.wait()) throw;
      if (ahead_) ahead_->forget();
      send_blobs(parts);
    }
  }
}

void Push::put(const std::string& identifier, const PushPart& part) {
  try {
    const auto answer = put_manifest(*session_, target_.repository(), identifier, part.descriptor, part.json, action_);
    announce_subject(*session_, target_.repository(), part.descriptor, part.json, answer.headers);
  } catch (const HttpError&) {
    known_->forget();  // it may lack a blob that it had a while ago
    throw;
  }
}

}  // namespace ociassemble
