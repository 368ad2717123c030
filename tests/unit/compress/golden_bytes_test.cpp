// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "codec_support.hpp"
#include "digest/hasher.hpp"

namespace ociassemble {
namespace {

using test::kMiB;

std::string version_of(std::string_view codec) {
  const auto versions = codec_versions();
  const auto found = std::ranges::find(versions, codec, &Codec::name);
  return found == versions.end() ? "" : found->version;
}

std::string digest_of(std::string_view bytes) {
  Hasher hasher;
  hasher.update(as_bytes(bytes));
  return hasher.finish().to_string();
}

struct Golden {
  std::string spec;
  std::string digest;
};

// Layer format 1 with these codecs: a change here is a change of every layer's digest. docs/layer-format.md says when
// that may be.
void check(std::string_view codec, std::string_view version, std::span<const Golden> goldens) {
  if (version_of(codec) != version) {
    MESSAGE("not compared: the golden bytes are of " << codec << " " << version << ", here is " << version_of(codec));
    return;
  }
  const auto input = test::text(5 * kMiB / 2, 42) + test::random_bytes(kMiB / 2, 43) + std::string(kMiB / 4, '\0') +
                     test::text(2 * kMiB, 44);
  for (const auto& golden : goldens) {
    CAPTURE(golden.spec);
    CHECK(digest_of(test::compress(input, test::options_of(golden.spec))) == golden.digest);
  }
}

TEST_CASE("the golden input is what it was") {
  const auto input = test::text(5 * kMiB / 2, 42) + test::random_bytes(kMiB / 2, 43);
  CHECK(digest_of(input) == "sha256:784b70ee6e969e84d07852899377f57359a7972286a1f63e4fc19d244169eaac");
}

TEST_CASE("gzip layers of the levels that are ours have the bytes that they had") {
  const Golden goldens[] = {
      {"gzip:1", "sha256:6dfbb3dca5248ecdcc1aba77b4644c7fae533ad263726fdef06e92902ce14307"},
      {"gzip:2", "sha256:f5695e848f093dc4e514538394f5e398f882106c67d924887a68eabbbb866ff2"},
      {"gzip:3", "sha256:6afb1119cd295d33a182e2bcea46fa5d3b5f955c38efef70d5444b4053e88956"},
      {"gzip:4", "sha256:79d00887a50aaa028cf22be9aba0d67e6648460e9380c37a7efa3c3033dd1eed"},
  };
  check("ociassemble-deflate", "1.0", goldens);
}

TEST_CASE("gzip layers of libdeflate's levels have the bytes that they had") {
  const Golden goldens[] = {
      {"gzip:6", "sha256:f96d86323b3c624bee836b3023bae67275474eb8b91160d95965dcd00287a9c2"},
      {"gzip:9", "sha256:7090a0be8c2888fe0e58c8bfedcc6fe5094b343960fc37053542ed404ade15d8"},
      {"gzip:12", "sha256:8423fcceaa300426a8df5f7d46e0d714c81f987b7727f6a67eb76a255c828f03"},
  };
  check("libdeflate", "1.14", goldens);
}

TEST_CASE("zstd layers have the bytes that they had") {
  const Golden goldens[] = {
      {"zstd:1", "sha256:d18959f11a47312dc1e07a70bf19ecccb089f418d7610013e469144639aed9b1"},
      {"zstd:3", "sha256:c5400b8fe36d639150bd53e6a0b39080c75d9a5c8af64bfbc528207a0a466158"},
      {"zstd:9", "sha256:0a7377704b7ccd30e174e77e02895bce4c56ef6e45fbbf78e8fb91f53b08e403"},
      {"zstd:19", "sha256:0752adbb79d798d3d74434cf5817c86ad1a7e410aa1e06b5a4d61b715899385f"},
  };
  check("zstd", "1.5.4", goldens);
}

}  // namespace
}  // namespace ociassemble
