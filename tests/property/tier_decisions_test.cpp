// SPDX-License-Identifier: Apache-2.0
// Decisions against times that are not the model's own.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/automatic.hpp>
#include <kvfolio/tier/calibration.hpp>
#include <kvfolio/tier/recompute.hpp>
#include <kvfolio/tier/split.hpp>
#include <kvfolio/tier/swap.hpp>
#include <kvfolio/tier/swap_or_recompute.hpp>

#include "../support/random_steps.hpp"
#include "../support/tier_costs.hpp"

namespace kvfolio::test {
namespace {

// A machine that knows nothing of our formulas. Small products of matrices use a processor badly,
// attention uses it worse, kernels are launched, the two sides of the roofline blend, and tokens
// are computed in tiles. Copies ramp up. What runs beside something else is slower. And nothing
// takes the same time twice, unless `noise` is 0.
class machine {
 public:
  machine(const char* model, const card& of, double gigabytes_per_second, double noise,
          std::uint64_t seed)
      : work_{costs_of(model).work},
        layers_{static_cast<double>(model::preset_named(model).layers.size())},
        peak_{of.teraflops * 1e12},
        bandwidth_{gigabytes_per_second * 1e9},
        noise_{noise},
        seed_{seed} {}

  // Seconds for what pages cost if the first `pages` are computed while the others are loaded.
  [[nodiscard]] double total(const departure& leaving, std::uint64_t pages) const {
    const auto bytes = leaving.bytes_behind(pages);
    const auto copies = std::ceil(leaving.copies_behind(pages));
    const auto computed = compute(leaving.context, leaving.tokens_in(pages), 0);
    const auto loaded = move(bytes, copies, 0);
    return (leaving.waits_until_out ? move(bytes, copies, 1) : 0) + std::max(computed, loaded) +
           0.04 * std::min(computed, loaded);
  }

