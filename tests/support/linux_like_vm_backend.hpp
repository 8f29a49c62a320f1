// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <kvfolio/vm/concept.hpp>

#include "model_vm_backend.hpp"

namespace kvfolio::test {

/// A `model_vm_backend` that can do what Linux can: put memory in the place of other memory, map it
/// with access, and enter page tables; each of them fails as a whole. All memory is of one granule.
class linux_like_vm_backend : public model_vm_backend {
 public:
  static constexpr bool atomic_remap = true;  ///< see `remap`

  explicit linux_like_vm_backend(vm_model_options options = {})
      : model_vm_backend{options}, granule_{options.granule}, faults_{options.faults} {}

  using model_vm_backend::map;
  [[nodiscard]] result<void> map(std::uintptr_t at, physical memory, vm::access access) noexcept {
    if (fault()) return errc::no_mappings;
    return unfailing([&] {
      auto done = map(at, memory);
      return done ? set_access(at, granule_, access) : done;
    });
  }
  [[nodiscard]] result<void> remap(std::uintptr_t at, physical memory, vm::access access) noexcept {
    if (fault()) return errc::no_mappings;
    return unfailing([&] {
      auto done = unmap(at, granule_);
      if (done) done = map(at, memory);
      return done ? set_access(at, granule_, access) : done;
    });
  }
  [[nodiscard]] result<void> populate(std::uintptr_t /*at*/, std::size_t /*bytes*/) noexcept {
    if (fault()) return errc::no_physical;
    return {};
  }

 private:
  [[nodiscard]] bool fault() noexcept { return faults_ != nullptr && faults_->next(); }
  // Calls `act` without faults, and without counting what it calls.
  template <class Act>
  [[nodiscard]] result<void> unfailing(Act act) noexcept {
    if (faults_ == nullptr) return act();
    const auto before = std::exchange(*faults_, vm_faults{});
    auto done = act();
    *faults_ = before;
    return done;
  }

  std::size_t granule_;
  vm_faults* faults_;
};

static_assert(remapping_vm_backend<linux_like_vm_backend> &&
              fusing_vm_backend<linux_like_vm_backend> &&
              prefaulting_vm_backend<linux_like_vm_backend>);

}  // namespace kvfolio::test
