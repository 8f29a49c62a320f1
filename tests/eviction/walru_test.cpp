// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/eviction/walru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::walru;

INSTANTIATE_TYPED_TEST_SUITE_P(walru, eviction_conformance, walru);

class walru_of_16_tokens : public testing::Test {
 protected:
  page_access access(std::size_t page, std::uint32_t seen, std::uint32_t depth,
                     std::uint32_t length, std::uint32_t tokens = 16) {
    auto made = driver.access(to_page(page));
    made.depth = depth;
    made.seen_pages = seen;
    made.request_pages = length;
    made.tokens = tokens;
    return made;
  }
  void insert(const page_access& made) {
    driver.insert(to_page(static_cast<std::size_t>(made.key)), made);
  }
  policy_driver<walru> driver{4, walru{4, 16}};
};

TEST_F(walru_of_16_tokens, a_new_tail_ages_fifty_times_as_fast) {
  insert(access(0, 4, 4, 6));
  for (int i = 0; i < 40; ++i) static_cast<void>(access(0, 0, 0, 1));
  insert(access(1, 4, 5, 6, 7));
  EXPECT_EQ(driver.evict(), page_id{1}) << "twice 50 against 43";
}

TEST_F(walru_of_16_tokens, pages_of_long_turns_leave_before_those_of_short_ones) {
  insert(access(0, 2, 2, 9));
  insert(access(1, 2, 2, 10));
  EXPECT_EQ(driver.evict(), page_id{1}) << "8 new pages are many, and 7 are few";
}

TEST_F(walru_of_16_tokens, pages_of_first_turns_leave_before_those_that_were_seen) {
  insert(access(0, 1, 0, 9));
  insert(access(1, 1, 1, 9));
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST_F(walru_of_16_tokens, of_equal_weighted_ages_the_class_named_first_loses) {
  insert(access(0, 2, 2, 9));  // weight 1, age 6 below
  insert(access(1, 0, 0, 1));  // weight 3, age 5
  for (int i = 0; i < 2; ++i) static_cast<void>(access(0, 0, 0, 1));
  insert(access(2, 2, 9, 10));  // weight 6, age 2
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST_F(walru_of_16_tokens, who_makes_room_for_nobody_in_particular_finds_the_same_page) {
  insert(access(0, 2, 2, 9));
  insert(access(1, 2, 2, 10));
  EXPECT_EQ(driver.evict(page_access{}), page_id{1});
}

// What an access says, made up from its key and its number.
page_access described(page_access access) {
  const auto bits = mix_bits(static_cast<std::uint64_t>(access.key) + 31 * (access.access % 7));
  access.depth = static_cast<std::uint32_t>(bits % 12);
  access.request_pages = access.depth + 1 + static_cast<std::uint32_t>(bits / 12 % 12);
  access.seen_pages = static_cast<std::uint32_t>(bits / 144 % (access.request_pages + 1));
  access.tokens = static_cast<std::uint32_t>(15 + bits / 8'192 % 2);
  return access;
}

struct described_walru : walru {
  explicit described_walru(std::size_t pages)
      : walru{pages, 16, {.new_tail = 9, .first_turn = 4, .short_turn = 2, .long_turn = 5}} {}
  void insert(page_id page, const page_access& access) noexcept {
    walru::insert(page, described(access));
  }
  void touch(page_id page, const page_access& access) noexcept {
    walru::touch(page, described(access));
  }
};

// The policy's text, with all pages searched.
struct naive_walru {
  explicit naive_walru(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) { ++now; }
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    std::optional<page_id> victim;
    for (const auto& [page, use] : last) {
      if (!eligible(page)) continue;
      if (victim) {
        const auto& best = last[*victim];
        const auto ages = std::array{weighted_age(use), weighted_age(best)};
        if (ages[0] < ages[1] || (ages[0] == ages[1] && use.list >= best.list)) continue;
      }
      victim = page;
    }
    if (victim) erase(*victim);
    return victim;
  }
  void insert(page_id page, content_key key) {
    key_of[page] = key;
    use_page(page);
  }
  void touch(page_id page) {
    ++now;
    use_page(page);
  }
  void erase(page_id page) { last.erase(page); }

  struct last_use {
    std::size_t list;
    std::uint64_t at;
  };
  [[nodiscard]] std::uint64_t weighted_age(const last_use& of) const {
    return (now - of.at + 1) * std::array{9U, 4U, 2U, 5U, 1U}[of.list];
  }
  void use_page(page_id page) {
    const auto access = described({.key = key_of[page], .access = now});
    const bool seen = access.depth < access.seen_pages;
    std::size_t list = 0;
    if (seen || access.tokens == 16 || access.depth + 1 < access.request_pages) {
      const auto added = access.request_pages - access.seen_pages;
      list = access.seen_pages < 2 ? (seen ? 4 : 1) : (added < 8 ? 2 : 3);
    }
    last[page] = {list, now};
  }

  std::uint64_t now = 0;
  std::map<page_id, last_use> last;
  std::map<page_id, content_key> key_of;
};

TEST(walru, agrees_with_ages_that_are_searched) {
  agrees_with_model<described_walru, naive_walru>();
}

}  // namespace
}  // namespace kvfolio::test
