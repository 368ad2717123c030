// SPDX-License-Identifier: Apache-2.0
#include "places/engine_answers.hpp"

#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

template <class Work>
std::string failure_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
    return error.what();
  }
  return "no failure";
}

const std::string kHex(64, 'a');

}  // namespace

// The streams are of docker 20.10 and 28.5.
TEST_CASE("docker loaded an image when it says so and names no failure") {
  CHECK_NOTHROW(require_loaded_by_docker("{\"stream\":\"Loaded image: app:v1\\n\"}\r\n"));
  CHECK_NOTHROW(
      require_loaded_by_docker("{\"status\":\"Loading layer\",\"id\":\"1\"}\r\n"
                               "{\"stream\":\"Loaded image ID: sha256:aa\\n\"}\r\n"));
  CHECK(failure_of([] {
          require_loaded_by_docker("{\"errorDetail\":{\"message\":\"no space left on device\"},\"error\":\"x\"}\r\n");
        }) == "docker cannot load the image: no space left on device");
  CHECK(failure_of([] {
          require_loaded_by_docker("{\"stream\":\"Loaded image: a\"}\n{\"error\":\"unexpected EOF\"}");
        }) == "docker cannot load the image: unexpected EOF");
  CHECK(failure_of([] { require_loaded_by_docker(""); }).starts_with("docker did not say that it loaded"));
  CHECK(failure_of([] { require_loaded_by_docker("{\"stream\":\"Loaded im"); }).starts_with("cannot parse docker's"));
}

TEST_CASE("podman loaded an image when it names it") {
  CHECK_NOTHROW(require_loaded_by_podman("{\"Names\":[\"localhost/app:v1\"]}\n"));
  CHECK(failure_of([] { require_loaded_by_podman("{\"Names\":[]}"); }).starts_with("podman did not say"));
  CHECK(failure_of([] { require_loaded_by_podman("<html>"); }).starts_with("cannot parse podman's answer"));
}

TEST_CASE("an image's ID is a digest, and no option of a program") {
  CHECK(image_id_of_json("{\"Id\":\"sha256:" + kHex + "\"}") == "sha256:" + kHex);
  CHECK(image_id_of_line(kHex + "\r\n") == kHex);
  CHECK(failure_of([] { image_id_of_json("{\"Id\":\"--privileged\"}"); }) ==
        "the engine calls the image \"--privileged\", which is no ID");
  CHECK(failure_of([] { image_id_of_line(""); }) == "the engine calls the image \"\", which is no ID");
  CHECK(failure_of([] { image_id_of_line(std::string(64, 'A')); }).find("no ID") != std::string::npos);
}

TEST_CASE("a refusal is the message, the cause, or what was answered") {
  CHECK(refusal_of("{\"message\":\"wrong format\"}\n") == "wrong format");
  CHECK(refusal_of("{\"cause\":\"image not known\"}") == "image not known");
  CHECK(refusal_of("<html>502") == "<html>502");
}

TEST_CASE("lines of a program's output are trimmed, and empty ones left out") {
  CHECK(lines_of("a\r\n\n  b \nc") == std::vector<std::string>{"a", "b", "c"});
}
