// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ociassemble/error.hpp"
#include "ociassemble/signing_key.hpp"
#include "sign/cosign_key.hpp"
#include "sign/pem.hpp"
#include "sign/secretbox.hpp"

using namespace ociassemble;

namespace {

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

template <std::size_t Size>
std::array<unsigned char, Size> octets(std::string_view digits) {
  const auto bytes = from_hex(digits);
  std::array<unsigned char, Size> array{};
  for (std::size_t i = 0; i < Size; ++i) array[i] = static_cast<unsigned char>(bytes[i]);
  return array;
}

SecretBytes nobody() { throw Error(ErrorCode::invalid_argument, "asked for a passphrase"); }

std::string pem(std::string_view label, std::string_view bytes) { return std::string(write_pem(label, bytes).text()); }

SigningKey key_of(std::string_view der) { return SigningKey::parse(pem("PRIVATE KEY", der), "key", nobody); }

ErrorCode refusal(const std::string& text) {
  try {
    PublicKey::parse(text, "key.pub");
  } catch (const Error& error) {
    CHECK_FALSE(error.hint().empty());
    return error.code();
  }
  return ErrorCode::io;
}

// RFC 6979, A.2.5: the key in PKCS#8, and its point.
constexpr const char* kX = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
constexpr const char* kU =
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
// SubjectPublicKeyInfo of a point of P-256, before the point (RFC 5480).
constexpr const char* kP256Head = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
constexpr const char* kEd25519Head = "302a300506032b6570032100";  // RFC 8410

std::string rfc6979_key() {
  return from_hex(std::string("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420") + kX +
                  "a14403420004" + kU);
}

// ECDSA-Sig-Value (RFC 3279) of r and s with as many octets as are given.
std::string der_signature(std::string_view r, std::string_view s) {
  const auto integer = [](std::string_view digits) {
    auto bytes = from_hex(digits);
    if ((static_cast<unsigned char>(bytes.front()) & 0x80U) != 0) bytes.insert(bytes.begin(), '\0');
    return std::string{'\x02', static_cast<char>(bytes.size())} + bytes;
  };
  const auto both = integer(r) + integer(s);
  return std::string{'\x30', static_cast<char>(both.size())} + both;
}

}  // namespace

