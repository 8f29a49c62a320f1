// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <stdexcept>

#include <dlfcn.h>

#include <kvfolio/vm/cuda_driver.hpp>

#include "fake_cuda.hpp"

namespace kvfolio::test {

/// The fake driver; built beside the tests, as the path in `FAKE_CUDA`.
[[nodiscard]] inline const vm::cuda_driver& fake_driver() {
  static const vm::cuda_driver driver{FAKE_CUDA};
  return driver;
}

/// What steers it.
[[nodiscard]] inline const fake_cuda_controls& fake() {
  static const auto* const controls = [] {
    void* const library = ::dlopen(FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
    const void* const found = library == nullptr ? nullptr : ::dlsym(library, "fake_cuda");
    if (found == nullptr) throw std::runtime_error("no fake driver at " FAKE_CUDA);
    return static_cast<const fake_cuda_controls*>(found);
  }();
  return *controls;
}

/// The driver for what every driver must pass: the fake one, or that of the machine if the variable
/// `KVFOLIO_CUDA` names its library (libcuda.so.1).
[[nodiscard]] inline const vm::cuda_driver& driver_under_test() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  static const char* const named = std::getenv("KVFOLIO_CUDA");
  if (named == nullptr) return fake_driver();
  static const vm::cuda_driver driver{named};
  return driver;
}

}  // namespace kvfolio::test
