// SPDX-License-Identifier: Apache-2.0
#include "flags/build_flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "flags/build_arguments.hpp"
#include "flags/execution_arguments.hpp"
#include "help/command_text.hpp"
#include "ociassemble/command_words.hpp"
#include "ociassemble/platforms.hpp"
#include "recipe/duration.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble::tool {
namespace {

void append(std::vector<std::string>& values, const std::vector<std::string>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

void override(std::optional<std::string>& value, const std::optional<std::string>& by) {
  if (by) value = by;
}

// Adds the command line's inputs to a recipe's; for the same destination one takes the other's place.
template <class Input>
void put_inputs(std::vector<Input>& inputs, const std::vector<Input>& more) {
  const auto recipes = inputs.size();  // two of the command line for one place are for assemble() to refuse
  for (const auto& input : more) {
    const auto end = inputs.begin() + static_cast<std::ptrdiff_t>(recipes);
    const auto same = std::find_if(inputs.begin(), end, [&](const Input& other) {
      return !input.destination.empty() && other.destination == input.destination;
    });
    if (same != end) {
      *same = input;
    } else {
      inputs.push_back(input);
    }
  }
}

void parse_map(std::map<std::string, std::string>& values, const std::vector<std::string>& texts,
               std::string_view what) {
  for (const auto& text : texts) {
    auto [name, value] = parse_assignment(text, what);
    values.insert_or_assign(std::move(name), std::move(value));
  }
}

bool asks_for_platform(const BinaryInput& binary) {
  const auto path = binary.source.string();
  const auto has = [&](const char* word) { return path.find(word) != std::string::npos; };
  return has("{os}") || has("{arch}") || has("{variant}");
}

}  // namespace

void add_list(CLI::App& app, const char* name, std::vector<std::string>& values, const char* description,
              const char* type, const char* group) {
  app.add_option(name, values, description)->type_name(type)->take_all()->expected(1)->group(group);
}

void BuildFlags::add_to(CLI::App& app) {
  add_inputs(app);
  add_execution(app);
  add_origin(app);
}

std::vector<Platform> BuildFlags::platforms() const { return parse_platforms(platforms_); }

std::vector<AssembleOptions> BuildFlags::apply(AssembleOptions options) const {
  apply_inputs(options);
  apply_execution(options);
  apply_origin(options);
  if (options.platform) return for_platforms(options, {*options.platform});
  if (!platforms_.empty()) return for_platforms(options, platforms());
  const auto& binaries = options.contents.binaries;
  if (std::any_of(binaries.begin(), binaries.end(), asks_for_platform))
    return for_platforms(options, {host_platform()});
  return {options};
}

void BuildFlags::add_inputs(CLI::App& app) {
  const char* group = "Contents";
  add_list(app, "-b,--binary", binaries_, "Program to run (default destination: /usr/local/bin/NAME); repeatable",
           "PATH[:DEST]", group);
  app.add_option("--base", base_, "Base image (default: static, which is built in)")
      ->type_name("LOCATION")
      ->group(group);
  app.add_flag("--fix-media-types", fix_media_types_,
               "Correct the media types of base layers that are compressed in another way than declared")
      ->group(group);
  add_list(app, "--add", adds_, "Copy a file or folder into the image; .dockerignore applies; repeatable",
           "SRC:DEST[,mode=OCTAL][,owner=USER[:GROUP]][,ignore=FILE|none]", group);
  add_list(app, "--add-from", adds_from_, "Copy a file or folder from another image; repeatable",
           "IMAGE:PATH:DEST[,mode=OCTAL][,owner=USER[:GROUP]]", group);
  app.add_option("--ca-certificates", ca_certificates_, "Add CA certificates: this machine's, or a PEM file")
      ->type_name("host|FILE")
      ->group(group);
  app.add_option("--tzdata", tzdata_, "Add time zone data: this machine's, or a zoneinfo folder")
      ->type_name("host|DIR")
      ->group(group);
  add_list(app, "--writable", writable_, "Folder that the user may write to; becomes a volume; repeatable", "PATH",
           group);
  app.add_flag("--no-writable-volumes", no_writable_volumes_,
               "Folders of --writable are no volumes, for clusters that refuse images with volumes")
      ->group(group);
  show_in_full_help_only(app, {"--no-writable-volumes"});
  app.add_flag("--no-readonly", no_read_only_,
               "Do not mark the image as read-only: modes 0755 and 0644, no read-only labels")
      ->group(group);
  app.add_flag("--any-binary", any_binary_, "Do not check the format, platform and linkage of programs")->group(group);
  add_list(app, "--cap", capabilities_, "File capability of the programs, such as net_bind_service; repeatable", "NAME",
           group);
  add_list(app, "--platform", platforms_,
           "Platform of the image (default: the program's); several make an index, and fill {os}, {arch} and {variant} "
           "in the paths of programs; repeatable",
           "OS/ARCH[,OS/ARCH…]", group);
  show_in_full_help_only(app, {"--fix-media-types", "--no-readonly", "--any-binary", "--cap"});
}

void BuildFlags::add_execution(CLI::App& app) {
  const char* group = "Configuration";
  app.add_option("--user", user_, "User to run as: numbers, or names of the base (default: 65532:65532)")
      ->type_name("USER[:GROUP]")
      ->group(group);
  app.add_option("--create-user", create_user_, "Create this user in the image and run as it")
      ->type_name("NAME:UID[:GID][,home=PATH][,shell=PATH]")
      ->group(group);
  app.add_option("--entrypoint", entrypoint_, "Entrypoint: words, or a JSON array (default: the first program)")
      ->type_name("COMMAND")
      ->group(group);
  app.add_option("--cmd", cmd_, "Default arguments: words, or a JSON array")->type_name("COMMAND")->group(group);
  add_list(app, "-e,--env", env_, "Environment variable; repeatable", "NAME=VALUE", group);
  add_list(app, "--env-file", env_files_, "Environment variables from a file, one NAME=VALUE a line; repeatable",
           "FILE", group);
  add_list(app, "--label", labels_, "Label of the image; repeatable", "NAME=VALUE", group);
  add_list(app, "--annotation", annotations_, "Annotation of the manifest; repeatable", "NAME=VALUE", group);
  app.add_option("--workdir", working_dir_, "Working directory; created if it is missing")
      ->type_name("PATH")
      ->group(group);
  add_list(app, "--expose", ports_, "Port that the program listens on; repeatable", "PORT[/PROTOCOL]", group);
  add_list(app, "--volume", volumes_, "Mount point; repeatable", "PATH", group);
  app.add_option("--stop-signal", stop_signal_, "Signal that stops the program, for example SIGINT")
      ->type_name("SIGNAL")
      ->group(group);
  add_healthcheck(app, group);
  show_in_full_help_only(app, {"--stop-signal"});
}

void BuildFlags::add_healthcheck(CLI::App& app, const char* group) {
  app.add_option("--healthcheck", healthcheck_,
                 "Command that tells whether the program is healthy: words, or a JSON array; none: disable the base's")
      ->type_name("COMMAND|none")
      ->group(group);
  const auto add = [&](const char* name, std::optional<std::string>& value, const char* description) {
    app.add_option(name, value, description)->type_name("TIME")->needs("--healthcheck")->group(group);
  };
  add("--healthcheck-interval", health_interval_, "Time between two health checks, such as 30s");
  add("--healthcheck-timeout", health_timeout_, "Time that a health check may take");
  add("--healthcheck-start-period", health_start_period_, "Time after the start in which failures do not count");
  app.add_option("--healthcheck-retries", health_retries_, "Failures in a row that make the program unhealthy")
      ->type_name("N")
      ->needs("--healthcheck")
      ->check(CLI::Range(1, 1000000).description(""))
      ->group(group);
  show_in_full_help_only(
      app, {"--healthcheck-interval", "--healthcheck-timeout", "--healthcheck-start-period", "--healthcheck-retries"});
}

void BuildFlags::add_origin(CLI::App& app) {
  const char* group = "Origin";
  app.add_option("--base-name", base_name_, "Name of the base in the annotations, or none (default: as --base has it)")
      ->type_name("NAME|none")
      ->group(group);
  add_list(app, "--annotate", annotate_,
           "Take annotations from vcs (the program's commit), or from the variables of github or gitlab; repeatable",
           "vcs|github|gitlab", group);
  app.add_flag("--inherit-labels", inherit_labels_,
               "Keep the base's org.opencontainers.image.* labels, which describe the base")
      ->group(group);
  app.add_option("--created", created_,
                 "Creation time of the image; vcs: the time of the program's commit (default: SOURCE_DATE_EPOCH, or "
                 "1970-01-01)")
      ->type_name("TIME|vcs")
      ->group(group);
  app.add_option("--file-times", file_times_, "Modification time of all files (default: 1970-01-01)")
      ->type_name("TIME")
      ->group(group);
  show_in_full_help_only(app, {"--base-name", "--inherit-labels", "--created", "--file-times"});
}

void BuildFlags::apply_inputs(AssembleOptions& options) const {
  if (base_) options.base = Location::parse(*base_);
  options.fix_media_types = options.fix_media_types || fix_media_types_;
  std::vector<BinaryInput> binaries;
  for (const auto& text : binaries_) {
    binaries.push_back(parse_binary(text));
    binaries.back().capabilities = capabilities_;
  }
  put_inputs(options.contents.binaries, binaries);
  for (auto& binary : options.contents.binaries) binary.any_binary = binary.any_binary || any_binary_;
  std::vector<AddInput> adds;
  for (const auto& text : adds_) adds.push_back(parse_add(text));
  for (const auto& text : adds_from_) adds.push_back(parse_add_from(text));
  put_inputs(options.contents.adds, adds);
  append(options.contents.writable, writable_);
  if (no_read_only_) options.contents.read_only = false;
  if (no_writable_volumes_) options.writable_volumes = false;
  override(options.contents.ca_certificates, ca_certificates_);
  override(options.contents.tzdata, tzdata_);
}

void BuildFlags::apply_execution(AssembleOptions& options) const {
  if (create_user_) {
    const auto user = parse_created_user(*create_user_);
    options.contents.user = std::to_string(user.uid) + ":" + std::to_string(user.gid);
    options.contents.create_user = user;
  }
  override(options.contents.user, user_);
  apply_healthcheck(options);
  if (entrypoint_) options.entrypoint = parse_command_words(*entrypoint_);
  if (cmd_) options.cmd = parse_command_words(*cmd_);
  for (const auto& file : env_files_) {
    for (auto& variable : read_env_file(file)) options.env.push_back(std::move(variable));
  }
  for (const auto& text : env_) options.env.push_back(parse_assignment(text, "--env"));
  parse_map(options.labels, labels_, "--label");
  parse_map(options.annotations, annotations_, "--annotation");
  override(options.contents.working_dir, working_dir_);
  append(options.exposed_ports, ports_);
  append(options.volumes, volumes_);
  override(options.stop_signal, stop_signal_);
}

void BuildFlags::apply_healthcheck(AssembleOptions& options) const {
  if (!healthcheck_) return;
  Healthcheck check;
  check.test = parse_health_test(*healthcheck_);
  if (health_interval_) check.interval = parse_duration(*health_interval_);
  if (health_timeout_) check.timeout = parse_duration(*health_timeout_);
  if (health_start_period_) check.start_period = parse_duration(*health_start_period_);
  check.retries = health_retries_;
  options.healthcheck = std::move(check);
}

void BuildFlags::apply_origin(AssembleOptions& options) const {
  override(options.base_name, base_name_);
  options.inherit_labels = options.inherit_labels || inherit_labels_;
  for (const auto& text : annotate_) {
    const auto source = parse_annotation_source(text);
    auto& sources = options.annotate;
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) sources.push_back(source);
  }
  if (created_) {
    options.created_from_vcs = *created_ == "vcs";
    options.created = options.created_from_vcs ? std::nullopt : std::optional(parse_time(*created_));
  }
  if (file_times_) options.file_times = parse_time(*file_times_);
}

}  // namespace ociassemble::tool
