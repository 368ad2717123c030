// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// What the fake registry needs besides its rules: text, paths, and connections that break.
namespace ociassemble::test {

std::string base64(const std::string& bytes);
std::vector<std::string> split(const std::string& text, char separator);
std::optional<std::size_t> number(const std::string& text);
// RFC 3986, section 2.1; versions of httplib have no common name for these two.
std::string percent_encoded(const std::string& text);
// A value of application/x-www-form-urlencoded.
std::string form_decoded(const std::string& text);

// Closes the connection that the request came by.
void drop_connection(const httplib::Request& request);
// Sends the bytes, and leaves the connection as it is.
void send_raw(const httplib::Request& request, const std::string& bytes);
// Sends the bytes in place of an answer, and closes.
void answer_raw(const httplib::Request& request, const std::string& bytes);
// The registry's way to say no (OCI distribution specification, "Error Codes").
void refuse(httplib::Response& response, int status, const std::string& code, const std::string& message);

struct Place {
  std::string repository;
  std::string what;  // "manifests", "blobs/uploads", "blobs", "tags" or "referrers"
  std::string name;  // may be empty
};

// "/v2/REPOSITORY/WHAT/NAME"
std::optional<Place> parse_path(const std::string& path);

}  // namespace ociassemble::test
