// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/digest.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;
using namespace std::string_literals;
using Algorithm = Digest::Algorithm;

namespace {

// FIPS 180-4 examples ("SHA-256 Example", "SHA-512 Example" of NIST's example values).
const std::string kEmpty256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string kAbc256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string kTwoBlocks256 = "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
const std::string kMillion256 = "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
const std::string kAbc512 =
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
const std::string kEmpty512 =
    "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  FAIL("did not throw");
  return {ErrorCode::io, ""};
}

VerifyingSource verifying(std::string bytes, const std::string& digest, std::uint64_t size) {
  return {std::make_unique<StringSource>(std::move(bytes)), Digest::parse(digest), size, "the blob"};
}

}  // namespace

TEST_CASE("digests are those of FIPS 180-4's examples") {
  CHECK(Digest::of("").to_string() == kEmpty256);
  CHECK(Digest::of("abc").to_string() == kAbc256);
  CHECK(Digest::of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").to_string() == kTwoBlocks256);
  CHECK(Digest::of(std::string(1000000, 'a')).to_string() == kMillion256);
  CHECK(Digest::of("abc", Algorithm::sha512).to_string() == kAbc512);
  CHECK(Digest::of("", Algorithm::sha512).to_string() == kEmpty512);
}

TEST_CASE("a hasher may be given its bytes in any pieces") {
  Hasher hasher;
  hasher.update(as_bytes("a"));
  hasher.update({});
  Hasher moved = std::move(hasher);
  moved.update(as_bytes("bc"));
  CHECK(moved.finish().to_string() == kAbc256);
}

TEST_CASE("a digest is parsed to its parts") {
  const auto digest = Digest::parse(kAbc256);
  CHECK(digest.algorithm() == Algorithm::sha256);
  CHECK(digest.algorithm_name() == "sha256");
  CHECK(digest.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest.to_string() == kAbc256);
  CHECK(Digest::parse(kAbc512).algorithm() == Algorithm::sha512);
  CHECK(Digest::parse(kAbc512).algorithm_name() == "sha512");
  CHECK(Digest::parse(kAbc512).hex().size() == 128);
}

TEST_CASE("digests are equal by their text, and have an order") {
  CHECK(Digest::parse(kAbc256) == Digest::of("abc"));
  CHECK(Digest::parse(kAbc256) != Digest::parse(kEmpty256));
  CHECK(Digest::parse(kAbc256) < Digest::parse(kEmpty256));
  CHECK(std::set<Digest>{Digest::of("abc"), Digest::parse(kAbc256), Digest::of("")}.size() == 2);
}

TEST_CASE("text that is no digest is an invalid argument, with its cause") {
  const std::string digits = kAbc256.substr(7);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no ':' between algorithm and digits"},
      {digits, "no ':' between algorithm and digits"},
      {":" + digits, "the algorithm is neither sha256 nor sha512"},
      {"md5:900150983cd24fb0d6963f7d28e17f72", "the algorithm is neither sha256 nor sha512"},
      {"SHA256:" + digits, "the algorithm is neither sha256 nor sha512"},
      {" sha256:" + digits, "the algorithm is neither sha256 nor sha512"},
      {"sha384:" + digits, "the algorithm is neither sha256 nor sha512"},
      {"sha256:", "0 digits instead of 64"},
      {"sha256:" + digits.substr(1), "63 digits instead of 64"},
      {"sha256:" + digits + "0", "65 digits instead of 64"},
      {"sha256:" + digits + "\n", "65 digits instead of 64"},
      {"sha512:" + digits, "64 digits instead of 128"},
      {"sha256:" + digits + digits, "128 digits instead of 64"},
      {"sha256:B" + digits.substr(1), "not lower-case hexadecimal"},
      {"sha256:g" + digits.substr(1), "not lower-case hexadecimal"},
      {"sha256:" + digits.substr(1) + "\0"s, "not lower-case hexadecimal"},
      {"sha256::" + digits.substr(1), "not lower-case hexadecimal"},
      {"sha256:../" + digits.substr(3), "not lower-case hexadecimal"},
  };
  for (const auto& a_case : cases) {
    const std::string& text = a_case.first;
    const std::string& cause = a_case.second;
    CAPTURE(text);
    const auto error = error_of([&] { Digest::parse(text); });
    CHECK(error.code() == ErrorCode::invalid_argument);
    const std::string message = error.what();
    CHECK(message.substr(message.size() - cause.size()) == cause);
    CHECK(error.hint() == "a digest looks like sha256: followed by 64 lower-case hexadecimal digits");
  }
}

