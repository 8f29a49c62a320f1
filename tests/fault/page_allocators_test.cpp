// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/address_ordered.hpp>
#include <kvfolio/page/best_fit.hpp>
#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/thread_caches.hpp>
#include <kvfolio/page/tracking.hpp>

#include "../support/allocation_guard.hpp"
#include "../support/free_pages.hpp"

namespace kvfolio::test {
namespace {

template <class A>
class page_allocators : public testing::Test {};
using all =
    testing::Types<page::free_list<>, page::address_ordered, page::first_fit, page::best_fit,
                   page::buddy, page::thread_caches<page::best_fit>, page::tracking<page::buddy>>;
TYPED_TEST_SUITE(page_allocators, all);
constexpr std::size_t most = 1'000;  // allocations, far more than any takes

TYPED_TEST(page_allocators, a_failure_of_construction_is_a_bad_alloc_and_leaks_nothing) {
  const auto live = allocations().live;
  std::optional<TypeParam> pages;
  const auto failures = fail_until_it_works(
      most, [&] { pages.emplace(page_id{0}, page_id{1'000}); },
      [&](std::size_t /*failures*/) { EXPECT_EQ(allocations().live, live); });
  EXPECT_LT(failures, most);
  EXPECT_GT(failures, 0U);
}

TYPED_TEST(page_allocators, a_failure_to_grow_is_a_bad_alloc_and_changes_nothing) {
  TypeParam pages{page_id{0}, page_id{100}};
  std::vector<page_id> taken(40);
  for (auto& page : taken) page = pages.allocate().value();
  for (const auto at : {3U, 30U, 31U}) pages.release(taken[at], page_history::draft);
  const auto as_set = [&pages] {
    const auto free = free_pages(pages);
    return std::set<page_id>(free.begin(), free.end());
  };
  const auto before = as_set();
  const auto failures = fail_until_it_works(
      most, [&] { ASSERT_TRUE(pages.resize(page_id{5'000})); },
      [&](std::size_t /*failures*/) {
        EXPECT_EQ(as_set(), before) << "and can grow the next time";
      });
  EXPECT_LT(failures, most);
  EXPECT_GT(failures, 0U);
  EXPECT_EQ(pages.size(), before.size() + 4'900);
}

TYPED_TEST(page_allocators, nothing_is_allocated_once_they_are_made) {
  TypeParam pages{page_id{0}, page_id{100}};
  const auto before = allocations().attempts;
  for (int i = 0; i < 101; ++i) static_cast<void>(pages.allocate());
  for (std::uint32_t page = 0; page < 100; ++page) {
    pages.release(page_id{page * 37 % 100}, page_history::draft);
  }
  if constexpr (run_allocator<TypeParam>) {
    const auto run = pages.allocate_run(64).value();
    pages.release_run(run, page_history::draft);
  }
  EXPECT_EQ(allocations().attempts, before);
}

}  // namespace
}  // namespace kvfolio::test
