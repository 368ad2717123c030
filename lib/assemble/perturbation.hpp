// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <locale>
#include <optional>
#include <string>

#include "io/input_access.hpp"

namespace ociassemble {

// Folders backwards by name, and files a few bytes at a time.
class PerturbedInputs : public InputAccess {
 public:
  void arrange(std::vector<std::string>& members) const override;
  std::size_t limit_read(std::size_t wanted) const override;
};

// Another time zone and locale for the process, until its end. Texts that C++ formats get digits in groups and a
// decimal comma; C's locale is the first foreign one that the system has.
class PerturbedProcess {
 public:
  PerturbedProcess();
  PerturbedProcess(const PerturbedProcess&) = delete;
  PerturbedProcess& operator=(const PerturbedProcess&) = delete;
  ~PerturbedProcess();

 private:
  std::optional<std::string> time_zone_;
  std::string c_locale_;
  std::locale locale_;
};

// Gives this thread, and those that it starts, an umask of their own that is another than the process's. False where
// the system does not allow it.
bool perturb_umask_of_thread();

}  // namespace ociassemble
