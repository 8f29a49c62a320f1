// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>

namespace kvfolio::vm {

/// The part of a `copying_vm_backend` that all whose addresses the host may use have in common: a
/// base class for them. Everything happens inside the call. Stateless.
class host_copying {
 public:
  /// There is one.
  struct stream {
    /// Equal.
    friend bool operator==(const stream&, const stream&) = default;
  };
  /// Always reached.
  struct event {};

  /// `memcpy`.
  result<void> copy(std::uintptr_t to, std::uintptr_t from, std::size_t bytes,
                    stream /*on*/ = {}) noexcept {
    KVFOLIO_EXPECTS(to + bytes <= from || from + bytes <= to);
    std::memcpy(at(to), at(from), bytes);
    return {};
  }
  /// `memcpy` from elsewhere.
  result<void> write(std::uintptr_t to, std::span<const std::byte> from,
                     stream /*on*/ = {}) noexcept {
    if (!from.empty()) std::memcpy(at(to), from.data(), from.size());
    return {};
  }
  /// `memcpy` to elsewhere.
  result<void> read(std::span<std::byte> to, std::uintptr_t from, stream /*on*/ = {}) noexcept {
    if (!to.empty()) std::memcpy(to.data(), at(from), to.size());
    return {};
  }
  /// `memset`.
  result<void> fill(std::uintptr_t first, std::size_t bytes, std::byte value,
                    stream /*on*/ = {}) noexcept {
    std::memset(at(first), std::to_integer<int>(value), bytes);
    return {};
  }

  /// Nothing to remember.
  [[nodiscard]] result<event> record(stream /*on*/ = {}) noexcept { return event{}; }
  /// Yes.
  [[nodiscard]] result<bool> reached(const event& /*behind*/) noexcept { return true; }
  /// Nothing to wait for.
  result<void> wait(const event& /*behind*/) noexcept { return {}; }
  /// \overload
  result<void> follow(stream /*on*/, const event& /*behind*/) noexcept { return {}; }

 private:
  [[nodiscard]] static void* at(std::uintptr_t address) noexcept {
    return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): what it is
  }
};

}  // namespace kvfolio::vm
