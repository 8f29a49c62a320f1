// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/types.hpp>

#include "policy_driver.hpp"
#include "random_steps.hpp"

namespace kvfolio::test {

using page_list = std::list<page_id>;  ///< oldest first
using predicate = std::function<bool(page_id)>;

/// The oldest page of `pages` that is `eligible`.
inline std::optional<page_id> oldest(const page_list& pages, const predicate& eligible) {
  const auto found = std::find_if(pages.begin(), pages.end(), eligible);
  if (found == pages.end()) return std::nullopt;
  return *found;
}

/// Moves `page` from the list it is in, if any, to the young end of another.
inline void move_to_back(page_list& from, page_list& to, page_id page) {
  from.remove(page);
  to.push_back(page);
}

inline bool contains(const page_list& pages, page_id page) {
  return std::find(pages.begin(), pages.end(), page) != pages.end();
}

/// A key of three times as many as there are pages, some more popular than others.
inline content_key any_key(std::mt19937& rng, std::size_t pages) {
  const auto keys = static_cast<std::uint32_t>(3 * pages + 2);
  return content_key{std::min(rng() % keys, rng() % keys)};
}

/// Holds a policy to a naive model of it over random accesses to more keys than there are pages,
/// while pages become ineligible and eligible again, and now and then leave by nobody's decision.
///
/// `Model` is made for a number of pages and has `miss(key)`, `evict(key, eligible)`,
/// `insert(page, key)`, `touch(page)` and `erase(page)`. `make(pages)` makes the policy, and
/// `next_key(rng, pages)` says what is accessed.
template <class Model, class Make, class NextKey = decltype(&any_key)>
void agrees_with_model(Make make, NextKey next_key = &any_key) {
  for (const std::size_t pages : {1U, 2U, 5U, 24U, 230U}) {
    SCOPED_TRACE(std::to_string(pages) + " pages");
    for_each_seed([&](std::mt19937& rng) {
      policy_driver driver{pages, make(pages)};
      Model model{pages};
      std::map<content_key, page_id> resident;
      std::vector<content_key> key_of(pages);
      std::vector<page_id> unused;
      for (std::size_t page = pages; page-- > 0;) unused.push_back(to_page(page));
      const predicate eligible = [&](page_id page) { return driver.is_eligible(page); };
      std::uint32_t flips = 2;  // of 16 steps
      for (int i = 0; i < 30'000; ++i) {
        if (i % 1'000 == 0) flips = static_cast<std::uint32_t>(rng() % 10);
        const auto page = to_page(rng() % pages);
        const auto choice = rng() % 16;
        if (choice < flips) {
          if (driver.tracks(page)) driver.set_eligible(page, !driver.is_eligible(page));
          continue;
        }
        if (choice == 15 && rng() % 4 == 0) {
          if (!driver.tracks(page)) continue;
          driver.erase(page);
          model.erase(page);
          resident.erase(key_of[to_index(page)]);
          unused.push_back(page);
          continue;
        }
        const content_key key = next_key(rng, pages);
        const auto access = driver.access(key);
        if (const auto hit = resident.find(key); hit != resident.end()) {
          driver.policy.touch(hit->second, access);
          model.touch(hit->second);
          continue;
        }
        driver.policy.miss(access);
        model.miss(key);
        if (unused.empty()) {
          const std::optional<page_id> expected = model.evict(key, eligible);
          ASSERT_EQ(driver.evict(access), expected) << "at step " << i;
          if (!expected) continue;
          resident.erase(key_of[to_index(*expected)]);
          unused.push_back(*expected);
        }
        const auto taken = unused.back();
        unused.pop_back();
        driver.insert(taken, access);
        model.insert(taken, key);
        resident.emplace(key, taken);
        key_of[to_index(taken)] = key;
        ASSERT_EQ(driver.policy.size(), resident.size());
      }
    });
  }
}

/// The same, for policies that are made from a number of pages.
template <class Policy, class Model>
void agrees_with_model() {
  agrees_with_model<Model>([](std::size_t pages) { return Policy(pages); });
}

}  // namespace kvfolio::test
