// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/file_status.hpp"
#include "base/output_file.hpp"
#include "base/stop.hpp"
#include "base/text.hpp"
#include "digest/hasher.hpp"
#include "http/http.hpp"
#include "http/url.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/vulnerabilities.hpp"
#include "spec/json.hpp"
#include "spec/json_printer.hpp"
#include "spec/timestamp.hpp"
#include "vulnerabilities/database.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestDownload = std::uint64_t{2} << 30U;
constexpr std::size_t kLargestSourceRecord = std::size_t{64} << 10U;
constexpr int kMostRedirects = 10;
constexpr int kOk = 200;
constexpr int kNotModified = 304;

// What a record holds besides where the file came from.
struct FetchRecord {
  DatabaseSource source;
  std::string etag;
  std::string last_modified;
};

// One name of a URL's path, for a file: "Debian%3A12" -> "Debian-12".
std::string as_file_name(std::string_view segment) {
  std::string name;
  for (std::size_t at = 0; at < segment.size(); ++at) {
    const char c = segment[at];
    const bool is_kept = is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
    if (c == '%' && at + 2 < segment.size()) at += 2;
    name += is_kept ? c : '-';
  }
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));
  return name;
}

bool has_known_ending(std::string_view name) { return name.ends_with(".zip") || name.ends_with(".json"); }

// The last two names of the path: mirrors call the files of all ecosystems alike.
std::string file_name_of(const Url& url) {
  auto path = url.without_query();
  path.erase(0, path.find("://") + 3);
  std::vector<std::string> names;
  const auto slash = path.find('/');
  auto rest = slash == std::string::npos ? std::string_view() : std::string_view(path).substr(slash);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    if (auto name = as_file_name(rest.substr(0, end)); !name.empty()) names.push_back(std::move(name));
    rest.remove_prefix(end);
  }
  if (names.empty()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot fetch {}: its path names no file", url.without_query()),
                "name the file itself with -o, such as -o databases/go.zip");
  }
  auto name = names.size() > 1 ? names[names.size() - 2] + "-" + names.back() : names.back();
  return has_known_ending(name) ? name : name + ".json";
}

fs::path file_of(const Url& url, const fs::path& to) {
  const auto text = to.string();
  if (text.empty()) throw Error(ErrorCode::invalid_argument, "no file or folder to fetch into", "name one with -o");
  if (has_known_ending(text) && !text.ends_with('/') && !is_folder(to)) return to;
  if (is_there(to) && !is_folder(to)) {
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("cannot fetch into {}: it is no folder, and its name ends neither in .zip nor in .json", text),
        "name a folder, or a file such as -o databases/go.zip");
  }
  make_folders(to);
  return to / file_name_of(url);
}

// What the file's symlinks lead to. A database is read many times, and replaced whole.
fs::path replaceable(const fs::path& file) {
  const auto place = find_output(file);
  if (place.kind == OutputPlace::Kind::file) return place.path;
  throw Error(ErrorCode::io, fmt::format("cannot fetch into {}: it is not a regular file", file.string()));
}

std::optional<FetchRecord> read_fetch_record(const fs::path& file) {
  const auto source = read_source_record(file);
  if (!source) return {};
  const auto path = source_record_of(file);
  const auto subject = path.string();
  const auto value = parse_json(read_file(path, kLargestSourceRecord), subject, {.size = kLargestSourceRecord});
  const JsonView document(value, subject);
  return FetchRecord{*source, document.find_string("etag"), document.find_string("lastModified")};
}

void write_fetch_record(const fs::path& file, const FetchRecord& record) {
  StringSink text;
  JsonPrinter json(text);
  json.begin_object();
  json.member("url", record.source.url);
  json.member("date", record.source.date);
  json.member("sha256", record.source.sha256);
  if (!record.etag.empty()) json.member("etag", record.etag);
  if (!record.last_modified.empty()) json.member("lastModified", record.last_modified);
  json.end_object();
  json.finish();
  write_file_atomically(source_record_of(file), as_bytes(text.bytes()));
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) throw Error(ErrorCode::io, fmt::format("cannot look at {}: {}", file.string(), error.message()));
  return size;
}

std::string sha256_of(const fs::path& file) {
  FileSource source(file);
  Hasher hasher;
  std::vector<std::byte> buffer(kCopyBufferSize);
  while (const auto count = source.read(buffer)) hasher.update(std::span<const std::byte>(buffer).first(count));
  return std::string(hasher.finish().hex());
}

class Fetch {
 public:
  Fetch(const Url& url, const FetchOptions& options)
      : url_(url), options_(options), file_(replaceable(file_of(url, options.to))) {}

  FetchedDatabase run() {
    require_encryption(url_);
    const auto known = known_record();
    HttpRequest request;
    request.stop = options_.stop;
    request.large = true;
    request.headers.add("Accept-Encoding", "identity");
    if (known && !known->etag.empty()) request.headers.add("If-None-Match", known->etag);
    if (known && !known->last_modified.empty()) request.headers.add("If-Modified-Since", known->last_modified);
    const auto answer = open(std::move(request));
    FetchedDatabase fetched{.file = file_, .date = date_of(*answer)};
    if (answer->status() == kNotModified && known) {
      auto record = *known;
      record.source.date = fetched.date;
      write_fetch_record(file_, record);
      fetched.sha256 = record.source.sha256;
      fetched.size = size_of(file_);
      return fetched;
    }
    if (answer->status() != kOk) refuse(answer->status());
    download(*answer, fetched);
    return fetched;
  }

