// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/transfer_engine.hpp>

#include "../support/random_steps.hpp"
#include "../support/transfer_yard.hpp"

namespace kvfolio::tier::test {
namespace {

using kvfolio::test::for_each_seed;
using kvfolio::test::late_mover;
using kvfolio::test::losing_store;
using kvfolio::test::transfer_yard;
using engine_type = transfer_engine<losing_store, late_mover<>>;

// Pages 3, 7, 4, 5 and 20 of a yard, under the keys 0 to 4.
class transfers : public testing::TestWithParam<std::size_t> {
 protected:
  transfers() {
    for (std::size_t i = 0; i < 5; ++i) {
      moving_.push_back({to_page(std::vector<std::size_t>{3, 7, 4, 5, 20}[i]), yard_.key(i)});
      yard_.fill(moving_[i].page, i);
    }
  }
  [[nodiscard]] std::size_t stored() const { return yard_.store.usage().entries; }
  void spoil() { std::ranges::fill(yard_.bytes, std::byte{}); }
  // How many of the pages are what they were, from the first on.
  [[nodiscard]] std::size_t intact() const {
    std::size_t count = 0;
    while (count < 5 && yard_.holds(moving_[count].page, count)) ++count;
    return count;
  }
  [[nodiscard]] transfer_progress move(direction way) {
    const auto ticket = engine_.start(way, moving_).value();
    engine_.run();
    return engine_.progress(ticket);
  }

