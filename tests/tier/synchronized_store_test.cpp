// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/synchronized_store.hpp>

#include "../support/losing_store.hpp"

namespace kvfolio::tier::test {
namespace {

using kvfolio::test::losing_store;
static_assert(page_store<synchronized_store<losing_store>>);

class counting_mutex {
 public:
  void lock() noexcept { ++locked; }
  void unlock() noexcept { ++unlocked; }
  static inline int locked = 0;
  static inline int unlocked = 0;
};

TEST(synchronized_store, asks_the_store_one_thing_at_a_time) {
  losing_store store{4};
  synchronized_store<losing_store, counting_mutex> shared{store};
  const std::array<std::byte, 4> page{std::byte{1}, std::byte{2}};
  std::array<std::byte, 4> out{};
  const store_key key{{1, 2}};
  EXPECT_EQ(shared.page_bytes(), 4U);
  EXPECT_TRUE(shared.put(key, page));
  EXPECT_TRUE(shared.contains(key));
  EXPECT_TRUE(shared.get(key, out));
  EXPECT_EQ(out, page);
  EXPECT_EQ(shared.usage().entries, 1U);
  EXPECT_TRUE(shared.put_many(std::array{store_write{key, page}}));
  std::array reads{store_read{key, out, false}};
  EXPECT_EQ(shared.get_many(reads), 1U);
  EXPECT_TRUE(shared.erase(key));
  EXPECT_EQ(store.usage().entries, 0U);
  EXPECT_EQ(counting_mutex::locked, 7) << "all but page_bytes, which never changes";
  EXPECT_EQ(counting_mutex::unlocked, 7);
}

}  // namespace
}  // namespace kvfolio::tier::test
