// SPDX-License-Identifier: Apache-2.0
// As ../concepts_check.cpp, for the backends of virtual memory and what refines them.
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/vm.hpp>

namespace kvfolio::test {

struct backend_archetype {
  enum class physical : int {};
  static constexpr bool host_accessible = false;
  static constexpr bool zero_on_create = false;
  static constexpr bool atomic_remap = false;
  backend_archetype(backend_archetype&&) noexcept;
  backend_archetype& operator=(backend_archetype&&) noexcept;
  ~backend_archetype();
  [[nodiscard]] vm::granularity_sizes granularity() const noexcept;
  result<vm::address_range> reserve(std::size_t, std::size_t) noexcept;
  result<void> free_range(vm::address_range) noexcept;
  result<physical> create(std::size_t) noexcept;
  result<void> release(physical) noexcept;
  result<void> map(std::uintptr_t, physical) noexcept;
  result<void> set_access(std::uintptr_t, std::size_t, vm::access) noexcept;
  result<void> unmap(std::uintptr_t, std::size_t) noexcept;
  [[nodiscard]] vm::backend_usage usage() const noexcept;
  result<void> bind_thread() noexcept;
};
struct backend_with_pointers : backend_archetype {
  result<void> map(void*, physical) noexcept;
};
struct throwing_backend : backend_archetype {
  result<physical> create(std::size_t);
};
struct unbound_backend : backend_archetype {
  void bind_thread() noexcept;
};
struct undecided_backend : backend_archetype {
  static bool host_accessible;
};
struct backend_of_handles : backend_archetype {
  struct physical {
    physical(const physical&);
    physical& operator=(const physical&);
  };
};
struct secretive_backend : backend_archetype {
  vm::backend_usage usage() noexcept;  // not const
};
static_assert(vm_backend<backend_archetype> && !host_vm_backend<backend_archetype>);
static_assert(!vm_backend<backend_with_pointers> && !vm_backend<throwing_backend> &&
              !vm_backend<unbound_backend> && !vm_backend<undecided_backend> &&
              !vm_backend<backend_of_handles> && !vm_backend<secretive_backend>);

struct able_backend : backend_archetype {
  struct stream {
    friend bool operator==(const stream&, const stream&) = default;
  };
  struct event {};
  static constexpr bool host_accessible = true;
  static constexpr bool atomic_remap = true;
  using backend_archetype::map;
  result<void> map(std::uintptr_t, physical, vm::access) noexcept;
  result<void> remap(std::uintptr_t, physical, vm::access) noexcept;
  result<void> populate(std::uintptr_t, std::size_t) noexcept;
  result<vm::exported_memory> export_file(physical) noexcept;
  result<void> copy(std::uintptr_t, std::uintptr_t, std::size_t, stream) noexcept;
  result<void> write(std::uintptr_t, std::span<const std::byte>, stream) noexcept;
  result<void> read(std::span<std::byte>, std::uintptr_t, stream) noexcept;
  result<void> fill(std::uintptr_t, std::size_t, std::byte, stream) noexcept;
  result<event> record(stream) noexcept;
  result<bool> reached(const event&) noexcept;
  result<void> wait(const event&) noexcept;
  result<void> follow(stream, const event&) noexcept;
};
static_assert(host_vm_backend<able_backend> && prefaulting_vm_backend<able_backend> &&
              remapping_vm_backend<able_backend> && fusing_vm_backend<able_backend> &&
              exporting_vm_backend<able_backend> && copying_vm_backend<able_backend>);

struct modest_backend : able_backend {
  static constexpr bool atomic_remap = false;
};
struct half_fusing_backend : able_backend {
  using able_backend::map;
  result<void> map(std::uintptr_t, physical, vm::access) noexcept = delete;
};
struct impatient_backend : able_backend {
  bool reached(const event&) noexcept;
};
struct backend_with_equal_streams : able_backend {
  struct stream {};
};
static_assert(!remapping_vm_backend<modest_backend> && !fusing_vm_backend<half_fusing_backend> &&
              !copying_vm_backend<impatient_backend> &&
              !copying_vm_backend<backend_with_equal_streams>);
static_assert(!prefaulting_vm_backend<backend_archetype> &&
              !exporting_vm_backend<backend_archetype>);

// What composes a backend asks for no more than the concept does.
result<vm::address_range> use(backend_archetype& backend) {
  return vm::reserve_halving(backend, 2, 1, 1);
}

}  // namespace kvfolio::test

template class kvfolio::vm::chunk_pool<kvfolio::test::backend_archetype>;
