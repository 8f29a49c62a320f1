// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/watched.hpp>

namespace kvfolio::page {

/// Remembers who has which page, and so finds who gives back what is not taken, and who never does.
///
/// `Owner` names a user: a number, or a text that outlives the pages. Costs a
/// `std::optional<Owner>` per page id below the last.
template <std::regular Owner = std::uint64_t>
requires std::is_nothrow_copy_constructible_v<Owner>
class ownership : public null_watch {
 public:
  /// Has room for the pages below `last`. \throws std::bad_alloc
  explicit ownership(page_id last = page_id{0}) : owners_(to_index(last)) {}

  /// Pages that are handed out from now on are for `owner`.
  void set_owner(const Owner& owner) noexcept { current_ = owner; }

  /// Who has `page`, any id at all; `nullopt` if nobody does.
  [[nodiscard]] std::optional<Owner> owner(page_id page) const noexcept {
    return to_index(page) < owners_.size() ? owners_[to_index(page)] : std::nullopt;
  }

  /// Calls `visit(run, owner)` for consecutive pages of one owner, as many as there are, in
  /// ascending order. O(pages).
  template <class Visit>
  void for_each_owned(Visit&& visit) const {
    for (std::size_t begin = 0; begin < owners_.size();) {
      auto end = begin + 1;
      while (end < owners_.size() && owners_[end] == owners_[begin]) ++end;
      if (owners_[begin]) {
        visit(page_run{to_page(begin), static_cast<std::uint32_t>(end - begin)}, *owners_[begin]);
      }
      begin = end;
    }
  }

  /// Says who still has which pages, a line for every run of them: empty at a clean end.
  [[nodiscard]] std::string leak_report() const {
    std::string text;
    for_each_owned([&text](page_run run, const Owner& owner) {
      const auto first = to_index(run.first);
      text += run.pages == 1 ? "page " : "pages ";
      text += std::to_string(first);
      if (run.pages > 1) text += " to " + std::to_string(first + run.pages - 1);
      text += run.pages == 1 ? " is still held by " : " are still held by ";
      if constexpr (std::integral<Owner>) {
        text += std::to_string(owner);
      } else {
        text += owner;
      }
      text += '\n';
    });
    return text;
  }

  /// The pages of `run` are the owner's. Precondition: they were nobody's.
  void taken(page_run run) noexcept {
    for (auto page = to_index(run.first); page != to_index(run.end()); ++page) {
      KVFOLIO_EXPECTS(page < owners_.size() && !owners_[page]);
      owners_[page] = current_;
    }
  }
  /// The pages of `run` are nobody's. Precondition: each was somebody's.
  void returning(page_run run, page_history /*history*/) noexcept {
    const auto end = to_index(run.end());
    for (auto page = to_index(run.first); page != end; ++page) {
      KVFOLIO_EXPECTS(owner(to_page(page)).has_value());
    }
    for (auto page = to_index(run.first); page != end; ++page) owners_[page].reset();
  }
  /// Makes room for the pages below `last`. \throws std::bad_alloc with nothing changed
  void make_room(page_id last) { owners_.resize(std::max(owners_.size(), to_index(last))); }

 private:
  std::vector<std::optional<Owner>> owners_;  // by page
  Owner current_{};
};

/// Hands out pages of `A`, and remembers who has them: see `watch()`.
template <page_allocator A, class Owner = std::uint64_t>
using tracking = watched<A, ownership<Owner>>;

}  // namespace kvfolio::page
