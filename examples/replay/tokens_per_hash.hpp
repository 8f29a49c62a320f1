// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <kvfolio/core/math.hpp>

#include <replay/trace.hpp>

namespace replay {

/// Finds out how many tokens one hash id stands for: `ids` ids of a prompt of `tokens` tokens mean
/// a `t` with `ceil(tokens / t) == ids`, and it is the same for all lines.
class tokens_per_hash {
 public:
  /// Takes it for `given`, or infers it if that is 0.
  explicit tokens_per_hash(std::uint32_t given)
      : least_{given == 0 ? 1 : given}, most_{given == 0 ? unbounded : given} {}

  /// Learns from one line. \throws bad_line if it contradicts what was given or learnt
  void learn(std::uint32_t tokens, std::size_t ids) {
    const auto least = static_cast<std::uint32_t>(kvfolio::ceil_div<std::size_t>(tokens, ids));
    const auto most =
        ids == 1 ? unbounded : static_cast<std::uint32_t>((tokens - std::size_t{1}) / (ids - 1));
    if (least > most) {
      throw bad_line(fmt::format("{} hash_ids for {} tokens; no number of tokens per id gives that",
                                 ids, tokens));
    }
    if (std::max(least, least_) > std::min(most, most_)) {
      throw bad_line(fmt::format("{} hash_ids for {} tokens mean {} an id; {} is right, {}", ids,
                                 tokens, range(least, most), range(least_, most_),
                                 learnt_ ? "by the lines before" : "by --tokens-per-hash"));
    }
    learnt_ = true;
    least_ = std::max(least, least_);
    most_ = std::min(most, most_);
  }

  /// The number, once all lines are read; 0 if none had ids. Where several are possible, it is
  /// `usual` if that is one of them, else the least power of two, else the least.
  [[nodiscard]] std::uint32_t result(std::uint32_t usual) const {
    if (!learnt_) return 0;
    if (least_ <= usual && usual <= most_) return usual;
    const auto power = std::bit_ceil(least_);
    return power <= most_ ? power : least_;
  }

 private:
  static constexpr auto unbounded = std::numeric_limits<std::uint32_t>::max();

  static std::string range(std::uint32_t least, std::uint32_t most) {
    if (least == most) return fmt::format("{} tokens", least);
    if (most == unbounded) return fmt::format("{} tokens or more", least);
    return fmt::format("{} to {} tokens", least, most);
  }

  std::uint32_t least_;
  std::uint32_t most_;
  bool learnt_ = false;
};

}  // namespace replay
