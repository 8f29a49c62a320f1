// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/host_copies.hpp>
#include <kvfolio/cow_page.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/local.hpp>

namespace kvfolio::test {
namespace {

using pool_type = page_pool<page::free_list<>, refcount::local>;
using handle = cow_page<pool_type>;

static_assert(sizeof(handle) == 16);
static_assert(std::is_nothrow_copy_constructible_v<handle>);
static_assert(std::is_nothrow_move_constructible_v<handle>);

class cow_pages : public testing::Test {
 protected:
  handle take() { return handle::allocate(pool_).value(); }

  pool_type pool_{page::free_list<>{page_id{0}, page_id{4}}, 4};
};

// Copies nothing, and must not be called.
constexpr auto no_copy = [](page_id /*from*/, page_id /*to*/) noexcept {
  ADD_FAILURE() << "nothing was to be copied";
};

TEST_F(cow_pages, scenario_05_copies_share_the_page_and_the_last_one_gives_it_back) {
  auto one = take();
  EXPECT_TRUE(one.unique());
  {
    const auto other = one;  // NOLINT(performance-unnecessary-copy-initialization): the point
    EXPECT_EQ(other.id(), one.id());
    EXPECT_FALSE(one.unique());
    EXPECT_EQ(pool_.pins(one.id()), 2U);
  }
  EXPECT_TRUE(one.unique());
  one.reset();
  EXPECT_FALSE(one);
  EXPECT_EQ(pool_.free(), 4U);
}

TEST_F(cow_pages, scenario_05_a_moved_from_handle_is_empty) {
  auto one = take();
  const auto page = one.id();
  const auto other = std::move(one);
  EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): what a moved-from one is
  EXPECT_EQ(other.id(), page);
  EXPECT_TRUE(other.unique());
}

TEST_F(cow_pages, scenario_06_assignments_keep_the_counts_exact) {
  auto one = take();
  auto other = take();
  auto& same = one;
  one = same;
  EXPECT_TRUE(one.unique());
  EXPECT_EQ(pool_.free(), 2U);
  one = std::move(same);
  EXPECT_TRUE(one && one.unique());
  std::swap(one, other);
  EXPECT_TRUE(one.unique() && other.unique());
  one = other;
  EXPECT_EQ(pool_.pins(other.id()), 2U);
  EXPECT_EQ(pool_.free(), 3U) << "what was overwritten is free";
  one = handle{};
  EXPECT_TRUE(other.unique());
  const handle empty;
  const auto copy = empty;
  EXPECT_FALSE(copy);
}

TEST_F(cow_pages, scenario_15_the_only_owner_writes_in_place) {
  auto one = take();
  const auto page = one.id();
  EXPECT_EQ(one.detach(no_copy).value(), page);
  EXPECT_EQ(pool_.free(), 3U);
}

TEST_F(cow_pages, scenario_15_whoever_writes_to_a_shared_page_gets_a_copy) {
  auto one = take();
  auto other = one;
  std::vector<std::pair<page_id, page_id>> copies;
  const auto page = other.detach([&](page_id from, page_id to) { copies.emplace_back(from, to); });
  ASSERT_TRUE(page);
  EXPECT_EQ(other.id(), *page);
  EXPECT_NE(other.id(), one.id());
  EXPECT_EQ(copies, (std::vector{std::pair{one.id(), other.id()}}));
  EXPECT_TRUE(one.unique() && other.unique());
}

TEST_F(cow_pages, a_detach_that_finds_no_page_changes_nothing) {
  auto one = take();
  auto other = one;
  std::vector<handle> rest;
  while (pool_.free() != 0) rest.push_back(take());
  EXPECT_EQ(handle::allocate(pool_).error(), errc::out_of_pages);
  EXPECT_EQ(other.detach(no_copy).error(), errc::out_of_pages);
  EXPECT_EQ(other.id(), one.id());
  EXPECT_EQ(pool_.pins(one.id()), 2U);
  rest.pop_back();
  EXPECT_TRUE(other.detach([](page_id /*from*/, page_id /*to*/) noexcept {}));
}

TEST_F(cow_pages, a_page_of_a_table_is_shared_by_its_id) {
  auto one = take();
  const auto other = handle::share(pool_, one.id());
  EXPECT_EQ(other.id(), one.id());
  EXPECT_EQ(pool_.pins(one.id()), 2U);
  EXPECT_EQ(&other.pool(), &pool_);
}

TEST_F(cow_pages, the_tokens_that_count_are_copied_or_all_of_the_page) {
  const model::page_layout layout{model::grouped_query(1, 1, 4, dtype::i8), 8};
  std::vector<std::byte> memory(4 * layout.bytes());
  const model::page_array pages{memory, layout};
  host_copies copies{4};
  auto one = take();
  std::ranges::fill(pages[one.id()], std::byte{9});
  const auto copied = [&](page_id page) {
    std::size_t tokens = 0;
    while (tokens != 8 &&
           pages[page][layout.key(0, 0, static_cast<std::uint32_t>(tokens))] == std::byte{9})
      ++tokens;
    return tokens;
  };
  auto valid = one;
  EXPECT_EQ(copied(valid.detach(copies, pages, 5).value()), 5U);
  auto whole = one;
  EXPECT_EQ(copied(whole.detach(copies, pages).value()), 8U);
  EXPECT_EQ(one.detach(copies, pages).value(), one.id()) << "its alone by now";
}

#ifndef NDEBUG
using cow_pages_death = cow_pages;
TEST_F(cow_pages_death, an_empty_handle_has_no_page) {
  const handle empty;
  EXPECT_DEATH(static_cast<void>(empty.id()), "pool_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
