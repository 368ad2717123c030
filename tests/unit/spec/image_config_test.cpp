// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/image_config.hpp"

#include <doctest/doctest.h>

#include "failure.hpp"

using namespace ociassemble;
using test::failure_of;

namespace {

const std::string kDiffId = "sha256:d4fc045c9e3a848011de66f34b81f052d4f2c15a17bb196d637e526349601820";
const std::string kRootfs = R"("rootfs":{"type":"layers","diff_ids":[")" + kDiffId + R"("]})";

// As Docker's classic builder wrote it: nulls, a second config, its own members.
const std::string kAlpine =
    R"({"architecture":"amd64","config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"Tty":false,)"
    R"("Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"],)"
    R"("Image":"sha256:abc","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null},)"
    R"("container":"4292e8ed2ef2","container_config":{"Hostname":"4292e8ed2ef2","Cmd":["/bin/sh","-c","#(nop) "],"Labels":{}},)"
    R"("created":"2024-01-27T00:30:48.743965523Z","docker_version":"20.10.23","history":[)"
    R"({"created":"2024-01-27T00:30:48.624602109Z","created_by":"/bin/sh -c #(nop) ADD file:37a76 in / "},)"
    R"({"created":"2024-01-27T00:30:48.743965523Z","created_by":"/bin/sh -c #(nop)  CMD [\"/bin/sh\"]","empty_layer":true}],)"
    R"("os":"linux",)" +
    kRootfs + "}";

ImageConfig parse_execution(const std::string& members) {
  return ImageConfig::parse("{\"config\":{" + members + "}," + kRootfs + "}");
}

}  // namespace

TEST_CASE("a config of Docker's builder is read") {
  const auto config = ImageConfig::parse(kAlpine);
  CHECK(config.platform == Platform{"linux", "amd64", "", "", {}});
  CHECK(config.created == "2024-01-27T00:30:48.743965523Z");
  CHECK(config.cmd == std::vector<std::string>{"/bin/sh"});
  CHECK_FALSE(config.entrypoint);
  CHECK(config.env_value("PATH") == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  CHECK(config.labels.empty());
  REQUIRE(config.diff_ids.size() == 1);
  CHECK(config.diff_ids[0].to_string() == kDiffId);
  REQUIRE(config.history.size() == 2);
  CHECK_FALSE(config.history[0].empty_layer);
  CHECK(config.history[1].empty_layer);
  CHECK(config.history[1].created_by == R"(/bin/sh -c #(nop)  CMD ["/bin/sh"])");
  CHECK(config.unknown ==
        std::map<std::string, std::string>{
            {"container", "\"4292e8ed2ef2\""},
            {"container_config", R"({"Cmd":["/bin/sh","-c","#(nop) "],"Hostname":"4292e8ed2ef2","Labels":{}})"},
            {"docker_version", "\"20.10.23\""}});
  CHECK(config.config_unknown == std::map<std::string, std::string>{{"AttachStdin", "false"},
                                                                    {"Domainname", "\"\""},
                                                                    {"Hostname", "\"\""},
                                                                    {"Image", "\"sha256:abc\""},
                                                                    {"Tty", "false"}});
}

TEST_CASE("a config is written again in the order of the specification, what is unknown at the end") {
  CHECK(
      ImageConfig::parse(kAlpine).to_json() ==
      R"({"created":"2024-01-27T00:30:48.743965523Z","architecture":"amd64","os":"linux","config":{)"
      R"("Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"],)"
      R"("AttachStdin":false,"Domainname":"","Hostname":"","Image":"sha256:abc","Tty":false},)" +
          kRootfs +
          R"(,"history":[{"created":"2024-01-27T00:30:48.624602109Z","created_by":"/bin/sh -c #(nop) ADD file:37a76 in / "},)"
          R"({"created":"2024-01-27T00:30:48.743965523Z","created_by":"/bin/sh -c #(nop)  CMD [\"/bin/sh\"]","empty_layer":true}],)"
          R"("container":"4292e8ed2ef2","container_config":{"Cmd":["/bin/sh","-c","#(nop) "],"Hostname":"4292e8ed2ef2","Labels":{}},)"
          R"("docker_version":"20.10.23"})");
}

TEST_CASE("every member of the specification has its place") {
  ImageConfig config;
  config.created = "1970-01-01T00:00:00Z";
  config.author = "J\xC3\xBCrgen <j@example.com>";
  config.platform = {"windows", "arm64", "v8", "10.0.14393", {"win32k"}};
  config.user = "65532:65532";
  config.exposed_ports = {"8080/tcp", "53/udp"};
  config.env = {"B=2", "A=1", "EMPTY="};
  config.entrypoint = {"/usr/local/bin/app"};
  config.cmd = {"--port", "8080"};
  config.volumes = {"/var/lib/app"};
  config.working_dir = "/";
  config.labels = {{"b", ""}, {"a", "1"}};
  config.stop_signal = "SIGTERM";
  config.diff_ids = {Digest::parse(kDiffId)};
  config.history = {{.created = "1970-01-01T00:00:00Z", .author = "a", .created_by = "b", .comment = "c"}, {}};
  config.unknown = {{"moby.buildkit.buildinfo.v1", "\"e30=\""}};
  config.config_unknown = {{"Shell", R"(["/bin/sh","-c"])"}, {"Healthcheck", R"({"Interval":30000000000})"}};
  CHECK(
      config.to_json() ==
      R"({"created":"1970-01-01T00:00:00Z","author":"J)"
      "\xC3\xBC"
      R"(rgen <j@example.com>","architecture":"arm64","os":"windows","os.version":"10.0.14393","os.features":["win32k"],)"
      R"("variant":"v8","config":{"User":"65532:65532","ExposedPorts":{"53/udp":{},"8080/tcp":{}},"Env":["B=2","A=1","EMPTY="],)"
      R"("Entrypoint":["/usr/local/bin/app"],"Cmd":["--port","8080"],"Volumes":{"/var/lib/app":{}},"WorkingDir":"/",)"
      R"("Labels":{"a":"1","b":""},"StopSignal":"SIGTERM","Healthcheck":{"Interval":30000000000},"Shell":["/bin/sh","-c"]},)" +
          kRootfs +
          R"(,"history":[{"created":"1970-01-01T00:00:00Z","created_by":"b","author":"a","comment":"c"},{}],)"
          R"("moby.buildkit.buildinfo.v1":"e30="})");
  CHECK(ImageConfig::parse(config.to_json()) == config);
}

