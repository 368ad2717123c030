// SPDX-License-Identifier: Apache-2.0
#include "assemble/perturbation.hpp"

#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <functional>

namespace ociassemble {
namespace {

constexpr std::size_t kPieceOfFile = 4093;  // a prime: no block, page or buffer is a multiple of it

class ForeignNumbers : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
  std::string do_truename() const override { return "ja"; }
};

void set_time_zone(const char* zone) {
  if (zone == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", zone, 1);
  }
  ::tzset();
}

void set_foreign_c_locale(const std::string& now) {
  for (const char* name : {"tr_TR.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", "C"}) {
    if (now != name && std::setlocale(LC_ALL, name) != nullptr) return;
  }
}

}  // namespace

void PerturbedInputs::arrange(std::vector<std::string>& members) const {
  std::sort(members.begin(), members.end(), std::greater<>());
}

std::size_t PerturbedInputs::limit_read(std::size_t wanted) const { return std::min(wanted, kPieceOfFile); }

PerturbedProcess::PerturbedProcess() : c_locale_(std::setlocale(LC_ALL, nullptr)) {
  if (const char* zone = std::getenv("TZ")) time_zone_ = zone;
  set_time_zone(time_zone_ == "XXX-13:37" ? "YYY+11:11" : "XXX-13:37");  // POSIX, so that no database is needed
  locale_ = std::locale::global(std::locale(std::locale::classic(), new ForeignNumbers));
  set_foreign_c_locale(c_locale_);
}

PerturbedProcess::~PerturbedProcess() {
  std::locale::global(locale_);
  std::setlocale(LC_ALL, c_locale_.c_str());
  set_time_zone(time_zone_ ? time_zone_->c_str() : nullptr);
}

bool perturb_umask_of_thread() {
  if (::unshare(CLONE_FS) != 0) return false;
  constexpr mode_t kStrict = 0077;
  constexpr mode_t kOther = 0027;
  if (::umask(kStrict) == kStrict) ::umask(kOther);
  return true;
}

}  // namespace ociassemble
