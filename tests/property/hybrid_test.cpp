// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/sieve.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/two_level.hpp>

#include "../support/hybrid_driver.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

struct other_policies : default_policies {
  using eviction = kvfolio::eviction::arc;
  using page_table = kvfolio::table::two_level;
  using prefix_index = kvfolio::prefix::hashed<>;
};
// The engine makes the copies, when it likes.
struct deferring_policies : default_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
  using page_table = kvfolio::table::persistent;
  using eviction = kvfolio::eviction::sieve;
};

struct choice {
  std::size_t operator()(std::size_t bound) { return std::size_t{rng()} % bound; }
  std::mt19937& rng;
};

// Any verbs in any order agree with lists of tokens and places, after every step.
template <class Policies>
void agrees_with_the_model(const hybrid_config<>& config) {
  const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 100'000 : 3'000;
  for_each_seed([&](std::mt19937& rng) {
    hybrid_driver<Policies, choice> driver{config, choice{rng}};
    drive(driver, steps);
    if (testing::Test::HasFatalFailure()) return;
    EXPECT_GT(driver.hits(), 20U);
    EXPECT_GT(driver.departures(), 20U);
    EXPECT_GT(driver.failures(), 20U);
  });
}

model::cache_shape shape(std::uint32_t layers) {
  return model::grouped_query(layers, 1, 2, dtype::f16);
}

TEST(hybrid, a_window_beside_full_attention_agrees_with_the_model) {
  agrees_with_the_model<default_policies>(
      {.groups = {{shape(2), group::sliding_window{11}}, {shape(1), group::full{}}},
       .tokens_per_page = 4,
       .pages = 40,
       .max_sequences = 6});
}

TEST(hybrid, one_group_of_each_kind_agrees_with_the_model) {
  agrees_with_the_model<other_policies>(
      {.groups = {{model::latent(2, 3, 1, dtype::f16), group::full{}},
                  {shape(1), group::sliding_window{6, 3}},
                  {shape(2), group::chunked_local{12}},
                  {model::recurrent(2, 7, dtype::f32), group::state{8}}},
       .tokens_per_page = 2,
       .pages = 60,
       .max_sequences = 5,
       .max_tokens = 70,
       .max_step = 40,
       .reserve_null_page = true});
}

TEST(hybrid, states_beside_full_attention_with_copies_in_flight_agree_with_the_model) {
  agrees_with_the_model<deferring_policies>(
      {.groups = {{model::recurrent(3, 10, dtype::f16), group::state{8}},
                  {shape(1), group::full{}}},
       .tokens_per_page = 4,
       .pages = 30,
       .max_sequences = 8});
}

// Nobody keeps all: then nodes can run out before pages do.
TEST(hybrid, windows_alone_agree_with_the_model) {
  agrees_with_the_model<default_policies>(
      {.groups = {{shape(1), group::sliding_window{5, 2}}, {shape(2), group::sliding_window{9}}},
       .tokens_per_page = 4,
       .pages = 26,
       .max_sequences = 5,
       .max_tokens = 400});
}

TEST(hybrid, states_alone_agree_with_the_model) {
  agrees_with_the_model<other_policies>(
      {.groups = {{model::recurrent(1, 5, dtype::f32), group::state{4}}},
       .pages = 14,
       .max_sequences = 4,
       .max_tokens = 200});
}

}  // namespace
}  // namespace kvfolio::test
