// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/eviction/reuse_rates.hpp>

namespace kvfolio::eviction {
namespace {

constexpr std::size_t oldest = age_scale::oldest;

// Pages of `kind`, of which `used` come back at `age` and the others never.
void observe(reuse_rates& rates, std::size_t kind, int pages, int used, std::size_t age) {
  for (int i = 0; i < pages; ++i) rates.follow(kind);
  for (std::size_t from = 0; from < age; ++from) rates.move(from, from + 1);
  for (int i = 0; i < used; ++i) rates.use(kind, age);
  for (auto from = age; from < oldest; ++from) rates.move(from, from + 1);
}

TEST(reuse_rates, knowing_nothing_a_page_is_worth_the_less_the_older_it_is) {
  reuse_rates rates{2, 2};
  rates.follow(1);
  rates.learn();
  for (std::size_t age = 12; age < reuse_rates::ages; ++age) {
    EXPECT_LT(rates.worth(1, age), rates.worth(1, age - 4)) << "twice as old: " << age;
  }
  EXPECT_LT(rates.worth(1, oldest), rates.worth(1, 0));
}

TEST(reuse_rates, kinds_that_come_back_more_are_worth_more) {
  reuse_rates rates{3, 3};
  observe(rates, 1, 1'000, 600, 20);
  observe(rates, 2, 1'000, 100, 20);
  rates.learn();
  for (const std::size_t age : {0U, 10U, 20U}) {
    EXPECT_GT(rates.worth(1, age), 3 * rates.worth(2, age)) << age;
  }
}

TEST(reuse_rates, worth_rises_until_the_usual_age_and_falls_after_it) {
  reuse_rates rates{2, 2};
  observe(rates, 1, 20'000, 10'000, 30);
  rates.learn();
  EXPECT_LT(rates.worth(1, 0), rates.worth(1, 20));
  EXPECT_LT(rates.worth(1, 20), rates.worth(1, 29));
  EXPECT_GT(rates.worth(1, 29), 10 * rates.worth(1, 32));
}

TEST(reuse_rates, worth_is_uses_per_tick_of_the_best_time_to_keep) {
  reuse_rates rates{2, 2};
  observe(rates, 1, 4'000'000, 2'000'000, 20);
  rates.learn();
  const auto unit = 8'796'093'022'208.0;  // 2^43: of uses 2^32 and then 2^31, of ticks 2^20
  const auto expected = 0.5 / static_cast<double>(age_scale::age(21));  // half, until then
  const auto found = static_cast<double>(rates.worth(1, 0)) / unit;
  EXPECT_NEAR(found / expected, 1, 0.15);
}

TEST(reuse_rates, those_forgotten_count_as_long_as_they_were_followed) {
  reuse_rates rates{2, 2};
  for (int i = 0; i < 1'000; ++i) rates.follow(1);
  for (int i = 0; i < 1'000; ++i) rates.forget(1, 0);  // and might have come back later
  observe(rates, 1, 1'000, 500, 20);
  rates.learn();
  reuse_rates other{2, 2};
  observe(other, 1, 1'000, 500, 20);
  other.learn();
  EXPECT_NEAR(static_cast<double>(rates.worth(1, 10)) / static_cast<double>(other.worth(1, 10)), 1,
              0.1);
}

TEST(reuse_rates, a_kind_of_which_little_is_known_is_as_the_others) {
  reuse_rates rates{3, 3};
  observe(rates, 1, 10'000, 6'000, 20);
  rates.follow(2);
  rates.learn();
  EXPECT_NEAR(static_cast<double>(rates.worth(2, 10)) / static_cast<double>(rates.worth(1, 10)), 1,
              0.4);
  EXPECT_TRUE(rates.known(2));
  EXPECT_FALSE(rates.known(0));
}

TEST(reuse_rates, kinds_apart_tell_nothing_about_the_others) {
  reuse_rates rates{3, 3};
  observe(rates, 1, 1'000, 600, 20);
  rates.follow(2);
  rates.learn();
  const auto before = rates.worth(2, 5);
  for (int i = 0; i < 100'000; ++i) {
    rates.follow(0);
    i % 2 == 0 ? rates.use(0, 0) : rates.forget(0, 0);
  }
  rates.learn();
  EXPECT_EQ(rates.worth(2, 5), before);
}

TEST(reuse_rates, millions_of_observations_do_not_overflow) {
  reuse_rates rates{2, 2};
  for (int i = 0; i < 20'000'000; ++i) {
    rates.follow(1);
    rates.use(1, 0);
  }
  rates.follow(1);
  rates.learn();
  EXPECT_GT(rates.worth(1, 0), 0U);
  EXPECT_GT(rates.worth(1, 0), rates.worth(1, oldest));
}

}  // namespace
}  // namespace kvfolio::eviction
