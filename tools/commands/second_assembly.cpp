// SPDX-License-Identifier: Apache-2.0
#include "commands/second_assembly.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "assemble/perturbation.hpp"
#include "base/atomic_file.hpp"
#include "base/child_process.hpp"
#include "base/file_status.hpp"
#include "base/system_error.hpp"
#include "base/temporary_parent.hpp"
#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/blob_store.hpp"
#include "ociassemble/compare.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kChanged = "OCIASSEMBLE_SECOND_ASSEMBLY";
constexpr std::size_t kMaxWords = std::size_t{64} << 10U;

constexpr std::size_t kMaxSboms = std::size_t{1} << 20U;

std::string sboms_name(std::size_t build) { return fmt::format("{}-sboms", build); }
std::string image_name(std::size_t build, std::size_t image) { return fmt::format("{}-{}", build, image); }

// What the second process gets for variables: credentials and proxies stay, and files that HOME leads to stay found.
std::vector<std::string> other_environment(const fs::path& folder) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  if (const auto home = variables.find("HOME"); home != variables.end()) {
    variables.try_emplace("DOCKER_CONFIG", home->second + "/.docker");
    variables.try_emplace("XDG_CONFIG_HOME", home->second + "/.config");
    variables.try_emplace("XDG_DATA_HOME", home->second + "/.local/share");
  }
  for (const char* name : {"LANGUAGE", "LC_CTYPE", "LC_TIME", "LC_NUMERIC", "COLUMNS", "PWD", "OLDPWD", "SHLVL", "_"}) {
    variables.erase(name);
  }
  variables["TZ"] = variables["TZ"] == "XXX-13:37" ? "YYY+11:11" : "XXX-13:37";
  variables["LANG"] = variables["LC_ALL"] = variables["LC_ALL"] == "tr_TR.UTF-8" ? "de_DE.UTF-8" : "tr_TR.UTF-8";
  variables["HOME"] = (folder / "home").string();
  variables["XDG_CACHE_HOME"] = (folder / "home/cache").string();
  std::vector<std::string> texts;
  texts.reserve(variables.size());
  for (const auto& [name, value] : variables) texts.push_back(fmt::format("{}={}", name, value));
  return texts;
}

void make_absolute(fs::path& path) {
  if (!path.empty()) path = absolute_path(path);
}

void make_absolute(std::optional<std::string>& choice, std::string_view word) {
  if (choice && *choice != word) choice = absolute_path(*choice).string();
}

void make_absolute(Contents& contents) {
  for (auto& binary : contents.binaries) make_absolute(binary.source);
  for (auto& add : contents.adds) {
    if (add.image && !add.image->reference) make_absolute(add.image->path);
    if (add.image) continue;
    const bool ends_with_slash = add.source.string().ends_with('/');
    make_absolute(add.source);
    if (ends_with_slash && !add.source.string().ends_with('/')) add.source += "/";
    make_absolute(add.ignore, "none");
  }
  make_absolute(contents.ca_certificates, "host");
  make_absolute(contents.tzdata, "host");
}

// The paths mean what they meant, wherever the process works afterwards.
void make_absolute(AssembleOptions& options) {
  if (!options.base.reference) make_absolute(options.base.path);
  make_absolute(options.contents);
  for (auto& contents : options.foundations) make_absolute(contents);
}

void change_working_folder(const fs::path& folder) {
  const auto elsewhere = folder / "elsewhere";
  make_folders(elsewhere);
  if (::chdir(elsewhere.c_str()) != 0) throw_errno(fmt::format("cannot work in {}", elsewhere.string()));
}

// Where the base's name led in each process.
void require_same_base(const Assembled& first, const std::string& second, const AssembleOptions& options) {
  const auto root = first.base_root ? first.base_root->to_string() : std::string("none");
  if (root == second) return;
  throw Error(ErrorCode::check_failed,
              fmt::format("the base {} moved between the two assemblies: {}, then {}", options.base.to_string(), root,
                          printable(second)),
              fmt::format("pin it: ociassemble lock --base {}", options.base.to_string()));
}

