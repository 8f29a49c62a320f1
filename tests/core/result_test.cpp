// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/core/result.hpp>

namespace kvfolio::test {
namespace {

TEST(result, holds_a_value_or_a_reason) {
  const result<int> good = 7;
  const result<int> bad = errc::out_of_pages;
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  EXPECT_EQ(good.value(), 7);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), errc::out_of_pages);
}

TEST(result, value_throws_the_reason) {
  const result<void> bad = errc::too_large;
  try {
    bad.value();
    FAIL() << "value() returned";
  } catch (const bad_result& error) {
    EXPECT_EQ(error.error(), errc::too_large);
    EXPECT_STREQ(error.what(), "request larger than the pool");
  }
  result<int> number = errc::in_flight;
  EXPECT_THROW(number.value(), bad_result);
  EXPECT_THROW(std::move(number).value(), bad_result);
}

TEST(result, hands_over_a_value_that_can_only_be_moved) {
  result<std::unique_ptr<int>> made = std::make_unique<int>(3);
  static_assert(std::is_same_v<decltype(std::move(made).value()), std::unique_ptr<int>>);
  EXPECT_EQ(*std::move(made).value(), 3);
}

TEST(result, void_succeeds_by_default) {
  const result<void> good;
  EXPECT_TRUE(good);
  EXPECT_NO_THROW(good.value());
}

TEST(result, works_in_constant_expressions) {
  static_assert(result<int>{3}.value() == 3);
  static_assert(result<void>{errc::too_large}.error() == errc::too_large);
}

TEST(errc, every_code_has_a_text_of_its_own) {
  std::set<std::string> texts;
  for (const auto error :
       {errc::out_of_pages, errc::out_of_memory, errc::out_of_range, errc::too_large,
        errc::too_many_sequences, errc::buffer_too_small, errc::in_use, errc::in_flight,
        errc::store_full, errc::store_failed, errc::no_physical, errc::no_mappings,
        errc::no_address_space, errc::device_failed}) {
    EXPECT_TRUE(texts.insert(to_string(error)).second) << to_string(error);
  }
  EXPECT_FALSE(texts.contains("unknown error"));
}

#ifndef NDEBUG
TEST(result_death, asking_a_success_for_its_error_is_a_contract_violation) {
  const result<int> good = 7;
  EXPECT_DEATH(static_cast<void>(good.error()), "has_value");
}

TEST(result_death, reading_a_value_that_is_not_there_is_a_contract_violation) {
  const result<int> bad = errc::too_large;
  EXPECT_DEATH(static_cast<void>(*bad), "has_value");
}

TEST(result_death, a_failure_without_a_reason_is_a_contract_violation) {
  EXPECT_DEATH(static_cast<void>(result<void>{errc{}}), "errc");
}
#endif

}  // namespace
}  // namespace kvfolio::test
