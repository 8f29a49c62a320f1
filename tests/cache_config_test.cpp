// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/paged_cache.hpp>

namespace kvfolio::test {
namespace {

constexpr cache_config good{.shape = model::grouped_query(2, 2, 8, dtype::f16), .pages = 8};

template <class Error, class Change>
void expect_refused(Change change, const char* because) {
  auto config = good;
  EXPECT_NO_THROW(static_cast<void>(checked(config)));
  change(config);
  EXPECT_THROW(paged_cache<>{config}, Error) << "a cache asks, too";
  try {
    static_cast<void>(checked(config));
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const Error& error) {
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(cache_config, what_cannot_be_made_is_refused_with_the_reason) {
  using invalid = std::invalid_argument;
  expect_refused<invalid>([](auto& config) { config.pages = 0; }, "pages");
  expect_refused<invalid>([](auto& config) { config.pages = 1U << 31U; }, "2^31");
  expect_refused<invalid>([](auto& config) { config.tokens_per_page = 0; }, "tokens_per_page");
  expect_refused<invalid>([](auto& config) { config.max_sequences = 0; }, "max_sequences");
  expect_refused<invalid>([](auto& config) { config.shape = {}; }, "layers");
  expect_refused<invalid>([](auto& config) { config.pages = 1, config.reserve_null_page = true; },
                          "reserve_null_page");
}

TEST(cache_config, more_bytes_than_can_be_counted_are_refused) {
  expect_refused<std::length_error>(
      [](auto& config) {
        config.shape = model::grouped_query(1U << 15U, 1U << 15U, 1U << 15U, dtype::f32);
        config.pages = 1U << 30U;
      },
      "size_t");
}

TEST(cache_config, a_sequence_may_be_as_long_as_all_pages_unless_it_is_limited) {
  auto config = good;
  EXPECT_EQ(config.usable_pages(), 8U);
  EXPECT_EQ(config.longest(), 8U * 16);
  EXPECT_EQ(config.longest_in_pages(), 8U);
  config.reserve_null_page = true;
  EXPECT_EQ(config.usable_pages(), 7U);
  EXPECT_EQ(config.longest(), 7U * 16);
  config.max_tokens = 33;
  EXPECT_EQ(config.longest(), 33U);
  EXPECT_EQ(config.longest_in_pages(), 3U);
}

TEST(cache_config, a_sequence_grows_to_its_limit_and_no_further) {
  auto config = good;
  config.max_tokens = 33;
  paged_cache<> cache{config};
  auto one = cache.create().value();
  EXPECT_EQ(one.append(34).error(), errc::too_many_sequences);
  EXPECT_TRUE(one.append(33));
  EXPECT_EQ(one.append(1).error(), errc::too_many_sequences);
  EXPECT_EQ(one.reserve(1).error(), errc::too_many_sequences);
  EXPECT_EQ(cache.create(std::vector<token_id>(34)).error(), errc::too_many_sequences);
}

}  // namespace
}  // namespace kvfolio::test
