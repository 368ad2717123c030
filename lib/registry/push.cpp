// SPDX-License-Identifier: Apache-2.0
#include "registry/push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "base/guarded.hpp"
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

// A manifest of which a blob was not there was not there either, and nothing that refers to it was.
std::set<Digest> new_parts(const std::vector<PushPart>& parts, const std::set<Digest>& sent) {
  std::set<Digest> made;
  for (const auto& part : parts) {
    const auto is_sent = [&](const BlobToPush& blob) { return sent.contains(blob.descriptor.digest); };
    if (std::ranges::any_of(part.blobs, is_sent)) made.insert(part.descriptor.digest);
  }
  return made;
}

constexpr std::ptrdiff_t kMostTogether = 64;

Uploader::Ask asks(const BlobToPush& blob) { return blob.is_new ? Uploader::Ask::never : Uploader::Ask::first; }

}  // namespace

Push::Push(std::shared_ptr<RegistrySession> session, std::shared_ptr<KnownBlobs> known,
           std::shared_ptr<PushAhead> ahead, const Reference& target, Digest root,
           const std::vector<Document>& referrers)
    : session_(std::move(session)),
      known_(std::move(known)),
      ahead_(std::move(ahead)),
      target_(target),
      root_(std::move(root)),
      referrers_(referrers),
      action_("push " + target.to_string()) {}

Reference Push::run(const FindParts& find_parts, std::function<void()> before_tag) {
  check_target();
  const auto has_manifest = [this](const Descriptor& entry) { return has(entry); };
  std::vector<PushPart> parts;
  std::vector<PushPart> referrers;
  if (was_up_to_date()) {
    referrers = missing_referrers(asked_for_referrers({}));
  } else {
    parts = find_parts(has_manifest, action_);
    mark_new(parts);
    open_uploads(parts);
    const auto made = new_parts(parts, send_blobs(parts));
    referrers = all_referrers(made, asked_for_referrers(made));
  }
  send_blobs(referrers);
  put_all(order(parts, referrers), std::move(before_tag));
  return target_.with_digest(root_);
}

