// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include <kvfolio/vm/background_extension.hpp>

#include "support/contiguous_storm.hpp"
#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

struct in_the_background : by_layer {
  template <class Work>
  using extension = vm::background_extension<Work>;
};
struct on_a_device_in_the_background : on_a_device {
  template <class Work>
  using extension = vm::background_extension<Work>;
};

template <class Bundle>
void storm_of(std::mt19937& rng, int steps) {
  auto config = config_of_rows<Bundle>(18);
  config.look_ahead = 100;
  contiguous_storm<Bundle> wild{rng, config};
  for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
    wild.step();
    if (i % 16 == 0) wild.check();
  }
  if (!testing::Test::HasFatalFailure()) wild.finish();
}

TEST(contiguous_cache_threads, sequences_read_what_they_wrote_while_rows_are_mapped_ahead) {
  for_each_seed([](std::mt19937& rng) { storm_of<in_the_background>(rng, 200); });
}

TEST(contiguous_cache_threads, nothing_forbidden_is_done_to_a_device_meanwhile) {
  for_each_seed([](std::mt19937& rng) { storm_of<on_a_device_in_the_background>(rng, 200); });
}

TEST(contiguous_cache_threads, what_was_mapped_ahead_is_there_when_it_is_needed) {
  using cache_type = contiguous_cache<in_the_background>;
  auto config = config_of_rows<in_the_background>(8);
  config.look_ahead = 2 * 64;
  cache_type cache{config};
  auto one = cache.create().value();
  one.append(1).value();
  const auto row = vm::chunks_per_row(cache.places());
  while (cache.mappings().maps < 3 * row) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  EXPECT_EQ(cache.mappings().left_pages, 2) << "mapped, and nobody has them";
  one.append(2 * cache.tokens_per_page()).value();
  EXPECT_EQ(cache.statistics().used_pages, 3);
  EXPECT_STREQ(cache.check_invariants(), nullptr);
  while (cache.mappings().left_pages != 2)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  EXPECT_EQ(cache.mappings().maps, 5 * row) << "each once";
}

}  // namespace
}  // namespace kvfolio::test
