// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/copy_plan.hpp>

namespace kvfolio::tier {

/// Which way pages go.
enum class direction : std::uint8_t {
  to_store,  ///< out of the pool
  to_pool    ///< and back
};

/// Moves bytes between the memory of a pool, wherever that is, and a buffer of the host.
///
/// | expression                     | meaning                                                     |
/// |--------------------------------|-------------------------------------------------------------|
/// | `start(way, copies, buffer)`   | begins to carry out `copies`, from the pool to `buffer` or  |
/// |                                | from `buffer` to the pool; the span of copies is valid      |
/// |                                | during the call, the buffer until they have landed          |
/// | `done()`                       | has all that was started landed?                            |
/// | `wait()`                       | waits for it                                                |
/// | `M::joins`                     | constant: do few large copies pay, so that the buffer holds |
/// |                                | the first pieces of all pages, then the second ones?        |
///
/// One movement at a time: nothing is started before the last one is done.
// clang-format off
template <class M>
concept page_mover =
    std::movable<M> &&
    requires(M& mover, direction way, std::span<const byte_copy> copies,
             std::span<std::byte> buffer) {
      { mover.start(way, copies, buffer) } noexcept -> std::same_as<void>;
      { mover.done() }                     noexcept -> std::same_as<bool>;
      { mover.wait() }                     noexcept -> std::same_as<void>;
      requires std::same_as<decltype(M::joins), const bool>;
    };
// clang-format on

/// A `page_mover` for pools that the host can reach: `memcpy`, inside the call. Pieces of a page
/// gain nothing by moving with those of others, and would have to be put together later.
class host_mover {
 public:
  static constexpr bool joins = false;  ///< a call of `memcpy` costs nothing

  /// Moves from and to `pool`, which must outlive it.
  explicit host_mover(std::span<std::byte> pool) noexcept : pool_{pool} {}

  /// Moves. O(bytes).
  void start(direction way, std::span<const byte_copy> copies,
             std::span<std::byte> buffer) noexcept {
    const bool out = way == direction::to_store;
    const auto from = out ? pool_ : buffer;
    const auto to = out ? buffer : pool_;
    for (const auto& copy : copies) {
      KVFOLIO_EXPECTS(copy.source + copy.bytes <= from.size() &&
                      copy.target + copy.bytes <= to.size());
      std::memcpy(to.data() + copy.target, from.data() + copy.source, copy.bytes);
    }
  }
  /// Always.
  [[nodiscard]] static bool done() noexcept { return true; }
  /// Does not.
  static void wait() noexcept {}

 private:
  std::span<std::byte> pool_;
};

static_assert(page_mover<host_mover>);

}  // namespace kvfolio::tier
