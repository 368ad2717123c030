// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// What rules read in small files of an image, and in names.

// Whether a file is called like one of keys or credentials: "/root/.ssh/id_rsa", "/app/.env"; the path is absolute.
bool is_secret_path(std::string_view path);

// SUPPORT_END of os-release(5); empty where there is none.
std::string support_end_in(std::string_view os_release);
// The names of accounts that shadow(5) or passwd(5) give an empty password.
std::vector<std::string> accounts_without_password(std::string_view text);

}  // namespace ociassemble
