// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/concept.hpp>

namespace kvfolio::test {

/// When a `model_vm_backend` fails; the test keeps it, and may change it at any time.
struct vm_faults {
  std::size_t calls = 0;            ///< so far, of those that load may make fail
  std::size_t fails_at = SIZE_MAX;  ///< the call with this number fails, counting from 0

  /// Lets the call after `more` others fail, and none behind it.
  void fail_after(std::size_t more) noexcept { fails_at = calls + more; }
  /// Is this one to fail?
  [[nodiscard]] bool next() noexcept { return calls++ == fails_at; }
};

/// What a `model_vm_backend` has.
struct vm_model_options {
  std::size_t granule = 65'536;                  ///< bytes; a power of two
  std::size_t address_space = 1UL << 44U;        ///< bytes that may be reserved at a time
  std::size_t max_physical_bytes = 256UL << 20;  ///< bytes that may exist at a time
  std::size_t max_mappings = SIZE_MAX;           ///< that may exist at a time
  vm_faults* faults = nullptr;                   ///< none by default; outlives the backend
};

/// The laws of `vm_backend`, written down as naively as possible: a device whose addresses the host
/// cannot use, on which whatever is not allowed dies, and new memory is never zero.
class model_vm_backend {
  struct piece {
    std::vector<std::byte> bytes;
    std::size_t mappings = 0;
    bool named = true;
  };
  struct mapping {
    std::uint32_t chunk;
    vm::access access = vm::access::none;
  };

 public:
  /// Names memory; numbers are never used twice.
  enum class physical : std::uint32_t {};
  /// There is one, and all is done when the call returns.
  struct stream {
    friend bool operator==(const stream&, const stream&) = default;
  };
  /// Always reached.
  struct event {};

  static constexpr bool host_accessible = false;  ///< only `read` and `write`
  static constexpr bool zero_on_create = false;   ///< never
  static constexpr bool atomic_remap = false;     ///< as CUDA

  explicit model_vm_backend(vm_model_options options = {})
      : options_{options}, state_{std::make_unique<state>()} {}

  [[nodiscard]] vm::granularity_sizes granularity() const noexcept {
    return {options_.granule, options_.granule};
  }

  [[nodiscard]] result<vm::address_range> reserve(std::size_t bytes,
                                                  std::size_t alignment) noexcept {
    KVFOLIO_EXPECTS(whole(bytes) && bytes > 0);
    KVFOLIO_EXPECTS(alignment >= options_.granule && (alignment & (alignment - 1)) == 0);
    if (fault() || state_->reserved + bytes > options_.address_space) {
      return errc::no_address_space;
    }
    // A granule between two ranges belongs to nobody, and addresses are never used twice.
    const auto first = (state_->next_address + alignment - 1) / alignment * alignment;
    state_->next_address = first + bytes + options_.granule;
    state_->reserved += bytes;
    state_->ranges.emplace(first, bytes);
    return vm::address_range{first, bytes};
  }

  result<void> free_range(vm::address_range range) noexcept {
    const auto found = state_->ranges.find(range.first);
    KVFOLIO_EXPECTS(found != state_->ranges.end() && found->second == range.bytes);
    KVFOLIO_EXPECTS(unmapped(range.first, range.bytes));
    state_->reserved -= range.bytes;
    state_->ranges.erase(found);
    return {};
  }

  [[nodiscard]] result<physical> create(std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(whole(bytes) && bytes > 0);
    if (fault() || state_->created + bytes > options_.max_physical_bytes) {
      return errc::no_physical;
    }
    state_->created += bytes;
    const auto number = state_->next_chunk++;
    state_->chunks.emplace(number, piece{std::vector<std::byte>(bytes, std::byte{0xA5})});
    return physical{number};
  }

  result<void> release(physical memory) noexcept {
    auto& chunk = named(memory);
    chunk.named = false;
    drop_if_dead(static_cast<std::uint32_t>(memory));
    return {};
  }

  result<void> map(std::uintptr_t at, physical memory) noexcept {
    auto& chunk = named(memory);
    KVFOLIO_EXPECTS(whole(at) && reserved(at, chunk.bytes.size()));
    KVFOLIO_EXPECTS(unmapped(at, chunk.bytes.size()));
    if (fault() || state_->mappings.size() == options_.max_mappings) return errc::no_mappings;
    ++chunk.mappings;
    state_->mappings.emplace(at, mapping{static_cast<std::uint32_t>(memory)});
    return {};
  }

  result<void> set_access(std::uintptr_t at, std::size_t bytes, vm::access access) noexcept {
    KVFOLIO_EXPECTS(whole_mappings(at, bytes));
    if (fault()) return errc::no_mappings;
    auto each = state_->mappings.find(at);
    for (; each != state_->mappings.end() && each->first < at + bytes; ++each) {
      each->second.access = access;
    }
    return {};
  }

