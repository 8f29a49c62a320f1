// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/sibling_tries.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

constexpr std::size_t length = 3;
using key = std::array<std::uint32_t, length>;

struct keys_of_pages {
  std::vector<key> all;
  static std::size_t words() noexcept { return length; }
  [[nodiscard]] std::uint32_t word(page_id page, std::size_t index) const noexcept {
    return all[to_index(page)][index];
  }
};

std::size_t common(const key& one, const key& other, std::size_t words) {
  std::size_t same = 0;
  while (same < words && one[same] == other[same]) ++same;
  return same;
}

TEST(sibling_tries, find_nothing_in_empty_sets) {
  const prefix::sibling_tries tries{4};
  const auto zero = [](std::size_t /*word*/) noexcept { return 0U; };
  EXPECT_FALSE(tries.closest(std::nullopt, zero, length));
  EXPECT_FALSE(tries.closest(page_id{3}, zero, length));
}

TEST(sibling_tries, agree_with_a_search_through_all_pages_of_a_set) {
  for_each_seed([](std::mt19937& rng) {
    constexpr std::size_t pages = 60;
    prefix::sibling_tries tries{pages};
    keys_of_pages keys{std::vector<key>(pages)};
    std::map<page_id, std::optional<page_id>> parents;  // of the pages that are in a set
    const auto choose = [&](std::size_t bound) { return std::size_t{rng()} % bound; };
    // Words that differ in the highest bit, in the lowest, or in one between.
    const auto random_key = [&] {
      key made{};
      for (auto& word : made) word = std::array{0U, 1U, 0x80000000U, 0x00010000U}[choose(4)];
      return made;
    };
    const auto random_set = [&] {
      return choose(3) == 0 ? std::optional<page_id>{} : to_page(choose(2));
    };
    for (int step = 0; step < 4'000; ++step) {
      const auto page = to_page(choose(pages));
      const auto set = random_set();
      const auto wanted = random_key();
      std::size_t most = 0;
      bool some = false;
      const auto words = choose(length + 1);
      for (const auto& [other, parent] : parents) {
        if (parent != set) continue;
        some = true;
        most = std::max(most, common(wanted, keys.all[to_index(other)], words));
      }
      const auto found = tries.closest(
          set, [&](std::size_t word) noexcept { return wanted[word]; }, words);
      ASSERT_EQ(found.has_value(), some);
      if (found) {
        ASSERT_EQ(parents.at(*found), set);
        ASSERT_EQ(common(wanted, keys.all[to_index(*found)], words), most);
      }
      if (const auto at = parents.find(page); at != parents.end()) {
        tries.erase(at->second, page, keys);
        parents.erase(at);
      } else {
        const bool taken = std::ranges::any_of(parents, [&](const auto& each) {
          return each.second == set && keys.all[to_index(each.first)] == wanted;
        });
        if (taken) continue;
        keys.all[to_index(page)] = wanted;
        tries.insert(set, page, keys);
        parents[page] = set;
      }
    }
  });
}

TEST(sibling_tries, a_page_that_is_in_no_set_is_not_erased) {
  prefix::sibling_tries tries{3};
  const keys_of_pages keys{{key{1}, key{1}, key{2}}};
  tries.insert(std::nullopt, page_id{0}, keys);
  tries.insert(std::nullopt, page_id{2}, keys);
  tries.erase(std::nullopt, page_id{1}, keys);
  const auto one = [](std::size_t word) noexcept { return word == 0 ? 1U : 0U; };
  EXPECT_EQ(tries.closest(std::nullopt, one, length), page_id{0});
}

}  // namespace
}  // namespace kvfolio::test