TEST_CASE("an empty config keeps its rootfs only") {
  CHECK(ImageConfig{}.to_json() == R"({"rootfs":{"type":"layers","diff_ids":[]}})");
  for (const auto* text :
       {R"({"rootfs":{"type":"layers"}})", R"({"config":null,"rootfs":{"type":"layers","diff_ids":null}})",
        R"({"config":{},"history":null,"os.features":null,"rootfs":{"type":"layers","diff_ids":[]}})"}) {
    CAPTURE(text);
    CHECK(ImageConfig::parse(text) == ImageConfig{});
  }
}

TEST_CASE("an empty command counts as none") {
  const auto config = parse_execution(R"("Entrypoint":[],"Cmd":[])");
  CHECK_FALSE(config.entrypoint);
  CHECK_FALSE(config.cmd);
  ImageConfig written;
  written.entrypoint.emplace();
  CHECK(written.to_json() == R"({"rootfs":{"type":"layers","diff_ids":[]}})");
}

TEST_CASE("what Docker and BuildKit add survives") {
  const auto config = parse_execution(
      R"("Healthcheck": {"Test": ["CMD", "/app", "health"], "Interval": 30000000000}, "ArgsEscaped": true,)"
      R"("OnBuild": ["RUN x"], "Shell": ["/bin/sh", "-c"], "Big": 123456789012345678901234567890, "Nothing": null)");
  CHECK(config.config_unknown == std::map<std::string, std::string>{
                                     {"ArgsEscaped", "true"},
                                     {"Big", "123456789012345678901234567890"},
                                     {"Healthcheck", R"({"Interval":30000000000,"Test":["CMD","/app","health"]})"},
                                     {"OnBuild", R"(["RUN x"])"},
                                     {"Shell", R"(["/bin/sh","-c"])"}});
  const auto top = ImageConfig::parse(R"({"id":"x","parent":"y","moby.buildkit.cache.v0":"e30=",)" + kRootfs +
                                      R"(,"history":[{"created_by":"z","x":[ 1 ]}]})");
  CHECK(top.unknown == std::map<std::string, std::string>{
                           {"id", "\"x\""}, {"moby.buildkit.cache.v0", "\"e30=\""}, {"parent", "\"y\""}});
  CHECK(top.history[0].unknown == std::map<std::string, std::string>{{"x", "[1]"}});
  CHECK(top.to_json() ==
        "{" + kRootfs +
            R"(,"history":[{"created_by":"z","x":[1]}],"id":"x","moby.buildkit.cache.v0":"e30=","parent":"y"})");
}

TEST_CASE("ports and volumes with null values are read, and written as empty objects") {
  const auto config = parse_execution(R"("Volumes":{"/b":null,"/a":{}},"ExposedPorts":{"80/tcp":{"x":1}})");
  CHECK(config.volumes == std::set<std::string>{"/a", "/b"});
  CHECK(config.to_json() == R"({"config":{"ExposedPorts":{"80/tcp":{}},"Volumes":{"/a":{},"/b":{}}},)" + kRootfs + "}");
}

