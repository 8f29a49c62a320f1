// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/generation_pool.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/local.hpp>
#include <kvfolio/unique_page.hpp>
#include <kvfolio/weak_page.hpp>

#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using plain_pool = page_pool<page::free_list<>, refcount::local>;
using pool_type = generation_pool<plain_pool>;
using shared_page = cow_page<pool_type>;
using weak = weak_page<pool_type>;

static_assert(weak_pool<pool_type> && !weak_pool<plain_pool>);
static_assert(sizeof(weak) == 24);

class weak_pages : public testing::Test {
 protected:
  static constexpr std::size_t pages = 4;
  shared_page take() { return shared_page::allocate(pool_).value(); }
  pool_type pool_{plain_pool{page::free_list<>{page_id{0}, page_id{pages}}, pages}, pages};
};

TEST_F(weak_pages, do_not_keep_their_page) {
  auto one = take();
  const weak seen{one};
  EXPECT_TRUE(one.unique());
  EXPECT_FALSE(seen.expired());
  {
    const auto locked = seen.lock();
    EXPECT_EQ(locked.id(), one.id());
    EXPECT_EQ(pool_.pins(one.id()), 2U);
  }
  one.reset();
  EXPECT_TRUE(seen.expired());
  EXPECT_FALSE(seen.lock());
  EXPECT_EQ(pool_.free(), pages);
}

TEST_F(weak_pages, last_as_long_as_any_handle_does) {
  auto one = take();
  const weak seen{one};
  auto other = std::move(one);
  const auto third = other;  // NOLINT(performance-unnecessary-copy-initialization): the point
  other.reset();
  EXPECT_EQ(seen.lock().id(), third.id());
}

TEST_F(weak_pages, are_never_another_page_that_has_the_same_id) {
  auto one = take();
  const auto page = one.id();
  const weak seen{one};
  one.reset();
  std::vector<shared_page> all;
  while (pool_.free() != 0) all.push_back(take());
  ASSERT_TRUE(std::ranges::any_of(all, [page](const auto& each) { return each.id() == page; }));
  EXPECT_TRUE(seen.expired());
  EXPECT_FALSE(seen.lock());
}

TEST_F(weak_pages, do_not_follow_a_handle_that_is_detached) {
  auto one = take();
  auto other = one;
  const weak seen{other};
  EXPECT_TRUE(other.detach([](page_id /*from*/, page_id /*to*/) noexcept {}));
  EXPECT_EQ(seen.lock().id(), one.id());
  EXPECT_NE(seen.lock().id(), other.id());
}

TEST_F(weak_pages, of_nothing_have_expired) {
  const weak nothing;
  EXPECT_TRUE(nothing.expired());
  EXPECT_FALSE(nothing.lock());
}

// A page's life is a number here, and a weak handle remembers which one it was.
TEST_F(weak_pages, know_a_life_from_the_next_one_in_a_storm) {
  for_each_seed([this](std::mt19937& rng) {
    struct life {
      shared_page page;
      int number;
    };
    std::vector<life> alive;
    std::vector<std::pair<weak, int>> remembered;
    int lives = 0;
    for (int i = 0; i < 5'000; ++i) {
      if (rng() % 2 == 0 && pool_.free() != 0) {
        alive.push_back({take(), lives++});
        remembered.emplace_back(weak{alive.back().page}, alive.back().number);
      } else if (!alive.empty()) {
        const auto one = rng() % alive.size();
        if (rng() % 3 == 0) {
          alive.push_back({alive[one].page, alive[one].number});
        } else {
          alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(one));
        }
      }
      if (remembered.size() > 50) remembered.erase(remembered.begin());
      for (const auto& [seen, number] : remembered) {
        const auto found = std::ranges::find(alive, number, &life::number);
        ASSERT_EQ(seen.expired(), found == alive.end()) << "at step " << i;
        if (found == alive.end()) continue;
        ASSERT_EQ(seen.lock().id(), found->page.id());
      }
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
