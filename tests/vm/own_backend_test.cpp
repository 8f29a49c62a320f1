// SPDX-License-Identifier: Apache-2.0
//
// A backend as a user may write one: a ledger keeps the books and asks for the laws, and what is
// left are the system's calls.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <kvfolio/vm/host_copying.hpp>
#include <kvfolio/vm/ledger.hpp>

#include "../conformance/vm_backend_conformance.hpp"
#include "../support/model_vm_backend.hpp"

namespace kvfolio::test {
namespace {

// Every piece of memory is a file of its own.
class file_backend : public vm::host_copying {
 public:
  using physical = vm::memory_id;
  static constexpr bool host_accessible = true;
  static constexpr bool zero_on_create = true;
  static constexpr bool atomic_remap = false;
  static constexpr std::size_t granule = 65'536;
  static constexpr std::size_t capacity = 40 * granule;

  file_backend() : books_{granule, capacity / granule} {}
  file_backend(const file_backend&) = delete;
  file_backend& operator=(const file_backend&) = delete;
  file_backend(file_backend&& other) noexcept = default;
  file_backend& operator=(file_backend&& other) noexcept {
    std::swap(books_, other.books_);
    return *this;
  }
  ~file_backend() {
    books_.for_each_range([](vm::address_range range) { ::munmap(at(range.first), range.bytes); });
    books_.memory().for_each_named([](std::uint64_t file, std::size_t) { close_file(file, 0); });
  }

  [[nodiscard]] vm::granularity_sizes granularity() const noexcept { return {granule, granule}; }
  [[nodiscard]] result<vm::address_range> reserve(std::size_t bytes, std::size_t align) noexcept {
    KVFOLIO_EXPECTS(books_.is_whole(bytes) && (align & (align - 1)) == 0);
    void* const first = ::mmap(nullptr, bytes + align, PROT_NONE, nothing, -1, 0);
    if (first == MAP_FAILED) return errc::no_address_space;
    const auto aligned = (reinterpret_cast<std::uintptr_t>(first) + align - 1) / align * align;
    ::munmap(first, aligned - reinterpret_cast<std::uintptr_t>(first));
    ::munmap(at(aligned + bytes), align - (aligned - reinterpret_cast<std::uintptr_t>(first)));
    if (!books_.add_range({aligned, bytes})) return errc::no_address_space;
    return vm::address_range{aligned, bytes};
  }
  result<void> free_range(vm::address_range range) noexcept {
    books_.remove_range(range);
    ::munmap(at(range.first), range.bytes);
    return {};
  }
  [[nodiscard]] result<physical> create(std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(books_.is_whole(bytes));
    if (bytes > capacity - books_.memory().bytes()) return errc::no_physical;
    const int file = ::memfd_create("own", MFD_CLOEXEC);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0) return errc::no_physical;
    return books_.memory().add(static_cast<std::uint64_t>(file), bytes);
  }
  result<void> release(physical memory) noexcept {
    books_.memory().release(memory, close_file);
    return {};
  }
  result<void> map(std::uintptr_t first, physical memory) noexcept {
    books_.map(first, memory, vm::access::none);
    const auto file = static_cast<int>(books_.memory().where(memory));
    [[maybe_unused]] void* const there = ::mmap(at(first), books_.memory().bytes(memory), PROT_NONE,
                                                MAP_SHARED | MAP_FIXED, file, 0);
    KVFOLIO_EXPECTS(there != MAP_FAILED);
    return {};
  }
  result<void> set_access(std::uintptr_t first, std::size_t bytes, vm::access allowed) noexcept {
    constexpr std::array protection{PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
    books_.set_access(first, bytes, allowed);
    ::mprotect(at(first), bytes, protection[static_cast<std::size_t>(allowed)]);
    return {};
  }
  result<void> unmap(std::uintptr_t first, std::size_t bytes) noexcept {
    books_.unmap(first, bytes, close_file);
    [[maybe_unused]] void* const there =
        ::mmap(at(first), bytes, PROT_NONE, nothing | MAP_FIXED, -1, 0);
    KVFOLIO_EXPECTS(there != MAP_FAILED);
    return {};
  }
  [[nodiscard]] vm::backend_usage usage() const noexcept {
    return {books_.reserved_bytes(), books_.memory().bytes(), capacity, books_.pieces(), SIZE_MAX};
  }
  result<void> bind_thread() noexcept { return {}; }

 private:
  static constexpr int nothing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  static std::byte* at(std::uintptr_t address) noexcept { return host_at(address); }
  static void close_file(std::uint64_t file, std::size_t) noexcept {
    ::close(static_cast<int>(file));
  }

  vm::ledger books_;
};

struct make_own {
  static file_backend make() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(own_backend, vm_backend_conformance, make_own);

// And the model that other tests hold themselves to.
struct make_model {
  static model_vm_backend make() { return model_vm_backend{{.max_physical_bytes = 40U << 16U}}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(model_vm_backend, vm_backend_conformance, make_model);

#ifndef NDEBUG
INSTANTIATE_TYPED_TEST_SUITE_P(own_backend, vm_backend_laws, make_own);
INSTANTIATE_TYPED_TEST_SUITE_P(model_vm_backend, vm_backend_laws, make_model);
#endif

}  // namespace
}  // namespace kvfolio::test
