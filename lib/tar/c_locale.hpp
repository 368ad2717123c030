// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <clocale>
#include <new>

namespace ociassemble {

// Puts this thread, and no other, into the C locale for its life.
//
// libarchive converts the names of pax headers to the character set of the locale: lossy, normalising, and different
// for every user. In the C locale it finds that it cannot, warns, and keeps the bytes, which is what we want.
class CLocale {
 public:
  CLocale() : before_(::uselocale(handle())) {}
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;
  ~CLocale() { ::uselocale(before_); }

 private:
  static locale_t handle() {
    static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    if (locale == nullptr) throw std::bad_alloc();
    return locale;
  }

  locale_t before_;
};

}  // namespace ociassemble
