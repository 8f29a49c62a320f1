// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction_order.hpp>

namespace kvfolio::test {
namespace {

// Remembers what it was told, and evicts the eligible page of the lowest number.
struct listening {
  explicit listening(std::size_t /*pages*/) {}
  void miss(const page_access& access) noexcept { missed.push_back(access); }
  std::optional<page_id> evict(const page_access& access, page_set eligible) noexcept {
    asked = access;
    for (std::size_t page = 0; page < 8; ++page) {
      if (eligible.contains(to_page(page))) return to_page(page);
    }
    return std::nullopt;
  }
  void insert(page_id page, const page_access& access) noexcept {
    inserted.push_back(access);
    last = page;
  }
  void touch(page_id /*page*/, const page_access& access) noexcept { touched.push_back(access); }
  void erase(page_id page) noexcept { last = page; }
  [[nodiscard]] std::size_t size() const noexcept { return inserted.size(); }

  std::vector<page_access> missed, inserted, touched;
  page_access asked{};
  page_id last{};
};
static_assert(eviction_policy<listening> && !eligibility_aware<listening>);

sequence_record chat() {
  sequence_record user;
  user.request = 3;
  user.session = session_id{9};
  user.prompt_pages = 5;
  user.hit_pages = 2;
  return user;
}
const std::vector<token_id> four{1, 2, 3, 4};

TEST(eviction_order, tells_policies_that_hear_of_every_page_all_there_is_to_know) {
  eviction_order<listening> order{listening{8}, 8, 4};
  order.advance(77);
  order.enter({}, {}, page_id{1}, four, chat());
  order.enter({}, {page_id{1}, 1}, page_id{2}, four, chat());
  order.touch(page_id{2}, 1, chat());
  const auto& seen = order.policy();
  ASSERT_EQ(seen.inserted.size(), 2U);
  EXPECT_EQ(seen.missed.size(), 2U);
  const auto& second = seen.inserted[1];
  EXPECT_NE(second.key, seen.inserted[0].key) << "the same tokens after others are another content";
  EXPECT_EQ(second.access, 2U);
  EXPECT_EQ(second.request, 3U);
  EXPECT_EQ(second.now, 77U);
  EXPECT_EQ(second.depth, 1U);
  EXPECT_EQ(second.tokens, 4U);
  EXPECT_EQ(second.request_pages, 5U);
  EXPECT_EQ(second.seen_pages, 2U);
  EXPECT_EQ(second.session, session_id{9});
  EXPECT_EQ(seen.touched.at(0).key, second.key);
  EXPECT_EQ(seen.touched.at(0).access, 3U);
}

TEST(eviction_order, equal_contents_have_equal_keys_wherever_they_are) {
  eviction_order<listening> one{listening{8}, 8, 4};
  eviction_order<listening> other{listening{8}, 8, 4};
  one.enter({}, {}, page_id{1}, four, chat());
  other.enter({}, {}, page_id{6}, four, chat());
  other.enter({.scope = {.salt = 1}}, {}, page_id{2}, four, chat());
  EXPECT_EQ(one.policy().inserted[0].key, other.policy().inserted[0].key);
  EXPECT_NE(one.policy().inserted[0].key, other.policy().inserted[1].key);
}

TEST(eviction_order, only_allowed_pages_leave) {
  eviction_order<listening> order{listening{8}, 8, 4};
  for (std::size_t page = 0; page < 3; ++page) order.enter({}, {}, to_page(page), four, chat());
  EXPECT_EQ(order.evictable(), 0U);
  order.allow(page_id{1});
  order.allow(page_id{2});
  order.forbid(page_id{1});
  EXPECT_FALSE(order.is_evictable(page_id{1}));
  EXPECT_EQ(order.evictable(), 1U);
  EXPECT_EQ(order.evict(chat()), page_id{2});
  EXPECT_EQ(order.policy().asked.access, 3U) << "when the last page was accessed";
  EXPECT_EQ(order.evictable(), 0U);
  order.forget(page_id{1});
  EXPECT_EQ(order.policy().last, page_id{1});
}

TEST(eviction_order, frontier_aware_policies_hear_of_the_last_page_of_each_sequence) {
  eviction_order<eviction::lru> order{eviction::lru{8}, 8, 4};
  for (std::size_t page = 0; page < 3; ++page) order.enter({}, {}, to_page(page), four, chat());
  EXPECT_EQ(order.policy().size(), 0U);
  order.leave(page_id{2}, chat());
  order.allow(page_id{2});
  EXPECT_EQ(order.policy().size(), 1U);
  EXPECT_EQ(order.evict(chat()), page_id{2});
  order.allow(page_id{1});
  EXPECT_TRUE(order.policy().tracks(page_id{1})) << "it joins when its last child has left";
  order.forbid(page_id{1});
  order.forget(page_id{1});
  EXPECT_EQ(order.policy().size(), 0U);
}

}  // namespace
}  // namespace kvfolio::test
