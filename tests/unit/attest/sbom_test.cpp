// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "../compare/compare_support.hpp"
#include "attest/inventory.hpp"
#include "attest/layer_facts.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/sbom.hpp"
#include "raw_elf.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;
using Json = nlohmann::json;

namespace {

constexpr const char* kAlpineRelease = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\n";
constexpr const char* kApkDatabase =
    "P:libssl3\nV:3.3.2-r0\nA:x86_64\no:openssl\nL:Apache-2.0\nF:usr/lib\nR:libssl.so.3\n\n"
    "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\nL:custom:weird\nF:lib\nR:ld-musl-x86_64.so.1\n\n";
constexpr const char* kDpkgStatus =
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9+deb12u8\n\n"
    "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
    "Package: libgcc-s1\nStatus: install ok installed\nArchitecture: amd64\nSource: gcc-12 (12.2.0-14)\n"
    "Version: 1:12.2.0-14+b1\n\n";

// As Go's linker writes it: lengths are unsigned LEB128, the modules lie between sentinels.
std::string go_program(const std::string& modules) {
  const std::string sentinel(16, '\x30');
  const auto counted = [](const std::string& text) {
    std::string length;
    if (text.size() >= 128) length += static_cast<char>(0x80U | (text.size() & 0x7FU));
    length += static_cast<char>(text.size() < 128 ? text.size() : text.size() >> 7U);
    return length + text;
  };
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, "code"}};
  raw.sections = {{".go.buildinfo", "\xff Go buildinf:\x08\x02"s + std::string(16, '\0') + counted("go1.22.1") +
                                        counted(sentinel + modules + sentinel)}};
  return raw.bytes();
}

const std::string kModules =
    "path\texample.com/server/cmd\nmod\texample.com/server\t(devel)\t\n"
    "dep\tgithub.com/BurntSushi/toml\tv1.4.0\th1:kuoIxZQy2WRRk1pttg9asf+WVv6tWQuBNVmK8+nqPr0=\n"
    "dep\texample.org/old\tv1.0.0\n=>\texample.org/fork\tv1.1.0\th1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    "dep\texample.org/local\tv0.3.0\n=>\t../local\t\t\n"
    "build\tCGO_ENABLED=0\nbuild\tvcs.revision=0123456789abcdef0123456789abcdef01234567\n"
    "build\tvcs.time=2024-05-06T07:08:09Z\n";

Json document(const Image& image, SbomFormat format, const SbomOptions& options = {}) {
  StringSink text;
  write_sbom(*read_inventory(image), format, options, text);
  return Json::parse(text.bytes());
}

Image service(const Images& images) {
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  config.created = "2024-05-06T07:08:09.123+02:00";
  config.entrypoint = {{"/usr/local/bin/server", "--listen"}};
  return Images::image({{images.layer(RawTar()
                                          .file("etc/os-release", kAlpineRelease)
                                          .file("lib/apk/db/installed", kApkDatabase)
                                          .file("usr/lib/libssl.so.3", "ssl")
                                          .file("etc/motd", "hello")),
                         "base"},
                        {images.layer(RawTar().file("usr/local/bin/server", go_program(kModules), 0755)), "app"}},
                       config,
                       {{"org.opencontainers.image.base.name", "docker.io/library/alpine:3.20"},
                        {"org.opencontainers.image.base.digest", "sha256:" + std::string(64, 'a')}});
}

std::map<std::string, Json> packages_by_name(const Json& spdx) {
  std::map<std::string, Json> packages;
  for (const auto& package : spdx.at("packages")) packages.emplace(package.at("name"), package);
  return packages;
}

std::string purl_of(const Json& package) { return package.at("externalRefs").at(0).at("referenceLocator"); }

std::set<std::string> unowned(const Image& image) {
  std::set<std::string> paths;
  const auto inventory = read_inventory(image);
  for (const auto& file : inventory->unowned) paths.insert(file.path);
  return paths;
}

}  // namespace

