// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>

#include <kvfolio/core/key_history.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// Says when a page of the upper of two stores is written to the lower one, too.
///
/// | expression              | meaning                                                      |
/// |-------------------------|--------------------------------------------------------------|
/// | `rule.put(key)`         | the page was put into the upper one; is it written now?      |
/// | `rule.hit(key)`         | it was found in the upper one; is it written now?            |
/// | `rule.lost(key)`        | it is in neither                                             |
/// | `R::keeps_what_leaves`  | constant: is it written when the upper one gives it up?      |
// clang-format off
template <class R>
concept write_rule =
    std::movable<R> &&
    requires(R& rule, const store_key& key) {
      { rule.put(key) }  noexcept -> std::same_as<bool>;
      { rule.hit(key) }  noexcept -> std::same_as<bool>;
      { rule.lost(key) } noexcept -> std::same_as<void>;
      requires std::same_as<decltype(R::keeps_what_leaves), const bool>;
    };
// clang-format on

/// At once: whatever ends, the lower store has every page. Stateless.
struct write_through {
  static constexpr bool keeps_what_leaves = false;  ///< it is there already
  /// Yes.
  [[nodiscard]] bool put(const store_key& /*key*/) noexcept { return true; }
  /// No.
  [[nodiscard]] bool hit(const store_key& /*key*/) noexcept { return false; }
  /// Nothing to do.
  void lost(const store_key& /*key*/) noexcept {}
};

/// When the upper store gives it up: a page that is soon erased is never written, and the upper
/// store's pages are lost with it unless they are flushed. Stateless.
struct write_back {
  static constexpr bool keeps_what_leaves = true;  ///< that is when
  /// No.
  [[nodiscard]] bool put(const store_key& /*key*/) noexcept { return false; }
  /// No.
  [[nodiscard]] bool hit(const store_key& /*key*/) noexcept { return false; }
  /// Nothing to do.
  void lost(const store_key& /*key*/) noexcept {}
};

/// When it is found for the second time: what is wanted once, as most pages are, wears no disk and
/// fills no network. Remembers a fixed number of keys, 44 to 52 bytes each, the oldest of which it
/// forgets. Expected O(1); allocates nothing after construction.
class write_on_second_hit {
 public:
  static constexpr bool keeps_what_leaves = false;  ///< it was not found twice

  /// Remembers `keys` keys. \throws std::bad_alloc
  explicit write_on_second_hit(std::size_t keys) : found_{keys} {}

  /// No.
  [[nodiscard]] bool put(const store_key& /*key*/) noexcept { return false; }

  /// Only if it is the second time.
  [[nodiscard]] bool hit(const store_key& key) noexcept {
    const auto slot = found_.find(name(key));
    if (slot && found_.list_of(*slot) == written) return false;
    if (slot) found_.forget(*slot);
    found_.remember(name(key), slot ? written : once);
    return slot.has_value();
  }

  /// Begins to count anew.
  void lost(const store_key& key) noexcept {
    if (const auto slot = found_.find(name(key))) found_.forget(*slot);
  }

 private:
  static constexpr std::size_t once = 0;     // the list of keys found once
  static constexpr std::size_t written = 1;  // and of those found more often

  // Keys that share it are counted together, which costs a write.
  static content_key name(const store_key& key) noexcept { return content_key{key.words[0]}; }

  key_history<2> found_;
};

static_assert(write_rule<write_through> && write_rule<write_back> &&
              write_rule<write_on_second_hit>);

}  // namespace kvfolio::tier
