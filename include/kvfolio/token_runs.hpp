// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// Consecutive tokens of one sequence that lie in one page.
struct token_run {
  page_id page;               ///< where they are
  std::uint32_t first_token;  ///< offset of the first one in the page, in tokens
  std::uint32_t tokens;       ///< how many; at least 1

  /// Equal in every member.
  friend constexpr bool operator==(const token_run&, const token_run&) = default;
};

/// Where a range of token positions lies: a forward range of `token_run`, in order. Computed while
/// it is walked, so it costs nothing to make. Valid until a verb of the sequence is called that
/// changes it.
template <class Table>
class token_runs {
 public:
  /// Walks the runs.
  class iterator {
   public:
    using value_type = token_run;                         ///< a run
    using difference_type = std::ptrdiff_t;               ///< unused, and required
    using iterator_category = std::forward_iterator_tag;  ///< multi-pass
    using reference = token_run;                          ///< by value
    using pointer = void;                                 ///< there is none

    iterator() noexcept = default;
    /// The run.
    [[nodiscard]] token_run operator*() const noexcept {
      const auto per_page = runs_->tokens_per_page_;
      const auto offset = static_cast<std::uint32_t>(position_ % per_page);
      const auto rest = std::min<std::size_t>(per_page - offset, runs_->end_ - position_);
      return {runs_->table_->at(runs_->row_, position_ / per_page), offset,
              static_cast<std::uint32_t>(rest)};
    }
    /// Goes on to the next page.
    iterator& operator++() noexcept {
      position_ = std::min(
          runs_->end_, position_ + runs_->tokens_per_page_ - position_ % runs_->tokens_per_page_);
      return *this;
    }
    /// \overload
    iterator operator++(int) noexcept {
      auto before = *this;
      ++*this;
      return before;
    }
    /// At the same position?
    friend bool operator==(const iterator& one, const iterator& other) noexcept {
      return one.position_ == other.position_;
    }

   private:
    friend token_runs;
    iterator(const token_runs& runs, std::size_t position) noexcept
        : runs_{&runs}, position_{position} {}
    const token_runs* runs_ = nullptr;
    std::size_t position_ = 0;
  };

  /// The runs of positions `[first, end)` of `row`. Precondition: the row has them.
  token_runs(const Table& table, std::size_t row, std::uint32_t tokens_per_page, std::size_t first,
             std::size_t end) noexcept
      : table_{&table}, row_{row}, tokens_per_page_{tokens_per_page}, first_{first}, end_{end} {
    KVFOLIO_EXPECTS(first <= end && end <= table.size(row) * tokens_per_page);
  }

  /// The first run. Iterators are valid as long as this object and the sequence's state are.
  [[nodiscard]] iterator begin() const noexcept { return {*this, first_}; }
  /// Past the last run.
  [[nodiscard]] iterator end() const noexcept { return {*this, end_}; }
  /// Number of tokens in all runs.
  [[nodiscard]] std::size_t tokens() const noexcept { return end_ - first_; }

 private:
  const Table* table_;
  std::size_t row_;
  std::uint32_t tokens_per_page_;
  std::size_t first_;
  std::size_t end_;
};

}  // namespace kvfolio
