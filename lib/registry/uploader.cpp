// SPDX-License-Identifier: Apache-2.0
#include "registry/uploader.hpp"

#include <fmt/format.h>

#include "registry/blob_reader.hpp"

namespace ociassemble {

bool Uploader::upload(const Descriptor& descriptor, const std::shared_ptr<BlobReader>& from,
                      const std::stop_token& stop, Ask ask) {
  UploadContent content(descriptor, from, session_->listener());
  if (is_known(descriptor, *from) || (ask == Ask::first && is_there_already(descriptor, stop))) {
    content.tell(TransferEvent::Kind::skipped, descriptor.size);
    known_->add(repository_, descriptor.digest);
    return false;
  }
  std::optional<RegistryAnswer> opened;
  StreamedOutcome streamed;
  if (const auto source = mount_source(descriptor, *from)) {
    opened = try_mount(content, *source, stop);
  } else if (ahead_) {
    if (ask == Ask::never) streamed = ahead_->take_streamed(descriptor.digest);
    if (!streamed.bytes) opened = ahead_->take_upload(is_large(descriptor.size));
  }
  if (opened && opened->status == 201) {
    content.tell(TransferEvent::Kind::mounted, descriptor.size);
  } else {
    content.tell(TransferEvent::Kind::started, 0);
    BlobUpload upload(*session_, repository_, content, stop, limits_);
    if (streamed.bytes) {
      upload.run_streamed(*streamed.bytes);
    } else {
      upload.run(opened);
    }
    if (streamed.was_refused && upload.sent_from_the_beginning()) session_->note_refusal_of_streams();
    content.tell(TransferEvent::Kind::finished, descriptor.size);
  }
  known_->add(repository_, descriptor.digest);
  return true;
}

PlannedStep Uploader::plan(const Descriptor& descriptor, const std::shared_ptr<BlobReader>& from,
                           const std::stop_token& stop, Ask ask) const {
  using Action = PlannedStep::Action;
  PlannedStep step{Action::skip, descriptor, blob_name(descriptor), {}, 0};
  if (is_known(descriptor, *from)) return step;
  if (ask == Ask::first) {
    step.requests = 1;
    if (is_there(descriptor, stop)) return step;
  }
  if (const auto source = mount_source(descriptor, *from)) {
    step.action = Action::mount;
    step.from = session_->registry() + "/" + *source;
    step.requests += 1;
    return step;
  }
  const bool chunked = descriptor.size > limits_.whole;
  step.action = Action::send;
  step.requests += 2 + (chunked ? (descriptor.size + limits_.chunk - 1) / limits_.chunk : 0);
  return step;
}

// What was found in this very repository, through one of its manifests, need not be asked for again.
bool Uploader::is_known(const Descriptor& descriptor, const BlobReader& from) const {
  return from.repository() == session_->registry() + "/" + repository_ ||
         known_->contains(repository_, descriptor.digest);
}

bool Uploader::is_there_already(const Descriptor& descriptor, const std::stop_token& stop) const {
  if (const auto known = ahead_ ? ahead_->has_blob(descriptor.digest) : std::nullopt) return *known;
  return is_there(descriptor, stop);
}

bool Uploader::is_there(const Descriptor& descriptor, const std::stop_token& stop) const {
  const auto answer = session_->request({.method = "HEAD",
                                         .url = session_->endpoint().blob(repository_, descriptor.digest),
                                         .scope = Scope::push(repository_),
                                         .stop = stop});
  if (answer.succeeded()) return true;
  if (answer.status == 401) {
    throw session_->failure(fmt::format("push {} to {}/{}", blob_name(descriptor), session_->registry(), repository_),
                            answer);
  }
  return false;  // 404; and whatever else it is, the upload will tell
}

bool Uploader::would_send(const Descriptor& descriptor, const BlobReader& from) const {
  return !is_known(descriptor, from) && !mount_source(descriptor, from);
}

std::optional<std::string> Uploader::mount_source(const Descriptor& descriptor, const BlobReader& from) const {
  auto source = from.repository();
  const auto registry = session_->registry() + "/";
  if (source && source->starts_with(registry)) {
    source = source->substr(registry.size());
  } else {
    source = known_->find(descriptor.digest);
  }
  return source && *source != repository_ ? source : std::nullopt;
}

// 201: mounted; 202: an upload session instead. Nothing when the registry will have none of it: the blob is sent then,
// which needs less permission.
std::optional<RegistryAnswer> Uploader::try_mount(const UploadContent& content, const std::string& source,
                                                  const std::stop_token& stop) {
  try {
    auto answer =
        session_->request({.method = "POST",
                           .url = session_->endpoint().mount(repository_, content.descriptor().digest, source),
                           .scope = Scope::push(repository_).and_pull(source),
                           .stop = stop});
    if (answer.status == 201 || (answer.status == 202 && answer.headers.find("Location"))) return answer;
  } catch (const HttpError&) {
    // The token server gives no token for two repositories, whatever its status for that is.
  }
  return {};
}

}  // namespace ociassemble
