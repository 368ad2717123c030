// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>

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
  // Runtimes are told where the links lead, once.
  config.volumes = {"/var/lib/server"};
  RunSettings settings;
  settings.mounts = {{"/srv", "/data/deeper", true}};
  const auto resolved = read_contract(image_of({tar}, config), settings);
  CHECK(resolved.writable.size() == 1);
  CHECK(resolved.writable.front().path == "/var/lib/server");
  CHECK(resolved.settings.mounts.front().target == "/var/lib/server/deeper");
}

// runc 1.1.5 makes /dev/fd and others through a link that is /dev, wherever it leads.
TEST_CASE("where runtimes mount file systems of their own the image has folders, or nothing") {
  for (const std::string name : {"dev", "proc", "sys", "tmp"}) {
    CAPTURE(name);
    auto tar = files();
    tar.symlink(name, "/var");
    CHECK(refusal(tar, service()) == "/" + name + " is no folder, and runtimes mount a file system there");
    tar = files();
    tar.file(name, "x");
    CHECK(refusal(tar, service()) == "/" + name + " is no folder, and runtimes mount a file system there");
  }
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
  auto with_shell = files();
  with_shell.folder("bin").file("bin/sh", "x", 0755);
  contract = read_contract(image_of({with_shell}, config), {});
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
  // How an engine calls an image says nothing.
  settings.image = "sha256:" + std::string(64, 'a');
  CHECK(read_contract(image_of({files()}, service()), settings).name == "server");
}

TEST_CASE("a name that is given is a DNS label, or refused: a patch of another name would patch nothing") {
  RunSettings settings;
  for (const auto* name : {"web", "a-1", "a"}) {
    settings.name = name;
    CHECK(read_contract(image_of({files()}, service()), settings).name == name);
  }
  for (const auto* name : {"Web", "web.v1", "-web", "web-", "2fast", "we b", "w\"eb"}) {
    CAPTURE(name);
    settings.name = name;
    CHECK_THROWS_WITH_AS(read_contract(image_of({files()}, service()), settings),
                         doctest::Contains("it is no DNS label"), Error);
  }
  settings.name = std::string(64, 'a');
  CHECK_THROWS_AS(read_contract(image_of({files()}, service()), settings), Error);
}

TEST_CASE("a health check that cannot be executed is a contradiction") {
  auto config = service();
  const auto with = [&](const char* test) {
    config.config_unknown["Healthcheck"] = std::string("{\"Test\":") + test + "}";
    return refusal(files(), config);
  };
  CHECK(with(R"(["CMD","/usr/bin/curl","localhost"])") == "its health check /usr/bin/curl does not exist");
  CHECK(with(R"(["CMD-SHELL","curl localhost"])") == "its health check /bin/sh does not exist");
  CHECK(with(R"(["CMD","curl"])").starts_with("its health check curl is in no folder of PATH="));
  CHECK(with(R"(["CMD","/etc"])") == "its health check /etc is no file");
  CHECK(with(R"(["CMD","/etc/passwd"])").starts_with("the user 65532:65532 has no permission to its health check"));
}

TEST_CASE("users are numbers, names and groups, as docker reads them") {
  const auto ids = [](const char* user) {
    auto config = service();
    config.user = user;
    auto tar = files();
    tar.file("etc/group", "root:x:0:\nweb:x:33:\n");
    const auto contract = read_contract(image_of({tar}, config), {});
    return std::pair(contract.uid, contract.gid);
  };
  using Ids = std::pair<std::uint32_t, std::uint32_t>;
  CHECK(ids("1000") == Ids{1000, 0});
  CHECK(ids("1001") == Ids{1001, 1002});  // passwd knows its group
  CHECK(ids("1000:2000") == Ids{1000, 2000});
  CHECK(ids("app:web") == Ids{1001, 33});
  CHECK(ids("1000:web") == Ids{1000, 33});
  CHECK(ids("") == Ids{0, 0});
}

TEST_CASE("an image of another system than Linux is refused") {
  auto config = service();
  config.platform = {.os = "windows", .architecture = "amd64"};
  CHECK_THROWS_WITH_AS(read_contract(image_of({files()}, config), {}), doctest::Contains("it is for windows/amd64"),
                       Error);
}

TEST_CASE("root gets the capability for a low port that it declares, and nothing else") {
  auto config = service();
  config.user = "";
  config.exposed_ports = {"8080"};
  CHECK(read_contract(image_of({files()}, config), {}).capabilities.empty());
  config.exposed_ports = {"80/tcp"};
  const auto contract = read_contract(image_of({files()}, config), {});
  CHECK(contract.capabilities == std::set<std::string>{"net_bind_service"});
  CHECK(contract.notes.size() == 1);
  RunSettings settings;
  settings.capabilities = {"CAP_CHOWN", "setuid"};
  CHECK(read_contract(image_of({files()}, config), settings).capabilities ==
        std::set<std::string>{"chown", "net_bind_service", "setuid"});
  settings.capabilities = {"everything"};
  CHECK_THROWS_AS(read_contract(image_of({files()}, config), settings), Error);
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
