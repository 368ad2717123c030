// SPDX-License-Identifier: Apache-2.0
#include "commands/same_app.hpp"

#include "stream_sink.hpp"

#include <CLI/CLI.hpp>

#include <ostream>

#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "report/comparisons.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kShownFiles = 20;

}  // namespace

void SameAppFlags::add_to(CLI::App& app) {
  const char* group = "The same application";
  auto* same = app.add_flag("--same-app", same_app_, "Prove that two images carry the same application, byte for byte")
                   ->group(group);
  app.add_flag("--strict", strict_, "Allow no difference except those of --allow")->needs(same)->group(group);
  app.add_option("--allow", allow_,
                 "May differ: files:/PATH (and all below), env, cmd, labels, base, layers, …; repeatable")
      ->type_name("NAME")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false)
      ->needs(same)
      ->group(group);
  app.add_option("--platform", platform_, "Compare only this platform's images of indexes")
      ->type_name("OS/ARCH")
      ->needs(same)
      ->group(group);
}

bool SameAppFlags::is_asked(const std::vector<std::string>& locations) const {
  const std::size_t wanted = same_app_ ? 2 : 1;
  if (locations.size() == wanted) return same_app_;
  throw Error(ErrorCode::invalid_argument,
              same_app_ ? "cannot prove that images carry the same application: it takes two locations"
                        : "cannot verify two locations at once",
              same_app_ ? "ociassemble verify --same-app FIRST SECOND" : "to compare them, add --same-app");
}

int SameAppFlags::run(const std::vector<std::string>& locations, const RegistryFlags& registry, const Streams& streams,
                      Output output) const {
  const auto first = Location::parse(locations[0]);
  const auto second = Location::parse(locations[1]);
  // Of what the user named. A base is named by the images' annotations alone, so its registry gets none of them.
  const auto workplace = registry.workplace(streams, Verbosity::result, chief_registry({}, {first, second}));
  SameAppOptions options;
  options.is_strict = strict_;
  options.allow = {allow_.begin(), allow_.end()};
  options.stop = streams.stop;
  options.find_base = [&](const std::string& name, const Digest& digest) {
    const auto base = Reference::parse(name).with_digest(digest);
    return open_image(open_document(Location::parse(base.to_string()), workplace), {});
  };
  const auto platform = platform_.empty() ? std::nullopt : std::optional(Platform::parse(platform_));
  const auto before = reading(locations[0], [&] { return open_document(first, workplace); });
  const auto after = reading(locations[1], [&] { return open_document(second, workplace); });
  const auto report = prove_same_app(before, after, platform, options);
  StreamSink out(streams.out);
  switch (output) {
    case Output::text:
      describe_same_app(report, kShownFiles, out);
      break;
    case Output::json:
      print_same_app_json(report, out);
      break;
    case Output::none:
      break;
  }
  return report.is_proven() ? 0 : 3;
}

}  // namespace ociassemble::tool
