// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/age_cells.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::eviction {
namespace {

TEST(age_cells, the_first_page_is_of_the_first_cell_that_has_any) {
  age_cells cells{4, 3};
  EXPECT_EQ(cells.first(), std::nullopt);
  cells.insert(page_id{0}, 2);
  cells.insert(page_id{1}, 1);
  cells.insert(page_id{2}, 1);
  EXPECT_EQ(cells.first(), page_id{1});
  cells.erase(page_id{1});
  EXPECT_EQ(cells.first(), page_id{2});
  cells.change(page_id{2}, 2);
  EXPECT_EQ(cells.first(), page_id{0});
  EXPECT_EQ(cells.size(), 2U);
}

TEST(age_cells, pages_of_a_cell_follow_each_other) {
  age_cells cells{4, 2};
  cells.insert(page_id{3}, 1);
  cells.insert(page_id{1}, 1);
  cells.insert(page_id{2}, 0);
  EXPECT_EQ(cells.after(page_id{3}), page_id{1});
  EXPECT_EQ(cells.after(page_id{1}), std::nullopt);
  EXPECT_EQ(cells.after(page_id{2}), std::nullopt);
}

TEST(age_cells, a_page_that_is_shown_again_is_the_first_of_its_cell) {
  age_cells cells{2, 2};
  cells.insert(page_id{0}, 1);
  cells.insert(page_id{1}, 1);
  cells.hide(page_id{1});
  EXPECT_TRUE(cells.is_hidden(page_id{1}));
  cells.show(page_id{1}, 1);
  EXPECT_EQ(cells.first(), page_id{1});
}

// Lists of pages, searched.
struct naive_cells {
  std::vector<std::deque<std::size_t>> lists;
  std::vector<std::size_t> order;
  void take(std::size_t page) {
    for (auto& list : lists) std::erase(list, page);
  }
  [[nodiscard]] std::optional<page_id> first() const {
    for (const auto cell : order) {
      if (!lists[cell].empty()) return to_page(lists[cell].front());
    }
    return std::nullopt;
  }
};

TEST(age_cells, agree_with_lists_that_are_searched) {
  static constexpr std::size_t pages = 40;
  static constexpr std::size_t count = 70;
  test::for_each_seed([](std::mt19937& rng) {
    age_cells cells{pages, count};
    naive_cells model{std::vector<std::deque<std::size_t>>(count), {}};
    for (std::size_t cell = 0; cell < count; ++cell) model.order.push_back(cell);
    for (int i = 0; i < 10'000; ++i) {
      const std::size_t number = rng() % pages;
      const auto page = to_page(number);
      const std::size_t cell = rng() % count;
      const auto choice = rng() % 8;
      if (choice == 0) {
        const std::size_t to = (cell + 1) % count;
        cells.move(cell, to);
        auto& from = model.lists[cell];
        model.lists[to].insert(model.lists[to].end(), from.begin(), from.end());
        from.clear();
      } else if (choice == 1 && i % 50 == 0) {
        std::shuffle(model.order.begin(), model.order.end(), rng);
        cells.reorder(
            [&](std::size_t rank) { return static_cast<std::uint32_t>(model.order[rank]); });
      } else if (!cells.contains(page)) {
        cells.insert(page, cell);
        model.lists[cell].push_back(number);
      } else if (choice == 2) {
        cells.erase(page);
        model.take(number);
      } else if (cells.is_hidden(page)) {
        cells.change(page, cell);
        EXPECT_TRUE(cells.is_hidden(page));
        cells.show(page, cell);
        model.lists[cell].push_front(number);
      } else if (choice < 5) {
        cells.hide(page);
        model.take(number);
      } else {
        cells.change(page, cell);
        model.take(number);
        model.lists[cell].push_back(number);
      }
      ASSERT_EQ(cells.first(), model.first()) << "at step " << i;
    }
  });
}

}  // namespace
}  // namespace kvfolio::eviction
