// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/eviction/age_scale.hpp>

namespace kvfolio::eviction {

/// Learns, of pages of several kinds, how often a page of an age is used again, and says what
/// keeping it is worth: of all times to keep it for, the best of expected uses per tick.
///
/// **What is counted.** Every page that is followed is of a kind, and as old as its last use. It is
/// followed until it is used again or forgotten, whether it is resident or not: so what is learned
/// does not depend on what was evicted.
///
/// **What is made of it.** The hazard of an age, the probability that a page which was not used
/// until then is used at that age, is estimated for all kinds together (Kaplan and Meier, 1958:
/// those forgotten count for as long as they were followed), each age starting from the one before
/// as long as little is known of it. A kind has that hazard times a ratio, learned from its own
/// uses, and departs from it as its own observations outweigh `own_weight` of the others'. The
/// worth of a page is then its Gittins index (Gittins, JRSS B 41, 1979; of caches, as hit density:
/// Beckmann, Chen, Cidon, NSDI 2018): for each age, the steepest line from there to a later point
/// of the curve of expected uses over expected time, which is the upper hull of that curve.
///
/// Numbers are integers, so that the results are the same everywhere. Counting is O(1), and `learn`
/// O(kinds x ages); all but the constructor are `noexcept` and allocate nothing. Costs 1.2 kB a
/// kind.
class reuse_rates {
 public:
  static constexpr std::size_t ages = age_scale::buckets;  ///< that are told apart

  /// Has observed nothing of `kinds` kinds. Those `apart` of every `group` kinds, the first, tell
  /// nothing about the others: their hazard is no part of the common one. \throws std::bad_alloc
  explicit reuse_rates(std::size_t kinds, std::size_t group)
      : kinds_(kinds), followed_(kinds * ages), known_(kinds), group_{group} {}

  /// A page of `kind` was used just now, and is followed.
  void follow(std::size_t kind) noexcept {
    ++followed(kind, 0);
    known_[kind] = 1;
  }

  /// A followed page of `kind` was used again, at `age`, and is followed no longer.
  void use(std::size_t kind, std::size_t age) noexcept {
    KVFOLIO_EXPECTS(followed(kind, age) > 0);
    --followed(kind, age);
    ++kinds_[kind].used[age];
    if (++observed_ >= most_observed) halve();
  }

  /// A followed page of `kind` was forgotten at `age`.
  void forget(std::size_t kind, std::size_t age) noexcept {
    KVFOLIO_EXPECTS(followed(kind, age) > 0);
    --followed(kind, age);
    ++kinds_[kind].lost[age];
    if (++observed_ >= most_observed) halve();
  }

  /// The followed pages of age `from` are of age `to` from now on.
  void move(std::size_t from, std::size_t to) noexcept {
    auto* const leaving = &followed(0, from);
    auto* const entered = &followed(0, to);
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      entered[kind] += leaving[kind];
      leaving[kind] = 0;
    }
  }

  /// Was any page of `kind` ever followed?
  [[nodiscard]] bool known(std::size_t kind) const noexcept { return known_[kind] != 0; }

  /// What keeping a page is worth, as of the last `learn`: uses per tick, in an arbitrary unit.
  [[nodiscard]] std::uint64_t worth(std::size_t kind, std::size_t age) const noexcept {
    return kinds_[kind].worth[age];
  }

