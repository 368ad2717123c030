// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "ociassemble/error.hpp"
#include "ociassemble/runtime.hpp"
#include "raw_image.hpp"

using namespace ociassemble;
using test::image_of;
using test::RawTar;

namespace {

ImageConfig service() {
  ImageConfig config;
  config.user = "65532:65532";
  config.entrypoint = std::vector<std::string>{"/usr/local/bin/server"};
  config.labels["dev.ociassemble.readonly-rootfs"] = "true";
  return config;
}

RawTar files() {
  RawTar tar;
  tar.folder("usr").folder("usr/local").folder("usr/local/bin").file("usr/local/bin/server", "x", 0555);
  tar.folder("var").folder("var/lib").folder("var/lib/server", 0700, {65532, 65532});
  tar.folder("etc").file("etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:1001:1002::/:/bin/sh\n");
  return tar;
}

std::string refusal(const RawTar& tar, const ImageConfig& config, const RunSettings& settings = {}) {
  try {
    read_contract(image_of({tar}, config), settings);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    CHECK_FALSE(error.hint().empty());
    const std::string prefix = "the image contradicts its run contract: ";
    const std::string text = error.what();
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }
  return "no refusal";
}

}  // namespace

TEST_CASE("a contract has what config, labels and files say") {
  auto config = service();
  config.exposed_ports = {"8443/tcp", "8080/tcp", "9000/udp"};
  config.volumes = {"/var/lib/server"};
  config.labels["dev.ociassemble.writable-paths"] = "/var/lib/server";
  config.working_dir = "/var";
  config.env = {"PATH=/usr/local/bin", "A=b"};
  config.cmd = std::vector<std::string>{"-v"};
  RunSettings settings;
  settings.env = {{"A", "c"}, {"B", "d"}};
  const auto contract = read_contract(image_of({files()}, config), settings);
  CHECK(contract.uid == 65532);
  CHECK(contract.gid == 65532);
  CHECK(contract.read_only);
  CHECK(contract.words == std::vector<std::string>{"/usr/local/bin/server", "-v"});
  CHECK(contract.env == std::vector<std::string>{"PATH=/usr/local/bin", "A=c", "B=d"});
  CHECK(contract.working_dir == "/var");
  CHECK(contract.name == "server");
  CHECK(contract.ports == std::vector<DeclaredPort>{{8080, "tcp"}, {8443, "tcp"}, {9000, "udp"}});
  CHECK(contract.writable == std::vector<WritableFolder>{{"/var/lib/server", 65532, 65532, 0700, false}});
  CHECK(contract.capabilities.empty());
  CHECK(contract.notes.empty());
}

TEST_CASE("a user is looked up in the image, and the program in its PATH") {
  auto config = service();
  config.user = "app";
  config.entrypoint = std::vector<std::string>{"server"};
  config.env = {"PATH=/bin:/usr/local/bin"};
  const auto contract = read_contract(image_of({files()}, config), {});
  CHECK(contract.uid == 1001);
  CHECK(contract.gid == 1002);
  CHECK(contract.program == "/usr/local/bin/server");
}

TEST_CASE("an image that contradicts what it declares is refused, with the reason") {
  auto config = service();
  config.user = "nobody-knows";
  CHECK(refusal(files(), config).starts_with("its user \"nobody-knows\" cannot be found"));

  config = service();
  config.entrypoint = std::vector<std::string>{"/usr/local/bin/other"};
  CHECK(refusal(files(), config) == "its program /usr/local/bin/other does not exist");
  config.entrypoint = std::vector<std::string>{"other"};
  CHECK(refusal(files(), config).starts_with("its program other is in no folder of PATH="));
  config.entrypoint.reset();
  CHECK(refusal(files(), config) == "it names no program to run");

  config = service();
  auto tar = files();
  tar.file("usr/local/bin/server", "x", 0700);
  CHECK(refusal(tar, config) ==
        "the user 65532:65532 has no permission to its program /usr/local/bin/server: the user cannot execute it: it "
        "belongs to 0:0, mode 0700");
  tar = files();
  tar.folder("usr/local", 0700);
  CHECK(
      refusal(tar, config) ==
      "the user 65532:65532 has no permission to its program /usr/local/bin/server: the user cannot enter /usr/local, "
      "which belongs to 0:0, mode 0700");

  config = service();
  config.exposed_ports = {"80/tcp"};
  CHECK(refusal(files(), config) ==
        "the user 65532:65532 may not listen on port 80/tcp, which is below 1024: no program has the capability "
        "net_bind_service");

  config = service();
  config.labels["dev.ociassemble.writable-paths"] = "/etc/passwd";
  CHECK(refusal(files(), config) == "/etc/passwd is a file, and a folder to write to at once");
  config.labels["dev.ociassemble.writable-paths"] = "/var";
  CHECK(refusal(files(), config) == "the user 65532:65532 cannot write to /var, which belongs to 0:0, mode 0755");
  config.labels["dev.ociassemble.writable-paths"] = "/nowhere";
  CHECK(refusal(files(), config) == "there is no folder /nowhere to write to");
  config.labels["dev.ociassemble.writable-paths"] = "/";
  CHECK(refusal(files(), config) == "all of the root is to be writable, and read-only at once");
  config = service();
  config.volumes = {"/usr/local"};
  CHECK(refusal(files(), config) ==
        "the program /usr/local/bin/server lies in /usr/local, which is writable: a volume there hides it");

  config = service();
  config.labels["dev.ociassemble.capabilities"] = "net_raw";
  CHECK(refusal(files(), config) == "no program in it has the capability net_raw that its label names");
}

