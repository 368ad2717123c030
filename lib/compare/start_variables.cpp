// SPDX-License-Identifier: Apache-2.0
#include "compare/start_variables.hpp"

#include <algorithm>
#include <array>

namespace ociassemble {
namespace {

// glibc, sysdeps/generic/unsecvars.h; sudo, plugins/sudoers/env.c, "initial_badenv_table".
constexpr std::array<std::string_view, 6> kDroppedFamilies = {"LD_",    "_RLD",    "BASH_FUNC_",
                                                              "GLIBC_", "MALLOC_", "PERL5"};
constexpr std::array<std::string_view, 25> kDropped = {"BASH_ENV",
                                                       "ENV",
                                                       "SHELLOPTS",
                                                       "BASHOPTS",
                                                       "IFS",
                                                       "CDPATH",
                                                       "PS4",
                                                       "GLOBIGNORE",
                                                       "FPATH",
                                                       "NULLCMD",
                                                       "READNULLCMD",
                                                       "ZDOTDIR",
                                                       "GCONV_PATH",
                                                       "GETCONF_DIR",
                                                       "LOCPATH",
                                                       "NLSPATH",
                                                       "PATH_LOCALE",
                                                       "NIS_PATH",
                                                       "LOCALDOMAIN",
                                                       "HOSTALIASES",
                                                       "RES_OPTIONS",
                                                       "RESOLV_HOST_CONF",
                                                       "RESOLV_ADD_TRIM_DOMAINS",
                                                       "PERLLIB",
                                                       "PERLIO_DEBUG"};

// Interpreters and runtimes that the two lists do not know, or not whole.
constexpr std::array<std::string_view, 7> kFamilies = {"LUA_INIT", "LUA_PATH", "LUA_CPATH", "CORECLR_",
                                                       "COR_",     "GUILE_",   "OPENSSL_"};
constexpr std::array<std::string_view, 20> kNames = {"PERLIO",
                                                     "PERL_UNICODE",
                                                     "NODE_OPTIONS",
                                                     "NODE_PATH",
                                                     "NODE_REPL_EXTERNAL_MODULE",
                                                     "JAVA_TOOL_OPTIONS",
                                                     "_JAVA_OPTIONS",
                                                     "JDK_JAVA_OPTIONS",
                                                     "CLASSPATH",
                                                     "GEM_HOME",
                                                     "GEM_PATH",
                                                     "BUNDLE_GEMFILE",
                                                     "BUNDLE_PATH",
                                                     "PHPRC",
                                                     "PHP_INI_SCAN_DIR",
                                                     "TCLLIBPATH",
                                                     "DOTNET_STARTUP_HOOKS",
                                                     "ERL_LIBS",
                                                     "GODEBUG",
                                                     "ERL_FLAGS"};
// Of Python's, whose names have no underscore: these change what is printed and kept, not what is run.
constexpr std::array<std::string_view, 6> kHarmless = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
                                                       "PYTHONIOENCODING", "PYTHONUTF8",
                                                       "PYTHONHASHSEED",   "PYTHONFAULTHANDLER"};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

template <class List>
bool begins_with_one(const List& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [name](std::string_view prefix) { return name.starts_with(prefix); });
}

// "RUBYLIB" and "PYTHONPATH", and not what images say of themselves: "PYTHON_VERSION".
bool is_of_language(std::string_view name, std::string_view language) {
  return name.size() > language.size() && name.starts_with(language) && name[language.size()] != '_';
}

}  // namespace

bool is_start_variable(std::string_view entry) {
  const auto equals = entry.find('=');
  const auto name = entry.substr(0, equals);
  // A function of a shell, in the old form.
  if (equals != std::string_view::npos && entry.substr(equals + 1).starts_with("() {")) return true;
  if (has(kHarmless, name)) return false;
  return begins_with_one(kDroppedFamilies, name) || has(kDropped, name) || begins_with_one(kFamilies, name) ||
         has(kNames, name) || is_of_language(name, "RUBY") || is_of_language(name, "PYTHON");
}

std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view kSeparators = " \t\r\n\"'`\\=:;,()|&<>";
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = text.find_first_of(kSeparators);
    if (end != 0) words.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

}  // namespace ociassemble
