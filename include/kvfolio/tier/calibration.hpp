// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/tier/link.hpp>
#include <kvfolio/tier/processor.hpp>

namespace kvfolio::tier {

/// A transfer that was timed.
struct timed_transfer {
  std::uint64_t bytes = 0;  ///< of all copies
  double copies = 1;        ///< that it was made of
  seconds time{};           ///< more than 0
};

/// A prefill that was timed.
struct timed_prefill {
  std::uint64_t context = 0;  ///< tokens that were there
  std::uint64_t tokens = 0;   ///< that were computed in one pass; at least 1
  seconds time{};             ///< more than 0
};

/// Returns the link whose times are nearest to what was observed, by the least sum of squared
/// *relative* errors: short transfers count as much as long ones. Copies of two sizes are the least
/// that tell bandwidth and copies apart. O(observed).
/// \throws std::invalid_argument if time does not grow with bytes, or was not observed
[[nodiscard]] inline link fit_link(std::span<const timed_transfer> observed) {
  double copies_squared = 0, bytes_squared = 0, product = 0, copies_sum = 0, bytes_sum = 0;
  for (const auto& [bytes, copies, time] : observed) {
    if (!(time > seconds{})) throw std::invalid_argument("kvfolio: a transfer takes time above 0");
    const auto copy = copies / time.value();
    const auto byte = static_cast<double>(bytes) / time.value();
    copies_squared += copy * copy;
    bytes_squared += byte * byte;
    product += copy * byte;
    copies_sum += copy;
    bytes_sum += byte;
  }
  const auto independent = copies_squared * bytes_squared - product * product;
  double each_copy = 0;
  if (independent > 1e-9 * copies_squared * bytes_squared) {
    each_copy = (copies_sum * bytes_squared - bytes_sum * product) / independent;
  }
  each_copy = std::max(each_copy, 0.0);
  const auto each_byte = (bytes_sum - each_copy * product) / bytes_squared;
  if (!(each_byte > 0)) {
    throw std::invalid_argument(
        "kvfolio: the transfers do not tell a bandwidth; time large ones too, of 1 MiB a copy, "
        "say");
  }
  return {byte_rate{1 / each_byte}, seconds{each_copy}};
}

/// Returns the processor that was observed. How fast attention is, prefills of equally many tokens
/// behind different contexts tell, as nothing else differs between them; without any, it is as fast
/// as everything in the longest prefill. What is left of each time is a measured pass, the mean of
/// those with equally many tokens. O(observed log observed).
/// \throws std::invalid_argument if nothing was observed, or attention takes all of a time
[[nodiscard]] inline processor fit_processor(const prefill_work& work,
                                             std::span<const timed_prefill> observed) {
  std::vector<timed_prefill> sorted{observed.begin(), observed.end()};
  std::ranges::stable_sort(sorted, {}, &timed_prefill::tokens);
  if (sorted.empty()) throw std::invalid_argument("kvfolio: no prefill was timed; time a few");
  // Calls `visit` for the prefills of equally many tokens.
  const auto for_each_group = [&sorted](auto visit) {
    for (std::span<const timed_prefill> rest{sorted}; !rest.empty();) {
      const auto end =
          std::ranges::upper_bound(rest, rest.front().tokens, {}, &timed_prefill::tokens);
      const auto size = static_cast<std::size_t>(end - rest.begin());
      visit(rest.first(size));
      rest = rest.subspan(size);
    }
  };
  const auto attention = [&work](const timed_prefill& each) {
    return work.attending(each.context, each.tokens);
  };

  // What their times grow by with operations, inside of groups, each relative to its mean time.
  double by_times = 0, by_themselves = 0;
  for_each_group([&](std::span<const timed_prefill> group) {
    const auto [least, most] = std::ranges::minmax(group, {}, &timed_prefill::context);
    if (least.context == most.context) return;
    const auto count = static_cast<double>(group.size());
    flop_count mean{};
    seconds time{};
    for (const auto& each : group) {
      mean += attention(each) / count;
      time += each.time / count;
    }
    for (const auto& each : group) {
      const auto off = (attention(each) - mean).value() / time.value();
      by_times += off * (each.time / time);
      by_themselves += off * off;
    }
  });
  processor made;
  const auto& longest = sorted.back();
  const auto all = work.linear(longest.tokens) + attention(longest);
  made.linear = made.attending = flop_rate{all.value() / longest.time.value()};
  if (by_times > 0) made.attending = flop_rate{by_themselves / by_times};

  for_each_group([&](std::span<const timed_prefill> group) {
    seconds sum{};
    for (const auto& each : group) sum += each.time - attention(each) / made.attending;
    made.measured.push_back({group.front().tokens, sum / static_cast<double>(group.size())});
    if (group.front().tokens == 0 || !(sum > seconds{})) {
      throw std::invalid_argument(
          "kvfolio: a prefill has at least 1 token, and takes longer than its attention");
    }
  });
  return made;
}

}  // namespace kvfolio::tier
