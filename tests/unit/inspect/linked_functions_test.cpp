// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "inspect/linked_functions.hpp"

using namespace ociassemble;

namespace {

// "PACKAGE SYMBOL"; "-" for what is no function of a package.
std::string parts_of(const std::string& linked) {
  const auto name = split_function_name(linked);
  return name ? name->package + " " + name->symbol : "-";
}

}  // namespace

// Names as `go tool nm` prints them, and packages and symbols as the Go vulnerability database writes them.
TEST_CASE("the linker's names become packages and symbols") {
  CHECK(parts_of("fmt.Fprintln") == "fmt Fprintln");
  CHECK(parts_of("net/http.(*Transport).RoundTrip") == "net/http Transport.RoundTrip");
  CHECK(parts_of("net/http.Header.Get") == "net/http Header.Get");
  CHECK(parts_of("example.com/lib.(*T).BadMethod-fm") == "example.com/lib T.BadMethod");
  CHECK(parts_of("main.main.func1.2") == "main main");
  CHECK(parts_of("main.run.gowrap1") == "main run");
  CHECK(parts_of("main.run.deferwrap2") == "main run");
  CHECK(parts_of("gopkg.in/yaml%2ev3.Unmarshal") == "gopkg.in/yaml.v3 Unmarshal");
  CHECK(parts_of("slices.Sort[go.shape.[]string,go.shape.string]") == "slices Sort");
  CHECK(parts_of("example.com/lib.(*Set[example.com/other.Key]).Add") == "example.com/lib Set.Add");
  CHECK(parts_of("example.com/lib.Map[...].func1") == "example.com/lib Map");
  CHECK(parts_of("vendor/golang.org/x/net/http2/hpack.(*Decoder).Write") ==
        "vendor/golang.org/x/net/http2/hpack Decoder.Write");
  CHECK(parts_of("type:.eq.net/http.Header") == "-");
  CHECK(parts_of("go:buildid") == "-");
  CHECK(parts_of("_cgo_init") == "-");
  CHECK(parts_of("") == "-");
  CHECK(parts_of(".x") == "-");
  CHECK(parts_of("a.(") == "-");
}

TEST_CASE("a function's name that looks like a closure keeps what is none") {
  CHECK(parts_of("main.funcs") == "main funcs");
  CHECK(parts_of("main.T.function1") == "main T.function1");
}
