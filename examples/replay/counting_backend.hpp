// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/ledger.hpp>

namespace replay {

/// A device that is not there: it keeps the books of a `vm_backend`, and bytes only if asked to, so
/// that a pool of many GiB costs nothing. What is mapped where is counted by who maps.
///
/// Memory comes in chunks of one size alone, as large as a granule; another size is never there.
/// Nothing but `host` reaches the bytes, and only by addresses through which that is allowed.
class counting_backend {
 public:
  using physical = kvfolio::vm::memory_id;  ///< a chunk
  /// There is one, and all is done when a call returns.
  struct stream {
    /// Equal.
    friend bool operator==(const stream&, const stream&) = default;
  };
  /// Always reached.
  struct event {};

  static constexpr bool host_accessible = false;  ///< only by `host`
  static constexpr bool zero_on_create = true;    ///< if there are bytes
  static constexpr bool atomic_remap = false;     ///< as CUDA

  /// With `capacity` bytes of memory in chunks of `granule`, a power of two. \throws std::bad_alloc
  counting_backend(std::size_t capacity, std::size_t granule, bool keeps_bytes)
      : books_{granule, capacity / granule},
        capacity_{capacity},
        bytes_(keeps_bytes ? capacity / granule : 0) {}

  [[nodiscard]] kvfolio::vm::granularity_sizes granularity() const noexcept {
    return {books_.granule(), books_.granule()};
  }

  [[nodiscard]] kvfolio::result<kvfolio::vm::address_range> reserve(
      std::size_t bytes, std::size_t alignment) noexcept {
    const auto first = (next_ + alignment - 1) / alignment * alignment;
    if (first < next_ || first > last_address || bytes > last_address - first) {
      return kvfolio::errc::no_address_space;
    }
    const kvfolio::vm::address_range range{first, bytes};
    if (!books_.add_range(range)) return kvfolio::errc::no_address_space;
    next_ = first + bytes;
    return range;
  }
  kvfolio::result<void> free_range(kvfolio::vm::address_range range) noexcept {
    books_.remove_range(range);
    return {};
  }

  [[nodiscard]] kvfolio::result<physical> create(std::size_t bytes) noexcept {
    auto& memory = books_.memory();
    if (bytes != books_.granule() || bytes > capacity_ - memory.bytes() || !memory.has_room()) {
      return kvfolio::errc::no_physical;
    }
    const auto made = memory.add(0, bytes);
    if (bytes_.empty()) return made;
    try {
      bytes_[number(made)].assign(bytes, std::byte{});
    } catch (const std::bad_alloc&) {
      memory.release(made, nothing);
      return kvfolio::errc::no_physical;
    }
    return made;
  }
  kvfolio::result<void> release(physical memory) noexcept {
    books_.memory().release(memory, nothing);
    return {};
  }

  kvfolio::result<void> map(std::uintptr_t at, physical memory) noexcept {
    books_.map(at, memory, kvfolio::vm::access::none);
    return {};
  }
  kvfolio::result<void> set_access(std::uintptr_t at, std::size_t bytes,
                                   kvfolio::vm::access allowed) noexcept {
    books_.set_access(at, bytes, allowed);
    return {};
  }
  kvfolio::result<void> unmap(std::uintptr_t at, std::size_t bytes) noexcept {
    books_.unmap(at, bytes, nothing);
    return {};
  }

  [[nodiscard]] kvfolio::vm::backend_usage usage() const noexcept {
    return {books_.reserved_bytes(), books_.memory().bytes(), capacity_, books_.pieces(), SIZE_MAX};
  }
  kvfolio::result<void> bind_thread() noexcept { return {}; }

  /// Where the bytes are that lie at `at`, through which `needed` must be allowed; as many as
  /// follow in the granule. \throws std::logic_error if that is not mapped so, or there are no
  /// bytes
  [[nodiscard]] std::span<std::byte> host(std::uintptr_t at, kvfolio::vm::access needed) {
    const auto offset = at % books_.granule();
    std::span<std::byte> found;
    if (!bytes_.empty() && books_.is_mapped(at - offset, books_.granule())) {
      books_.for_each_mapping(at - offset, books_.granule(),
                              [&](std::uintptr_t, physical memory, auto allowed) {
                                if (allowed >= needed) found = bytes_[number(memory)];
                              });
    }
    if (found.empty()) throw std::logic_error{"an address is used as its mapping does not allow"};
    return found.subspan(offset);
  }

  kvfolio::result<void> copy(std::uintptr_t to, std::uintptr_t from, std::size_t bytes,
                             stream /*on*/) noexcept {
    if (bytes_.empty()) return {};
    while (bytes > 0) {
      const auto source = host(from, kvfolio::vm::access::read);
      const auto target = host(to, kvfolio::vm::access::read_write);
      const auto size = std::min({bytes, source.size(), target.size()});
      std::memcpy(target.data(), source.data(), size);
      to += size;
      from += size;
      bytes -= size;
    }
    return {};
  }
  kvfolio::result<void> write(std::uintptr_t to, std::span<const std::byte> from,
                              stream /*on*/) noexcept {
    while (!bytes_.empty() && !from.empty()) {
      const auto target = host(to, kvfolio::vm::access::read_write);
      const auto size = std::min(from.size(), target.size());
      std::memcpy(target.data(), from.data(), size);
      to += size;
      from = from.subspan(size);
    }
    return {};
  }
  kvfolio::result<void> read(std::span<std::byte> to, std::uintptr_t from, stream /*on*/) noexcept {
    while (!bytes_.empty() && !to.empty()) {
      const auto source = host(from, kvfolio::vm::access::read);
      const auto size = std::min(to.size(), source.size());
      std::memcpy(to.data(), source.data(), size);
      from += size;
      to = to.subspan(size);
    }
    return {};
  }
  kvfolio::result<void> fill(std::uintptr_t at, std::size_t bytes, std::byte value,
                             stream /*on*/) noexcept {
    while (!bytes_.empty() && bytes > 0) {
      const auto target = host(at, kvfolio::vm::access::read_write);
      const auto size = std::min(bytes, target.size());
      std::memset(target.data(), std::to_integer<int>(value), size);
      at += size;
      bytes -= size;
    }
    return {};
  }
  [[nodiscard]] kvfolio::result<event> record(stream /*on*/) noexcept { return event{}; }
  [[nodiscard]] kvfolio::result<bool> reached(const event& /*behind*/) noexcept { return true; }
  kvfolio::result<void> wait(const event& /*behind*/) noexcept { return {}; }
  kvfolio::result<void> follow(stream /*on*/, const event& /*behind*/) noexcept { return {}; }

 private:
  static constexpr std::uintptr_t last_address = std::uintptr_t{1} << 62U;

  static constexpr auto nothing = [](std::uint64_t /*where*/, std::size_t /*bytes*/) noexcept {};
  [[nodiscard]] static std::size_t number(physical memory) noexcept {
    return static_cast<std::size_t>(memory) - 1;
  }

  kvfolio::vm::ledger books_;
  std::size_t capacity_;
  std::vector<std::vector<std::byte>> bytes_;  // by chunk; none if they are not kept
  std::uintptr_t next_ = std::uintptr_t{1} << 46U;
};

static_assert(kvfolio::copying_vm_backend<counting_backend>);

}  // namespace replay