  // What an engine finds out when it starts, by timing everything three times.
  [[nodiscard]] tier::cost_model measured() const {
    std::vector<tier::timed_transfer> transfers;
    std::vector<tier::timed_prefill> prefills;
    const auto prefill = [&](std::uint64_t context, std::uint64_t tokens, std::uint64_t run) {
      prefills.push_back({context, tokens, tier::seconds{compute(context, tokens, run)}});
    };
    for (const std::uint64_t run : {2U, 3U, 4U}) {
      for (const std::uint64_t each : {65'536U, 262'144U, 2'097'152U, 33'554'432U}) {
        for (const std::uint64_t copies : {1U, 8U, 64U}) {
          const auto count = static_cast<double>(copies);
          const tier::seconds time{move(each * copies, count, run)};
          transfers.push_back({each * copies, count, time});
        }
      }
      for (const std::uint64_t tokens : {16U, 64U, 128U, 256U, 512U, 1024U, 4096U, 16'384U}) {
        prefill(0, tokens, run);
      }
      prefill(16'384, 1024, run);
    }
    tier::cost_model costs;
    costs.work = work_;
    costs.computing = fit_processor(work_, prefills);
    costs.in = costs.out = tier::fit_link(transfers);
    costs.overlap = 0.96;
    return costs;
  }

 private:
  [[nodiscard]] double compute(std::uint64_t context, std::uint64_t tokens,
                               std::uint64_t run) const {
    if (tokens == 0) return 0;
    const auto tiled = (tokens + 15) / 16 * 16;
    const auto size = static_cast<double>(tiled);
    const auto utilised = 0.62 * size / (size + 24);
    const auto computing = work_.linear(tiled).value() / (peak_ * utilised) +
                           work_.attending(context, tiled).value() / (peak_ * 0.35);
    const auto reading = static_cast<double>(work_.weight_bytes) / (peak_ / 150);
    const auto blended = std::pow(std::pow(computing, 4) + std::pow(reading, 4), 0.25);
    return noisy(layers_ * 20e-6 + blended, tokens ^ context << 20U, run);
  }

  [[nodiscard]] double move(std::uint64_t bytes, double copies, std::uint64_t run) const {
    if (bytes == 0) return 0;
    const auto each = static_cast<double>(bytes) / copies;
    const auto ramp = 1 + 40'000 / (each + 10'000);
    return noisy(15e-6 + copies * 4e-6 + static_cast<double>(bytes) / bandwidth_ * ramp, bytes,
                 run);
  }

  // So much more or less, the same for equal questions.
  [[nodiscard]] double noisy(double time, std::uint64_t what, std::uint64_t run) const {
    const auto drawn = static_cast<double>(mix_bits(mix_bits(what + seed_) + run) >> 11U) * 0x1p-53;
    return time * (1 + noise_ * (2 * drawn - 1));
  }

  tier::prefill_work work_;
  double layers_;
  double peak_;
  double bandwidth_;
  double noise_;
  std::uint64_t seed_;
};

// How much more than the best choice in hindsight a policy cost: of all splits, all the same.
struct losses {
  double automatic = 0;
  double split = 0;
  double either = 0;     // tier::swap_or_recompute
  double swap = 0;       // always
  double recompute = 0;  // always
};

// The most over a grid of models, cards, links and lengths.
losses lost(double noise, std::mt19937& rng) {
  losses most;
  for (const auto* model : {"llama-3-8b", "opt-13b", "qwen2.5-7b", "gemma-3-27b"}) {
    for (const auto& on : {a100, rtx_4090, rtx_3060}) {
      for (const double gigabytes_per_second : {0.1, 0.5, 2.0, 8.0, 25.0, 50.0}) {
        const machine real{model, on, gigabytes_per_second, noise, rng()};
        const auto costs = real.measured();
        const tier::automatic automatic{costs};
        const tier::split split{costs};
        const tier::swap_or_recompute either{costs};
        for (const std::uint64_t tokens : {64U, 512U, 2048U, 8192U, 32'768U}) {
          auto leaving = leaving_of(model, tokens, 16);
          leaving.copies = std::max<std::uint64_t>(1, leaving.pages() / 4);
          leaving.waits_until_out = rng() % 2 == 0;
          auto least = real.total(leaving, 0);
          for (std::uint64_t page = 1; page < leaving.pages(); ++page) {
            least = std::min(least, real.total(leaving, page));
          }
          const auto lost_by = [&](const auto& policy, double best) {
            return real.total(leaving, policy.tokens_to_recompute(leaving) / 16) / best - 1;
          };
          most.split = std::max(most.split, lost_by(split, least));
          least = std::min(least, real.total(leaving, leaving.pages()));
          most.automatic = std::max(most.automatic, lost_by(automatic, least));
          most.either = std::max(most.either, lost_by(either, least));
          most.swap = std::max(most.swap, lost_by(tier::swap{}, least));
          most.recompute = std::max(most.recompute, lost_by(tier::recompute{}, least));
        }
      }
    }
  }
  return most;
}

TEST(tier_decisions, lose_a_tenth_at_most_to_the_best_in_hindsight) {
  for_each_seed([](std::mt19937& rng) {
    const auto most = lost(0.03, rng);
    EXPECT_LE(most.automatic, 0.10);
    EXPECT_GT(most.either, 0.30) << "to do both at once is worth something";
    EXPECT_GT(most.swap, 3) << "and to decide is worth more";
    EXPECT_GT(most.recompute, 30);
    const auto permille = static_cast<int>(most.automatic * 1000);
    testing::Test::RecordProperty("most_permille", permille);
  });
}

TEST(tier_decisions, a_split_is_within_a_twentieth_of_exhaustive_search) {
  for_each_seed([](std::mt19937& rng) {
    const auto most = lost(0, rng);
    EXPECT_LE(most.split, 0.05);
    EXPECT_LE(most.automatic, 0.05);
  });
}

}  // namespace
}  // namespace kvfolio::test
