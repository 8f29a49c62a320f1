// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/extension.hpp>

#include "../support/growing_rows.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `row_extension` promises, whoever maps. `E` is one for `growing_rows`. Instantiate
/// once per policy.
template <class E>
class row_extension_conformance : public testing::Test {
 protected:
  static constexpr vm::extension_config config{
      .slots = 4, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 5};
  growing_rows work_{4, 8};
};

TYPED_TEST_SUITE_P(row_extension_conformance);

TYPED_TEST_P(row_extension_conformance, has_mapped_what_it_was_to_ensure) {
  static_assert(row_extension<TypeParam>);
  TypeParam extension{this->work_, this->config};
  extension.start(2, 0);
  for (std::size_t tokens = 0; tokens <= 80; ++tokens) {
    ASSERT_TRUE(extension.ensure(2, tokens));
    ASSERT_EQ(extension.mapped(2), (tokens + 9) / 10);
  }
  EXPECT_EQ(extension.counts().at_once, 8U);
  EXPECT_EQ(extension.counts().ahead, 0U) << "nobody asked for it";
  extension.stop(2);
  extension.with([](growing_rows& work) { EXPECT_EQ(work.rows_[2], 8U); });
}

TYPED_TEST_P(row_extension_conformance, maps_no_row_twice_and_none_that_is_there) {
  TypeParam extension{this->work_, this->config};
  this->work_.rows_[1] = 3;
  extension.start(1, 3);
  EXPECT_EQ(extension.mapped(1), 3U);
  ASSERT_TRUE(extension.ensure(1, 30));
  extension.advance(1, 30);  // wants a fourth
  extension.advance(1, 30);
  ASSERT_TRUE(extension.ensure(1, 31));
  EXPECT_EQ(extension.mapped(1), 4U);
  extension.stop(1);
  const auto counts = extension.counts();
  EXPECT_EQ(counts.ahead + counts.at_once, 1U);
  extension.with([](growing_rows& work) { EXPECT_EQ(work.rows_[1], 4U); });
}

TYPED_TEST_P(row_extension_conformance, says_why_rows_cannot_be_mapped) {
  this->work_.rows_left_ = 2;
  TypeParam extension{this->work_, this->config};
  extension.start(0, 0);
  EXPECT_EQ(extension.ensure(0, 30).error(), errc::out_of_pages);
  EXPECT_EQ(extension.mapped(0), 2U) << "what could be, is";
  extension.advance(0, 20);
  EXPECT_EQ(extension.ensure(0, 30).error(), errc::out_of_pages);
  extension.with([](growing_rows& work) { work.rows_left_ = 1; });
  EXPECT_TRUE(extension.ensure(0, 30));
  extension.stop(0);
}

TYPED_TEST_P(row_extension_conformance, a_slot_begins_anew_after_it_was_stopped) {
  TypeParam extension{this->work_, this->config};
  for (std::uint32_t i = 1; i < 50; ++i) {
    extension.start(3, 0);
    ASSERT_TRUE(extension.ensure(3, 10));
    extension.advance(3, 10);
    extension.step();
    extension.stop(3);
    extension.with([](growing_rows& work) {
      EXPECT_GE(work.rows_[3], 1U);
      EXPECT_LE(work.rows_[3], 2U);
      work.rows_[3] = 0;
    });
  }
}

TYPED_TEST_P(row_extension_conformance, maps_ahead_no_more_than_it_is_asked_for) {
  for_each_seed([](std::mt19937& rng) {
    growing_rows work{4, 8};
    TypeParam extension{work,
                        {.slots = 4, .rows_per_slot = 8, .tokens_per_row = 10, .look_ahead = 5}};
    std::vector<std::size_t> tokens(4);
    for (std::uint32_t slot = 0; slot < 4; ++slot) extension.start(slot, 0);
    for (int i = 0; i < 500; ++i) {
      extension.step();
      const auto slot = static_cast<std::uint32_t>(rng() % 4);
      if (rng() % 40 == 0) {
        extension.stop(slot);
        tokens[slot] = 0;
        extension.with([&](growing_rows& one) { one.rows_[slot] = 0; });
        extension.start(slot, 0);
        continue;
      }
      const auto more = rng() % 4;
      if (tokens[slot] + more > 80) continue;
      ASSERT_TRUE(extension.ensure(slot, tokens[slot] += more));
      extension.advance(slot, tokens[slot]);
      const auto mapped = extension.mapped(slot);
      ASSERT_GE(mapped * 10, tokens[slot]);
      ASSERT_LE(mapped, (tokens[slot] + 5 + 9) / 10);
    }
    for (std::uint32_t slot = 0; slot < 4; ++slot) extension.stop(slot);
  });
}

TYPED_TEST_P(row_extension_conformance, without_slots_is_refused) {
  EXPECT_THROW((TypeParam{this->work_, vm::extension_config{}}), std::invalid_argument);
}

REGISTER_TYPED_TEST_SUITE_P(row_extension_conformance, has_mapped_what_it_was_to_ensure,
                            maps_no_row_twice_and_none_that_is_there,
                            says_why_rows_cannot_be_mapped, a_slot_begins_anew_after_it_was_stopped,
                            maps_ahead_no_more_than_it_is_asked_for, without_slots_is_refused);

}  // namespace kvfolio::test
