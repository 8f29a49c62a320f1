// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/mapping_room.hpp>
#include <kvfolio/reservation.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/slot_pool.hpp>

namespace kvfolio {

/// What is set aside for the sequences of a step of a contiguous cache: the base of `Cache`, whose
/// pages and extension are those of `Types`.
template <class Cache, class Types>
class contiguous_steps {
 public:
  /// A wish of `reserve`: that `target.append(tokens)` will succeed.
  struct growth {
    sequence<Cache>& target;  ///< who will grow
    std::size_t tokens;       ///< by how much
  };

  /// Sets aside what all of `wanted` need together, or nothing; see `paged_cache::reserve`. Fails
  /// as there, and with `errc::no_mappings`.
  [[nodiscard]] result<reservation<Cache>> reserve(std::span<const growth> wanted) noexcept {
    std::size_t places = 0;
    growths_.clear();
    for (const auto& each : wanted) {
      const auto row = self().row_of(each.target);
      places += self().places_to_show(row, each.tokens);
      growths_.push_back({self().held_[row], each.tokens});
    }
    auto room = self().make_room(places);
    if (!room) return errc::no_mappings;
    auto set_aside = self().pages_.reserve(growths_);
    if (!set_aside) return set_aside.error();
    auto head = none;
    for (auto each = wanted.rbegin(); each != wanted.rend(); ++each) {
      const auto row = self().row_of(each->target);
      promises_[row].tokens = each->tokens;
      promises_[row].next = std::exchange(head, row);
    }
    const auto pages = set_aside->pages();
    if (head != none) {
      promises_[head].pages.emplace(*std::move(set_aside));
      promises_[head].room = std::move(room);
    }
    return self().set_aside(head, pages);
  }
  /// \overload
  [[nodiscard]] result<reservation<Cache>> reserve(std::initializer_list<growth> wanted) noexcept {
    return reserve(std::span{wanted.begin(), wanted.size()});
  }

  /// The steps up to `begun` have begun, and those before `completed` are over: kernels that read
  /// what was released meanwhile do so no longer. Until it is told, every step is over at once, as
  /// it is for kernels that the host runs. Precondition: neither goes back.
  void advance_steps(vm::epoch begun, vm::epoch completed) noexcept {
    self().mapped([=](auto& rows) { rows.advance(begun, completed); });
    self().extension_.step();
  }

 private:
  friend Cache;
  static constexpr std::uint32_t none = UINT32_MAX;

  // What a reservation will do to a row; and at the first of its rows, what it has.
  struct promise {
    std::size_t tokens = 0;
    std::size_t first = 0;  // place that it changes
    std::uint32_t next = none;
    std::optional<mapping_room<typename Types::extension>> room;
    std::optional<typename Types::pages::reservation> pages;
  };

  explicit contiguous_steps(std::size_t sequences) : promises_(sequences) {
    growths_.reserve(sequences);
  }
  [[nodiscard]] Cache& self() noexcept { return static_cast<Cache&>(*this); }

  void resolve(std::uint32_t head, bool accepted) noexcept {
    if (head == none) return;
    auto set_aside = std::exchange(promises_[head].pages, std::nullopt);
    const auto room = std::exchange(promises_[head].room, std::nullopt);
    if (!accepted) {
      set_aside->cancel();
      return;
    }
    for_each_promised(head, [this](std::uint32_t row) {
      promises_[row].first = self().next_place(row);
      self().wish(row, promises_[row].tokens);
    });
    set_aside->accept();
    self().rows_.wishes().clear();
    for_each_promised(head, [this](std::uint32_t row) {
      // There is room, so that only a device could fail, and says so again when it is used.
      (void)self().show(row, promises_[row].first, vm::access::read_write);
    });
  }

  // Visits the rows that will grow, if nobody released them since.
  template <class Visit>
  void for_each_promised(std::uint32_t head, Visit visit) noexcept {
    for (auto row = head; row != none; row = promises_[row].next) {
      if (self().held_[row] && promises_[row].tokens != 0) visit(row);
    }
  }

  std::vector<promise> promises_;                       // by row
  std::vector<typename Types::pages::growth> growths_;  // of the last reservation
};

}  // namespace kvfolio
