// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/tier/page_mover.hpp>
#include <kvfolio/tier/transfer_engine.hpp>

#include "losing_store.hpp"

namespace kvfolio::test {

/// Moves bytes as late as it may: after it was asked so many times whether it is done, or when
/// somebody waits. Until then, a buffer that should not be looked at is spoilt.
template <bool Joins = true>
class late_mover {
 public:
  static constexpr bool joins = Joins;

  late_mover(std::span<std::byte> pool, std::size_t delay) : pool_{pool}, delay_{delay} {}

  void start(tier::direction way, std::span<const tier::byte_copy> copies,
             std::span<std::byte> buffer) noexcept {
    KVFOLIO_EXPECTS(copies_.empty());
    copies_.assign(copies.begin(), copies.end());
    way_ = way;
    buffer_ = buffer;
    asked_ = 0;
    if (way == tier::direction::to_store) std::ranges::fill(buffer, std::byte{0xdd});
  }
  [[nodiscard]] bool done() noexcept {
    if (!copies_.empty() && asked_++ == delay_) wait();
    return copies_.empty();
  }
  void wait() noexcept {
    tier::host_mover{pool_}.start(way_, copies_, buffer_);
    if (way_ == tier::direction::to_pool && !copies_.empty()) {
      std::ranges::fill(buffer_, std::byte{0xdd});
    }
    copies_.clear();
  }

 private:
  std::span<std::byte> pool_;
  std::size_t delay_;
  std::size_t asked_ = 0;
  tier::direction way_{};
  std::vector<tier::byte_copy> copies_;
  std::span<std::byte> buffer_;
};

/// A pool of pages, each byte of which is known, and what moves them.
class transfer_yard {
 public:
  static constexpr std::size_t pages = 24;

  explicit transfer_yard(const tier::page_places& where)
      : places{where}, bytes(pages * where.page_bytes()), store{where.page_bytes()} {}

  [[nodiscard]] static std::byte content(std::size_t content_of, std::size_t piece,
                                         std::size_t byte) {
    return static_cast<std::byte>(content_of * 31 + piece * 7 + byte * 3 + 1);
  }
  // Gives `page` a content that `number` names.
  void fill(page_id page, std::size_t number) {
    for (std::size_t piece = 0; piece < places.pieces; ++piece) {
      for (std::size_t i = 0; i < places.piece_bytes; ++i) {
        bytes[places.offset(page, piece) + i] = content(number, piece, i);
      }
    }
  }
  [[nodiscard]] bool holds(page_id page, std::size_t number) const {
    for (std::size_t piece = 0; piece < places.pieces; ++piece) {
      for (std::size_t i = 0; i < places.piece_bytes; ++i) {
        if (bytes[places.offset(page, piece) + i] != content(number, piece, i)) return false;
      }
    }
    return true;
  }
  [[nodiscard]] static tier::store_key key(std::size_t number) { return {{number, 5}}; }

  tier::page_places places;
  std::vector<std::byte> bytes;
  losing_store store;
};

}  // namespace kvfolio::test
