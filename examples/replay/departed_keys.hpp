// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>

namespace replay {

/// Remembers a bounded number of keys, each with one of three causes, in sets of eight that fill a
/// cache line: when a set is full, it forgets its oldest. Keys are remembered by 62 of their bits.
///
/// What is to be remembered or forgotten waits for some calls, while its line comes from memory;
/// nobody sees that. O(1), one line of memory a call; 8 bytes a key, allocated once.
class departed_keys {
 public:
  /// Remembers `most` keys, rounded up to a power of two of sets. \throws std::bad_alloc
  explicit departed_keys(std::size_t most)
      : sets_(std::bit_ceil(kvfolio::ceil_div(std::max<std::size_t>(most, 1), ways))) {}

  /// Fetches what the other calls will read of `key`.
  void prefetch(kvfolio::content_key key) const noexcept { __builtin_prefetch(&set_of(key)); }

  /// Returns the cause that `key` was remembered with last; none if it is not.
  [[nodiscard]] std::optional<std::size_t> find(kvfolio::content_key key) noexcept {
    settle();
    for (const auto word : set_of(key).words) {
      if (word != 0 && same(word, key)) return static_cast<std::size_t>(word & cause_mask) - 1;
    }
    return std::nullopt;
  }

  /// Remembers `key` as the youngest of its set. Precondition: `cause < 3`.
  void remember(kvfolio::content_key key, std::size_t cause) noexcept { post({key, cause}); }

  /// Forgets `key`, if it is remembered.
  void forget(kvfolio::content_key key) noexcept { post({key, forgotten}); }

 private:
  static constexpr std::size_t ways = 8;
  static constexpr std::uint64_t cause_mask = 3;  // 0: nothing is there
  static constexpr std::size_t forgotten = 3;     // instead of a cause

  struct change {
    kvfolio::content_key key{};
    std::size_t cause = forgotten;
  };

  struct alignas(64) key_set {
    std::array<std::uint64_t, ways> words{};  // youngest first
  };

  [[nodiscard]] static bool same(std::uint64_t word, kvfolio::content_key key) noexcept {
    return ((word ^ static_cast<std::uint64_t>(key)) & ~cause_mask) == 0;
  }
  [[nodiscard]] std::size_t position(kvfolio::content_key key) const noexcept {
    return (static_cast<std::size_t>(key) >> 2U) & (sets_.size() - 1);
  }
  [[nodiscard]] const key_set& set_of(kvfolio::content_key key) const noexcept {
    return sets_[position(key)];
  }
  [[nodiscard]] key_set& set_of(kvfolio::content_key key) noexcept { return sets_[position(key)]; }

  void post(const change& next) noexcept {
    prefetch(next.key);
    if (waiting_ == posted_.size()) settle();
    posted_[waiting_++] = next;
  }

  void settle() noexcept {
    for (const auto& each : std::span{posted_}.first(waiting_)) {
      each.cause == forgotten ? forget_now(each.key) : remember_now(each.key, each.cause);
    }
    waiting_ = 0;
  }

  void remember_now(kvfolio::content_key key, std::size_t cause) noexcept {
    auto& words = set_of(key).words;
    const auto known = std::find_if(words.begin(), words.end() - 1,
                                    [&](std::uint64_t word) { return same(word, key); });
    std::copy_backward(words.begin(), known, known + 1);
    words[0] = (static_cast<std::uint64_t>(key) & ~cause_mask) | (cause + 1);
  }

  void forget_now(kvfolio::content_key key) noexcept {
    auto& words = set_of(key).words;
    const auto known = std::find_if(words.begin(), words.end(), [&](std::uint64_t word) {
      return word != 0 && same(word, key);
    });
    if (known == words.end()) return;
    std::copy(known + 1, words.end(), known);
    words.back() = 0;
  }

  std::vector<key_set> sets_;
  std::array<change, 16> posted_{};
  std::size_t waiting_ = 0;
};

}  // namespace replay
