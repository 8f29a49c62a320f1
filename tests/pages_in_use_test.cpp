// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/pages_in_use.hpp>

#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// A forest of indexed pages, of which some are needed by others than their children.
class pages_in_use_of_a_forest : public testing::Test {
 protected:
  static constexpr std::size_t pages = 24;

  // Indexes `page`, which somebody needs, after `parent`.
  void add(page_id page, std::optional<page_id> parent) {
    indexed_[to_index(page)] = true;
    parents_[to_index(page)] = parent;
    needs_[to_index(page)] = 1;
    counted_.enter(page);
    if (parent) counted_.doubt(*parent);
  }
  void remove(page_id page) {
    const auto parent = parents_[to_index(page)];
    indexed_[to_index(page)] = false;
    needs_[to_index(page)] = 0;
    counted_.leave(page, parent);
    if (parent) counted_.doubt(*parent);
  }
  void need(page_id page, std::size_t others) {
    needs_[to_index(page)] = others;
    counted_.doubt(page);
  }
  [[nodiscard]] std::size_t children(page_id page) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < pages; ++i) {
      if (indexed_[i] && parents_[i] == page) ++found;
    }
    return found;
  }
  void settle() {
    counted_.settle(
        [this](page_id page) {
          const auto pins = needs_[to_index(page)] + children(page);
          return indexed_[to_index(page)] && pins > counted_.idle_children(page);
        },
        [this](page_id page) { return parents_[to_index(page)]; });
  }
  // By walks from every page that is needed.
  [[nodiscard]] std::vector<bool> in_use() const {
    std::vector<bool> found(pages);
    for (std::size_t i = 0; i < pages; ++i) {
      if (!indexed_[i] || needs_[i] == 0) continue;
      for (auto at = std::optional{to_page(i)}; at; at = parents_[to_index(*at)]) {
        found[to_index(*at)] = true;
      }
    }
    return found;
  }

  pages_in_use counted_{pages};
  std::vector<std::optional<page_id>> parents_ = std::vector<std::optional<page_id>>(pages);
  std::vector<bool> indexed_ = std::vector<bool>(pages);
  std::vector<std::size_t> needs_ = std::vector<std::size_t>(pages);
};

TEST_F(pages_in_use_of_a_forest, a_page_that_is_needed_keeps_all_before_it_in_use) {
  add(page_id{0}, std::nullopt);
  add(page_id{1}, page_id{0});
  add(page_id{2}, page_id{1});
  need(page_id{0}, 0);
  need(page_id{1}, 0);
  settle();
  EXPECT_EQ(counted_.size(), 3U);
  need(page_id{2}, 0);
  EXPECT_EQ(counted_.size(), 3U) << "nobody asked yet";
  settle();
  EXPECT_EQ(counted_.size(), 0U);
  need(page_id{1}, 1);
  settle();
  EXPECT_EQ(counted_.size(), 2U);
  EXPECT_FALSE(counted_.contains(page_id{2}));
}

TEST_F(pages_in_use_of_a_forest, what_undoes_itself_before_anybody_asks_is_not_walked) {
  add(page_id{0}, std::nullopt);
  add(page_id{1}, page_id{0});
  need(page_id{0}, 0);
  need(page_id{1}, 0);
  settle();
  std::size_t steps = 0;
  for (int i = 0; i < 100; ++i) {
    need(page_id{1}, 1);
    need(page_id{1}, 0);
  }
  counted_.settle([](page_id) { return false; },
                  [&](page_id page) {
                    ++steps;
                    return parents_[to_index(page)];
                  });
  EXPECT_EQ(steps, 0U);
}

TEST_F(pages_in_use_of_a_forest, is_what_walks_from_every_needed_page_find) {
  for_each_seed([this](std::mt19937& rng) {
    for (int step = 0; step < 2'000; ++step) {
      const auto page = to_page(rng() % pages);
      if (!indexed_[to_index(page)]) {
        const auto parent = to_page(rng() % pages);
        const bool below = indexed_[to_index(parent)] && rng() % 8 != 0;
        add(page, below ? std::optional{parent} : std::nullopt);
      } else if (rng() % 3 != 0) {
        need(page, rng() % 2);
      } else if (children(page) == 0) {
        remove(page);
      }
      if (rng() % 4 != 0) continue;
      settle();
      const auto wanted = in_use();
      std::size_t size = 0;
      for (std::size_t i = 0; i < pages; ++i) {
        ASSERT_EQ(counted_.contains(to_page(i)), wanted[i]) << "page " << i << ", step " << step;
        size += wanted[i] ? 1 : 0;
      }
      ASSERT_EQ(counted_.size(), size);
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