  result<void> unmap(std::uintptr_t at, std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(whole_mappings(at, bytes));
    auto each = state_->mappings.find(at);
    while (each != state_->mappings.end() && each->first < at + bytes) {
      const auto number = each->second.chunk;
      each = state_->mappings.erase(each);
      --state_->chunks.at(number).mappings;
      drop_if_dead(number);
    }
    return {};
  }

  [[nodiscard]] vm::backend_usage usage() const noexcept {
    return {state_->reserved, state_->created, options_.max_physical_bytes, state_->mappings.size(),
            options_.max_mappings};
  }

  result<void> bind_thread() noexcept { return {}; }

  result<void> copy(std::uintptr_t to, std::uintptr_t from, std::size_t bytes, stream) noexcept {
    for (std::size_t i = 0; i < bytes; ++i) {
      byte(to + i, vm::access::read_write) = byte(from + i, vm::access::read);
    }
    return {};
  }

  result<void> write(std::uintptr_t to, std::span<const std::byte> from, stream) noexcept {
    for (const auto each : from) byte(to++, vm::access::read_write) = each;
    return {};
  }

  result<void> read(std::span<std::byte> to, std::uintptr_t from, stream) noexcept {
    for (auto& each : to) each = byte(from++, vm::access::read);
    return {};
  }

  result<void> fill(std::uintptr_t at, std::size_t bytes, std::byte value, stream) noexcept {
    for (std::size_t i = 0; i < bytes; ++i) byte(at + i, vm::access::read_write) = value;
    return {};
  }

  [[nodiscard]] result<event> record(stream) noexcept { return event{}; }
  [[nodiscard]] result<bool> reached(const event&) noexcept { return true; }
  result<void> wait(const event&) noexcept { return {}; }
  result<void> follow(stream, const event&) noexcept { return {}; }

 private:
  struct state {
    std::map<std::uintptr_t, std::size_t> ranges;
    std::map<std::uint32_t, piece> chunks;
    std::map<std::uintptr_t, mapping> mappings;
    std::uintptr_t next_address = 1UL << 46U;
    std::uint32_t next_chunk = 1;
    std::size_t reserved = 0;
    std::size_t created = 0;
  };

  [[nodiscard]] bool fault() const noexcept {
    return options_.faults != nullptr && options_.faults->next();
  }
  [[nodiscard]] bool whole(std::size_t number) const noexcept {
    return number % options_.granule == 0;
  }

  [[nodiscard]] piece& named(physical memory) noexcept {
    const auto found = state_->chunks.find(static_cast<std::uint32_t>(memory));
    KVFOLIO_EXPECTS(found != state_->chunks.end() && found->second.named);
    return found->second;
  }

  void drop_if_dead(std::uint32_t number) noexcept {
    const auto& chunk = state_->chunks.at(number);
    if (chunk.named || chunk.mappings > 0) return;
    state_->created -= chunk.bytes.size();
    state_->chunks.erase(number);
  }

  [[nodiscard]] std::size_t size_of(const mapping& one) const noexcept {
    return state_->chunks.at(one.chunk).bytes.size();
  }

  // Is all of it within one range?
  [[nodiscard]] bool reserved(std::uintptr_t at, std::size_t bytes) const noexcept {
    auto found = state_->ranges.upper_bound(at);
    if (found == state_->ranges.begin()) return false;
    --found;
    return vm::address_range{found->first, found->second}.contains(at, bytes);
  }

  [[nodiscard]] bool unmapped(std::uintptr_t at, std::size_t bytes) const noexcept {
    auto after = state_->mappings.lower_bound(at + bytes);
    if (after == state_->mappings.begin()) return true;
    --after;
    return after->first + size_of(after->second) <= at;
  }

  // Is it what one mapping or several cover, without a gap and to the byte?
  [[nodiscard]] bool whole_mappings(std::uintptr_t at, std::size_t bytes) const noexcept {
    const auto end = at + bytes;
    auto each = state_->mappings.find(at);
    while (at < end && each != state_->mappings.end() && each->first == at) {
      at += size_of(each->second);
      ++each;
    }
    return bytes > 0 && at == end;
  }

  // The byte at an address through which `needed` is allowed.
  [[nodiscard]] std::byte& byte(std::uintptr_t at, [[maybe_unused]] vm::access needed) noexcept {
    auto found = state_->mappings.upper_bound(at);
    KVFOLIO_EXPECTS(found != state_->mappings.begin());
    --found;
    KVFOLIO_EXPECTS(at - found->first < size_of(found->second));
    KVFOLIO_EXPECTS(found->second.access >= needed);
    return state_->chunks.at(found->second.chunk).bytes[at - found->first];
  }

  vm_model_options options_;
  std::unique_ptr<state> state_;
};

static_assert(copying_vm_backend<model_vm_backend> && !host_vm_backend<model_vm_backend>);

}  // namespace kvfolio::test
