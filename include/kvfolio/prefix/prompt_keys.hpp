// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>

namespace kvfolio {

/// An index that names pages by keys, which others can compute and keep: the requirements of
/// `prefix::prompt_keys`. `prefix::hashed` is one.
// clang-format off
template <class I>
concept keyed_prefix_index =
    prefix_index<I> &&
    requires(const I& index, const prefix_realm& realm, const typename I::key_type& key,
             std::size_t depth, std::span<const token_id> tokens,
             std::span<const typename I::key_type> keys) {
      { index.tokens_per_page() }                     noexcept -> std::same_as<std::uint32_t>;
      { index.root_key(realm) }                       noexcept -> std::same_as<typename I::key_type>;
      { index.next_key(realm, key, depth, tokens) }   noexcept -> std::same_as<typename I::key_type>;
      { index.count_indexed(keys) }                   noexcept -> std::same_as<std::size_t>;
    };
// clang-format on

}  // namespace kvfolio

namespace kvfolio::prefix {

/// The keys of the pages of a prompt that grows turn by turn: each token is hashed once, however
/// often the prompt is looked for, and by however many schedulers and routers.
///
/// The keys are those that the index gives the pages itself: computed at once, piece by piece, or
/// by another process with the same seed, they are equal. They hold for one realm, and no longer
/// than its epoch. Every `index` that they are used with must have the seed and the tokens per page
/// of the first one. Costs 8 to 32 bytes a page; may allocate. A value. Chained keys are vLLM's
/// (2024), galloping is from Bentley and Yao, "An almost optimal algorithm for unbounded
/// searching", IPL 5(3), 1976.
template <keyed_prefix_index Index>
class prompt_keys {
 public:
  using key_type = typename Index::key_type;  ///< of one page

  /// Those of the empty prompt in `realm`, whose media must outlive the keys.
  prompt_keys(const Index& index, const prefix_realm& realm)
      : realm_{realm}, last_{index.root_key(realm)} {}

  /// The prompt goes on with `tokens`. O(tokens). \throws std::bad_alloc
  void extend(const Index& index, std::span<const token_id> tokens) {
    const std::size_t per_page = index.tokens_per_page();
    while (!tokens.empty()) {
      const auto some = std::min(tokens.size(), per_page - rest_.size());
      rest_.insert(rest_.end(), tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(some));
      tokens = tokens.subspan(some);
      if (rest_.size() < per_page) return;
      last_ = index.next_key(realm_, last_, keys_.size(), rest_);
      keys_.push_back(last_);
      rest_.clear();
    }
  }

  /// One key for each full page. Valid until the prompt is extended.
  [[nodiscard]] std::span<const key_type> keys() const noexcept { return keys_; }

  /// Tokens of the prompt so far.
  [[nodiscard]] std::size_t tokens(const Index& index) const noexcept {
    return keys_.size() * index.tokens_per_page() + rest_.size();
  }

  /// Tokens that `match` would find, at most all but the last: O(log pages), and none is read.
  /// As certain as keys are.
  [[nodiscard]] std::size_t hit_tokens(const Index& index) const noexcept {
    const auto all = tokens(index);
    const auto most = all == 0 ? 0 : (all - 1) / index.tokens_per_page();
    return index.count_indexed(keys().first(most)) * index.tokens_per_page();
  }

 private:
  prefix_realm realm_;
  key_type last_;               // of the page before `rest_`
  std::vector<key_type> keys_;  // by page
  std::vector<token_id> rest_;  // of the page that is not full
};

}  // namespace kvfolio::prefix
