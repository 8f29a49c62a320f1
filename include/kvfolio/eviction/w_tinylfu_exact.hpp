// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/key_history.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/tinylfu_lists.hpp>

namespace kvfolio::eviction {

/// Admits a page to the main part of the pool only if it was wanted more often than the page that
/// would leave for it; newcomers prove themselves in a small window.
///
/// Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM
/// Transactions on Storage 13(4), 2017, section 4, with a count per key in place of their sketch. A
/// window LRU of 1 % of the pages; the rest a segmented LRU, of which 80 % are protected. Counts
/// end at 15, and all are halved after every 10 accesses a page. It resists scans, and loses to LRU
/// on conversations, whose pages are popular for the length of a session only.
///
/// Models `eligibility_aware`: a touch is O(1) in the worst case and needs no hash table; `miss`
/// and `evict` are expected O(1), however many pages are pinned; halving is O(1). Costs 36 bytes
/// per page and up to 60 for each remembered key, allocated once. One owner thread.
class w_tinylfu_exact {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers the counts of
  /// eight times as many keys. \throws std::bad_alloc
  explicit w_tinylfu_exact(std::size_t pages) : w_tinylfu_exact{pages, 8 * pages} {}

  /// Creates a policy that remembers the counts of at most `history` keys that are not resident,
  /// and forgets those that left first first. It is exact if that is the number of distinct keys,
  /// or 40 * `pages`, after which a count has been halved to nothing. \throws std::bad_alloc
  w_tinylfu_exact(std::size_t pages, std::size_t history)
      : resident_{pages},
        page_counts_(pages),
        left_{std::min(history, 40 * pages)},
        left_counts_(left_.capacity()),
        sample_{std::max<std::size_t>(1, 10 * pages)} {}

  /// Counts the access.
  void miss(const page_access& access) noexcept {
    if (incoming_) remember(*incoming_);  // it was announced, and did not arrive
    counted_key wanted{access.key, {}};
    if (const auto slot = left_.find(access.key)) {
      wanted.count = left_counts_[*slot];
      left_.forget(*slot);
    }
    incoming_ = wanted;
    count(incoming_->count);
  }

  /// Stops tracking a page, and returns it: of the oldest eligible page of the window, if that is
  /// full, and the oldest of the rest, the one that was wanted less often.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim = resident_.evict([this](page_id page) { return count_of(page); });
    if (!victim) return std::nullopt;
    KVFOLIO_EXPECTS(eligible.contains(*victim));
    remember(page_counts_[to_index(*victim)]);
    return victim;
  }

  /// Starts tracking `page`, as the youngest of the window, whose oldest pages leave it for the
  /// main part if it is full. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    resident_.insert(page);
    page_counts_[to_index(page)] = *incoming_;
    incoming_.reset();
  }

  /// Counts the access, and makes `page` the youngest: of the window if it is there, and else of
  /// the protected pages, the oldest of which must leave them if they are too many. Precondition:
  /// `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    count(page_counts_[to_index(page)].count);
    resident_.touch(page);
  }

  /// Stops tracking `page`, and remembers the count of its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    resident_.erase(page);
    remember(page_counts_[to_index(page)]);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return resident_.size(); }

 private:
  // A count as it was after `halvings`: the later ones are made up for when it is read.
  struct aged_count {
    std::uint32_t value = 0;
    std::uint32_t halvings = 0;
  };
  struct counted_key {
    content_key key{};
    aged_count count;
  };

  [[nodiscard]] std::uint32_t value_of(aged_count count) const noexcept {
    return count.value >> std::min(halvings_ - count.halvings, 4U);
  }
  [[nodiscard]] std::uint32_t count_of(page_id page) const noexcept {
    return value_of(page_counts_[to_index(page)].count);
  }

  void count(aged_count& count) noexcept {
    count = {std::min(value_of(count) + 1, 15U), halvings_};
    if (--until_halving_ > 0) return;
    until_halving_ = sample_;
    ++halvings_;
  }

  void remember(const counted_key& counted) noexcept {
    if (value_of(counted.count) == 0) return;
    if (const auto slot = left_.remember(counted.key)) left_counts_[*slot] = counted.count;
  }

  tinylfu_lists resident_;
  std::vector<counted_key> page_counts_;  // by page
  key_history<> left_;
  std::vector<aged_count> left_counts_;  // by slot of left_
  std::size_t sample_;
  std::size_t until_halving_ = sample_;
  std::uint32_t halvings_ = 0;
  std::optional<counted_key> incoming_;  // announced by the last miss
};

static_assert(eligibility_aware<w_tinylfu_exact>);

}  // namespace kvfolio::eviction