TEST_CASE("an SPDX document has what matchers look for") {
  const Images images;
  const auto spdx = document(service(images), SbomFormat::spdx, {.author = "Person: Ada (ada@example.com)"});
  CHECK(spdx.at("spdxVersion") == "SPDX-2.3");
  CHECK(spdx.at("name") == "server");
  CHECK(spdx.at("creationInfo").at("created") == "2024-05-06T05:08:09Z");
  CHECK(spdx.at("creationInfo").at("creators").at(1) == "Person: Ada (ada@example.com)");
  const auto packages = packages_by_name(spdx);
  CHECK(packages.at("alpine").at("SPDXID").get<std::string>().starts_with("SPDXRef-OperatingSystem"));
  CHECK(packages.at("alpine").at("versionInfo") == "3.20.3");
  CHECK(purl_of(packages.at("libssl3")) ==
        "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3&upstream=openssl");
  CHECK(packages.at("libssl3").at("sourceInfo") == "built package from: openssl 3.3.2-r0");
  CHECK(packages.at("libssl3").at("licenseDeclared") == "Apache-2.0");
  CHECK(purl_of(packages.at("musl")) == "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3");
  const auto own = spdx.at("hasExtractedLicensingInfos").at(0);
  CHECK(own.at("extractedText") == "custom:weird");
  CHECK(packages.at("musl").at("licenseDeclared") == own.at("licenseId"));
  CHECK(purl_of(packages.at("github.com/BurntSushi/toml")) == "pkg:golang/github.com/BurntSushi/toml@v1.4.0");
  CHECK(packages.at("github.com/BurntSushi/toml").at("supplier") == "Organization: github.com/BurntSushi");
  CHECK(purl_of(packages.at("example.org/fork")) == "pkg:golang/example.org/fork@v1.1.0");
  CHECK(packages.at("example.org/fork").at("checksums").at(0).at("checksumValue") ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(packages.count("example.org/old") == 0);
  CHECK(purl_of(packages.at("example.org/local")) == "pkg:golang/example.org/local");
  CHECK(purl_of(packages.at("example.com/server")) ==
        "pkg:golang/example.com/server@v0.0.0-20240506070809-0123456789ab");
  CHECK(packages.at("stdlib").at("externalRefs").at(1).at("referenceLocator") ==
        "cpe:2.3:a:golang:go:1.22.1:-:*:*:*:*:*:*");
  CHECK(packages.at("/etc/motd").at("checksums").at(0).at("checksumValue") == Digest::of("hello"s).hex());
  CHECK(packages.count("/usr/lib/libssl.so.3") == 0);
  CHECK(packages.at("docker.io/library/alpine:3.20").at("SPDXID") == "SPDXRef-Base");
}

TEST_CASE("every relationship of SPDX and every reference of CycloneDX closes, and ids are unique") {
  const Images images;
  const auto image = service(images);
  const auto spdx = document(image, SbomFormat::spdx);
  std::set<std::string> ids{"SPDXRef-DOCUMENT"};
  for (const auto& package : spdx.at("packages")) CHECK(ids.insert(package.at("SPDXID")).second);
  std::set<std::string> reached;
  for (const auto& relation : spdx.at("relationships")) {
    CHECK(ids.count(relation.at("spdxElementId")) == 1);
    CHECK(ids.count(relation.at("relatedSpdxElement")) == 1);
    reached.insert(relation.at("relatedSpdxElement"));
  }
  CHECK(reached.size() == ids.size() - 1);

  const auto cyclonedx = document(image, SbomFormat::cyclonedx);
  std::set<std::string> refs{cyclonedx.at("metadata").at("component").at("bom-ref")};
  for (const auto& component : cyclonedx.at("components")) CHECK(refs.insert(component.at("bom-ref")).second);
  CHECK(cyclonedx.at("dependencies").size() == refs.size());
  for (const auto& dependency : cyclonedx.at("dependencies")) {
    CHECK(refs.count(dependency.at("ref")) == 1);
    for (const auto& used : dependency.value("dependsOn", Json::array())) CHECK(refs.count(used) == 1);
  }
}

TEST_CASE("a CycloneDX document has what matchers look for") {
  const Images images;
  const auto image = Images::image(
      {{images.layer(RawTar()
                         .file("usr/lib/os-release", "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n")
                         .symlink("etc/os-release", "../usr/lib/os-release")
                         .file("var/lib/dpkg/status", kDpkgStatus)),
        "base"}});
  const auto cyclonedx = document(image, SbomFormat::cyclonedx, {.name = "thing", .supplier = "Example"});
  CHECK(cyclonedx.at("specVersion") == "1.6");
  CHECK(cyclonedx.at("metadata").at("component").at("name") == "thing");
  CHECK(cyclonedx.at("metadata").at("supplier").at("name") == "Example");
  std::map<std::string, Json> components;
  for (const auto& component : cyclonedx.at("components")) components.emplace(component.at("name"), component);
  CHECK(components.at("debian").at("type") == "operating-system");
  CHECK(components.at("debian").at("version") == "12");
  CHECK(components.at("libc6").at("purl") ==
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u8?arch=amd64&distro=debian-12&upstream=glibc");
  CHECK(components.at("libgcc-s1").at("purl") ==
        "pkg:deb/debian/libgcc-s1@1%3A12.2.0-14%2Bb1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14");
  CHECK(components.at("libgcc-s1").at("properties") ==
        Json::parse(R"([{"name":"aquasecurity:trivy:SrcName","value":"gcc-12"},
                        {"name":"aquasecurity:trivy:SrcRelease","value":"14"},
                        {"name":"aquasecurity:trivy:SrcVersion","value":"12.2.0"}])"));
  CHECK(components.count("gone") == 0);
}

TEST_CASE("the same image gives the same bytes, another another serial number") {
  const Images images;
  const auto text = [&](const Image& image) {
    StringSink sink;
    write_sbom(*read_inventory(image), SbomFormat::cyclonedx, {}, sink);
    return sink.take();
  };
  CHECK(text(service(images)) == text(service(images)));
  const auto other = Images::image({{images.layer(RawTar().file("a", "b")), "x"}});
  CHECK(Json::parse(text(other)).at("serialNumber") != Json::parse(text(service(images))).at("serialNumber"));
}

TEST_CASE("files that packages do not own") {
  const Images images;
  const auto debian = [&] {
    return RawTar()
        .symlink("bin", "usr/bin")
        .file("var/lib/dpkg/status", kDpkgStatus)
        .file("var/lib/dpkg/info/libc6:amd64.list", "/.\n/bin/ls\n/etc\n/etc/conf\n")
        .file("usr/bin/ls", "ls")
        .file("usr/bin/own", "own")
        .file("etc/conf", "conf");
  };
  CHECK(unowned(Images::image({{images.layer(debian()), "base"}})) == std::set<std::string>{"usr/bin/own"});
  // What a later layer puts there is not the package's.
  CHECK(unowned(Images::image(
            {{images.layer(debian()), "base"}, {images.layer(RawTar().file("bin/ls", "other")), "app"}})) ==
        std::set<std::string>{"usr/bin/ls", "usr/bin/own"});
  CHECK(unowned(
            Images::image({{images.layer(debian()), "base"}, {images.layer(RawTar().file("usr/bin/.wh.own")), "app"}}))
            .empty());
  // A file that becomes a folder, a folder that becomes a link, a whiteout after what its own layer brings.
  CHECK(unowned(Images::image(
            {{images.layer(RawTar().file("a", "1").file("d/x", "2").file("e/y", "3")), "base"},
             {images.layer(
                  RawTar().folder("a").file("a/in", "4").symlink("d", "e").file("e/z", "5").file("e/.wh..wh..opq")),
              "app"}})) == std::set<std::string>{"a/in", "e/z"});
  CHECK(unowned(Images::image({{images.layer(RawTar().file("a", "1").hard_link("b", "a")), "base"},
                               {images.layer(RawTar().file(".wh.a")), "app"}})) == std::set<std::string>{"b"});
}

TEST_CASE("distroless images keep a record for each package") {
  const Images images;
  const auto image = Images::image(
      {{images.layer(
            RawTar()
                .file("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n")
                .file("var/lib/dpkg/status.d/base.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/base\n")
                .file("usr/share/base", "x")
                .file("usr/share/other", "y")),
        "base"}});
  const auto inventory = read_inventory(image);
  REQUIRE(inventory->dpkg_packages.size() == 1);
  CHECK(inventory->dpkg_packages[0].name == "base-files");
  CHECK(unowned(image) == std::set<std::string>{"usr/share/other"});
}

TEST_CASE("a damaged program is a file, and a layer of other bytes is refused") {
  const Images images;
  CHECK(unowned(Images::image({{images.layer(RawTar().file("bin/x",
                                                           "\x7f"
                                                           "ELF rubbish")),
                                "base"}})) == std::set<std::string>{"bin/x"});
  auto layer = images.layer(RawTar().file("a", "b"));
  layer.diff_id = Digest::of("something else"s);
  CHECK_THROWS_AS(read_inventory(Images::image({{layer, "base"}})), DigestMismatch);
}

namespace {

// Blobs that are gone.
class NoBlobs : public BlobReader {
 public:
  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    throw Error(ErrorCode::network, "cannot reach the registry for " + descriptor.digest.to_string());
  }
};

Image without_blobs(const Image& image) {
  return Image::from_documents(image.manifest_json(), image.manifest().media_type(), image.config_json(),
                               std::make_shared<NoBlobs>());
}

}  // namespace

TEST_CASE("what the cache knows of an image's layers gives the same document, without the layers") {
  const Images images;
  const auto image = Images::image(
      {{images.layer(RawTar()
                         .file("etc/os-release", kAlpineRelease)
                         .file("lib/apk/db/installed", kApkDatabase)
                         .file("opt/removed", "gone")
                         .file("opt/kept", "kept")
                         .hard_link("opt/also-kept", "opt/kept")),
        "base"},
       {images.layer(RawTar().file("opt/.wh.removed", "").file("usr/local/bin/server", go_program(kModules), 0755)),
        "app"}});
  const TestFolder folder;
  const InventoryOptions options{.cache_folder = folder.path(), .warn = {}};
  for (const auto format : {SbomFormat::spdx, SbomFormat::cyclonedx}) {
    StringSink plain;
    write_sbom(*read_inventory(image), format, {}, plain);
    StringSink first;
    write_sbom(*read_inventory(image, {}, options), format, {}, first);
    StringSink second;
    write_sbom(*read_inventory(without_blobs(image), {}, options), format, {}, second);
    CHECK(first.bytes() == plain.bytes());
    CHECK(second.bytes() == plain.bytes());
    CHECK(plain.bytes().find("opt/kept") != std::string::npos);
    CHECK(plain.bytes().find("opt/also-kept") != std::string::npos);
    CHECK(plain.bytes().find("opt/removed") == std::string::npos);
  }
}

TEST_CASE("a layer that is not in the cache and cannot be read is named") {
  const Images images;
  const auto image = without_blobs(service(images));
  try {
    read_inventory(image);
    FAIL("there is no layer");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::network);
    CHECK(std::string(error.what())
              .find("layer " + image.layers()[0].descriptor.digest.to_string() + " is not in the cache") !=
          std::string::npos);
  }
}