void run_second(const Streams& streams, const fs::path& folder, const std::stop_token& stop) {
  if (streams.executable.empty()) {
    throw Error(ErrorCode::unsupported, "cannot assemble twice: this program cannot run itself");
  }
  ChildOptions options{.program = streams.executable, .environment = other_environment(folder)};
  options.arguments.assign(streams.arguments.begin(), streams.arguments.end());
  const auto end = std::find(options.arguments.begin(), options.arguments.end(), "--");
  options.arguments.insert(end, "--second-assembly=" + folder.string());
  const auto words = folder / "stderr";
  const UniqueFd output(::open(words.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!output) throw_errno("cannot write " + words.string());
  options.standard_error = output.get();
  ChildProcess child(options);
  const int status = child.wait(stop);
  if (status == 0) return;
  const auto said = read_file(words, kMaxWords);
  const auto begin = said.rfind("ociassemble: ");
  throw Error(status == 3 ? ErrorCode::check_failed : ErrorCode::io,
              fmt::format("the second assembly failed with status {}: {}", status,
                          excerpt(begin == std::string::npos ? said : said.substr(begin + 13))));
}

}  // namespace

void change_process(const Streams& streams) {
  ::umask(::umask(0) == 0027 ? 0022 : 0027);
  constexpr std::string_view kHostName = "second-assembly";
  if (::unshare(CLONE_NEWUTS) == 0) static_cast<void>(::sethostname(kHostName.data(), kHostName.size()));
  // The randomisation of addresses changes with the next program.
  if (std::getenv(kChanged) != nullptr || streams.executable.empty()) return;
  ::setenv(kChanged, "1", 1);
  const int persona = ::personality(0xffffffffU);
  if (persona < 0 || ::personality(static_cast<unsigned long>(persona ^ ADDR_NO_RANDOMIZE)) < 0) return;
  std::vector<std::string> words{streams.executable};
  for (const char* argument : streams.arguments) words.emplace_back(argument);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(streams.executable.c_str(), arguments.data());  // where it fails the process goes on as it is
}

void assemble_second(std::vector<Build> builds, Workplace workplace, const fs::path& folder) {
  for (auto& build : builds) {
    for (auto& options : build.images) {
      make_absolute(options);
      options.compression.workers = options.compression.workers == 1 ? 3 : 1;
    }
  }
  make_absolute(workplace.registry.ca_file);
  workplace.client = std::make_shared<RegistryClient>(workplace.registry, workplace.stop);
  change_working_folder(folder);
  auto layout = OciLayout::open_or_create(folder / "layout");
  workplace.store = layout.blobs();
  workplace.copy_base = false;
  workplace.layers_on_demand = false;
  workplace.cache_folder.clear();
  workplace.progress = {};
  const PerturbedProcess process;
  const PerturbedInputs inputs;
  const ScopedInputAccess access(inputs);
  const auto made = assemble_builds(builds, workplace);
  for (std::size_t i = 0; i < made.size(); ++i) {
    write_file_atomically(folder / sboms_name(i), as_bytes(made[i].sbom_digests()));
    for (std::size_t j = 0; j < made[i].images().size(); ++j) {
      const auto& one = made[i].images()[j];
      write_image(layout, one.image, image_name(i, j), workplace.stop, one.base_layers);
      const auto root = one.base_root ? one.base_root->to_string() : std::string("none");
      write_file_atomically(folder / image_name(i, j), as_bytes(root));
    }
  }
}

void compare_with_second(const std::vector<Build>& builds, const std::vector<BuildResult>& made,
                         const Workplace& workplace, const Streams& streams) {
  const auto scratch =
      in_temporary_parent([](const fs::path& parent) { return std::make_unique<TemporaryFolder>(parent); });
  const fs::path folder = scratch->path();
  if (workplace.progress) workplace.progress("assembling once more, in another process");
  run_second(streams, folder, workplace.stop);
  const auto layout = OciLayout::open(folder / "layout");
  for (std::size_t i = 0; i < made.size(); ++i) {
    for (std::size_t j = 0; j < made[i].images().size(); ++j) {
      const auto& first = made[i].images()[j];
      require_same_base(first, read_file(folder / image_name(i, j), kMaxWords), builds[i].images[j]);
      const auto second = open_image(layout.open_document(image_name(i, j)), std::nullopt);
      const auto difference = first_difference(first.image, second, workplace.stop);
      if (!difference) continue;
      throw Error(ErrorCode::check_failed,
                  fmt::format("the image {} is not reproducible: a second assembly differs in {}",
                              first.image.digest().to_string(), *difference),
                  "an input changed meanwhile, or is not the same each time that it is read; else please report this");
    }
    if (read_file(folder / sboms_name(i), kMaxSboms) == made[i].sbom_digests()) continue;
    throw Error(ErrorCode::check_failed,
                fmt::format("the SBOMs of {} are not reproducible: a second assembly made others",
                            made[i].digest().to_string()),
                "please report this");
  }
}

}  // namespace ociassemble::tool