  /// Makes the worth of all known kinds follow from what was observed.
  void learn() noexcept {
    learn_common_hazard();
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (known(kind)) learn_worth(kind);
    }
  }

 private:
  using row = std::array<std::uint64_t, ages>;
  using curve = std::array<std::uint64_t, ages + 1>;

  // Observations, of pages, by which a guess is outweighed half: that the hazard of an age is what
  // that of the age before is, that a kind is as the others, and that it is so at every age.
  static constexpr std::uint64_t age_weight = 256;
  static constexpr std::uint64_t kind_weight = 16;  // in uses
  static constexpr std::uint64_t own_weight = 4096;
  static constexpr std::uint64_t most_observed = std::uint64_t{1} << 24U;  // what is kept in mind
  static constexpr std::uint64_t one = std::uint64_t{1} << 32U;            // a probability of 1
  static constexpr std::uint64_t first_guess = one / 64;                   // of the hazard

  struct observations {
    std::array<std::uint32_t, ages> used{};  // by age when they were
    std::array<std::uint32_t, ages> lost{};  // by age when they were forgotten
    row worth{};
  };

  // Twice the number of pages that could have been used at each age: who is followed no longer
  // after it, counts half.
  [[nodiscard]] row exposed(std::size_t kind) const noexcept {
    const auto& of = kinds_[kind];
    row twice{};
    std::uint64_t older = 0;
    for (auto age = ages; age-- > 0;) {
      const std::uint64_t still =
          std::uint64_t{followed_[age * kinds_.size() + kind]} + of.lost[age];
      twice[age] = 2 * older + 2 * std::uint64_t{of.used[age]} + still;
      older += still + of.used[age];
    }
    return twice;
  }

  void learn_common_hazard() noexcept {
    row used{};
    row twice{};
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (kind % group_ == 0 || !known(kind)) continue;
      const auto of_kind = exposed(kind);
      for (std::size_t age = 0; age < ages; ++age) {
        used[age] += kinds_[kind].used[age];
        twice[age] += of_kind[age];
      }
    }
    auto guess = first_guess;
    for (std::size_t age = 0; age < ages; ++age) {
      guess = (2 * used[age] * one + 2 * age_weight * guess) / (twice[age] + 2 * age_weight);
      common_[age] = guess;
    }
  }

  void learn_worth(std::size_t kind) noexcept {
    auto& of = kinds_[kind];
    const auto twice = exposed(kind);
    std::uint64_t uses = 0;
    std::uint64_t expected = 0;  // times 2^16, if the kind were as the others
    for (std::size_t age = 0; age < ages; ++age) {
      uses += of.used[age];
      expected += twice[age] / 2 * (common_[age] >> 16U);
    }
    const auto ratio = std::min((uses + kind_weight) * one / (expected + (kind_weight << 16U)),
                                std::uint64_t{1} << 24U);  // times 2^16

    curve reused{};  // expected uses of one page until each age, times 2^32
    curve kept{};    // expected ticks until then or its use, times 2^20
    auto left = one;
    for (std::size_t age = 0; age < ages; ++age) {
      auto hazard = std::min(most_hazard, (common_[age] * ratio) >> 16U);
      hazard = (2 * of.used[age] * one + 2 * own_weight * hazard) / (twice[age] + 2 * own_weight);
      const auto now = ((left >> 1U) * hazard) >> 31U;
      const auto ticks = age_scale::age(age + 1) - age_scale::age(age);
      reused[age + 1] = reused[age] + now;
      kept[age + 1] = kept[age] + ((left - now / 2) >> 12U) * ticks;
      left -= now;
    }
    learn_worth(of.worth, reused, kept);
  }

  static constexpr std::uint64_t most_hazard = one / 10 * 9;

  // Follows the upper hull from the right (Andrew, 1979).
  static void learn_worth(row& worth, const curve& reused, const curve& kept) noexcept {
    const auto slope = [&](std::size_t from, std::size_t to) {
      return ((reused[to] - reused[from]) << 31U) /
             std::max<std::uint64_t>(kept[to] - kept[from], 1);
    };
    std::array<std::size_t, ages + 1> hull{ages};
    std::size_t corners = 1;
    for (auto age = ages; age-- > 0;) {
      auto best = slope(age, hull[corners - 1]);
      while (corners > 1 && best <= worth[hull[corners - 1]]) {
        --corners;
        best = slope(age, hull[corners - 1]);
      }
      hull[corners++] = age;
      worth[age] = best;
    }
  }

  // Forgets half of what was observed, so that counts stay small and what was long ago matters
  // less.
  void halve() noexcept {
    observed_ = 0;
    for (auto& each : kinds_) {
      for (auto& count : each.used) observed_ += count /= 2;
      for (auto& count : each.lost) observed_ += count /= 2;
    }
  }

  [[nodiscard]] std::uint32_t& followed(std::size_t kind, std::size_t age) noexcept {
    return followed_[age * kinds_.size() + kind];
  }

  std::vector<observations> kinds_;
  std::vector<std::uint32_t> followed_;  // pages now, by age and then by kind
  std::vector<std::uint8_t> known_;      // by kind
  row common_{};
  std::size_t group_;
  std::uint64_t observed_ = 0;
};

}  // namespace kvfolio::eviction