TEST_CASE("a cache's record is read as far as it is one") {
  LayerFactsWriter writer;
  TarEntry entry;
  entry.path = "usr/bin/server";
  const GoBuild build{.go_version = "go1.22.1",
                      .path = "example.com/m",
                      .main = GoModule{{"example.com/m", "v1.0.0", ""}, {}},
                      .dependencies = {GoModule{{"a", "v1", "h1:x"}, GoModuleVersion{"b", "v2", "h1:y"}}},
                      .settings = {{"-trimpath", "true"}}};
  const FileFindings findings{std::make_shared<const GoBuild>(build), "c",
                              std::make_shared<const LinkedFunctions>(std::vector<std::uint64_t>{3, 1, 1ULL << 63U, 3}),
                              true};
  writer.add(entry, {FileDigest(Digest::of("x"s)), std::make_shared<const FileFindings>(findings)});
  const auto record = *writer.take();
  LayerFactsReader reader(record);
  const auto fact = reader.next();
  REQUIRE(fact.has_value());
  CHECK(fact->details.findings->functions->hashes() == std::vector<std::uint64_t>{1, 3, 1ULL << 63U});
  CHECK(fact->details.findings->is_opaque);
  CHECK(fact->entry.path == "usr/bin/server");
  // printf x | sha256sum
  CHECK(fact->details.digest->hex() == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
  CHECK(*fact->details.build() == build);
  CHECK(*fact->details.contents() == "c");
  CHECK_FALSE(reader.next().has_value());
  CHECK(reader.is_whole());
  // Cut anywhere, and with every byte changed: nothing is read beyond its end, and no exception leaves it.
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto cut = record.substr(0, size);
    LayerFactsReader torn(cut);
    CHECK_FALSE(torn.next().has_value());
    CHECK(torn.is_whole() == (cut == "layer facts 1\n"));
  }
  for (std::size_t at = 0; at < record.size(); ++at) {
    auto changed = record;
    changed[at] = static_cast<char>(changed[at] ^ 0x7F);
    LayerFactsReader odd(changed);
    while (odd.next()) {
    }
  }
}

