// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/eviction/slru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::slru;
using eviction::slru_entry;

using segmented = testing::Types<slru<>, slru<4>>;
INSTANTIATE_TYPED_TEST_SUITE_P(slru, eviction_conformance, segmented);

TEST(slru, a_page_used_again_outlives_those_used_once) {
  policy_driver<slru<>> driver{5};
  for (std::size_t page = 0; page < 5; ++page) driver.insert(to_page(page));
  driver.touch(page_id{0});
  for (std::size_t page = 1; page < 5; ++page) EXPECT_EQ(driver.evict(), to_page(page));
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(slru, what_overflows_a_segment_is_the_youngest_of_the_one_below) {
  policy_driver<slru<>> driver{3, slru<>{3, {2, 1}}};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.touch(page_id{0});
  driver.touch(page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0}) << "which page 1 pushed down";
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST(slru, an_overflow_goes_down_as_many_segments_as_are_full) {
  policy_driver<slru<3>> driver{3, slru<3>{3, {1, 1, 1}}};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  for (const auto page : {0U, 0U, 1U, 1U}) driver.touch(page_id{page});
  EXPECT_EQ(driver.policy.size(0), 1U);
  EXPECT_EQ(driver.policy.size(1), 1U);
  EXPECT_EQ(driver.policy.size(2), 1U);
  driver.touch(page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0}) << "1 pushed it to the second segment, 2 to the first";
}

TEST(slru, a_newcomer_may_start_in_the_lowest_segment_with_room) {
  policy_driver<slru<>> driver{3, slru<>{3, {1, 2}, slru_entry::lowest_with_room}};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  EXPECT_EQ(driver.policy.size(0), 1U);
  EXPECT_EQ(driver.policy.size(1), 2U);
}

// The policy's text, in lists that are searched.
template <std::size_t Segments>
struct naive_slru {
  explicit naive_slru(std::size_t pages) : share{pages / Segments} {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    for (auto& segment : segments) {
      if (const auto victim = oldest(segment, eligible)) {
        segment.remove(*victim);
        return victim;
      }
    }
    return std::nullopt;
  }
  void insert(page_id page, content_key /*key*/) {
    for (auto& segment : segments) {
      if (segment.size() < share) return segment.push_back(page);
    }
    segments[0].push_back(page);
  }
  void touch(page_id page) {
    std::size_t at = 0;
    while (!contains(segments[at], page)) ++at;
    const auto next = at + 1 < Segments ? at + 1 : at;
    move_to_back(segments[at], segments[next], page);
    if (next == at) return;
    for (auto full = next; full > 0; --full) {
      while (segments[full].size() > share) {
        move_to_back(segments[full], segments[full - 1], segments[full].front());
      }
    }
  }
  void erase(page_id page) {
    for (auto& segment : segments) segment.remove(page);
  }

  std::size_t share;
  std::array<page_list, Segments> segments;
};

TEST(slru, agrees_with_lists_that_are_searched) {
  agrees_with_model<naive_slru<4>>([](std::size_t pages) {
    const auto share = pages / 4;
    return slru<4>{pages, {share, share, share, share}, slru_entry::lowest_with_room};
  });
}

}  // namespace
}  // namespace kvfolio::test
