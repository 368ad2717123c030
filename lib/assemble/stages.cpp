// SPDX-License-Identifier: Apache-2.0
#include "assemble/stages.hpp"

#include <algorithm>
#include <map>
#include <system_error>

namespace ociassemble {
namespace {

template <class Input>
std::vector<const Input*> same_destination(const std::vector<Input>& inputs, const Input& wanted) {
  std::vector<const Input*> found;
  for (const auto& input : inputs) {
    if (input.destination == wanted.destination) found.push_back(&input);
  }
  return found;
}

// What another image has may be one.
bool may_be_folder(const AddInput& add) {
  if (add.image) return true;
  std::error_code ignored;
  return std::filesystem::is_directory(add.source, ignored);
}

// Members of a folder that another replaces would stay visible beneath it; a file does not.
bool stays(const AddInput& add, const AssembleOptions& image) {
  const auto last = same_destination(image.contents.adds, add);
  const bool is_same = std::any_of(last.begin(), last.end(), [&](const AddInput* one) { return *one == add; });
  return is_same || (last.size() == 1 && !may_be_folder(*last.front()) && !may_be_folder(add));
}

bool stays(const BinaryInput& binary, const AssembleOptions& image) {
  const auto last = same_destination(image.contents.binaries, binary);
  return !last.empty() && *last.front() == binary;
}

void keep_what_stays(Contents& stage, const AssembleOptions& image) {
  std::erase_if(stage.binaries, [&](const auto& binary) { return !stays(binary, image); });
  std::erase_if(stage.adds, [&](const auto& add) { return !stays(add, image); });
  std::erase_if(stage.writable, [&](const auto& path) {
    return std::find(image.contents.writable.begin(), image.contents.writable.end(), path) ==
           image.contents.writable.end();
  });
  if (!image.contents.ca_certificates) stage.ca_certificates.reset();
  if (stage.tzdata != image.contents.tzdata) stage.tzdata.reset();
}

// What the stages so far have put where.
class Laid {
 public:
  // Takes out what lies there already.
  void lay(Contents& stage) {
    std::erase_if(stage.binaries, [&](const auto& binary) { return !put(binaries_, binary.destination, binary); });
    lay_adds(stage.adds);
    std::erase_if(stage.writable, [&](const auto& path) { return !put(writable_, path, stage.user); });
    lay_once(ca_certificates_, stage.ca_certificates);
    lay_once(tzdata_, stage.tzdata);
    lay_once(working_dir_, stage.working_dir);
    lay_once(user_, stage.create_user);
  }

 private:
  // Several may go to one place.
  void lay_adds(std::vector<AddInput>& adds) {
    std::map<std::string, std::vector<AddInput>> now;
    for (const auto& add : adds) now[add.destination].push_back(add);
    std::erase_if(adds, [&](const AddInput& add) {
      const auto found = adds_.find(add.destination);
      return found != adds_.end() && std::find(found->second.begin(), found->second.end(), add) != found->second.end();
    });
    for (auto& [destination, all] : now) adds_.insert_or_assign(destination, std::move(all));
  }

  // Whether that is something new. An input without a destination goes by its name, which none of a foundation does.
  template <class Value>
  static bool put(std::map<std::string, Value>& places, const std::string& place, const Value& value) {
    const auto found = places.find(place);
    if (place.empty()) return true;
    if (found != places.end() && found->second == value) return false;
    places.insert_or_assign(place, value);
    return true;
  }

  template <class Value>
  static void lay_once(std::optional<Value>& laid, std::optional<Value>& wanted) {
    if (!wanted) return;
    if (laid == wanted) {
      wanted.reset();
    } else {
      laid = wanted;
    }
  }

  std::map<std::string, BinaryInput> binaries_;
  std::map<std::string, std::vector<AddInput>> adds_;
  std::map<std::string, std::optional<std::string>> writable_;
  std::optional<std::string> ca_certificates_, tzdata_, working_dir_;
  std::optional<CreatedUser> user_;
};

}  // namespace

std::vector<Contents> kept_foundations(const AssembleOptions& options) {
  auto foundations = options.foundations;
  for (auto& one : foundations) keep_what_stays(one, options);
  return foundations;
}

std::vector<Contents> stages_of(const AssembleOptions& options) {
  auto stages = kept_foundations(options);
  stages.push_back(options.contents);
  if (stages.size() == 1) return stages;  // two inputs for one place are for the placement to refuse
  Laid laid;
  for (auto& stage : stages) laid.lay(stage);
  return stages;
}

}  // namespace ociassemble
