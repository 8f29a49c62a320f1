// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/random_seed.hpp>
#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio {

/// A `tier_policy` with a place for what it does not recompute.
///
/// | expression            | meaning                                                              |
/// |-----------------------|----------------------------------------------------------------------|
/// | `store()`             | a reference to the store                                             |
/// | `number_pages(count)` | `count` numbers that no page had before; returns the first of them   |
/// | `key_of(number)`      | the key of the page of that number, in no use anywhere else          |
// clang-format off
template <class T>
concept storing_tier =
    tier_policy<T> &&
    requires(T& tier, const T& unchanging, std::uint64_t number) {
      { tier.number_pages(number) } noexcept -> std::same_as<std::uint64_t>;
      { unchanging.key_of(number) } noexcept -> std::same_as<tier::store_key>;
      requires tier::page_store<std::remove_reference_t<decltype(unchanging.store())>>;
    };
// clang-format on

}  // namespace kvfolio

namespace kvfolio::tier {

/// `Policy`, and the store to which it sends what it does not recompute.
///
/// The store is the caller's and must outlive it. Several caches may share one with each other and
/// with processes that they know nothing of: a page of a preempted sequence is no content that
/// anybody else could look for (drafts and unfinished pages are among them), so it is stored under
/// a number that is its alone, with 64 random bits, and erased when the sequence is back. 32 bytes,
/// and the policy. One owner thread.
template <tier_policy Policy, page_store Store>
class with_store {
 public:
  /// Decides by `policy` and stores in `store`. Keys begin at `origin`: no two users of a store may
  /// have the same. \throws std::exception if the operating system has no random numbers
  with_store(Policy policy, Store& store, std::uint64_t origin = random_seed())
      : policy_{std::move(policy)}, store_{&store}, origin_{origin} {}

  /// What the policy says.
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    return policy_.tokens_to_recompute(leaving);
  }

  /// Who decides.
  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }

  /// Who keeps the pages.
  [[nodiscard]] Store& store() const noexcept { return *store_; }

  /// Returns the first of `count` numbers that nobody had.
  [[nodiscard]] std::uint64_t number_pages(std::uint64_t count) noexcept {
    return std::exchange(numbered_, numbered_ + count);
  }

  /// The key of the page of this number. Equal keys have equal numbers.
  [[nodiscard]] store_key key_of(std::uint64_t number) const noexcept {
    return {{mix_bits(origin_ + number), origin_}};  // stores look at the first word first
  }

 private:
  [[no_unique_address]] Policy policy_;
  Store* store_;
  std::uint64_t origin_;
  std::uint64_t numbered_ = 0;
};

}  // namespace kvfolio::tier
