// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/partition/error.hpp>

namespace kvfolio::partition {

/// A pipeline, and what goes through it. Stages take equally long.
struct pipeline_shape {
  std::uint32_t stages = 1;  ///< that follow each other
  std::uint32_t passes = 1;  ///< micro-batches
  std::uint32_t chunks = 1;  ///< pieces of the model that each stage has, interleaved

  /// What of the time all stages would need to work is added by waiting: `(p - 1) / (m v)`, for
  /// GPipe (Huang et al., 2019), 1F1B (Narayanan et al., "PipeDream", 2019), both interleaved
  /// (Narayanan et al., "Efficient large-scale language model training", SC 2021), and inference.
  [[nodiscard]] constexpr double bubble_overhead() const noexcept {
    return (stages - 1.0) / (1.0 * passes * chunks);
  }
  /// Which part of the time a stage waits.
  [[nodiscard]] constexpr double idle_fraction() const noexcept {
    return bubble_overhead() / (1 + bubble_overhead());
  }
  /// Time until all passes are through, each of which takes a stage `pass_time`: forward, or
  /// forward and backward.
  [[nodiscard]] constexpr double makespan(double pass_time) const noexcept {
    return passes * pass_time * (1 + bubble_overhead());
  }
};

/// The most passes whose activations a stage of GPipe has at a time: all.
[[nodiscard]] constexpr std::uint32_t gpipe_in_flight(const pipeline_shape& shape) noexcept {
  return shape.passes;
}

/// The most passes whose activations stage `stage` has at a time under 1F1B: as many as there are
/// stages from it on.
[[nodiscard]] constexpr std::uint32_t one_f_one_b_in_flight(const pipeline_shape& shape,
                                                            std::uint32_t stage) noexcept {
  return std::min(shape.stages - stage, shape.passes);
}

/// The most chunks of passes whose activations stage `stage` has at a time under interleaved 1F1B.
/// \throws bad_partition unless the stages divide the passes
[[nodiscard]] inline std::uint32_t interleaved_in_flight(const pipeline_shape& shape,
                                                         std::uint32_t stage) {
  if (shape.passes % shape.stages != 0) {
    throw bad_partition(refusal::not_divisible,
                        std::to_string(shape.passes) + " micro-batches are not a multiple of " +
                            std::to_string(shape.stages) + " stages; " +
                            std::to_string(ceil_div(shape.passes, shape.stages) * shape.stages) +
                            " would work");
  }
  return std::min(shape.passes * shape.chunks,
                  2 * (shape.stages - stage - 1) + (shape.chunks - 1) * shape.stages + 1);
}

/// One stage's work on one piece of a batch, in units of one stage's time.
struct pipeline_step {
  std::uint64_t tick = 0;         ///< when it begins; it takes one
  std::uint32_t stage = 0;        ///< who does it
  std::uint32_t pass = 0;         ///< which micro-batch, chunk of a prompt, or group of sequences
  std::uint64_t first_token = 0;  ///< of its sequences
  std::uint64_t tokens = 0;       ///< of each of them

  /// Equal in every member.
  friend constexpr bool operator==(const pipeline_step&, const pipeline_step&) = default;
};

/// Returns the steps of `passes` micro-batches of `tokens` tokens a sequence through `depth`
/// stages, forward only, in the order of time and then of stages. Two buffers a stage suffice: one
/// that it reads, and one that the stage before it fills. O(depth passes), as all here.
[[nodiscard]] inline std::vector<pipeline_step> forward_steps(std::uint32_t depth,
                                                              std::uint32_t passes,
                                                              std::uint64_t tokens) {
  std::vector<pipeline_step> steps;
  for (std::uint64_t tick = 0; tick + 1 < std::uint64_t{depth} + passes; ++tick) {
    for (std::uint32_t stage = 0; stage < depth && stage <= tick; ++stage) {
      const auto pass = tick - stage;
      if (pass < passes)
        steps.push_back({tick, stage, static_cast<std::uint32_t>(pass), 0, tokens});
    }
  }
  return steps;
}

/// Returns the steps of a prompt of `tokens` tokens in chunks of at most `chunk`, each of which may
/// follow the one before it from stage to stage (Agrawal et al., "Sarathi-Serve", OSDI 2024).
/// \throws bad_partition if `chunk` is 0
[[nodiscard]] inline std::vector<pipeline_step> prefill_steps(std::uint32_t depth,
                                                              std::uint64_t tokens,
                                                              std::uint64_t chunk) {
  if (chunk == 0) throw bad_partition(refusal::bad_input, "chunks of 0 tokens; 512 is usual");
  const auto passes = static_cast<std::uint32_t>(ceil_div(tokens, chunk));
  auto steps = forward_steps(depth, passes, chunk);
  for (auto& step : steps) {
    step.first_token = step.pass * chunk;
    step.tokens = std::min(chunk, tokens - step.first_token);
  }
  return steps;
}

/// Returns the steps of decoding `tokens` tokens for each of `groups` groups of sequences. A token
/// needs its predecessor, so a group enters the pipeline again only when it has left it: with fewer
/// groups than stages, stages wait.
[[nodiscard]] inline std::vector<pipeline_step> decode_steps(std::uint32_t depth,
                                                             std::uint32_t groups,
                                                             std::uint64_t tokens) {
  std::vector<pipeline_step> steps;
  const std::uint64_t round = std::max(depth, groups);
  for (std::uint64_t token = 0; token < tokens; ++token) {
    for (std::uint32_t group = 0; group < groups; ++group) {
      for (std::uint32_t stage = 0; stage < depth; ++stage) {
        steps.push_back({token * round + group + stage, stage, group, token, 1});
      }
    }
  }
  std::ranges::sort(steps, [](const auto& a, const auto& b) {
    return a.tick != b.tick ? a.tick < b.tick : a.stage < b.stage;
  });
  return steps;
}

/// Returns which part of the time a stage works while `groups` groups of sequences are decoded.
[[nodiscard]] constexpr double decode_utilisation(std::uint32_t depth,
                                                  std::uint32_t groups) noexcept {
  return std::min(1.0, 1.0 * groups / depth);
}

}  // namespace kvfolio::partition