TEST_CASE("members in another case are the same member, as for every runtime") {
  const auto config = parse_execution(R"("user":"1000","entrypoint":["/app"])");
  CHECK(config.user == "1000");
  CHECK(config.entrypoint == std::vector<std::string>{"/app"});
  CHECK(config.config_unknown.empty());
  // A runtime would take the last one: a base could undo the user that we set.
  CHECK(failure_of([] { return parse_execution(R"("User":"65532","user":"root")"); })->message ==
        "cannot parse image config: config has both members \"User\" and \"user\"");
  ImageConfig written;
  written.user = "65532";
  written.config_unknown = {{"uSer", "\"root\""}};
  CHECK(failure_of([&] { return written.to_json(); })->code == ErrorCode::invalid_argument);
}

TEST_CASE("a config that does not follow the specification is refused") {
  struct Case {
    std::string json;
    std::string message;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"null", "cannot parse image config: the document is not an object"},
           {"{}", "cannot parse image config: rootfs is missing"},
           {R"({"rootfs":null})", "cannot parse image config: rootfs is null"},
           {R"({"rootfs":{"diff_ids":[]}})", "cannot parse image config: rootfs.type is missing"},
           {R"({"rootfs":{"type":"layers+base"}})", "cannot parse image config: rootfs.type is not \"layers\""},
           {R"({"rootfs":{"type":"layers","diff_ids":["sha256:0"]}})",
            "cannot parse image config: rootfs.diff_ids[0] is not a sha256 or sha512 digest"},
           {R"({"os":1,)" + kRootfs + "}", "cannot parse image config: os is not a string"},
           {R"({"config":[],)" + kRootfs + "}", "cannot parse image config: config is not an object"},
           {R"({"config":{"Cmd":"/bin/sh"},)" + kRootfs + "}", "cannot parse image config: config.Cmd is not an array"},
           {R"({"config":{"Env":[null]},)" + kRootfs + "}", "cannot parse image config: config.Env[0] is not a string"},
           {R"({"config":{"Labels":{"a":1}},)" + kRootfs + "}",
            "cannot parse image config: config.Labels.a is not a string"},
           {R"({"config":{"Volumes":["/a"]},)" + kRootfs + "}",
            "cannot parse image config: config.Volumes is not an object"},
           {R"({"config":{"Volumes":{"/a":1}},)" + kRootfs + "}",
            "cannot parse image config: config.Volumes./a is not an object"},
           {R"({"history":[{"empty_layer":"true"}],)" + kRootfs + "}",
            "cannot parse image config: history[0].empty_layer is not true or false"},
           {R"({"history":[1],)" + kRootfs + "}", "cannot parse image config: history[0] is not an object"},
           {"{\"author\":\"\xED\xA0\x80\"," + kRootfs + "}", "cannot parse image config: not UTF-8"},
       }) {
    const auto& json = entry.json;
    const auto& message = entry.message;
    CAPTURE(json);
    const auto failure = failure_of([&] { return ImageConfig::parse(json); });
    REQUIRE(failure);
    CHECK(failure->code == ErrorCode::corrupt);
    CHECK(failure->message == message);
  }
}

TEST_CASE("text that is not UTF-8 is not written") {
  ImageConfig config;
  config.env = {"A=\xFF"};
  const auto failure = failure_of([&] { return config.to_json(); });
  CHECK(failure->code == ErrorCode::invalid_argument);
  CHECK(failure->message == "cannot write member \"Env\": not UTF-8");
}

TEST_CASE("environment variables are set where they stand") {
  ImageConfig config;
  config.env = {"PATH=/bin", "A=1", "AB=2", "A=3", "BARE"};
  CHECK(config.env_value("A") == "3");
  CHECK(config.env_value("BARE") == std::nullopt);
  CHECK(config.env_value("B") == std::nullopt);
  config.set_env("A", "x=y");
  config.set_env("BARE", "");
  config.set_env("NEW", "1");
  CHECK(config.env == std::vector<std::string>{"PATH=/bin", "A=x=y", "AB=2", "BARE=", "NEW=1"});
  CHECK(config.env_value("A") == "x=y");
  CHECK(config.env_value("BARE") == "");
  CHECK(failure_of([&] { return config.set_env("", "x"), 0; })->code == ErrorCode::invalid_argument);
  CHECK(failure_of([&] { return config.set_env("A=B", "x"), 0; })->code == ErrorCode::invalid_argument);
}
