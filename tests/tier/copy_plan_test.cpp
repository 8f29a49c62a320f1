// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/copy_plan.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::tier::test {
namespace {

std::vector<page_id> pages(std::initializer_list<std::size_t> numbers) {
  std::vector<page_id> made;
  for (const auto number : numbers) made.push_back(to_page(number));
  return made;
}
std::vector<byte_copy> planned(const page_places& from, const std::vector<page_id>& sources,
                               const page_places& to, const std::vector<page_id>& targets) {
  copy_plan made{sources.size(), from.pieces};
  const auto copies = made.plan(from, sources, to, targets);
  return {copies.begin(), copies.end()};
}

TEST(copy_plan, moves_runs_of_whole_pages_at_once) {
  const auto places = page_places::by_page(1, 100);
  EXPECT_EQ(planned(places, pages({3, 4, 5, 9}), places, pages({0, 1, 2, 3})),
            (std::vector<byte_copy>{{300, 0, 300}, {900, 300, 100}}));
}

TEST(copy_plan, keeps_neighbours_apart_that_part) {
  const auto places = page_places::by_page(1, 100);
  EXPECT_EQ(planned(places, pages({3, 4}), places, pages({1, 0})),
            (std::vector<byte_copy>{{300, 100, 100}, {400, 0, 100}}));
}

TEST(copy_plan, moves_the_pieces_of_a_run_at_once_where_layers_have_tensors_of_their_own) {
  const auto pool = page_places::by_piece(2, 10, 8);  // 8 pages: the second pieces begin at 80
  const auto buffer = page_places::by_piece(2, 10, 3);
  EXPECT_EQ(planned(pool, pages({4, 5, 6}), buffer, pages({0, 1, 2})),
            (std::vector<byte_copy>{{40, 0, 30}, {120, 30, 30}}));
  EXPECT_EQ(planned(pool, pages({4, 5, 6}), page_places::by_page(2, 10), pages({0, 1, 2})).size(),
            6U)
      << "pages whose pieces lie together in one memory only";
}

TEST(copy_plan, moves_pieces_that_lie_together_in_both_memories_as_one) {
  const auto places = page_places::by_page(4, 10);
  EXPECT_TRUE(places.whole());
  EXPECT_EQ(planned(places, pages({7}), places, pages({0})),
            (std::vector<byte_copy>{{280, 0, 40}}));
}

TEST(copy_plan, of_nothing_is_empty) {
  const auto places = page_places::by_page(4, 10);
  EXPECT_TRUE(planned(places, {}, places, {}).empty());
}

TEST(copy_plan, moves_every_byte_once_and_has_no_two_copies_that_could_be_one) {
  kvfolio::test::for_each_seed([](std::mt19937& rng) {
    for (int round = 0; round < 50; ++round) {
      const std::size_t pieces = 1 + rng() % 3;
      const auto pool =
          rng() % 2 == 0 ? page_places::by_piece(pieces, 4, 20) : page_places::by_page(pieces, 4);
      const auto buffer =
          rng() % 2 == 0 ? page_places::by_piece(pieces, 4, 20) : page_places::by_page(pieces, 4);
      std::vector<page_id> from;
      for (std::size_t page = 0; page < 20; ++page) {
        if (rng() % 3 != 0) from.push_back(to_page(page));
      }
      std::vector<page_id> to;
      for (std::size_t i = 0; i < from.size(); ++i) to.push_back(to_page(i));
      const auto copies = planned(pool, from, buffer, to);
      std::vector<int> source(pieces * 80);
      std::vector<int> target(pieces * 80, -1);
      for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<int>(i);
      for (std::size_t i = 0; i < copies.size(); ++i) {
        for (std::size_t byte = 0; byte < copies[i].bytes; ++byte) {
          ASSERT_EQ(target[copies[i].target + byte], -1) << "a byte that moves twice";
          target[copies[i].target + byte] = source[copies[i].source + byte];
        }
        const auto& before = copies[i == 0 ? 0 : i - 1];
        ASSERT_FALSE(i != 0 && before.source + before.bytes == copies[i].source &&
                     before.target + before.bytes == copies[i].target);
      }
      for (std::size_t i = 0; i < from.size(); ++i) {
        for (std::size_t piece = 0; piece < pieces; ++piece) {
          for (std::size_t byte = 0; byte < 4; ++byte) {
            ASSERT_EQ(target[buffer.offset(to[i], piece) + byte],
                      source[pool.offset(from[i], piece) + byte]);
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace kvfolio::tier::test
