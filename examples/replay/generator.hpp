// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <numbers>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <kvfolio/core/math.hpp>

namespace replay {

/// What a made-up trace is like. Lengths are log-normal: `e` to a normal number of the given mean
/// and standard deviation.
struct workload {
  double sessions_per_second = 1;         ///< that begin, as a Poisson process
  double another_turn = 0.75;             ///< the probability, after each
  double seconds_between_turns = 30;      ///< from one request of a session to the next, on average
  std::uint32_t system_prompts = 64;      ///< shared; the `k`-th is used in proportion to `1 / k`
  double system_mean = 7;                 ///< of their tokens: e^7 is about 1100
  double system_deviation = 0.8;          ///< likewise
  double message_mean = 5.5;              ///< of what a user adds in a turn: about 245
  double message_deviation = 1.3;         ///< likewise
  double output_mean = 5.3;               ///< of the answers: about 200
  double output_deviation = 0.9;          ///< likewise
  std::uint32_t longest_prompt = 32'768;  ///< tokens; a session ends before it asks for more
  std::uint32_t tokens_per_hash = 512;    ///< in a block
};

/// Random numbers that are equal on all machines, but for how they round logarithms: SplitMix64.
class random_source {
 public:
  /// Equal seeds give equal numbers.
  explicit random_source(std::uint64_t seed) : state_{seed} {}

  /// Uniform in (0, 1).
  [[nodiscard]] double uniform() {
    const auto bits = kvfolio::mix_bits(state_ += 0x9e3779b97f4a7c15U) >> 12U;
    return (static_cast<double>(bits) + 0.5) * 0x1p-52;
  }
  /// Exponential, of this mean.
  [[nodiscard]] double exponential(double mean) { return -mean * std::log(uniform()); }
  /// Log-normal and at least 1, rounded (Box and Muller, 1958).
  [[nodiscard]] std::uint32_t length(double mean, double deviation) {
    const auto radius = std::sqrt(-2 * std::log(uniform()));
    const auto normal = radius * std::cos(2 * std::numbers::pi * uniform());
    const auto tokens = std::round(std::exp(mean + deviation * normal));
    return static_cast<std::uint32_t>(std::clamp(tokens, 1.0, 1e6));
  }
  /// From 0 to `count - 1`, in proportion to `1 / (k + 1)`.
  [[nodiscard]] std::size_t zipf(std::size_t count) {
    double sum = 0;
    for (std::size_t k = 1; k <= count; ++k) sum += 1 / static_cast<double>(k);
    auto left = uniform() * sum;
    std::size_t k = 0;
    while (k + 1 < count && (left -= 1 / static_cast<double>(k + 1)) > 0) ++k;
    return k;
  }

 private:
  std::uint64_t state_;
};

/// Makes requests as a chat service gets them: sessions of several turns, each of which asks with
/// all that was said before, after one of a few system prompts. Needs memory for the sessions that
/// go on at the same time.
class generator {
 public:
  /// Equal seeds make equal traces.
  explicit generator(std::uint64_t seed, const workload& like = {}) : like_{like}, random_{seed} {
    for (std::uint32_t i = 0; i < like_.system_prompts; ++i) {
      system_prompts_.push_back(new_text(std::min(
          random_.length(like_.system_mean, like_.system_deviation), like_.longest_prompt / 2)));
    }
    next_session_ = random_.exponential(1 / like_.sessions_per_second);
  }

  /// Returns the next request as a line of a Mooncake trace.
  [[nodiscard]] std::string next_line() {
    if (sessions_.empty() || next_session_ <= sessions_.top().next_turn) begin_session();
    auto next = sessions_.top();
    sessions_.pop();
    const auto blocks = next.said / like_.tokens_per_hash;
    // Blocks that are full stay as they are; the last one, if it is not, is another in each turn.
    while (next.blocks.size() < blocks) next.blocks.push_back(next_block_++);
    auto ids = next.blocks;
    if (next.said % like_.tokens_per_hash != 0) ids.push_back(next_block_++);
    const auto answer = random_.length(like_.output_mean, like_.output_deviation);
    auto line = fmt::format(
        "{{\"timestamp\": {}, \"input_length\": {}, \"output_length\": {}, \"hash_ids\": [{}]}}\n",
        static_cast<std::uint64_t>(next.next_turn * 1000), next.said, answer, fmt::join(ids, ", "));
    go_on(std::move(next), answer);
    return line;
  }

 private:
  struct text {
    std::uint32_t tokens;
    std::vector<std::uint64_t> blocks;  // the full ones
  };
  struct session {
    double next_turn;    // seconds
    std::uint64_t name;  // of equal times, the older comes first
    std::uint32_t said;  // tokens of the next prompt
    std::vector<std::uint64_t> blocks;
    friend bool operator>(const session& one, const session& other) {
      return std::pair{one.next_turn, one.name} > std::pair{other.next_turn, other.name};
    }
  };

  [[nodiscard]] text new_text(std::uint32_t tokens) {
    text made{tokens, {}};
    for (auto left = tokens / like_.tokens_per_hash; left > 0; --left) {
      made.blocks.push_back(next_block_++);
    }
    return made;
  }

  void begin_session() {
    const auto& system = system_prompts_[random_.zipf(system_prompts_.size())];
    session made{next_session_, names_++, system.tokens, system.blocks};
    add_message(made);
    made.said = std::min(made.said, like_.longest_prompt);
    sessions_.push(std::move(made));
    next_session_ += random_.exponential(1 / like_.sessions_per_second);
  }

  void go_on(session&& after, std::uint32_t answer) {
    if (random_.uniform() >= like_.another_turn) return;
    after.said += answer;
    add_message(after);
    if (after.said > like_.longest_prompt) return;
    after.next_turn += random_.exponential(like_.seconds_between_turns);
    sessions_.push(std::move(after));
  }

  void add_message(session& to) {
    to.said += random_.length(like_.message_mean, like_.message_deviation);
  }

  workload like_;
  random_source random_;
  std::vector<text> system_prompts_;
  std::priority_queue<session, std::vector<session>, std::greater<>> sessions_;  // next turn first
  double next_session_ = 0;
  std::uint64_t next_block_ = 0;
  std::uint64_t names_ = 0;
};

}  // namespace replay
