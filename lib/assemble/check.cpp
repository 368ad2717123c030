// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/check.hpp"

#include <fmt/format.h>

#include <exception>
#include <functional>
#include <system_error>
#include <thread>

#include "assemble/perturbation.hpp"
#include "base/system_error.hpp"
#include "ociassemble/compare.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Runs to the end in a thread of its own, and rethrows.
void run_on_thread(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread thread;
  const auto run = [&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  };
  try {
    thread = std::thread(run);
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::io, "cannot start a thread: " + errno_text(error.code().value()));
  }
  thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void check_reproducible(const AssembleOptions& options, const Workplace& workplace, const Image& image) {
  auto other_options = options;
  other_options.compression.workers = options.compression.workers == 1 ? 3 : 1;
  auto other = workplace;
  other.store = make_temporary_store();
  other.copy_base = false;
  other.layers_on_demand = false;
  other.cache_folder.clear();
  other.progress = {};
  if (workplace.progress) workplace.progress("assembling once more, under other circumstances");
  std::optional<Image> again;
  run_on_thread([&] {
    if (!perturb_umask_of_thread() && workplace.warn) {
      workplace.warn("the umask is the same in both assemblies: the system gives a thread none of its own");
    }
    const PerturbedProcess process;
    // A caller's own way of reading stays.
    const PerturbedInputs inputs;
    std::optional<ScopedInputAccess> access;
    if (InputAccess::current() == nullptr) access.emplace(inputs);
    again = assemble(other_options, other).image;
  });
  const auto difference = first_difference(image, *again, workplace.stop);
  if (!difference) return;
  throw Error(ErrorCode::check_failed,
              fmt::format("the image {} is not reproducible: a second assembly differs in {}",
                          image.digest().to_string(), *difference),
              "an input changed meanwhile, or is not the same each time that it is read; else please report this");
}

}  // namespace ociassemble
