// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_history.hpp>
#include <kvfolio/eviction/age_cells.hpp>
#include <kvfolio/eviction/age_scale.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/reuse_rates.hpp>
#include <kvfolio/eviction/turn_kind.hpp>

namespace kvfolio::eviction {

/// Evicts the eligible page whose next use is expected at the lowest rate, of its kind of turn and
/// at its age, as it learned while it ran: a policy for the KV caches of conversations.
///
/// A page comes back with the next turn of its session, or never. Whether it does can be told from
/// the turn (`turn_kind`), and when, from the ages at which others came back (`reuse_rates`): first
/// less likely, while an answer is read, then more, and less again the longer it was silent. So
/// neither the oldest nor the youngest page is always the one to lose. Nothing is tuned to a trace:
/// it starts as LRU would and learns from its own accesses. Hints make other kinds of the same
/// pages, and what they are worth is learned too. docs/eviction.md says why it is so and what else
/// was tried.
///
/// Who says nothing of turns in its accesses (`request_pages`) has pages told apart by their uses.
/// Ages are counted in accesses; no clock is needed.
///
/// Models `eligibility_aware`: touches and victims are O(1) amortised, expected O(1) where a key
/// is looked up, and no hash table is needed for a touch; every 4,096 accesses it learns, in some
/// 0.1 ms whatever the pool. Costs 32 bytes per page, up to 56 for each remembered key, and 240 kB,
/// allocated once. One owner thread.
class reuse_rate {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers eight times
  /// as many keys. All pages are full. \throws std::bad_alloc
  explicit reuse_rate(std::size_t pages) : reuse_rate{pages, 8 * pages} {}

  /// Creates a policy that remembers the last uses of at most `history` keys that are not resident,
  /// and forgets those that left first first. Pages with less than `page_tokens` tokens are not
  /// full. \throws std::bad_alloc
  reuse_rate(std::size_t pages, std::size_t history, std::uint32_t page_tokens = 1)
      : cells_{pages, cells},
        rates_{turn_kinds, kinds_without_hint},
        uses_(pages),
        left_{history},
        order_(cells),
        page_tokens_{page_tokens} {
    learn();
  }

  /// Notes the use of a key that is not resident.
  void miss(const page_access& access) noexcept {
    pass();
    incoming_ = {access.key, {}};
    if (const auto slot = left_.find(access.key)) {
      auto& left = left_.note(*slot);
      rates_.use(left.kind, age_of(left));
      incoming_.use.count = left.count;
      left.followed = false;
      left_.forget(*slot);
    }
    announced_ = true;
  }

  /// Stops tracking an eligible page of the kind and age that is worth least, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim = cells_.first();
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    if (!victim) return std::nullopt;
    erase(*victim);
    expect_victims();
    return victim;
  }