TEST_CASE("an error shows no control characters of the text, and not all of a long one") {
  CHECK(error_of([] { Digest::parse("\x1b[2J\n"); }).what() ==
        "cannot parse digest \"?[2J?\": no ':' between algorithm and digits"s);
  CHECK(std::string(error_of([] { Digest::parse(std::string(100000, 'x')); }).what()).size() < 300);
}

TEST_CASE("a hashing sink hashes, counts, and passes on") {
  StringSink next;
  HashSink sink(&next);
  sink.write(as_bytes("a"));
  sink.write(as_bytes("bc"));
  CHECK(sink.size() == 3);
  CHECK(sink.finish().to_string() == kAbc256);
  CHECK(next.bytes() == "abc");
  HashSink alone(nullptr, Algorithm::sha512);
  alone.write(as_bytes("abc"));
  CHECK(alone.finish().to_string() == kAbc512);
}

TEST_CASE("a hashing source hashes and counts what is read through it") {
  HashSource source(std::make_unique<StringSource>("abc"));
  CHECK(read_all(source, 10, "it") == "abc");
  CHECK(source.size() == 3);
  CHECK(source.finish().to_string() == kAbc256);
}

TEST_CASE("a verifying source gives the bytes that were promised, and then ends for good") {
  auto source = verifying("abc", kAbc256, 3);
  CHECK(read_all(source, 10, "it") == "abc");
  std::byte byte{};
  CHECK(source.read({&byte, 1}) == 0);
  auto by_512 = verifying("abc", kAbc512, 3);
  CHECK(read_all(by_512, 10, "it") == "abc");
  auto empty = verifying("", kEmpty256, 0);
  CHECK(read_all(empty, 10, "it").empty());
}

TEST_CASE("a verifying source refuses other bytes at their end") {
  auto source = verifying("abd", kAbc256, 3);
  try {
    read_all(source, 10, "it");
    FAIL("was trusted");
  } catch (const DigestMismatch& error) {
    CHECK(error.expected() == kAbc256);
    CHECK(error.actual() == Digest::of("abd").to_string());
    CHECK(error.what() == "cannot trust the blob: expected " + kAbc256 + ", got " + Digest::of("abd").to_string());
  }
}

TEST_CASE("a verifying source refuses more bytes than promised at once, and fewer at the end") {
  auto more = verifying("abc", kAbc256, 2);
  std::vector<std::byte> buffer(3);
  const auto too_many = error_of([&] { more.read(buffer); });
  CHECK(too_many.code() == ErrorCode::corrupt);
  CHECK(too_many.what() == "cannot trust the blob: more than the 2 bytes that its descriptor promises"s);

  auto fewer = verifying("abc", kAbc256, 4);
  const auto too_few = error_of([&] { read_all(fewer, 10, "it"); });
  CHECK(too_few.code() == ErrorCode::corrupt);
  CHECK(too_few.what() == "cannot trust the blob: 3 bytes instead of the 4 that its descriptor promises"s);
}

TEST_CASE("a verifying source that refused goes on refusing") {
  auto source = verifying("abd", kAbc256, 3);
  CHECK_THROWS_AS(read_all(source, 10, "it"), DigestMismatch);
  std::byte byte{};
  CHECK_THROWS_AS(source.read({&byte, 1}), DigestMismatch);
}

TEST_CASE("an empty buffer verifies nothing") {
  auto source = verifying("abd", kAbc256, 3);
  CHECK(source.read({}) == 0);
  CHECK_THROWS_AS(read_all(source, 10, "it"), DigestMismatch);
}
