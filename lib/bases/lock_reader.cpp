// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "bases/base_facts.hpp"
#include "bases/lock_limits.hpp"
#include "bases/locked_blobs.hpp"
#include "bases/taken_files.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/lock.hpp"
#include "ociassemble/version.hpp"
#include "spec/descriptor_json.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

constexpr const char* kRemedy =
    "restore the file, or make it anew from what the tags are now: ociassemble lock --update";

// The names of an object's members, in order, with their values.
using Members = std::vector<std::pair<std::string, JsonView>>;

class LockReader {
 public:
  LockReader(const JsonValue& value, std::string_view subject) : root_(value, subject) {}

  Lock read() {
    Lock lock;
    lock.format = read_format();
    is_first_format_ = lock.format == 1;
    auto known = std::vector<std::string_view>{"lockFormat", "bases"};
    if (!is_first_format_) known.insert(known.end(), {"images", "codecs", "host"});
    refuse_other_members(root_, known);
    for (const auto& [name, view] : members(root_.at("bases"))) {
      require_reference(name, view);
      lock.bases.emplace(name, read_base(view));
    }
    if (const auto images = root_.find("images")) lock.images = read_images(*images);
    if (const auto codecs = root_.find("codecs")) lock.codecs = read_codecs(*codecs);
    if (const auto host = root_.find("host")) lock.host = read_host(*host);
    return lock;
  }

