// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/cuda_copying.hpp>
#include <kvfolio/vm/cuda_driver.hpp>
#include <kvfolio/vm/ledger.hpp>

namespace kvfolio::vm {

/// What a `cuda_backend` shall have.
struct cuda_options {
  int device = 0;                       ///< number of the device
  std::size_t capacity = 0;             ///< bytes of memory at most; 0: all that the device has
  std::size_t granule = 0;              ///< bytes; 0: the least the device can map, 2 MiB as a rule
  bool exportable = false;              ///< for `export_file`; some drivers are slower then
  const cuda_driver* driver = nullptr;  ///< null: that of this machine; outlives the backend
};

/// Memory of an NVIDIA device, mapped piece by piece with the driver's virtual memory management
/// (CUDA 10.2 and later).
///
/// The context is the primary one of the device, which the CUDA runtime and the usual frameworks
/// use too; each thread calls `bind_thread` before anything else, as one would call
/// `cudaSetDevice`.
///
/// A call costs by the number of mappings and not by their length: `set_access` and `unmap` some
/// tens of microseconds each on an A100, `map` one or two, `create` up to hundreds. So open many
/// mappings with one `set_access`, and map long pieces where tokens come in masses. Nothing may use
/// addresses while they are unmapped or their access changes, and some devices want to be idle
/// meanwhile. Destroying the backend waits for its own stream, and not for those of the engine.
///
/// A failure of the device in anything that was started before may come to light in any call; it is
/// `errc::device_failed` then, and the context is lost.
class cuda_backend : public cuda_copying {
 public:
  using physical = memory_id;                     ///< names memory
  static constexpr bool host_accessible = false;  ///< the addresses are the device's
  static constexpr bool zero_on_create = false;   ///< nobody promises it
  static constexpr bool atomic_remap = false;     ///< what is mapped must be unmapped first

  /// Takes no memory yet. \throws std::runtime_error if there is no driver, or no such device, or
  /// one that cannot do it \throws std::invalid_argument if the options make no sense
  /// \throws std::bad_alloc
  explicit cuda_backend(const cuda_options& options = {})
      : cuda_backend{options, options.driver == nullptr ? cuda_driver::of_this_machine()
                                                        : *options.driver} {}

  /// Takes over everything. What is left can only be destroyed or assigned to.
  cuda_backend(cuda_backend&&) noexcept = default;
  /// Gives back what is here, then takes over everything.
  cuda_backend& operator=(cuda_backend&& other) noexcept {
    cuda_backend taken{std::move(other)};
    swap(taken);
    std::swap(properties_, taken.properties_);
    std::swap(sizes_, taken.sizes_);
    std::swap(capacity_, taken.capacity_);
    std::swap(books_, taken.books_);
    return *this;
  }
  cuda_backend(const cuda_backend&) = delete;
  cuda_backend& operator=(const cuda_backend&) = delete;
  ~cuda_backend() { give_back(); }

  /// The granule, and from where on a byte costs the least.
  [[nodiscard]] granularity_sizes granularity() const noexcept { return sizes_; }

  /// Reserves addresses.
  [[nodiscard]] result<address_range> reserve(std::size_t bytes, std::size_t alignment) noexcept {
    KVFOLIO_EXPECTS(bytes > 0 && books_.is_whole(bytes));
    KVFOLIO_EXPECTS(alignment >= books_.granule() && (alignment & (alignment - 1)) == 0);
    cuda::address first = 0;
    if (const auto code = call().mem_address_reserve(&first, bytes, alignment, 0, 0);
        code != cuda::success) {
      // Drivers differ in what they call a range that no device could have.
      return code == cuda::invalid_value ? errc::no_address_space
                                         : reason(code, errc::no_address_space);
    }
    const address_range range{static_cast<std::uintptr_t>(first), bytes};
    if (books_.add_range(range)) return range;
    call().mem_address_free(first, bytes);
    return errc::no_address_space;
  }

  /// Gives addresses back.
  result<void> free_range(address_range range) noexcept {
    KVFOLIO_EXPECTS(books_.is_free_range(range));
    if (call().mem_address_free(range.first, range.bytes) != cuda::success) {
      return errc::device_failed;
    }
    books_.remove_range(range);
    return {};
  }

  /// Takes memory from the device.
  [[nodiscard]] result<physical> create(std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(bytes > 0 && books_.is_whole(bytes));
    if (bytes > capacity_ - books_.memory().bytes() || !books_.memory().has_room()) {
      return errc::no_physical;
    }
    cuda::allocation made = 0;
    if (const auto code = call().mem_create(&made, bytes, &properties_, 0); code != cuda::success) {
      return reason(code, errc::no_physical);
    }
    return books_.memory().add(made, bytes);
  }

  /// Gives up a name. The driver frees the memory with its last mapping.
  result<void> release(physical memory) noexcept {
    KVFOLIO_EXPECTS(books_.memory().is_named(memory));
    if (call().mem_release(books_.memory().where(memory)) != cuda::success) {
      return errc::device_failed;
    }
    books_.memory().release(memory, nobody);
    return {};
  }

  /// Maps memory.
  result<void> map(std::uintptr_t at, physical memory) noexcept {
    KVFOLIO_EXPECTS(books_.is_mappable(at, memory));
    if (const auto code =
            call().mem_map(at, books_.memory().bytes(memory), 0, books_.memory().where(memory), 0);
        code != cuda::success) {
      return reason(code, errc::no_mappings);
    }
    books_.map(at, memory, access::none);
    return {};
  }

