// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/tier/segment_layout.hpp>

#include "../support/stored_pages.hpp"

namespace kvfolio::test {
namespace {

using tier::segment_layout;
constexpr tier::store_fingerprint fingerprint{{1, 2}};

TEST(segment_layout, has_places_for_everything_that_do_not_overlap) {
  const segment_layout layout{fingerprint, 5'000, 200};
  EXPECT_EQ(layout.stride(), 8'192U);
  EXPECT_EQ(layout.record_place(0), 8'192U);
  EXPECT_EQ(layout.record_place(199) + 32, 14'592U);
  EXPECT_EQ(layout.page_place(0), 16'384U);
  EXPECT_EQ(layout.page_place(3), 16'384U + 3 * 8'192);
  EXPECT_EQ(segment_layout::changed_slots + segment_layout::remembered * 4, 8'192U);
}

TEST(segment_layout, pages_begin_at_a_multiple_of_what_they_are_multiples_of) {
  const auto begin = [](std::size_t bytes) {
    return segment_layout{fingerprint, bytes, 4}.page_place(0);
  };
  EXPECT_EQ(begin(1), 12'288U);
  EXPECT_EQ(begin(65'536), 65'536U);
  EXPECT_EQ(begin(3 * 65'536), 65'536U);
  EXPECT_EQ(begin(std::size_t{8} << 20U), std::size_t{2} << 20U);
}

TEST(segment_layout, believes_a_record_only_as_it_was_and_in_its_slot) {
  const segment_layout layout{fingerprint, 100, 4};
  tier::segment_record record{key_of(1), 7, 70, 0};
  EXPECT_FALSE(layout.checked(record, 2));
  record.crc = layout.crc_of(record, 2);
  ASSERT_TRUE(layout.checked(record, 2));
  EXPECT_EQ(layout.checked(record, 2)->key, key_of(1));
  EXPECT_FALSE(layout.checked(record, 3));
  EXPECT_FALSE((segment_layout{{{1, 3}}, 100, 4}.checked(record, 2)));
  auto other = record;
  other.page_crc ^= 1U;
  EXPECT_FALSE(layout.checked(other, 2));
  other = record;
  other.key.words[1] ^= 1U;
  EXPECT_FALSE(layout.checked(other, 2));
  EXPECT_FALSE(layout.checked({}, 2)) << "an empty one";
}

TEST(segment_layout, knows_its_own_beginning_and_that_of_any_store) {
  const segment_layout layout{fingerprint, 100, 4};
  auto head = layout.head();
  EXPECT_TRUE(layout.begins(head, 48));
  EXPECT_FALSE(layout.begins(head, 47));
  EXPECT_FALSE((segment_layout{fingerprint, 101, 4}.begins(head, 48)));
  EXPECT_TRUE(segment_layout::begins_a_store(head, 3));
  EXPECT_TRUE(segment_layout::begins_a_store({}, 0)) << "a new file";
  head.magic[3] = '!';
  EXPECT_FALSE(layout.begins(head, 48));
  EXPECT_TRUE(segment_layout::begins_a_store(head, 48));
  head.magic.fill('\0');
  EXPECT_FALSE(segment_layout::begins_a_store(head, 48));
  EXPECT_FALSE(segment_layout::begins_a_store(head, 1));
}

TEST(segment_layout, refuses_what_no_file_can_be) {
  EXPECT_THROW((segment_layout{fingerprint, 0, 4}), std::invalid_argument);
  EXPECT_THROW((segment_layout{fingerprint, SIZE_MAX - 10, 4}), std::length_error);
  EXPECT_THROW((segment_layout{fingerprint, std::size_t{1} << 40U, std::size_t{1} << 40U}),
               std::length_error);
}

}  // namespace
}  // namespace kvfolio::test