TEST_CASE("no word of an image becomes an option of a runtime") {
  for (const auto* path : {"/data,type=bind,source=/", "/data:/etc", "/a/../../etc", "data", "/a\nb", "/a\"b", ".."}) {
    CAPTURE(path);
    auto config = service();
    config.volumes = {path};
    CHECK(refusal(files(), config).find("is no path that a volume can be mounted on") != std::string::npos);
  }
  for (const auto* port : {"8080/tcp}", "8080/icmp", "8080/"}) {
    CAPTURE(port);
    auto config = service();
    config.exposed_ports = {port};
    CHECK(refusal(files(), config).find("has an unknown protocol") != std::string::npos);
  }
  auto config = service();
  config.stop_signal = "SIGTERM\nExecStartPre=/bin/evil";
  CHECK(refusal(files(), config).find("is no signal") != std::string::npos);
}

TEST_CASE("links on the way to the program and to a volume stay inside the image") {
  auto tar = files();
  tar.symlink("app", "../../usr/local/bin/server").symlink("data", "/var/lib/server");
  auto config = service();
  config.entrypoint = std::vector<std::string>{"/app"};
  config.labels["dev.ociassemble.writable-paths"] = "/data";
  const auto contract = read_contract(image_of({tar}, config), {});
  CHECK(contract.program == "/usr/local/bin/server");
  CHECK(contract.writable.front().uid == 65532);
}

TEST_CASE("a health check of Docker's config is what is executed") {
  auto config = service();
  config.config_unknown["Healthcheck"] =
      R"({"Test":["CMD","/usr/local/bin/server","-health"],"Interval":10000000000,"Retries":4})";
  auto contract = read_contract(image_of({files()}, config), {});
  REQUIRE(contract.health.has_value());
  CHECK(contract.health->words == std::vector<std::string>{"/usr/local/bin/server", "-health"});
  CHECK(contract.health->interval == std::chrono::seconds(10));
  CHECK(contract.health->retries == 4);
  config.config_unknown["Healthcheck"] = R"({"Test":["CMD-SHELL","curl -f http://localhost"]})";
  contract = read_contract(image_of({files()}, config), {});
  CHECK(contract.health->words == std::vector<std::string>{"/bin/sh", "-c", "curl -f http://localhost"});
  config.config_unknown["Healthcheck"] = R"({"Test":["NONE"]})";
  CHECK_FALSE(read_contract(image_of({files()}, config), {}).health.has_value());
}

TEST_CASE("names become DNS labels") {
  RunSettings settings;
  settings.image = "registry.example.com/team/My_App.Server:v1";
  // A repository is lower case; the name of a service may be given in any.
  settings.image = "registry.example.com/team/my_app.server:v1";
  CHECK(read_contract(image_of({files()}, service()), settings).name == "my-app-server");
  settings.name = "--2Fast--";
  CHECK(read_contract(image_of({files()}, service()), settings).name == "s-2fast");
}

TEST_CASE("ports are read as docker reads them") {
  CHECK(PublishedPort::parse("80") == PublishedPort{"", 80, 80, "tcp"});
  CHECK(PublishedPort::parse("8080:80/udp") == PublishedPort{"", 8080, 80, "udp"});
  CHECK(PublishedPort::parse("127.0.0.1:8080:80").to_string() == "127.0.0.1:8080:80");
  CHECK(PublishedPort::parse("[::1]:8080:80") == PublishedPort{"[::1]", 8080, 80, "tcp"});
  for (const auto* text : {"", "0", "65536", "a:80", "8080:", ":80", "host:8080:80", "80/icmp", "80:80:80:80x"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(PublishedPort::parse(text), Error);
  }
}