  /// Starts tracking `page`. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!announced_ || incoming_.key != access.key) miss(access);
    announced_ = false;
    uses_[to_index(page)] = incoming_;
    note_use(uses_[to_index(page)].use, access);
    cells_.insert(page, cell_of(uses_[to_index(page)].use));
  }

  /// Notes a use, which may change the kind of `page`. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& access) noexcept {
    pass();
    auto& use = uses_[to_index(page)].use;
    rates_.use(use.kind, age_of(use));
    note_use(use, access);
    cells_.change(page, cell_of(use));
  }

  /// Stops tracking `page`, and remembers its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    cells_.erase(page);
    remember(uses_[to_index(page)]);
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { cells_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { cells_.show(page, cell_of(uses_[to_index(page)].use)); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }

 private:
  static constexpr std::size_t kinds_without_hint = 30;
  static constexpr std::size_t cells = turn_kinds * age_scale::buckets;
  static constexpr unsigned cell_bits = std::bit_width(cells);
  static constexpr std::uint64_t tick = 64;           // accesses
  static constexpr std::uint64_t lesson = 4096;       // accesses from one to the next
  static constexpr std::uint64_t first_lesson = 256;  // from where they double

  struct last_use {
    std::uint64_t at = 0;  // in ticks
    std::uint32_t count = 0;
    std::uint8_t kind = 0;
    bool followed = false;  // is it in the rates?
  };
  struct used_key {
    content_key key{};
    last_use use{};
  };

  [[nodiscard]] std::uint64_t now() const noexcept { return accesses_ / tick; }
  [[nodiscard]] std::size_t age_of(const last_use& use) const noexcept {
    return age_scale::bucket(use.at, now());
  }
  [[nodiscard]] std::size_t cell_of(const last_use& use) const noexcept {
    return cell(use.kind, age_of(use));
  }
  [[nodiscard]] static constexpr std::size_t cell(std::size_t kind, std::size_t age) noexcept {
    return age * turn_kinds + kind;
  }

  void note_use(last_use& use, const page_access& access) noexcept {
    if (use.count < UINT32_MAX) ++use.count;
    use.at = now();
    use.kind = static_cast<std::uint8_t>(turn_kind(access, use.count, page_tokens_));
    use.followed = true;
    rates_.follow(use.kind);
  }

  // Keeps following what left, unless its slot is that of a key forgotten for it, which ends here.
  void remember(const used_key& used) noexcept {
    const auto slot = left_.remember(used.key);
    if (!slot) return rates_.forget(used.use.kind, age_of(used.use));
    auto& left = left_.note(*slot);
    if (left.followed) rates_.forget(left.kind, age_of(left));
    left = used.use;
  }

  // Fetches into the cache what the next two victims will need, of the second what the first needs
  // already: several misses one after the other, which a victim would wait for.
  void expect_victims() const noexcept {
    const auto next = cells_.first();
    if (!next) return;
    left_.prefetch(uses_[to_index(*next)].key);
    if (const auto second = cells_.after(*next)) __builtin_prefetch(&uses_[to_index(*second)]);
  }

  // An access more.
  void pass() noexcept {
    if (++accesses_ % tick == 0) {
      age_scale::pass(now(), [this](std::size_t from, std::size_t to) {
        rates_.move(from, to);
        for (std::size_t kind = 0; kind < turn_kinds; ++kind) {
          if (rates_.known(kind)) cells_.move(cell(kind, from), cell(kind, to));
        }
      });
    }
    if (accesses_ == next_lesson_) learn();
  }

  void learn() noexcept {
    next_lesson_ = accesses_ < first_lesson ? first_lesson
                   : accesses_ < lesson     ? 2 * accesses_
                                            : accesses_ + lesson;
    rates_.learn();
    // Cells of which something is known by their worth, and of those worth as much the older first;
    // all others are empty.
    auto known = order_.begin();
    auto unknown = order_.end();
    for (std::size_t age = 0; age < age_scale::buckets; ++age) {
      for (std::size_t kind = 0; kind < turn_kinds; ++kind) {
        const auto rank = cells - 1 - cell(kind, age);
        if (rates_.known(kind)) {
          *known++ = rates_.worth(kind, age) << cell_bits | rank;
        } else {
          *--unknown = rank;
        }
      }
    }
    std::sort(order_.begin(), known);
    cells_.reorder([this](std::size_t rank) {
      return static_cast<std::uint32_t>(cells - 1 - order_[rank] % (1U << cell_bits));
    });
  }

  age_cells cells_;             // of a kind and an age each
  reuse_rates rates_;           // of pages that are resident, or left and are remembered
  std::vector<used_key> uses_;  // by page
  key_history<1, last_use> left_;
  std::vector<std::uint64_t> order_;  // of cells: their worth, and which they are
  used_key incoming_;                 // announced by the last miss
  bool announced_ = false;
  std::uint32_t page_tokens_;
  std::uint64_t accesses_ = 0;
  std::uint64_t next_lesson_ = 0;
};

static_assert(eligibility_aware<reuse_rate>);

}  // namespace kvfolio::eviction