TEST_CASE("ECDSA signatures are those of RFC 6979, A.2.5") {
  const auto key = key_of(rfc6979_key());
  CHECK(key.public_key().kind() == KeyKind::ecdsa_p256);
  CHECK(key.public_key().der() == from_hex(std::string(kP256Head) + kU));
  const auto sample = der_signature("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
                                    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
  CHECK(key.sign("sample") == sample);
  CHECK(key.sign("sample") == sample);
  CHECK(key.sign("test") == der_signature("F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
                                          "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"));
  CHECK(key.public_key().verifies("sample", sample));
  CHECK_FALSE(key.public_key().verifies("test", sample));
}

TEST_CASE("Ed25519 signatures are those of RFC 8032, 7.1") {
  const auto key =
      key_of(from_hex("302e020100300506032b657004220420"
                      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  CHECK(key.public_key().kind() == KeyKind::ed25519);
  CHECK(key.public_key().der() ==
        from_hex(std::string(kEd25519Head) + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  const auto signature = from_hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  CHECK(key.sign(from_hex("72")) == signature);
  CHECK(key.public_key().verifies(from_hex("72"), signature));
  CHECK_FALSE(key.public_key().verifies(from_hex("73"), signature));
}

TEST_CASE("a signature in DER that is not canonical is refused") {
  const auto key = key_of(rfc6979_key()).public_key();
  const auto good = key_of(rfc6979_key()).sign("sample");
  REQUIRE(key.verifies("sample", good));
  auto long_length = good;
  long_length.insert(1, "\x81");
  auto padded = good;
  padded.insert(4, 1, '\0');
  padded[1] = static_cast<char>(padded[1] + 1);
  padded[3] = static_cast<char>(padded[3] + 1);
  for (const auto& bad : {long_length, padded, good + '\0', good.substr(0, good.size() - 1), std::string()}) {
    CHECK_FALSE(key.verifies("sample", bad));
  }
}

TEST_CASE("the secretbox is NaCl's") {
  // NaCl, tests/secretbox.c and secretbox.out.
  const auto key = octets<32>("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
  const auto nonce = octets<24>("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
  const auto message = from_hex(
      "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4"
      "1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52"
      "f0a089bc76897040e082f937763848645e0705");
  const auto box = from_hex(
      "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b"
      "4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da"
      "99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5");
  CHECK(seal_box(message, nonce, key) == box);
  const auto opened = open_box(box, nonce, key);
  REQUIRE(opened);
  CHECK(opened->text() == message);
  auto changed = box;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CHECK_FALSE(open_box(changed, nonce, key));
  CHECK_FALSE(open_box(box.substr(0, 15), nonce, key));
}

TEST_CASE("a key that cosign encrypts is read with its passphrase, and with no other") {
  for (const auto kind : {KeyKind::ecdsa_p256, KeyKind::ed25519}) {
    const auto key = SigningKey::generate(kind);
    const auto passphrase = SecretBytes::copy_of("correct horse");
    const auto text = key.to_pem(&passphrase);
    CHECK(text.text().starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    const auto read = SigningKey::parse(text.text(), "key", [] { return SecretBytes::copy_of("correct horse"); });
    CHECK(read.public_key() == key.public_key());
    CHECK(read.sign("message") == key.sign("message"));
    try {
      SigningKey::parse(text.text(), "my.key", [] { return SecretBytes::copy_of("wrong"); });
      FAIL("taken with a wrong passphrase");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::unauthorized);
      CHECK(std::string(error.what()) == "cannot decrypt my.key: the passphrase is wrong");
    }
  }
}

TEST_CASE("parameters of an encrypted key that would take the machine's memory are refused") {
  const auto with = [](const std::string& n, const std::string& r, const std::string& p) {
    return R"({"kdf":{"name":"scrypt","params":{"N":)" + n + R"(,"r":)" + r + R"(,"p":)" + p +
           R"(},"salt":"AAAA"},"cipher":{"name":"nacl/secretbox","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"ciphertext":"AAAA"})";
  };
  const auto code = [](const std::string& json) {
    try {
      decrypt_cosign_key(parse_cosign_key(json, "key"), "key", SecretBytes::copy_of("x"));
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::io;
  };
  CHECK(code(with("1073741824", "8", "1")) == ErrorCode::unsupported);
  CHECK(code(with("65536", "4096", "1")) == ErrorCode::unsupported);
  CHECK(code(with("65536", "8", "100000")) == ErrorCode::unsupported);
  CHECK(code(with("65535", "8", "1")) == ErrorCode::unsupported);
  CHECK(code(with("0", "0", "0")) == ErrorCode::unsupported);
  CHECK(code(with("1024", "8", "1")) == ErrorCode::unauthorized);
  CHECK(code("{}") == ErrorCode::corrupt);
}

TEST_CASE("an unencrypted key is PKCS#8") {
  const auto key = key_of(rfc6979_key());
  const auto text = key.to_pem(nullptr);
  CHECK(parse_pem(text.text(), "key").label == "PRIVATE KEY");
  CHECK(SigningKey::parse(text.text(), "key", nobody).public_key() == key.public_key());
}

TEST_CASE("what is no public key of ours is refused") {
  const auto p256 = [](const std::string& point) { return pem("PUBLIC KEY", from_hex(kP256Head + point)); };
  CHECK(refusal(pem("PUBLIC KEY", from_hex(std::string(kP256Head) + kU))) == ErrorCode::io);  // this one is good
  // Not on the curve; the same key twice; something behind it.
  auto moved = std::string(kU);
  moved.back() = '8';
  CHECK(refusal(p256(moved)) == ErrorCode::corrupt);
  CHECK(refusal(p256(kU) + p256(kU)) == ErrorCode::corrupt);
  CHECK(refusal(p256(std::string(kU) + "00")) == ErrorCode::corrupt);
  CHECK(refusal("no PEM at all") == ErrorCode::corrupt);
  CHECK(refusal(std::string(std::size_t{70} << 10U, 'x')) == ErrorCode::corrupt);
  // P-384, secp256k1 and RSA, made by `openssl genpkey`.
  CHECK(refusal("-----BEGIN PUBLIC KEY-----\n"
                "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQlT9wH7BC+T5BmigMSGeOdwUJlccBRYm\n"
                "mQ0Jc0euLWDTUQfUqg6k/zF5rTlR4ENE+/+cP5aDlzu4fgtXGl2VE1dQ8i+gGQvP\n"
                "wtHjESIBYVDASPehlgkBXvw7emkzHBZj\n"
                "-----END PUBLIC KEY-----\n") == ErrorCode::unsupported);
  CHECK(refusal("-----BEGIN PUBLIC KEY-----\n"
                "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEEK7NinqPCYhQBtObWp41kFxz2J9stzcR\n"
                "VBc942vPD0S5trY7M5MwpFHjW9WwPHWC79Qamd2pBTyDWhIMp9uf7g==\n"
                "-----END PUBLIC KEY-----\n") == ErrorCode::unsupported);
  CHECK(refusal("-----BEGIN PUBLIC KEY-----\n"
                "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9c4JE24Bl+TyxjHFo2zvMmaU8\n"
                "HfqE6SpcKmuC+zSEtPq3IsZgtErjpQnVYilTWg9ZMHjbSzVBZKV/uiGS3EUtQK/j\n"
                "EffkJlcWkV7JaLA9sWFMystkWv8F7LIsfEUUb+AfEmjIxBxMQWqCRx7G3FeBwhmh\n"
                "uA5WCRQZ1nkMkvhgDwIDAQAB\n"
                "-----END PUBLIC KEY-----\n") == ErrorCode::unsupported);
  // A certificate, and a private key.
  CHECK(refusal("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n") == ErrorCode::unsupported);
  CHECK(refusal(std::string(key_of(rfc6979_key()).to_pem(nullptr).text())) == ErrorCode::unsupported);
}

TEST_CASE("an Ed25519 point of low order is no key") {
  // The orders are 1, 2, 4 and 8; the last is 1 again, written as p + 1, with the sign bit set.
  for (const std::string point : {"0100000000000000000000000000000000000000000000000000000000000000",
                                  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "0000000000000000000000000000000000000000000000000000000000000000",
                                  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                                  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    CAPTURE(point);
    CHECK(refusal(pem("PUBLIC KEY", from_hex(kEd25519Head + point))) == ErrorCode::corrupt);
  }
}

TEST_CASE("a private key whose public part is another's is refused") {
  auto der = rfc6979_key();
  const auto other = SigningKey::generate(KeyKind::ecdsa_p256).public_key().der();
  der.replace(der.size() - 64, 64, other.substr(other.size() - 64));
  CHECK_THROWS_WITH_AS(key_of(der), "cannot use the key key: its private and its public part do not belong together",
                       Error);
}

TEST_CASE("an ECDSA signature whose s is the other one is as good, and one whose numbers are too large is none") {
  // RFC 6979, A.2.5, "sample" with SHA-256; the order n, n - s, and s + n.
  const auto key = key_of(rfc6979_key()).public_key();
  const std::string r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
  CHECK(key.verifies("sample", der_signature(r, "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")));
  CHECK(key.verifies("sample", der_signature(r, "0834E36AD29A83BF2BC9385E491D6099C8FDF9D1ED67AA7EA5F51F93782857A9")));
  CHECK_FALSE(
      key.verifies("sample", der_signature(r, "01F7CB1C932D657C42D436C7A1B6E29F65B0CFFB8960C7928B417E75F2809DF2F9")));
  CHECK_FALSE(
      key.verifies("sample", der_signature(r, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")));
}

TEST_CASE("an Ed25519 signature whose second half is too large is none") {
  // RFC 8032, 7.1, test 2, its S with the order L added: 8.4 demands S < L.
  const auto key = PublicKey::parse(
      pem("PUBLIC KEY",
          from_hex(std::string(kEd25519Head) + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")),
      "key");
  const auto good = from_hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
      "b00d291612bb0c00");
  REQUIRE(key.verifies(from_hex("72"), good));
  const auto order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  auto larger = good;
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum = static_cast<unsigned char>(good[32 + i]) + static_cast<unsigned char>(order[i]) + carry;
    larger[32 + i] = static_cast<char>(sum & 0xffU);
    carry = sum >> 8U;
  }
  CHECK_FALSE(key.verifies(from_hex("72"), larger));
  for (const std::size_t at : {std::size_t{0}, std::size_t{31}, std::size_t{32}, std::size_t{63}}) {
    auto changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(key.verifies(from_hex("72"), changed));
  }
  CHECK_FALSE(key.verifies(from_hex("72"), good + '\0'));
}

TEST_CASE("text around the only block of a key does not count, and no changed byte makes another key of it") {
  const auto key = key_of(rfc6979_key());
  const auto text = key.public_key().to_pem();
  CHECK(PublicKey::parse("Key of the release team\n" + text + "and more text\n", "key") == key.public_key());
  CHECK(refusal("-----BEGIN PUBLIC KEY-----\n" + text) == ErrorCode::corrupt);
  CHECK(refusal(text.substr(0, text.size() / 2)) == ErrorCode::corrupt);
  const auto secret = key.to_pem(nullptr);
  for (std::size_t at = 0; at < secret.size(); ++at) {
    for (const char change : {'\x01', '\x04', '\x20'}) {
      auto changed = std::string(secret.text());
      changed[at] = static_cast<char>(changed[at] ^ change);
      try {
        const auto read = SigningKey::parse(changed, "key", nobody);
        CHECK(read.public_key() == key.public_key());
      } catch (const Error& error) {
        CHECK_FALSE(error.hint().empty());
      }
    }
  }
}

TEST_CASE("no changed byte of an encrypted key raises what its derivation takes past the limits") {
  const std::string json =
      R"({"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"AAAA"},"cipher":{"name":"nacl/secretbox","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},"ciphertext":"AAAA"})";
  REQUIRE(parse_cosign_key(json, "key").cost == 65536);
  for (std::size_t at = 0; at < json.size(); ++at) {
    for (int value = 32; value < 127; ++value) {
      auto changed = json;
      changed[at] = static_cast<char>(value);
      try {
        const auto parsed = parse_cosign_key(changed, "key");
        CHECK(parsed.cost * parsed.block_size * 128 <= std::uint64_t{512} << 20U);
        CHECK(parsed.parallel <= 16);
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported));
      }
    }
  }
}
