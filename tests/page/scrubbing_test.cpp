// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/scrubbing.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/refcount/local.hpp>

namespace kvfolio::test {
namespace {

constexpr std::size_t page_bytes = 32;

bool any_secret(std::span<const std::byte> bytes) {
  return std::any_of(bytes.begin(), bytes.end(),
                     [](std::byte each) { return each != std::byte{}; });
}

TEST(scrubbing, the_next_tenant_of_a_page_finds_zeros) {
  std::array<std::byte, 4 * page_bytes> bytes{};
  using allocator = page::scrubbing<page::free_list<>>;
  page_pool<allocator, refcount::local> pool{
      allocator{{page_id{0}, page_id{4}}, page::scrubber{page::zero_bytes{bytes, page_bytes}}}, 4};
  const auto content = [&bytes](page_id page) {
    return std::span{bytes}.subspan(to_index(page) * page_bytes, page_bytes);
  };
  const auto mine = pool.allocate().value();
  const auto shared = pool.allocate().value();
  std::ranges::fill(content(mine), std::byte{42});
  std::ranges::fill(content(shared), std::byte{43});
  pool.pin(shared);
  EXPECT_TRUE(pool.unpin(mine));
  EXPECT_TRUE(any_secret(content(mine))) << "it is not free yet: a copy may read it";
  pool.release(mine, page_history::draft);
  EXPECT_FALSE(any_secret(content(mine)));
  EXPECT_FALSE(pool.unpin(shared));
  EXPECT_TRUE(any_secret(content(shared))) << "somebody has it still";
  EXPECT_TRUE(pool.unpin(shared));
  pool.release(shared, page_history::committed);
  EXPECT_FALSE(any_secret(bytes));
}

// As one that fills device memory on a stream would.
struct plan {
  void operator()(page_run run) const noexcept { wiped->push_back(run); }
  std::vector<page_run>* wiped = nullptr;
};

TEST(scrubbing, a_wipe_of_the_users_own_hears_of_whole_runs) {
  std::vector<page_run> wiped;
  wiped.reserve(4);
  page::scrubbing<page::buddy, plan> pages{{page_id{0}, page_id{16}}, page::scrubber{plan{&wiped}}};
  const auto run = pages.allocate_run(5).value();
  const auto page = pages.allocate().value();
  pages.release_run(run, page_history::draft);
  pages.release(page, page_history::draft);
  EXPECT_EQ(wiped, (std::vector<page_run>{run, {page, 1}}));
}

#ifndef NDEBUG
struct wiping : default_policies {
  using page_allocator = page::scrubbing<page::free_list<>, plan>;
};
static_assert(supervising_allocator<wiping::page_allocator>);
static_assert(!supervising_allocator<page::free_list<>>);

TEST(scrubbing, a_page_that_is_evicted_for_the_next_tenant_is_wiped_first) {
  constexpr cache_config config{
      .shape = model::grouped_query(1, 1, 4, dtype::f16), .tokens_per_page = 2, .pages = 3};
  std::vector<page_run> wiped;
  wiped.reserve(16);
  auto parts = cache_parts<wiping>::make(config);
  parts.pages = {{page_id{0}, page_id{3}}, page::scrubber{plan{&wiped}}};
  paged_cache<wiping> cache{config, std::move(parts)};
  const std::vector<token_id> prompt{1, 2, 3, 4, 5, 6};
  {
    auto one = cache.create(prompt, {.scope = {.salt = 1}}).value();
    one.append(6).value();
    one.commit(prompt);
  }
  EXPECT_TRUE(wiped.empty()) << "the pages are cached, and may be found";
  auto other = cache.create({}, {.scope = {.salt = 2}}).value();
  other.append(4).value();
  ASSERT_EQ(wiped.size(), 2U);
  EXPECT_EQ(wiped[0].first, other.page_at(0));
  EXPECT_EQ(wiped[1].first, other.page_at(1));
  EXPECT_STREQ(cache.check_invariants(), nullptr);
}

TEST(scrubbing, a_wipe_without_bytes_is_no_wipe) {
  page::scrubbing<page::free_list<>> pages{page_id{0}, page_id{4}};
  const auto page = pages.allocate().value();
  EXPECT_DEATH(pages.release(page, page_history::draft), "page_bytes_ != 0");
}
#endif

}  // namespace
}  // namespace kvfolio::test