TEST_CASE("SBOMs as referrers are of their own type, and refer to the image") {
  const Images images;
  const auto image = service(images);
  const auto inventory = read_inventory(image);
  const auto store = make_memory_store();
  const SbomRequest request{.formats = {SbomFormat::spdx, SbomFormat::cyclonedx}, .options = {}, .form = {}};
  const auto referrers = make_sbom_referrers(*inventory, request, store);
  REQUIRE(referrers.size() == 2);
  const auto cyclonedx = Json::parse(referrers[1].json);
  CHECK(cyclonedx.at("artifactType") == "application/vnd.cyclonedx+json");
  CHECK(cyclonedx.at("config").at("mediaType") == "application/vnd.oci.empty.v1+json");
  CHECK(cyclonedx.at("layers").size() == 1);
  CHECK(cyclonedx.at("layers").at(0).at("mediaType") == "application/vnd.cyclonedx+json");
  CHECK(cyclonedx.at("subject").at("digest") == image.digest().to_string());
  StringSink document;
  write_sbom(*inventory, SbomFormat::cyclonedx, {}, document);
  CHECK(cyclonedx.at("layers").at(0).at("digest") == Digest::of(document.bytes()).to_string());
}

TEST_CASE("SBOMs in BuildKit's form lie behind the images of the index") {
  const Images images;
  const auto image = service(images);
  const auto inventory = read_inventory(image);
  const auto store = make_memory_store();
  Index manifests;
  manifests.manifests = {image.descriptor()};
  const auto json = manifests.to_json();
  const ImageIndex plain{
      {.media_type = std::string(media_type::kOciIndex), .digest = Digest::of(json), .size = json.size()},
      json,
      manifests,
      {image}};
  const auto index = add_sboms(plain, {inventory}, {.formats = {SbomFormat::spdx}, .options = {}, .form = {}}, store);
  const auto entry = Json::parse(index.json).at("manifests").at(1);
  CHECK(entry.at("platform") == Json{{"architecture", "unknown"}, {"os", "unknown"}});
  CHECK(entry.at("annotations") == Json{{"vnd.docker.reference.digest", image.digest().to_string()},
                                        {"vnd.docker.reference.type", "attestation-manifest"}});
  CHECK(index.descriptor.digest == Digest::of(index.json));
  REQUIRE(index.others.size() == 1);
  const auto manifest = Json::parse(index.others[0].json);
  CHECK(manifest.at("artifactType") == "application/vnd.docker.attestation.manifest.v1+json");
  const auto layer = Manifest::parse(index.others[0].json, media_type::kOciManifest).layers.at(0);
  CHECK(layer.media_type == "application/vnd.in-toto+json");
  CHECK(layer.annotations.at("in-toto.io/predicate-type") == "https://spdx.dev/Document");
  const auto statement = Json::parse(BlobStore::read(*store, layer, 1U << 20U));
  CHECK(statement.at("predicate").at("spdxVersion") == "SPDX-2.3");
  CHECK(statement.at("subject").at(0).at("digest").at("sha256") == image.digest().hex());
  CHECK_THROWS_AS(add_sboms(plain, {}, {}, store), Error);
}
