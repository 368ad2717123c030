// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

namespace ociassemble {

// The files that package managers say are theirs, by path as their records spell it, without a leading '/'. No path is
// empty, or longer than a path can be (PATH_MAX): others are passed over.
using VisitPath = std::function<void(std::string_view path)>;

// apk's database: "F:" names a folder, each "R:" after it a file in it.
void for_each_apk_file(std::string_view database, const VisitPath& visit);
// dpkg's info/NAME.list: a path a line.
void for_each_dpkg_file(std::string_view list, const VisitPath& visit);
// Distroless' status.d/NAME.md5sums: a sum, two blanks and a path a line.
void for_each_summed_file(std::string_view sums, const VisitPath& visit);

}  // namespace ociassemble
