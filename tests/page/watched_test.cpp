// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/watched.hpp>

#include "../conformance/checking_allocator_conformance.hpp"
#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"
#include "../conformance/run_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using over_lists = page::watched<page::free_list<>, page::null_watch>;
using over_buddies = page::watched<page::watched<page::buddy, page::null_watch>, page::null_watch>;
using both = testing::Types<over_lists, over_buddies>;
using buddies = testing::Types<over_buddies>;
INSTANTIATE_TYPED_TEST_SUITE_P(watched, page_allocator_conformance, both);
INSTANTIATE_TYPED_TEST_SUITE_P(watched, resizable_allocator_conformance, both);
INSTANTIATE_TYPED_TEST_SUITE_P(watched, run_allocator_conformance, buddies);
INSTANTIATE_TYPED_TEST_SUITE_P(watched, checking_allocator_conformance, buddies);

static_assert(sizeof(over_lists) == sizeof(page::free_list<>));
static_assert(!run_allocator<over_lists> && !checking_allocator<over_lists>);

// A watch of the user's own: what happened, in order.
struct diary : page::null_watch {
  void taken(page_run run) { runs.push_back(run); }
  void refused(std::uint32_t pages) { failures.push_back(pages); }
  void returning(page_run run, page_history /*history*/) { returns.push_back(run); }
  void make_room(page_id last) { room = last; }

  std::vector<page_run> runs{};
  std::vector<std::uint32_t> failures{};
  std::vector<page_run> returns{};
  page_id room{};
};
struct quiet_diary : diary {
  void taken(page_run run) noexcept { diary::taken(run); }
  void refused(std::uint32_t pages) noexcept { diary::refused(pages); }
  void returning(page_run run, page_history history) noexcept { diary::returning(run, history); }
};
static_assert(!page_watch<diary>, "a watch must not throw");

TEST(watched, tells_its_watch_of_everything) {
  page::watched<page::buddy, quiet_diary> pages{page_id{0}, page_id{16}};
  EXPECT_EQ(pages.watch().room, page_id{16});
  EXPECT_EQ(pages.allocate(), page_id{0});
  EXPECT_TRUE(pages.allocate_run(8));
  EXPECT_FALSE(pages.allocate_run(8));
  pages.release(page_id{0}, page_history::draft);
  pages.release_run({page_id{8}, 8}, page_history::draft);
  ASSERT_TRUE(pages.resize(page_id{32}));
  EXPECT_EQ(pages.watch().room, page_id{32});
  const std::vector<page_run> runs{{page_id{0}, 1}, {page_id{8}, 8}};
  EXPECT_EQ(pages.watch().runs, runs);
  EXPECT_EQ(pages.watch().returns, runs);
  EXPECT_EQ(pages.watch().failures, std::vector<std::uint32_t>{8});
}

}  // namespace
}  // namespace kvfolio::test
