// SPDX-License-Identifier: Apache-2.0
#include "io/byte_pipe.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"

using namespace ociassemble;

namespace {

std::string read_some(BytePipe& pipe, std::size_t size) {
  std::string text(size, '\0');
  text.resize(pipe.read(std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace

TEST_CASE("a pipe gives what was written, in order, through little room") {
  BytePipe pipe(7);
  std::string sent;
  for (int i = 0; i < 1000; ++i) sent += std::to_string(i);
  std::thread writer([&] {
    pipe.write(as_bytes(sent));
    pipe.end();
  });
  std::string received;
  for (auto part = read_some(pipe, 5); !part.empty(); part = read_some(pipe, 5)) received += part;
  writer.join();
  CHECK(received == sent);
  CHECK(read_some(pipe, 5).empty());
}

TEST_CASE("what nobody reads any more is dropped, and its writer goes on") {
  BytePipe pipe(4);
  pipe.write(as_bytes("1234"));
  std::thread reader([&] { pipe.close(); });
  pipe.write(as_bytes("5678"));
  reader.join();
}

TEST_CASE("a writer that gives up ends its reader, whatever is left") {
  BytePipe pipe(100);
  pipe.write(as_bytes("half"));
  std::thread writer([&] { pipe.give_up(); });
  writer.join();
  CHECK_THROWS_AS(read_some(pipe, 5), Error);
}
