// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/reuse_rate.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_driver.hpp"

namespace kvfolio::test {
namespace {

using eviction::reuse_rate;

INSTANTIATE_TYPED_TEST_SUITE_P(reuse_rate, eviction_conformance, reuse_rate);

// A cache of single pages that counts its hits.
template <class Policy>
class page_cache {
 public:
  page_cache(std::size_t pages, Policy policy) : driver_{pages, std::move(policy)}, free_{pages} {}

  // Wants `key`, and says whether it was there. The rest of the access is as `like` says.
  bool want(std::uint64_t key, page_access like = {}) {
    const auto counted = driver_.access(content_key{key});
    like.key = counted.key;
    like.access = counted.access;
    if (const auto at = resident_.find(key); at != resident_.end()) {
      driver_.policy.touch(at->second, like);
      return true;
    }
    driver_.policy.miss(like);
    auto page = to_page(free_ - 1);
    if (free_ > 0) {
      --free_;
    } else {
      page = *driver_.evict(like);
      resident_.erase(key_of_[page]);
    }
    driver_.insert(page, like);
    resident_[key] = page;
    key_of_[page] = key;
    return false;
  }

 private:
  policy_driver<Policy> driver_;
  std::size_t free_;
  std::map<std::uint64_t, page_id> resident_;
  std::map<page_id, std::uint64_t> key_of_;
};

// Requests of one page: some come back once after `gap` others, and the rest never does. `tell`
// says what the access tells of a page that will come back, or will not.
template <class Policy, class Tell>
double hit_rate(Policy policy, int gap, Tell tell) {
  page_cache<Policy> cache{300, std::move(policy)};
  std::deque<std::uint64_t> waiting;
  std::uint64_t fresh = 0;
  int wanted = 0;
  int hits = 0;
  for (int i = 0; i < 60'000; ++i) {
    const bool returns = i % 5 == 0;
    cache.want(++fresh, tell(returns));
    if (!returns) continue;
    waiting.push_back(fresh);
    if (waiting.size() <= static_cast<std::size_t>(gap / 6)) continue;  // 6 accesses a round
    const bool hit = cache.want(waiting.front(), tell(false));
    waiting.pop_front();
    if (i < 20'000) continue;  // it has to learn
    ++wanted;
    hits += hit;
  }
  return static_cast<double>(hits) / wanted;
}

page_access of_turn(bool returns) {
  return {.depth = 9, .tokens = 16, .request_pages = returns ? 10U : 60U, .seen_pages = 9};
}

TEST(reuse_rate, learns_which_turns_are_continued) {
  EXPECT_EQ(hit_rate(eviction::lru{300}, 900, of_turn), 0);
  EXPECT_GT(hit_rate(reuse_rate{300}, 900, of_turn), 0.95);
}

TEST(reuse_rate, learns_what_a_hint_is_worth) {
  const auto hinted = [](bool returns) {
    page_access access{.request_pages = 1};
    access.hint.next_turn = returns ? continuation::expected : continuation::over;
    return access;
  };
  const auto inverted = [&](bool returns) { return hinted(!returns); };
  const auto unhinted = [](bool /*returns*/) { return page_access{.request_pages = 1}; };
  const auto without = hit_rate(reuse_rate{300}, 900, unhinted);
  EXPECT_GT(hit_rate(reuse_rate{300}, 900, hinted), 0.95);
  EXPECT_GT(hit_rate(reuse_rate{300}, 900, inverted), 0.9) << "a hint that is wrong is one, too";
  EXPECT_LT(without, 0.7);
}

TEST(reuse_rate, keeps_some_of_what_comes_back_later_than_all_can_stay) {
  const auto alike = [](bool /*returns*/) { return page_access{.request_pages = 1}; };
  EXPECT_EQ(hit_rate(eviction::lru{300}, 900, alike), 0);
  EXPECT_GT(hit_rate(reuse_rate{300}, 900, alike), 0.2);
}

TEST(reuse_rate, learns_nothing_beyond_its_memory_and_still_works_without_any) {
  EXPECT_GT(hit_rate(reuse_rate{300, 1'200}, 900, of_turn), 0.95);
  EXPECT_GE(hit_rate(reuse_rate{300, 0}, 900, of_turn), 0);
}

TEST(reuse_rate, in_the_beginning_the_oldest_page_leaves) {
  policy_driver<reuse_rate> driver{400};
  for (std::size_t page = 0; page < 200; ++page) driver.insert(to_page(page));
  EXPECT_LT(to_index(*driver.evict()), 64U) << "ages are told apart by 64 accesses";
}

TEST(reuse_rate, who_makes_room_for_nobody_in_particular_finds_the_same_page) {
  policy_driver<reuse_rate> one{4};
  policy_driver<reuse_rate> other{4};
  for (const std::size_t page : {2U, 0U, 3U, 1U}) {
    one.insert(to_page(page));
    other.insert(to_page(page));
  }
  EXPECT_EQ(one.evict(), other.evict(page_access{}));
}

}  // namespace
}  // namespace kvfolio::test
