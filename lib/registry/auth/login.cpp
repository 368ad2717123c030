// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/login.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/base64.hpp"
#include "base/file_status.hpp"
#include "base/private_folder.hpp"
#include "base/system_error.hpp"
#include "base/unique_fd.hpp"
#include "base/waiting.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "registry/auth/auth_file.hpp"
#include "registry/auth/credential_helper.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {
namespace {

using OrderedJson = nlohmann::ordered_json;
namespace fs = std::filesystem;

// One change of docker's config.json: read under a lock of its folder, written whole.
class ConfigFile {
 public:
  ConfigFile(const fs::path& file, const std::stop_token& stop) : file_(follow(file)) {
    make_private_folders(file_.parent_path());
    lock(stop);
    const auto text = read_file_if_exists(file_, kMaxAuthFile);
    if (text && text->find_first_not_of(" \t\r\n") != std::string::npos)
      root = OrderedJson::parse(*text, nullptr, false);
    if (!root.is_object()) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot change {}: it is not a JSON object", file_.string()));
    }
  }

  void write() const {
    auto temporary = AtomicFile::in_folder(file_.parent_path(), Durability::synced, Visibility::owner);
    temporary.write(as_bytes(root.dump(1, '\t', false, OrderedJson::error_handler_t::replace) + "\n"));
    temporary.commit_as(file_);
    sync_folder(file_.parent_path());
  }

  // NAME of the docker-credential-NAME that keeps this registry's credentials; may be empty.
  std::string helper(const std::string& registry) const {
    const auto helpers = root.find("credHelpers");
    if (helpers != root.end() && helpers->is_object()) {
      for (const auto& [key, value] : helpers->items()) {
        if (names_registry(key, registry) && value.is_string()) return value.get<std::string>();
      }
    }
    const auto store = root.find("credsStore");
    return store != root.end() && store->is_string() ? store->get<std::string>() : std::string();
  }

  OrderedJson& auths() {
    auto& entries = root["auths"];
    if (!entries.is_object()) entries = OrderedJson::object();
    return entries;
  }

  // Removes the registry's entries, not those of its repositories; whether there were any.
  bool erase(const std::string& registry) {
    const auto entries = root.find("auths");
    if (entries == root.end() || !entries->is_object()) return false;
    bool found = false;
    for (auto entry = entries->begin(); entry != entries->end();) {
      const bool ours = names_registry(entry.key(), registry);
      found = found || ours;
      entry = ours ? entries->erase(entry) : std::next(entry);
    }
    return found;
  }

  OrderedJson root = OrderedJson::object();

 private:
  // Written in place of what a symlink leads to.
  static fs::path follow(const fs::path& file) {
    std::error_code error;
    auto real = fs::weakly_canonical(file, error);
    return error ? file : real;
  }

  void lock(const std::stop_token& stop) {
    lock_.reset(::open(file_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock_) throw_errno(fmt::format("cannot open {}", file_.parent_path().string()));
    lock_file(lock_.get(), file_.parent_path().string(), stop);
  }

  const fs::path file_;
  UniqueFd lock_;
};

OrderedJson auth_entry(const std::string& username, const std::string& password) {
  if (username == "<token>") return {{"auth", encode_base64("<token>:")}, {"identitytoken", password}};
  return {{"auth", encode_base64(username + ":" + password)}};
}

std::shared_ptr<const RegistryContext> context_with(const std::string& registry, RegistryOptions options,
                                                    const std::string& username, const std::string& password) {
  options.credentials_registry = registry;
  options.username = username;
  options.password = password;
  return make_registry_context(std::move(options));
}

}  // namespace

LoginCheck check_login(const std::string& registry, const std::string& username, const std::string& password,
                       RegistryOptions options, const std::stop_token& stop) {
  RegistrySession session(registry, context_with(registry, std::move(options), username, password), stop);
  const auto answer = session.request({.url = session.endpoint().root(), .scope = Scope{}, .stop = stop});
  if (!answer.succeeded()) {
    throw session.failure("log in to " + registry, answer, "there is no registry at that address");
  }
  return session.is_authorised() ? LoginCheck::verified : LoginCheck::unasked;
}

void store_login(const fs::path& file, const std::string& registry, const std::string& username,
                 const std::string& password, const std::stop_token& stop) {
  ConfigFile config(file, stop);
  const auto server = credential_server(registry);
  const auto helper = config.helper(registry);
  config.erase(registry);
  if (helper.empty()) {
    config.auths()[server] = auth_entry(username, password);
  } else {
    const OrderedJson secret = {{"ServerURL", server}, {"Username", username}, {"Secret", password}};
    run_credential_helper(helper, HelperVerb::store, secret.dump(), stop);
    config.auths()[server] = OrderedJson::object();  // as docker marks what its helper keeps
  }
  config.write();
}

bool erase_login(const fs::path& file, const std::string& registry, const std::stop_token& stop) {
  if (!is_there(file)) return false;
  ConfigFile config(file, stop);
  const auto server = credential_server(registry);
  const auto helper = config.helper(registry);
  bool found = false;
  if (!helper.empty() && ask_credential_helper(helper, server, stop)) {
    run_credential_helper(helper, HelperVerb::erase, server, stop);
    found = true;
  }
  if (config.erase(registry)) {
    config.write();
    found = true;
  }
  return found;
}

}  // namespace ociassemble
