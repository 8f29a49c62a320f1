// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <list>
#include <map>

#include <gtest/gtest.h>

#include <kvfolio/eviction/arc.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(arc, eviction_conformance, eviction::arc);

// Wants `key` with no free page but the victim's, and returns the victim.
std::optional<page_id> replace(policy_driver<eviction::arc>& driver, std::uint64_t key) {
  const auto access = driver.access(content_key{key});
  driver.policy.miss(access);
  const auto victim = driver.evict(access);
  if (victim) driver.insert(*victim, access);
  return victim;
}

TEST(arc, a_page_used_again_outlives_one_that_was_not) {
  policy_driver<eviction::arc> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  EXPECT_EQ(replace(driver, 10), page_id{1});
  EXPECT_EQ(replace(driver, 11), page_id{2});
}

TEST(arc, a_key_that_left_too_early_raises_the_target_of_its_list) {
  policy_driver<eviction::arc> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  EXPECT_EQ(replace(driver, 10), page_id{1});
  EXPECT_EQ(driver.policy.target(), 0);
  EXPECT_EQ(replace(driver, 1), page_id{2}) << "key 1 had page 1";
  EXPECT_EQ(driver.policy.target(), 1);
}

TEST(arc, without_history_it_never_moves_its_target) {
  policy_driver<eviction::arc> driver{3, eviction::arc{3, 0}};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  for (std::uint64_t key = 0; key < 100; ++key) replace(driver, 10 + key % 5);
  EXPECT_EQ(driver.policy.target(), 0);
}

// Megiddo and Modha, figure 4, in lists that are searched; where a list has no eligible page, the
// other one is used.
struct naive_arc {
  explicit naive_arc(std::size_t pages) : capacity{static_cast<double>(pages)} {}

  void miss(content_key key) {
    came_from = 2;
    for (std::size_t list : {0U, 1U}) {
      const auto found = std::find(ghosts[list].begin(), ghosts[list].end(), key);
      if (found == ghosts[list].end()) continue;
      came_from = list;
      const auto own = static_cast<double>(ghosts[list].size());
      const auto other = static_cast<double>(ghosts[1 - list].size());
      const double step = std::max(other / own, 1.0);
      p = list == 0 ? std::min(p + step, capacity) : std::max(p - step, 0.0);
      ghosts[list].erase(found);
      return;
    }
  }

  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    if (!oldest(resident[0], eligible) && !oldest(resident[1], eligible)) return std::nullopt;
    if (came_from == 2) {
      if (size(resident[0]) + size(ghosts[0]) + 1 > capacity) {
        if (!ghosts[0].empty()) {
          ghosts[0].pop_front();
        } else if (const auto victim = oldest(resident[0], eligible)) {
          resident[0].remove(*victim);
          return victim;
        }
      } else if (size(resident[0]) + size(resident[1]) + size(ghosts[0]) + size(ghosts[1]) >=
                 2 * capacity) {
        if (!ghosts[1].empty()) ghosts[1].pop_front();
      }
    }
    const auto once = size(resident[0]);
    const bool first =
        (once > 0 && (once > p || (once == p && came_from == 1))) || resident[1].empty();
    std::size_t list = first ? 0 : 1;
    if (!oldest(resident[list], eligible)) list = 1 - list;
    const auto victim = *oldest(resident[list], eligible);
    resident[list].remove(victim);
    ghosts[list].push_back(key_of[victim]);
    return victim;
  }

  void insert(page_id page, content_key key) {
    resident[came_from == 2 ? 0 : 1].push_back(page);
    key_of[page] = key;
  }
  void touch(page_id page) {
    erase(page);
    resident[1].push_back(page);
  }
  void erase(page_id page) {
    for (auto& list : resident) list.remove(page);
  }

  template <class List>
  static double size(const List& list) {
    return static_cast<double>(list.size());
  }

  double capacity;
  double p = 0;
  std::size_t came_from = 2;
  std::array<page_list, 2> resident;
  std::array<std::list<content_key>, 2> ghosts;
  std::map<page_id, content_key> key_of;
};

TEST(arc, agrees_with_the_paper_in_lists_that_are_searched) {
  agrees_with_model<eviction::arc, naive_arc>();
}

}  // namespace
}  // namespace kvfolio::test
