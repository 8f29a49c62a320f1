// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/mapping_room.hpp>

namespace kvfolio::test {
namespace {

struct counted_room {
  template <class Act>
  void with(Act act) {
    act(*this);
  }
  void fulfil(std::size_t places) { left -= places; }
  std::size_t left = 10;
};

TEST(mapping_room, is_given_back_once) {
  counted_room rows;
  {
    mapping_room room{rows, 4};
    EXPECT_EQ(room.places(), 4);
    auto other = std::move(room);
    EXPECT_EQ(other.places(), 4);
    EXPECT_EQ(rows.left, 10);
  }
  EXPECT_EQ(rows.left, 6);
}

TEST(mapping_room, of_both_is_given_back_after_an_assignment) {
  counted_room rows;
  {
    mapping_room room{rows, 4};
    room = mapping_room{rows, 3};
    EXPECT_EQ(room.places(), 3);
  }
  EXPECT_EQ(rows.left, 3);
}

}  // namespace
}  // namespace kvfolio::test
