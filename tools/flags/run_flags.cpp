// SPDX-License-Identifier: Apache-2.0
#include "flags/run_flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "base/file_status.hpp"
#include "flags/build_arguments.hpp"
#include "help/command_text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {
namespace {

// "SOURCE:TARGET[:rw]".
BindMount parse_mount(const std::string& text) {
  const auto reject = [&](const std::string& why) -> Error {
    return {ErrorCode::invalid_argument, "cannot parse --mount \"" + text + "\": " + why,
            "write --mount DIR:/TARGET, or --mount DIR:/TARGET:rw to let the program write there"};
  };
  auto rest = text;
  BindMount mount;
  if (rest.ends_with(":rw") || rest.ends_with(":ro")) {
    mount.read_only = rest.ends_with(":ro");
    rest.resize(rest.size() - 3);
  }
  const auto colon = rest.rfind(":/");
  if (colon == std::string::npos || colon == 0) throw reject("no folder and absolute target");
  mount.source = absolute_path(rest.substr(0, colon)).lexically_normal();
  if (!mount.source.has_filename()) mount.source = mount.source.parent_path();
  mount.target = rest.substr(colon + 1);
  return mount;
}

}  // namespace

std::optional<std::vector<std::string>> program_words(const Streams& streams) {
  const auto& all = streams.arguments;
  const auto divider =
      std::find_if(all.begin(), all.end(), [](const char* word) { return std::string_view(word) == "--"; });
  if (divider == all.end()) return {};
  return std::vector<std::string>(divider + 1, all.end());
}

std::uint64_t parse_size(const std::string& text, const std::string& option) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  unsigned shift = 0;
  bool is_known = true;
  if (unit == "k" || unit == "K" || unit == "Ki") {
    shift = 10;
  } else if (unit == "m" || unit == "M" || unit == "Mi") {
    shift = 20;
  } else if (unit == "g" || unit == "G" || unit == "Gi") {
    shift = 30;
  } else {
    is_known = unit.empty();
  }
  if (failure == std::errc() && is_known && number != 0 && number <= (std::uint64_t{1} << 50U >> shift))
    return number << shift;
  throw Error(ErrorCode::invalid_argument, "cannot parse " + option + " \"" + text + "\": not a size",
              "write " + option + " 256m, 1g or a number of bytes");
}

void RunFlags::add_to(CLI::App& app, const char* group) {
  const auto list = [&](const char* name, std::vector<std::string>& values, const char* text, const char* type) {
    app.add_option(name, values, text)->type_name(type)->take_all()->expected(1)->allow_extra_args(false)->group(group);
  };
  list("-e,--env", env_, "Set a variable; repeatable", "NAME=VALUE");
  list("-p,--publish", ports_, "Publish a port on this machine; repeatable", "[ADDR:]HOST:PORT[/PROTO]");
  list("--mount", mounts_, "Mount a folder of this machine, read-only unless :rw follows; repeatable",
       "DIR:/TARGET[:rw]");
  list("--cap-add", capabilities_, "Give a program that runs as root a capability; repeatable", "NAME");
  app.add_option("--name", name_, "Name of the service (default: the image's or the program's)")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--memory", memory_, "Limit of memory (default: 256m)")->type_name("SIZE")->group(group);
  app.add_option("--pids-limit", processes_, "Limit of processes and threads (default: 256)")
      ->type_name("N")
      ->check(CLI::Range(1, 4194304).description(""))
      ->group(group);
  app.add_option("--tmp-size", temporary_, "Size of /tmp, which is in memory (default: 64m)")
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--volume-size", volumes_, "Size of each writable folder where the runtime limits it (default: 128m)")
      ->type_name("SIZE")
      ->group(group);
  show_in_full_help_only(app, {"--cap-add", "--memory", "--pids-limit", "--tmp-size", "--volume-size"});
}

RunSettings RunFlags::settings(std::vector<BindMount> mounts) const {
  RunSettings settings;
  settings.name = name_;
  for (const auto& text : env_) settings.env.push_back(parse_assignment(text, "--env"));
  for (const auto& text : ports_) settings.ports.push_back(PublishedPort::parse(text));
  settings.capabilities = capabilities_;
  settings.mounts = std::move(mounts);
  for (const auto& text : mounts_) settings.mounts.push_back(parse_mount(text));
  for (const auto& mount : settings.mounts) {
    std::error_code ignored;
    if (std::filesystem::exists(mount.source, ignored)) continue;
    throw Error(ErrorCode::not_found, "cannot mount " + mount.source.string() + ": it does not exist",
                "make the folder, or correct the mount");
  }
  if (!memory_.empty()) settings.memory = parse_size(memory_, "--memory");
  if (!temporary_.empty()) settings.temporary = parse_size(temporary_, "--tmp-size");
  if (!volumes_.empty()) settings.volume_size = parse_size(volumes_, "--volume-size");
  settings.processes = processes_;
  return settings;
}

}  // namespace ociassemble::tool
