// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/row_copies.hpp>

namespace kvfolio::test {
namespace {

struct noted_copies {
  template <class Act>
  auto with(Act act) {
    return act(*this);
  }
  result<void> copy(const copy_op& op) noexcept {
    done.push_back(op);
    return broken ? result<void>{errc::device_failed} : result<void>{};
  }
  std::vector<copy_op> done;
  bool broken = false;
};

static_assert(copy_backend<row_copies<noted_copies>>);
static_assert(!deferring_copy_backend<row_copies<noted_copies>>);

TEST(row_copies, are_done_at_once) {
  noted_copies rows;
  result<void> outcome;
  row_copies<noted_copies> copies{rows, outcome};
  const model::page_array none{{}, {model::grouped_query(1, 1, 8, dtype::f16), 16}};
  const copy_op op{page_id{3}, page_id{5}, 1, 7};
  copies.submit(op, none);
  EXPECT_EQ(rows.done, std::vector{op});
  EXPECT_FALSE(copies.busy(page_id{3}));
  EXPECT_EQ(copies.unread(page_id{3}), 0);
  EXPECT_TRUE(outcome);
}

TEST(row_copies, remember_that_one_failed) {
  noted_copies rows;
  result<void> outcome;
  row_copies<noted_copies> copies{rows, outcome};
  const model::page_array none{{}, {model::grouped_query(1, 1, 8, dtype::f16), 16}};
  rows.broken = true;
  copies.submit({page_id{0}, page_id{1}, 0, 1}, none);
  rows.broken = false;
  copies.submit({page_id{0}, page_id{1}, 0, 1}, none);
  EXPECT_EQ(outcome.error(), errc::device_failed);
}

}  // namespace
}  // namespace kvfolio::test
