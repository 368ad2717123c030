// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// What engines and their programs answer. Anybody may listen on a socket: nothing of an answer is taken for more than
// it is. All of these throw Error{io} for what cannot be read; messages are one line of printable text.
inline constexpr std::size_t kLongestAnswer = std::size_t{16} << 20U;

// Docker's answer to a load: a stream of objects, one a line, of which it sends a failure with status 200. Throws
// Error{io} with docker's words, and where no line says that an image was loaded.
void require_loaded_by_docker(std::string_view answer);
// Podman's: an object with the names.
void require_loaded_by_podman(std::string_view answer);

// "20.10.24"; empty where it names none.
std::string docker_version_of(std::string_view answer);
// Why an engine refused a request; the answer's beginning where it is no such object.
std::string refusal_of(std::string_view answer);

// The ID of an image: 64 hexadecimal digits, perhaps after "sha256:", so that it is no option of a program that gets
// it.
std::string image_id_of_json(std::string_view answer);
std::string image_id_of_line(std::string_view output);

// Lines that hold something, without blanks around them.
std::vector<std::string> lines_of(std::string_view output);

}  // namespace ociassemble