 private:
  // Before anything else: another format may have other members.
  int read_format() const {
    const auto format = root_.at("lockFormat").size();
    if (format == 1 || format == kLockFormat) return static_cast<int>(format);
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot read the lock: it has lockFormat {}, and ociassemble {} reads formats 1 to {}",
                            format, version(), kLockFormat),
                "use the version of ociassemble that wrote it, or make it anew: ociassemble lock --update");
  }

  static Members members(const JsonView& view) {
    Members result;
    for (const auto& name : view.member_names()) result.emplace_back(name, view.at(name));
    return result;
  }

  // A member that is misspelt or of somebody else's would be lost by the next writing.
  static void refuse_other_members(const JsonView& view, std::vector<std::string_view> known) {
    for (const auto& [name, member] : members(view)) {
      if (std::find(known.begin(), known.end(), name) == known.end()) member.refuse("is no member that a lock has");
    }
  }

  static void require_reference(const std::string& name, const JsonView& view) {
    try {
      if (Reference::parse(name).to_string() == name) return;
    } catch (const Error&) {
      view.refuse("is not named by a base's full reference");
    }
    view.refuse(fmt::format("is not named by the full reference, {}", Reference::parse(name).to_string()));
  }

  LockedBase read_base(const JsonView& view) const {
    const char* records = is_first_format_ ? "facts" : "records";
    refuse_other_members(view, {"digest", "mediaType", "baseName", "signedBy", "platforms", "documents", records});
    LockedBase base{read_digest(view.at("digest")), view.at("mediaType").string(), {}, {}, {}};
    if (const auto name = view.find("baseName")) {
      base.name = name->string();
      if (base.name->empty()) name->refuse("is empty");
    }
    if (const auto key = view.find("signedBy")) base.signed_by = read_digest(*key);
    base.documents = read_documents(view.at("documents"));
    if (base.documents.count(base.digest) == 0) view.at("digest").refuse("is not among the documents");
    base.records = read_records(view.at(records));
    for (const auto& [name, member] : members(view.at("platforms"))) {
      base.platforms.emplace(name, read_platform(name, member, base));
    }
    return base;
  }

  static std::map<Digest, std::string> read_documents(const JsonView& view) {
    std::map<Digest, std::string> documents;
    for (const auto& [name, member] : members(view)) {
      const auto digest = digest_of_name(name, member);
      const auto& bytes = member.string();
      if (Digest::of(bytes, digest.algorithm()) != digest)
        member.refuse("does not have the digest that it is named by");
      documents.emplace(digest, bytes);
    }
    return documents;
  }

  std::map<Digest, std::string> read_records(const JsonView& view) const {
    std::map<Digest, std::string> records;
    for (const auto& [name, member] : members(view)) {
      const auto digest = digest_of_name(name, member);
      try {
        const auto tree = decode_facts(member.string(), digest);
        records.emplace(digest, is_first_format_ ? encode_facts(tree).encoded : member.string());
      } catch (const Error& error) {
        member.refuse(fmt::format("cannot be used: {}", error.what()));
      }
    }
    return records;
  }

  static Digest digest_of_name(const std::string& name, const JsonView& member) {
    try {
      return Digest::parse(name);
    } catch (const Error&) {
      member.refuse("is not named by a digest");
    }
  }

  LockedPlatform read_platform(const std::string& name, const JsonView& view, const LockedBase& base) const {
    refuse_other_members(view, {"digest", "system", "facts"});
    const auto facts = view.at("facts");
    const auto files = is_first_format_ ? facts : facts.at("files");
    LockedPlatform platform{read_digest(view.at("digest")), view.find_string("system"), read_digest(files), {}};
    if (base.records.count(platform.files) == 0) files.refuse("is not among the records");
    constexpr std::array<std::string_view, 1> kKnownFacts{"files"};
    if (!is_first_format_) platform.other_facts = facts.others(kKnownFacts);
    if (image_digest(name, view, base) != platform.manifest) {
      view.at("digest").refuse("is not the image that the base has for this platform");
    }
    return platform;
  }

  static std::map<std::string, LockedImage> read_images(const JsonView& view) {
    std::map<std::string, LockedImage> images;
    for (const auto& [name, member] : members(view)) {
      require_reference(name, member);
      refuse_other_members(member, {"digest", "mediaType", "platforms"});
      LockedImage image{read_digest(member.at("digest")), member.at("mediaType").string(), {}};
      for (const auto& [platform, of_platform] : members(member.at("platforms"))) {
        require_platform(platform, of_platform);
        image.platforms.emplace(platform, read_image_platform(of_platform));
      }
      images.emplace(name, std::move(image));
    }
    return images;
  }

  static LockedImage::OfPlatform read_image_platform(const JsonView& view) {
    refuse_other_members(view, {"digest", "files"});
    LockedImage::OfPlatform platform{read_digest(view.at("digest")), {}};
    for (const auto& element : view.at("files").elements()) {
      refuse_other_members(element, {"path", "entries"});
      auto files = parse_taken_lines(element.find_strings("entries"));
      if (!files) element.refuse("is no list of files that a lock has");
      if (!platform.files.emplace(element.at("path").string(), std::move(*files)).second)
        element.refuse("has a path that was there before");
    }
    return platform;
  }

  static void require_platform(const std::string& name, const JsonView& view) {
    try {
      if (Platform::parse(name).normalised().to_string() == name) return;
    } catch (const Error&) {
      view.refuse("is not named by a platform");
    }
    view.refuse(fmt::format("should be named {}", Platform::parse(name).normalised().to_string()));
  }

  static std::map<std::string, Codec> read_codecs(const JsonView& view) {
    std::map<std::string, Codec> codecs;
    for (const auto& [name, member] : members(view)) {
      refuse_other_members(member, {"name", "version"});
      codecs.emplace(name, Codec{member.at("name").string(), member.at("version").string()});
    }
    return codecs;
  }

  static std::map<std::string, Digest> read_host(const JsonView& view) {
    std::map<std::string, Digest> host;
    for (const auto& [name, member] : members(view)) host.emplace(name, read_digest(member));
    return host;
  }

  // Of the image that a build would take.
  static Digest image_digest(const std::string& name, const JsonView& view, const LockedBase& base) {
    try {
      const auto platform = Platform::parse(name);
      if (platform.to_string() != name) view.refuse(fmt::format("should be named {}", platform.to_string()));
      return open_image(locked_document(base), platform).digest();
    } catch (const Error& error) {
      view.refuse(fmt::format("cannot be used: {}", excerpt(error.what(), 200)));
    }
  }

  JsonView root_;
  bool is_first_format_ = false;
};

// What git leaves where it could not merge.
void refuse_conflict(std::string_view json, std::string_view subject) {
  std::size_t line = 1;
  for (std::size_t at = 0; at < json.size(); ++line) {
    const auto text = json.substr(at, json.find('\n', at) - at);
    if (text.starts_with("<<<<<<< ") || text.starts_with(">>>>>>> ")) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot parse {}: line {} is a conflict that git could not merge", subject, line),
                  kRemedy);
    }
    at += text.size() + 1;
  }
}

}  // namespace

Lock Lock::parse(std::string_view json, std::string_view subject) {
  refuse_conflict(json, subject);
  try {
    const auto value = parse_json(json, subject, {.size = kMaxLockSize, .depth = 8, .values = 500000});
    LockReader reader(value, subject);
    return reader.read();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported && !error.hint().empty()) throw;
    throw Error(ErrorCode::corrupt, error.what(), kRemedy);
  }
}

}  // namespace ociassemble
