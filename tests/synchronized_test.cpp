// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/lock/none.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/synchronized.hpp>

namespace kvfolio::test {
namespace {

constexpr cache_config config{
    .shape = model::grouped_query(1, 1, 4, dtype::f16), .tokens_per_page = 4, .pages = 8};

// Says how often it was taken, and whether it is held.
struct counting_mutex {
  static inline int taken = 0;
  static inline bool held = false;
  static void lock() {
    EXPECT_FALSE(std::exchange(held, true));
    ++taken;
  }
  static void unlock() { EXPECT_TRUE(std::exchange(held, false)); }
};

template <class Mutex>
class synchronized_by : public testing::Test {
 protected:
  synchronized<paged_cache<>, Mutex> cache_{config};
};
using mutexes = testing::Types<std::mutex, lock::none, counting_mutex>;
TYPED_TEST_SUITE(synchronized_by, mutexes);

TYPED_TEST(synchronized_by, every_verb_does_what_it_does_without) {
  const std::vector<token_id> prompt{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(this->cache_.probe(prompt).pages_needed, 2U);
  auto one = this->cache_.create(prompt).value();
  EXPECT_TRUE(one.ensure(6));
  one.commit(prompt);
  auto other = one.fork().value();
  EXPECT_TRUE(other.append(3));
  EXPECT_EQ(other.length(), 9U);
  EXPECT_EQ(other.truncate(5).tokens, 4U);
  EXPECT_EQ(other.committed(), 5U);
  std::array<std::int32_t, 2> pages{};
  EXPECT_EQ(other.export_pages(pages), 2U);
  EXPECT_EQ(pages[0], one.with([](auto& kv) { return static_cast<int>(kv.page_at(0)); }));
  EXPECT_EQ(other.export_pages({}), 2U);
  EXPECT_EQ(other.append(100).error(), errc::too_large);
  one = std::move(other);
  EXPECT_FALSE(other);
  one.release();
  EXPECT_EQ(this->cache_.create(prompt).value().length(), 4U);
  const auto seen = this->cache_.with([](const auto& cache) { return cache.statistics(); });
  EXPECT_EQ(seen.cached_pages, 1U);
  EXPECT_EQ(seen.sequences, 0U);
}

TEST(synchronized, takes_the_lock_once_for_each_verb) {
  synchronized<paged_cache<>, counting_mutex> cache{config};
  counting_mutex::taken = 0;
  auto kv = cache.create().value();
  kv.append(3).value();
  auto moved = std::move(kv);
  EXPECT_EQ(counting_mutex::taken, 2);
  { const auto gone = std::move(moved); }
  EXPECT_EQ(counting_mutex::taken, 3);
  EXPECT_FALSE(cache.create(std::vector<token_id>(100)));
  EXPECT_FALSE(counting_mutex::held) << "a call that fails gives it back too";
}

}  // namespace
}  // namespace kvfolio::test
