// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/draft.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ociassemble {
namespace {

void add_once(std::vector<std::string>& all, const std::string& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

std::string file_json(const DraftFile& file) {
  auto json = json_text(file.source);
  if (file.more.empty() && file.from.empty()) return json;
  RecipeMembers members;
  if (!file.from.empty()) set_member(members, "from", json_text(file.from));
  set_member(members, "source", std::move(json));
  members.insert(members.end(), file.more.begin(), file.more.end());
  return line_object(members);
}

// What goes to one place is an array.
RecipeMembers files_by_place(const std::vector<DraftFile>& files) {
  RecipeMembers members;
  for (auto file = files.begin(); file != files.end(); ++file) {
    const auto is_same = [&](const DraftFile& other) { return other.destination == file->destination; };
    if (std::any_of(files.begin(), file, is_same)) continue;
    std::vector<std::string> all;
    for (const auto& other : files) {
      if (is_same(other)) add_once(all, file_json(other));
    }
    members.emplace_back(file->destination, all.size() == 1 ? all.front() : fmt::format("[{}]", fmt::join(all, ", ")));
  }
  return members;
}

}  // namespace

std::string DraftFile::place() const {
  return destination.ends_with('/') ? destination + source.substr(source.rfind('/') + 1) : destination;
}

void RecipeDraft::put_binary(DraftFile binary) {
  const auto found = std::find_if(binaries.begin(), binaries.end(),
                                  [&](const DraftFile& one) { return one.destination == binary.destination; });
  if (found != binaries.end()) {
    *found = std::move(binary);
  } else {
    binaries.push_back(std::move(binary));
  }
}

void RecipeDraft::add_port(const std::string& port) { add_once(ports, port); }

void RecipeDraft::add_writable(const std::string& path) { add_once(writable, path); }

bool is_octal_mode(std::string_view mode) {
  return !mode.empty() && mode.size() <= 4 && mode.find_first_not_of("01234567") == std::string_view::npos;
}

std::string recipe_line(std::string_view name, std::string_view json) {
  return fmt::format("  {}: {},\n", json_text(name), json);
}

std::string RecipeDraft::members() const {
  std::string text;
  const auto add_object = [&](std::string_view name, const RecipeMembers& members) {
    if (!members.empty()) text += recipe_line(name, tall_object(members));
  };
  add_object("binaries", files_by_place(binaries));
  add_object("files", files_by_place(files));
  for (const auto& [name, json] : simple) text += recipe_line(name, json);
  add_object("env", env);
  add_object("labels", labels);
  if (!ports.empty()) text += recipe_line("ports", array_of(ports));
  if (!writable.empty()) text += recipe_line("writable", array_of(writable));
  return text;
}

}  // namespace ociassemble
