// SPDX-License-Identifier: Apache-2.0
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/local.hpp>
#include <kvfolio/unique_page.hpp>

namespace kvfolio::test {
namespace {

using pool_type = page_pool<page::free_list<>, refcount::local>;
using handle = unique_page<pool_type>;

static_assert(sizeof(handle) == 16);
static_assert(!std::is_copy_constructible_v<handle> && !std::is_copy_assignable_v<handle>);
static_assert(std::is_nothrow_move_constructible_v<handle>);

class unique_pages : public testing::Test {
 protected:
  pool_type pool_{page::free_list<>{page_id{0}, page_id{2}}, 2};
};

constexpr auto no_copy = [](page_id /*from*/, page_id /*to*/) noexcept {
  ADD_FAILURE() << "nothing was to be copied";
};

TEST_F(unique_pages, give_their_page_back_when_they_go) {
  {
    auto one = handle::allocate(pool_).value();
    const auto other = std::move(one);
    EXPECT_TRUE(other && !one);  // NOLINT(bugprone-use-after-move): what a moved-from one is
    EXPECT_EQ(pool_.free(), 1U);
  }
  EXPECT_EQ(pool_.free(), 2U);
  auto one = handle::allocate(pool_).value();
  one.reset();
  EXPECT_FALSE(one);
  EXPECT_EQ(pool_.free(), 2U);
}

TEST_F(unique_pages, there_are_no_more_of_than_pages) {
  const auto one = handle::allocate(pool_).value();
  const auto other = handle::allocate(pool_).value();
  EXPECT_NE(one.id(), other.id());
  EXPECT_EQ(handle::allocate(pool_).error(), errc::out_of_pages);
}

TEST_F(unique_pages, become_shared_and_back_without_a_copy) {
  auto draft = handle::allocate(pool_).value();
  const auto page = draft.id();
  auto shared = std::move(draft).share();
  EXPECT_FALSE(draft);  // NOLINT(bugprone-use-after-move): what it is then
  auto again = handle::detach(std::move(shared), no_copy).value();
  EXPECT_EQ(again.id(), page);
  EXPECT_FALSE(shared);  // NOLINT(bugprone-use-after-move): what it is then
}

TEST_F(unique_pages, are_copies_where_others_have_the_page) {
  auto shared = handle::allocate(pool_).value().share();
  auto other = shared;
  std::vector<std::pair<page_id, page_id>> copies;
  const auto copy = [&](page_id from, page_id to) { copies.emplace_back(from, to); };
  const auto mine = handle::detach(std::move(other), copy).value();
  EXPECT_EQ(copies, (std::vector{std::pair{shared.id(), mine.id()}}));
  EXPECT_TRUE(shared.unique());
}

TEST_F(unique_pages, that_cannot_be_had_leave_the_shared_one_as_it_was) {
  const auto rest = handle::allocate(pool_).value();
  auto shared = handle::allocate(pool_).value().share();
  auto other = shared;
  EXPECT_EQ(handle::detach(std::move(other), no_copy).error(), errc::out_of_pages);
  EXPECT_EQ(other.id(), shared.id());  // NOLINT(bugprone-use-after-move): it was not taken
}

}  // namespace
}  // namespace kvfolio::test
