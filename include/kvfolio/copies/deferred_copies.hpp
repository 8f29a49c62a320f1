// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/core/config.hpp>

namespace kvfolio {

/// Records copies for an engine to carry out, and remembers which pages they touch until the engine
/// says that they have landed.
///
/// The engine takes copies into a buffer of its own, so that nothing it is still reading is ever
/// overwritten. All operations are O(1) or O(copies), `noexcept` and free of allocation, except
/// construction. Costs 24 bytes per page. One owner thread.
class deferred_copies {
 public:
  static constexpr bool needs_bytes = false;  ///< the engine has them

  /// Records copies among pages `[0, pages)`, of which there are never more than pages at a time.
  /// \throws std::bad_alloc
  explicit deferred_copies(std::size_t pages) : ring_(pages), use_(pages) {}

  /// Records `op`. Precondition: `!busy(op.destination)`.
  void submit(const copy_op& op, const model::page_array& /*pages*/) noexcept {
    KVFOLIO_EXPECTS(!busy(op.destination) && submitted_ - landed_ < ring_.size());
    ring_[submitted_++ % ring_.size()] = op;
    auto& source = use_[to_index(op.source)];
    ++source.copies;
    source.unread = std::max(source.unread, op.first_token + op.tokens);
    ++use_[to_index(op.destination)].copies;
  }

  /// Does a copy that has not landed read or write `page`?
  [[nodiscard]] bool busy(page_id page) const noexcept { return use_[to_index(page)].copies != 0; }

  /// A bound of the leading tokens of `page` that copies which have not landed read: exact for the
  /// deepest of them, and kept until no copy touches the page.
  [[nodiscard]] std::uint32_t unread(page_id page) const noexcept {
    return use_[to_index(page)].unread;
  }

  /// Number of copies that nobody has taken.
  [[nodiscard]] std::size_t waiting() const noexcept {
    return static_cast<std::size_t>(submitted_ - taken_);
  }

  /// Moves the oldest waiting copies to `out`, as many as fit. They must run in this order, after
  /// what was written to their sources before, and before anything else is written.
  copy_batch take(std::span<copy_op> out) noexcept {
    const auto count = std::min(out.size(), waiting());
    for (auto& op : out.first(count)) op = ring_[taken_++ % ring_.size()];
    return {count, copy_ticket{taken_}};
  }

  /// What was taken up to `ticket` has landed. Calls `idle(page)` for each page that no copy
  /// touches any more. Precondition: `take` returned `ticket`.
  template <class Idle>
  void complete(copy_ticket ticket, Idle&& idle) noexcept {
    KVFOLIO_EXPECTS(static_cast<std::uint64_t>(ticket) <= taken_);
    while (landed_ < static_cast<std::uint64_t>(ticket)) {
      const auto op = ring_[landed_++ % ring_.size()];
      for (const auto page : {op.source, op.destination}) {
        auto& use = use_[to_index(page)];
        if (--use.copies != 0) continue;
        use.unread = 0;
        idle(page);
      }
    }
  }

 private:
  struct page_use {
    std::uint32_t copies = 0;  // that touch the page and have not landed
    std::uint32_t unread = 0;
  };

  std::vector<copy_op> ring_;
  std::vector<page_use> use_;
  std::uint64_t submitted_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t landed_ = 0;
};

static_assert(deferring_copy_backend<deferred_copies>);

}  // namespace kvfolio