 private:
  void require_encryption(const Url& url) const {
    if (url.is_https() || url.is_loopback() || options_.allow_plain_http) return;
    throw Error(
        ErrorCode::invalid_argument,
        fmt::format("cannot fetch {}: it is not encrypted, so that anybody on the way could change the database",
                    url.without_query()),
        "use https, or --plain-http where the network is trusted");
  }

  // What is known of the file here, if it is the one that was fetched from there.
  std::optional<FetchRecord> known_record() const {
    if (!is_there(file_)) return {};
    auto record = read_fetch_record(file_);
    if (!record) return {};
    const auto address = url_.without_query();
    if (record->source.url != address) {
      if (!is_folder(options_.to)) return {};
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot fetch {}: {} was fetched from {}", address, file_.string(),
                              printable(record->source.url)),
                  fmt::format("name another file with -o, or remove {}", file_.string()));
    }
    return record->source.sha256 == sha256_of(file_) ? record : std::nullopt;
  }

  std::unique_ptr<HttpStream> open(HttpRequest request) const {
    HttpOptions options;
    options.ca_file = options_.ca_file;
    const auto transport = make_curl_transport(options);
    auto at = url_;
    for (int redirects = 0; redirects <= kMostRedirects; ++redirects) {
      request.url = at.to_string();
      auto answer = send(*transport, request);
      const auto location = answer->headers().find("Location");
      const bool is_redirect = answer->status() >= 300 && answer->status() < 400 && answer->status() != kNotModified;
      if (!is_redirect || !location) return answer;
      at = at.resolve(*location);
      require_encryption(at);
    }
    throw Error(ErrorCode::network,
                fmt::format("cannot fetch {}: redirected more than {} times", url_.without_query(), kMostRedirects));
  }

  std::unique_ptr<HttpStream> send(HttpTransport& transport, const HttpRequest& request) const {
    try {
      return transport.open(request);
    } catch (const TransportError& error) {
      throw error.final();
    }
  }

  std::string date_of(const HttpStream& answer) const {
    const auto date = answer.headers().find("Date");
    const auto seconds = date ? parse_http_date(*date) : std::nullopt;
    return seconds ? format_timestamp(*seconds) : options_.now;
  }

  [[noreturn]] void refuse(int status) const {
    const bool is_missing = status == 404 || status == 410;
    throw HttpError(is_missing ? ErrorCode::not_found : ErrorCode::network, status,
                    fmt::format("cannot fetch {}: the server answered {}", url_.without_query(), status),
                    is_missing ? "docs/vulnerabilities.md has the addresses of databases" : "");
  }

  void download(HttpStream& answer, FetchedDatabase& fetched) {
    auto folder = file_.parent_path();
    if (folder.empty()) folder = ".";
    auto file = AtomicFile::in_folder(folder);
    Hasher hasher;
    std::vector<std::byte> buffer(kCopyBufferSize);
    for (;;) {
      throw_if_stopped(options_.stop);
      const auto count = receive(answer, buffer);
      if (count == 0) break;
      fetched.size += count;
      if (fetched.size > kLargestDownload) {
        throw Error(ErrorCode::corrupt,
                    fmt::format("cannot fetch {}: more than {}", url_.without_query(), format_size(kLargestDownload)));
      }
      const auto bytes = std::span<const std::byte>(buffer).first(count);
      hasher.update(bytes);
      file.write(bytes);
    }
    check(file.temporary_path());
    FetchRecord record;
    fetched.sha256 = hasher.finish().hex();
    fetched.is_new = true;
    // A query may hold a signature, which is as good as a password.
    record.source = {url_.without_query(), fetched.date, fetched.sha256};
    record.etag = answer.headers().find("ETag").value_or("");
    record.last_modified = answer.headers().find("Last-Modified").value_or("");
    file.commit_as(file_);
    write_fetch_record(file_, record);
  }

  std::size_t receive(HttpStream& answer, std::span<std::byte> buffer) const {
    try {
      return answer.read(buffer);
    } catch (const TransportError& error) {
      throw error.final();
    }
  }

  // The errors of readers name the temporary file, which nobody knows.
  void check(const fs::path& temporary) const {
    try {
      check_database_file(temporary, file_.filename().string(), options_.stop);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) throw;
      std::string cause = error.what();
      const auto name = temporary.string();
      for (auto at = cause.find(name); at != std::string::npos; at = cause.find(name))
        cause.replace(at, name.size(), "it");
      throw Error(error.code(), fmt::format("{} sent no usable database: {}", url_.without_query(), cause),
                  is_there(file_) ? "the file here stays as it was" : "");
    }
  }

  Url url_;
  const FetchOptions& options_;
  fs::path file_;
};

}  // namespace

FetchedDatabase fetch_database(const std::string& url, const FetchOptions& options) {
  return Fetch(Url::parse(url), options).run();
}

}  // namespace ociassemble
