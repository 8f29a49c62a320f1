// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/group/paged_rule.hpp>

namespace kvfolio::group {

/// The groups of a model over pages, and the *unit*: the tokens after which all of them are at the
/// end of a page. What a unit has of pages, over all groups, is numbered: these are its slots.
template <group_rule Rule>
class paged_groups {
 public:
  /// Precondition: `unit` is a multiple of the tokens per page of each of `rules`.
  /// \throws std::bad_alloc
  paged_groups(std::vector<paged_rule<Rule>> rules, std::uint32_t unit)
      : rules_{std::move(rules)}, unit_{unit} {
    for (const auto& rule : rules_) {
      KVFOLIO_EXPECTS(unit % rule.tokens_per_page() == 0);
      first_slots_.push_back(slots_);
      slots_ += per_unit(rule);
      shrinking_ = shrinking_ || !rule.keeps_all();
    }
  }

  /// Number of groups.
  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }
  /// One of them. Precondition: `group < size()`, here and below.
  [[nodiscard]] const paged_rule<Rule>& operator[](std::size_t group) const noexcept {
    KVFOLIO_EXPECTS(group < size());
    return rules_[group];
  }
  /// Tokens of a unit.
  [[nodiscard]] std::uint32_t unit() const noexcept { return unit_; }
  /// Pages of a unit.
  [[nodiscard]] std::size_t slots() const noexcept { return slots_; }
  /// Does a group need less of a sequence than all its tokens?
  [[nodiscard]] bool shrinking() const noexcept { return shrinking_; }

  /// Pages of a unit in `group`.
  [[nodiscard]] std::size_t pages_per_unit(std::size_t group) const noexcept {
    return per_unit((*this)[group]);
  }
  /// The slot, in its unit, of a sequence's page at `place`.
  [[nodiscard]] std::size_t slot(std::size_t group, std::size_t place) const noexcept {
    return first_slots_[group] + place % pages_per_unit(group);
  }

  /// Do prompts of `units` units need no page that those of one more do not?
  [[nodiscard]] bool carried_on(std::size_t units) const noexcept {
    const auto end = units * unit_;
    return std::ranges::all_of(rules_, [end, this](const auto& rule) {
      const auto first = rule.first_page(end);
      return first >= rule.pages(end) || first == rule.first_page(end + unit_);
    });
  }

  /// The most pages that a sequence has at a time, over all groups; see `paged_rule::most_pages`.
  [[nodiscard]] std::size_t most_pages(std::size_t length, std::size_t step) const noexcept {
    std::size_t sum = 0;
    for (const auto& rule : rules_) sum += rule.most_pages(length, step);
    return sum;
  }

 private:
  [[nodiscard]] std::size_t per_unit(const paged_rule<Rule>& rule) const noexcept {
    return unit_ / rule.tokens_per_page();
  }

  std::vector<paged_rule<Rule>> rules_;
  std::uint32_t unit_;
  std::vector<std::size_t> first_slots_;  // by group
  std::size_t slots_ = 0;
  bool shrinking_ = false;
};

}  // namespace kvfolio::group
