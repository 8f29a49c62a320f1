// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/transfer_thread.hpp>

#include "../support/transfer_yard.hpp"

namespace kvfolio::tier::test {
namespace {

using kvfolio::test::late_mover;
using kvfolio::test::losing_store;
using kvfolio::test::transfer_yard;
using thread_type = transfer_thread<losing_store, late_mover<>>;
static_assert(!std::is_move_constructible_v<thread_type>);

class transfers_by_a_thread : public testing::Test {
 protected:
  transfers_by_a_thread() {
    for (std::size_t i = 0; i < 10; ++i) {
      moving_.push_back({to_page(2 * i), yard_.key(i)});
      yard_.fill(moving_[i].page, i);
    }
  }

  transfer_yard yard_{page_places::by_page(1, 64)};
  std::vector<page_transfer> moving_;
  transfer_engine<losing_store, late_mover<>> engine_{
      yard_.store, {yard_.bytes, 1}, yard_.places, 3};
};

TEST_F(transfers_by_a_thread, end_without_further_calls) {
  thread_type thread{engine_};
  const auto out = thread.start(direction::to_store, moving_).value();
  EXPECT_EQ(thread.wait(out), (transfer_progress{10, true}));
  for (auto& byte : yard_.bytes) byte = std::byte{};
  const auto back = thread.start(direction::to_pool, moving_).value();
  EXPECT_EQ(thread.wait(back), (transfer_progress{10, true}));
  EXPECT_EQ(thread.progress(out), (transfer_progress{10, true}));
  for (std::size_t i = 0; i < 10; ++i) EXPECT_TRUE(yard_.holds(moving_[i].page, i));
}

TEST_F(transfers_by_a_thread, run_in_the_order_in_which_they_were_started) {
  thread_type thread{engine_, 4};
  EXPECT_TRUE(thread.start(direction::to_store, moving_));
  const auto back = thread.start(direction::to_pool, moving_).value();
  EXPECT_EQ(thread.wait(back).landed, 10U);
}

TEST_F(transfers_by_a_thread, are_aborted_when_it_goes) {
  for (int i = 0; i < 20; ++i) {
    thread_type thread{engine_, 4};
    EXPECT_TRUE(thread.start(direction::to_store, moving_));
    EXPECT_TRUE(thread.start(direction::to_pool, moving_));
  }
  EXPECT_EQ(engine_.step(), transfer_step::idle);
}

}  // namespace
}  // namespace kvfolio::tier::test