  /// Changes what the device may do. One call of the driver for all mappings there.
  result<void> set_access(std::uintptr_t at, std::size_t bytes, access allowed) noexcept {
    KVFOLIO_EXPECTS(books_.is_mapped(at, bytes));
    constexpr std::array flags{0, 1, 3};
    const cuda::access_description device_may{properties_.where,
                                              flags[static_cast<std::size_t>(allowed)]};
    if (const auto code = call().mem_set_access(at, bytes, &device_may, 1); code != cuda::success) {
      return reason(code, errc::no_mappings);
    }
    books_.set_access(at, bytes, allowed);
    return {};
  }

  /// Unmaps. One call of the driver a mapping, because it knows of no other way.
  result<void> unmap(std::uintptr_t at, std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(books_.is_mapped(at, bytes));
    for (const auto end = at + bytes; at < end;) {
      const auto size = books_.mapping_at(at);
      if (call().mem_unmap(at, size) != cuda::success) return errc::device_failed;
      books_.unmap(at, size, nobody);
      at += size;
    }
    return {};
  }

  /// Returns a descriptor of a file that is `memory`, for `cuMemImportFromShareableHandle`.
  /// Precondition: `exportable` was asked for.
  [[nodiscard]] result<exported_memory> export_file(physical memory) noexcept {
    KVFOLIO_EXPECTS(books_.memory().is_named(memory));
    KVFOLIO_EXPECTS(properties_.requested_handle_types == cuda::posix_file);
    int file = -1;
    if (const auto code =
            call().mem_export(&file, books_.memory().where(memory), cuda::posix_file, 0);
        code != cuda::success) {
      return reason(code, errc::out_of_memory);
    }
    return exported_memory{file, 0, books_.memory().bytes(memory)};
  }

  /// What is handed out.
  [[nodiscard]] backend_usage usage() const noexcept {
    return {books_.reserved_bytes(), books_.memory().bytes(), capacity_, books_.pieces(), SIZE_MAX};
  }

 private:
  static constexpr auto nobody = [](std::uint64_t, std::size_t) {};

  cuda_backend(const cuda_options& options, const cuda_driver& driver)
      : cuda_copying{driver, options.device},
        properties_{properties_of(options)},
        sizes_{sizes_of(driver, properties_, options.granule)},
        capacity_{capacity_of(device().total_memory(driver), sizes_.minimum, options.capacity)},
        books_{sizes_.minimum, capacity_ / sizes_.minimum} {}

  [[nodiscard]] static cuda::allocation_properties properties_of(
      const cuda_options& options) noexcept {
    cuda::allocation_properties made{};
    made.type = cuda::pinned;
    made.requested_handle_types = options.exportable ? cuda::posix_file : 0;
    made.where = {cuda::on_device, options.device};
    return made;
  }

  [[nodiscard]] static granularity_sizes sizes_of(const cuda_driver& driver,
                                                  const cuda::allocation_properties& properties,
                                                  std::size_t granule) {
    granularity_sizes device{};
    driver.expect(driver->mem_get_allocation_granularity(&device.minimum, &properties,
                                                         cuda::minimum_granularity),
                  "cuMemGetAllocationGranularity");
    driver.expect(driver->mem_get_allocation_granularity(&device.recommended, &properties,
                                                         cuda::recommended_granularity),
                  "cuMemGetAllocationGranularity");
    if (granule == 0) return device;
    if (granule < device.minimum || (granule & (granule - 1)) != 0) {
      throw std::invalid_argument("kvfolio: granule is " + std::to_string(granule) +
                                  "; a power of two from " + std::to_string(device.minimum) +
                                  " on, which the device can map");
    }
    return {granule, std::max(granule, device.recommended)};
  }

  [[nodiscard]] static std::size_t capacity_of(std::size_t all, std::size_t granule,
                                               std::size_t asked) {
    const auto capacity = asked == 0 ? all / granule * granule : asked;
    if (capacity == 0 || capacity > all || capacity % granule != 0) {
      throw std::invalid_argument("kvfolio: capacity is " + std::to_string(capacity) +
                                  " bytes; a multiple of the granule, " + std::to_string(granule) +
                                  ", up to the " + std::to_string(all) + " of the device");
    }
    return capacity;
  }

  [[nodiscard]] static errc reason(cuda::result_code code, errc of_load) noexcept {
    return code == cuda::out_of_memory ? of_load : errc::device_failed;
  }
  void give_back() noexcept {
    if (!device().is_open()) return;
    const cuda_device::scope now{device()};
    finish();
    books_.for_each_mapping([this](std::uintptr_t at, memory_id memory) {
      call().mem_unmap(at, books_.memory().bytes(memory));
    });
    books_.memory().for_each_named(
        [this](std::uint64_t where, std::size_t) { call().mem_release(where); });
    books_.for_each_range(
        [this](address_range range) { call().mem_address_free(range.first, range.bytes); });
  }

  cuda::allocation_properties properties_;
  granularity_sizes sizes_;
  std::size_t capacity_;
  ledger books_;
};

static_assert(copying_vm_backend<cuda_backend> && exporting_vm_backend<cuda_backend> &&
              !host_vm_backend<cuda_backend> && !remapping_vm_backend<cuda_backend>);

}  // namespace kvfolio::vm
