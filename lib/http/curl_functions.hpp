// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

namespace ociassemble {

// USE(name) for each curl_NAME() that this module calls.
#define OCIASSEMBLE_FOR_EACH_CURL_FUNCTION(USE) \
  USE(easy_cleanup)                             \
  USE(easy_getinfo)                             \
  USE(easy_init)                                \
  USE(easy_pause)                               \
  USE(easy_setopt)                              \
  USE(easy_strerror)                            \
  USE(free)                                     \
  USE(global_init)                              \
  USE(multi_add_handle)                         \
  USE(multi_cleanup)                            \
  USE(multi_info_read)                          \
  USE(multi_init)                               \
  USE(multi_perform)                            \
  USE(multi_fdset)                              \
  USE(multi_poll)                               \
  USE(multi_remove_handle)                      \
  USE(multi_strerror)                           \
  USE(multi_wakeup)                             \
  USE(share_cleanup)                            \
  USE(share_init)                               \
  USE(share_setopt)                             \
  USE(slist_append)                             \
  USE(slist_free_all)                           \
  USE(url)                                      \
  USE(url_cleanup)                              \
  USE(url_get)                                  \
  USE(url_set)                                  \
  USE(url_strerror)                             \
  USE(version_info)

// curl_easy_init() is here easy_init, of the same type.
struct CurlFunctions {
#define OCIASSEMBLE_DECLARE(name) decltype(&curl_##name) name = nullptr;  // NOLINT: no parentheses there
  OCIASSEMBLE_FOR_EACH_CURL_FUNCTION(OCIASSEMBLE_DECLARE)
#undef OCIASSEMBLE_DECLARE
};

// curl, ready for use: loaded with the first call, unless the build links it (-Dload_on_first_use=false). Every call of
// curl goes this way. Throws Error{unsupported} when it is not there or too old; the next call tries again. Safe for
// concurrent use.
const CurlFunctions& curl();

}  // namespace ociassemble