  transfer_yard yard_{page_places::by_piece(GetParam(), 6, transfer_yard::pages)};
  std::vector<page_transfer> moving_;
  engine_type engine_{yard_.store, {yard_.bytes, 2}, yard_.places, 2, 3};
};
INSTANTIATE_TEST_SUITE_P(of_pages_in_pieces, transfers, testing::Values(1, 3));

TEST_P(transfers, bring_pages_to_the_store_and_back) {
  EXPECT_EQ(move(direction::to_store), (transfer_progress{5, true}));
  EXPECT_EQ(stored(), 5U);
  spoil();
  EXPECT_EQ(move(direction::to_pool), (transfer_progress{5, true}));
  EXPECT_EQ(intact(), 5U);
}

TEST_P(transfers, end_where_the_store_has_no_page) {
  for (std::size_t lost = 0; lost < 5; ++lost) {
    static_cast<void>(move(direction::to_store));
    EXPECT_TRUE(yard_.store.erase(yard_.key(lost)));
    const auto before = yard_.bytes;
    spoil();
    EXPECT_EQ(move(direction::to_pool), (transfer_progress{lost, true}));
    EXPECT_EQ(intact(), lost);
    yard_.bytes = before;
  }
}

TEST_P(transfers, end_where_the_store_takes_no_page) {
  for (std::size_t refused = 1; refused <= 5; ++refused) {
    yard_.store.puts_until_failure = refused;
    const auto seen = move(direction::to_store);
    EXPECT_EQ(seen, (transfer_progress{(refused - 1) / 2 * 2, true})) << "whole batches";
    for (std::size_t i = 0; i < 5; ++i) yard_.store.erase(yard_.key(i));
  }
}

TEST_P(transfers, say_what_has_landed_so_far) {
  const auto ticket = engine_.start(direction::to_store, moving_).value();
  std::size_t landed = 0;
  while (engine_.step() != transfer_step::idle) {
    engine_.wait();
    const auto seen = engine_.progress(ticket);
    EXPECT_GE(seen.landed, landed);
    landed = seen.landed;
    for (std::size_t i = 0; i < landed; ++i) EXPECT_TRUE(yard_.store.contains(yard_.key(i)));
  }
  EXPECT_EQ(landed, 5U);
}

TEST_P(transfers, may_be_aborted_at_any_step) {
  for (const auto way : {direction::to_store, direction::to_pool}) {
    for (std::size_t steps = 0; steps < 12; ++steps) {
      for (std::size_t i = 0; i < 5; ++i) yard_.fill(moving_[i].page, i);
      if (way == direction::to_pool) {
        static_cast<void>(move(direction::to_store));
        spoil();
      }
      const auto ticket = engine_.start(way, moving_).value();
      for (std::size_t i = 0; i < steps; ++i) engine_.step();
      const bool over = engine_.progress(ticket).ended;
      engine_.abort(ticket);
      engine_.run();
      const auto seen = engine_.progress(ticket);
      EXPECT_TRUE(seen.ended);
      EXPECT_EQ(over, seen.landed == 5) << "after " << steps << " steps";
      if (way == direction::to_pool) {
        EXPECT_GE(intact(), seen.landed);
      } else {
        for (std::size_t i = 0; i < seen.landed; ++i) {
          EXPECT_TRUE(yard_.store.contains(yard_.key(i)));
        }
      }
      for (std::size_t i = 0; i < 5; ++i) yard_.store.erase(yard_.key(i));
    }
  }
}

TEST_P(transfers, are_as_many_as_were_agreed_on) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(engine_.start(direction::to_store, moving_));
  EXPECT_EQ(engine_.start(direction::to_store, moving_).error(), errc::in_flight);
  engine_.run();
  EXPECT_TRUE(engine_.start(direction::to_pool, moving_));
  engine_.run();
  EXPECT_EQ(engine_.step(), transfer_step::idle);
}

TEST_P(transfers, of_nothing_have_ended) {
  const auto ticket = engine_.start(direction::to_pool, {}).value();
  EXPECT_EQ(engine_.progress(ticket), (transfer_progress{0, true}));
  EXPECT_EQ(engine_.step(), transfer_step::idle);
}

template <class Engine>
void move_at_random() {
  for_each_seed([](std::mt19937& rng) {
    for (int round = 0; round < 200; ++round) {
      const std::size_t pieces = 1 + rng() % 3;
      transfer_yard yard{rng() % 2 == 0 ? page_places::by_piece(pieces, 5, transfer_yard::pages)
                                        : page_places::by_page(pieces, 5)};
      Engine engine{yard.store, {yard.bytes, rng() % 3}, yard.places, 1 + rng() % 6, 2};
      std::vector<page_transfer> moving;
      for (std::size_t page = 0; page < transfer_yard::pages; ++page) {
        moving.push_back({to_page(page), {}});
      }
      std::ranges::shuffle(moving, rng);
      moving.resize(rng() % moving.size());
      for (std::size_t i = 0; i < moving.size(); ++i) {
        moving[i].key = yard.key(i);
        yard.fill(moving[i].page, i);
      }
      const auto out = engine.start(direction::to_store, moving).value();
      engine.run();
      ASSERT_EQ(engine.progress(out), (transfer_progress{moving.size(), true}));
      // They come back to other pages, and all others stay what they are.
      std::vector<page_id> targets;
      for (std::size_t page = 0; page < transfer_yard::pages; ++page) {
        yard.fill(to_page(page), 100 + page);
        targets.push_back(to_page(page));
      }
      std::ranges::shuffle(targets, rng);
      for (std::size_t i = 0; i < moving.size(); ++i) moving[i].page = targets[i];
      const auto lost = rng() % 2 == 0 ? moving.size() : rng() % (moving.size() + 1);
      if (lost < moving.size()) yard.store.erase(yard.key(lost));
      const auto back = engine.start(direction::to_pool, moving).value();
      engine.run();
      ASSERT_EQ(engine.progress(back), (transfer_progress{lost, true}));
      for (std::size_t i = 0; i < targets.size(); ++i) {
        if (i >= lost && i < moving.size()) continue;  // unspecified
        ASSERT_TRUE(yard.holds(targets[i], i < lost ? i : 100 + to_index(targets[i])));
      }
    }
  });
}

TEST(transfers_of_all_kinds, leave_the_right_bytes_in_the_right_places) {
  move_at_random<engine_type>();
  move_at_random<transfer_engine<losing_store, late_mover<false>>>();
}

}  // namespace
}  // namespace kvfolio::tier::test