PushPlan Push::plan(const FindParts& find_parts) {
  using Action = PlannedStep::Action;
  check_target();
  PushPlan plan{target_.with_digest(root_), {}, 1, 0};
  const auto has_manifest = [&](const Descriptor& entry) {
    ++plan.requests;
    if (!has(entry)) return false;
    add_step(plan, {Action::skip, entry, blob_name(entry), {}, 0});
    return true;
  };
  const Uploader uploader(session_, target_.repository(), known_);
  std::set<Digest> planned;  // the empty config is sent once, whoever has it
  std::set<Digest> sent;
  const auto plan_blobs = [&](const std::vector<PushPart>& of) {
    for (const auto& blob : blobs_of(of)) {
      if (!planned.insert(blob.descriptor.digest).second) continue;
      add_step(plan, uploader.plan(blob.descriptor, blob.from, session_->stop(), asks(blob)));
      if (plan.steps.back().action != Action::skip) sent.insert(blob.descriptor.digest);
    }
  };
  std::vector<PushPart> parts;
  std::vector<PushPart> referrers;
  if (is_up_to_date(identifier(), root_)) {
    referrers = missing_referrers(has_manifest);
  } else {
    parts = find_parts(has_manifest, action_);
    plan_blobs(parts);
    referrers = all_referrers(new_parts(parts, sent), has_manifest);
  }
  plan_blobs(referrers);
  for (const auto& put : order(parts, referrers)) {
    add_step(plan, {Action::send, put.part->descriptor, blob_name(put.part->descriptor), {}, 1});
  }
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

// Of an image with a layer that was made just now the config is new, too.
void Push::mark_new(std::vector<PushPart>& parts) const {
  if (!ahead_) return;
  for (auto& part : parts) {
    for (auto& blob : part.blobs) blob.is_new = blob.is_new || ahead_->is_new(blob.descriptor.digest);
    if (std::ranges::none_of(part.blobs, &BlobToPush::is_new)) continue;
    for (auto& blob : part.blobs) blob.is_new = blob.is_new || is_config_type(blob.descriptor.media_type);
  }
}

// Another manifest mostly has another config and another last layer. Where it does not, the uploads are given back.
void Push::open_uploads(const std::vector<PushPart>& parts) {
  const Uploader uploader(session_, target_.repository(), known_);
  const auto may_be_sent = [&](const BlobToPush& blob) {
    return !blob.is_new && uploader.would_send(blob.descriptor, *blob.from);
  };
  const auto is_config = [](const BlobToPush& blob) { return is_config_type(blob.descriptor.media_type); };
  const bool was_made = ahead_ != nullptr;
  if (!was_made) ahead_ = std::make_shared<PushAhead>(session_, target_.repository());
  std::set<Digest> expected;
  for (const auto& part : parts) {
    const auto config = std::ranges::find_if(part.blobs, is_config);
    const auto layer = std::find_if_not(part.blobs.rbegin(), part.blobs.rend(), is_config);
    if (config == part.blobs.end() || layer == part.blobs.rend()) continue;
    if (!may_be_sent(*config) || !may_be_sent(*layer)) continue;
    if (was_made) return ahead_->expect_configs(1);
    for (const auto& blob : {*config, *layer}) {
      if (expected.size() == session_->context().options.parallel) return;
      if (expected.insert(blob.descriptor.digest).second) ahead_->expect_blob(blob.descriptor.size);
    }
  }
}

std::set<Digest> Push::send_blobs(const std::vector<PushPart>& parts) {
  Uploader uploader(session_, target_.repository(), known_, ahead_);
  Guarded<std::set<Digest>> sent;
  TaskGroup group(session_->context().options.parallel, session_->stop());
  for (auto& blob : blobs_of(parts)) {
    group.spawn([&uploader, &sent, blob = std::move(blob)](const std::stop_token& stop) {
      if (!uploader.upload(blob.descriptor, blob.from, stop, asks(blob))) return;
      sent.with([&](auto& all) { all.insert(blob.descriptor.digest); });
    });
  }
  group.wait();
  return sent.with([](auto& all) { return std::move(all); });
}

std::vector<PushPart> Push::missing_referrers(const HasManifest& has_manifest) const {
  std::vector<PushPart> missing;
  for (const auto& referrer : referrers_) {
    if (!has_manifest(referrer.descriptor)) missing.push_back(part_of_referrer(referrer, ReferrerState::unknown));
  }
  return missing;
}

HasManifest Push::asked_for_referrers(const std::set<Digest>& made) const {
  auto found = std::make_shared<Guarded<std::set<Digest>>>();
  TaskGroup group(session_->context().options.parallel, session_->stop());
  for (const auto& referrer : referrers_) {
    const auto subject = subject_of(referrer);
    if (subject && made.contains(*subject)) continue;
    group.spawn([this, &referrer, found](const std::stop_token&) {
      if (!has(referrer.descriptor)) return;
      found->with([&](auto& all) { all.insert(referrer.descriptor.digest); });
    });
  }
  group.wait();
  return [found](const Descriptor& entry) {
    return found->with([&](const auto& all) { return all.contains(entry.digest); });
  };
}

// A referrer that is there is put all the same, without its blobs: a push that was broken off may have left it out of
// the index that a registry without the referrers API has under a tag.
std::vector<PushPart> Push::all_referrers(const std::set<Digest>& made, const HasManifest& has_manifest) const {
  std::vector<PushPart> found;
  for (const auto& referrer : referrers_) {
    const auto subject = subject_of(referrer);
    const bool is_new = subject && made.contains(*subject);
    found.push_back(part_of_referrer(referrer, is_new ? ReferrerState::is_new : ReferrerState::unknown));
    if (!is_new && has_manifest(referrer.descriptor)) found.back().blobs.clear();
  }
  return found;
}

// A root that something refers to is put by its digest first: its tag comes last, and a registry need not take what
// refers to nothing.
std::vector<Push::PartToPut> Push::order(const std::vector<PushPart>& parts,
                                         const std::vector<PushPart>& referrers) const {
  const auto of = [](const PushPart& part) { return PartToPut{part.descriptor.digest.to_string(), &part}; };
  const bool has_tag = identifier() != root_.to_string();
  const bool root_first =
      !has_tag || std::ranges::any_of(referrers_, [&](const Document& each) { return subject_of(each) == root_; });
  std::vector<PartToPut> puts;
  for (const auto& part : parts) {
    if (part.descriptor.digest != root_ || root_first) puts.push_back(of(part));
  }
  for (const auto& part : referrers) puts.push_back(of(part));
  if (has_tag && !parts.empty()) puts.push_back({identifier(), &parts.back()});
  return puts;
}

// Manifests that name no other of them: an index needs what it names, a referrer what it refers to, and a tag is last.
Push::NextPart Push::end_of_independent(NextPart first, NextPart last) {
  const auto is_alone = [](const PartToPut& put) {
    return is_index_type(put.part->descriptor.media_type) || is_tag(put);
  };
  std::set<Digest> together;
  auto next = first;
  while (next != last && next - first < kMostTogether) {
    const auto subject = subject_of({next->part->descriptor, next->part->json, nullptr});
    const bool depends = is_alone(*next) || (subject && together.contains(*subject));
    if (depends && next != first) break;
    together.insert(next->part->descriptor.digest);
    ++next;
    if (is_alone(*first)) break;
  }
  return next;
}

// A registry may throw a blob away after it was asked for it; and docker-registry 2.8 does not see one for a moment
// when somebody else sends it again. So what it lacks is looked after once more.
void Push::put_all(const std::vector<PartToPut>& puts, std::function<void()> before_tag) {
  Retrier retrier(session_->context().policy, session_->stop());
  for (auto next = puts.begin(); next != puts.end();) {
    const auto end = end_of_independent(next, puts.end());
    if (before_tag && is_tag(*next)) std::exchange(before_tag, nullptr)();
    try {
      put_together({next, end});
      next = end;
    } catch (const BlobsUnknown&) {
      if (!retrier.wait()) throw;
      if (ahead_) ahead_->forget();
      std::vector<PushPart> all;
      all.reserve(puts.size());
      for (const auto& each : puts) all.push_back(*each.part);
      for (auto& part : all) {
        for (auto& blob : part.blobs) blob.is_new = false;
      }
      send_blobs(all);
    }
  }
  if (before_tag) before_tag();
}

void Push::put_together(std::span<const PartToPut> puts) {
  Guarded<std::map<std::size_t, UnlistedReferrer>> unlisted;  // by their place, so that the order is the same each time
  TaskGroup group(std::min(session_->context().options.parallel, puts.size()), session_->stop());
  for (std::size_t i = 0; i < puts.size(); ++i) {
    group.spawn([this, i, puts, &unlisted](const std::stop_token&) {
      auto referrer = put(puts[i]);
      if (referrer) unlisted.with([&](auto& all) { all.emplace(i, std::move(*referrer)); });
    });
  }
  group.wait();
  std::vector<UnlistedReferrer> referrers;
  unlisted.with([&](auto& all) {
    for (auto& [place, referrer] : all) referrers.push_back(std::move(referrer));
  });
  if (!referrers.empty()) list_under_tags(*session_, target_.repository(), referrers);
}

std::optional<UnlistedReferrer> Push::put(const PartToPut& put) {
  try {
    const auto& part = *put.part;
    const auto answer =
        put_manifest(*session_, target_.repository(), put.identifier, part.descriptor, part.json, action_);
    return unlisted_referrer(part.descriptor, part.json, answer.headers);
  } catch (const HttpError&) {
    known_->forget();  // it may lack a blob that it had a while ago
    throw;
  }
}

}  // namespace ociassemble
