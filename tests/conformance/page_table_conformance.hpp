// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/table/concept.hpp>
#include <kvfolio/table/parts.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `page_table` promises, against one vector a row. Instantiate once per policy.
template <class T>
class page_table_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(page_table_conformance);

using naive_rows = std::vector<std::vector<page_id>>;

/// What an `extent_page_table` must make of a row.
inline std::vector<table::extent> fewest_extents(const std::vector<page_id>& naive) {
  std::vector<table::extent> extents;
  for (std::size_t i = 0; i < naive.size(); ++i) {
    const bool goes_on =
        i != 0 && (naive[i] == no_page ? naive[i - 1] == no_page
                                       : to_index(naive[i]) == to_index(naive[i - 1]) + 1);
    if (!goes_on) extents.push_back({static_cast<std::uint32_t>(i), naive[i]});
  }
  return extents;
}

/// Is row `row` of `table` the naive one, whichever way it is read?
template <class T>
testing::AssertionResult equal_row(const T& table, std::size_t row,
                                   const std::vector<page_id>& naive) {
  const auto fails = [row] { return testing::AssertionFailure() << "row " << row << ": "; };
  if (table.size(row) != naive.size()) return fails() << "has " << table.size(row) << " pages";
  std::vector<std::int32_t> exported(naive.size() + 1, -7);
  table.export_to(row, exported);
  if (exported.back() != -7) return fails() << "export wrote past the row";
  for (std::size_t i = 0; i < naive.size(); ++i) {
    if (table.at(row, i) != naive[i]) return fails() << "place " << i << " differs";
    if (exported[i] != static_cast<std::int32_t>(naive[i])) return fails() << "export, place " << i;
  }
  if (!naive.empty() && table.back(row) != naive.back()) return fails() << "back differs";
  const auto half = naive.size() / 2;
  for (const auto& [first, end] : {std::pair{half / 2, naive.size()}, std::pair{half / 3, half}}) {
    std::vector<std::int32_t> part(end - first);
    table::export_part(table, row, first, part);
    if (!std::equal(part.begin(), part.end(), exported.begin() + static_cast<int>(first))) {
      return fails() << "export of [" << first << ", " << end << ") differs";
    }
  }
  if constexpr (contiguous_page_table<T>) {
    if (!std::ranges::equal(table.view(row), naive)) return fails() << "view differs";
  }
  if constexpr (sparse_page_table<T>) {
    auto next = naive.size();
    for (auto i = naive.size() + 1; i-- > 0;) {
      if (i < naive.size() && naive[i] != no_page) next = i;
      if (table.next(row, i) != next) return fails() << "the page after " << i << " differs";
    }
  }
  if constexpr (extent_page_table<T>) {
    if (!std::ranges::equal(table.extents(row), fewest_extents(naive))) {
      return fails() << "extents differ";
    }
  }
  return testing::AssertionSuccess();
}

/// `count` ids, of which about every second follows on the one before, and every tenth is a hole.
inline std::vector<page_id> random_pages(std::size_t count, std::mt19937& rng) {
  std::vector<page_id> pages(count);
  std::size_t last = rng() % 1'000;
  for (auto& page : pages) {
    last = rng() % 2 == 0 ? last + 1 : rng() % (1U << 30U);
    page = rng() % 10 == 0 ? no_page : to_page(last);
  }
  return pages;
}

/// One random operation on a random row of both.
template <class T>
void storm_step(T& table, naive_rows& naive, std::size_t length, std::mt19937& rng) {
  const auto row = rng() % naive.size();
  auto& mine = naive[row];
  const auto at = [&mine](std::size_t index) {
    return mine.begin() + static_cast<std::ptrdiff_t>(index);
  };
  const auto room = length - mine.size();
  switch (rng() % 12) {
    case 0:
    case 1:
    case 2:
      for (const auto page : random_pages(std::min<std::size_t>(rng() % 40, room), rng)) {
        table.push_back(row, page);
        mine.push_back(page);
      }
      return;
    case 3:
    case 4:
      if (mine.empty()) return;
      for (const auto page : random_pages(rng() % 4, rng)) {
        const auto place = rng() % mine.size();
        mine[place] = page;
        table.replace(row, place, page);
      }
      return;
    case 5:
      mine.resize(rng() % (mine.size() + 1));
      table.truncate(row, mine.size());
      return;
    case 6:
      mine.resize(mine.size() - std::min<std::size_t>(mine.size(), rng() % 20));
      table.truncate(row, mine.size());
      return;
    case 7: {
      const auto first = rng() % (mine.size() + 1);
      const auto pages = random_pages(rng() % (mine.size() - first + 1) % 100, rng);
      std::ranges::copy(pages, at(first));
      return table::assign(table, row, first, pages);
    }
    case 8: {
      const auto other = rng() % naive.size();
      auto first = rng() % (mine.size() + 1);
      if (other == row) return;
      first = std::max(first, mine.size() - std::min(mine.size(), length - naive[other].size()));
      naive[other].insert(naive[other].end(), at(first), mine.end());
      mine.resize(first);
      return table::splice(table, row, first, other);
    }
    case 9:
      if constexpr (sparse_page_table<T>) {
        const auto first = rng() % 3 == 0 ? 0 : rng() % (mine.size() + 1);
        const auto end = first + rng() % (mine.size() - first + 1);
        std::fill(at(first), at(end), no_page);
        table.punch(row, first, end);
        const auto more = std::min<std::size_t>(room, rng() % 4 == 0 ? rng() % 200 : 0);
        mine.insert(mine.end(), more, no_page);
        table.push_holes(row, more);
      }
      return;
    default: {
      const auto child = rng() % naive.size();
      if (child == row) return;
      table.truncate(child, 0);
      naive[child] = mine;
      table.fork(row, child);
    }
  }
}

TYPED_TEST_P(page_table_conformance, rows_begin_empty) {
  const TypeParam table{3, 100};
  for (std::size_t row = 0; row < 3; ++row) EXPECT_EQ(table.size(row), 0U);
}

TYPED_TEST_P(page_table_conformance, grows_to_its_length_and_is_cut_at_every_edge) {
  for (const std::size_t length :
       {1U, 2U, 15U, 16U, 17U, 63U, 64U, 65U, 255U, 256U, 257U, 4096U, 4097U, 5000U}) {
    TypeParam table{2, length};
    std::vector<page_id> naive;
    for (std::size_t i = 0; i < length; ++i) {
      naive.push_back(to_page(3 * i + 1));
      table.push_back(0, naive.back());
    }
    ASSERT_TRUE(equal_row(table, 0, naive)) << "length " << length;
    for (const std::size_t cut :
         {4097U, 4096U, 4095U, 257U, 256U, 255U, 65U, 64U, 63U, 17U, 16U, 15U, 1U, 0U}) {
      if (cut > naive.size()) continue;
      naive.resize(cut);
      table.truncate(0, cut);
      ASSERT_TRUE(equal_row(table, 0, naive)) << "length " << length << ", cut to " << cut;
      naive.push_back(to_page(cut + 7));
      if (naive.size() > length) break;
      table.push_back(0, naive.back());
      ASSERT_TRUE(equal_row(table, 0, naive)) << "length " << length << ", cut to " << cut;
    }
  }
}

TYPED_TEST_P(page_table_conformance, a_fork_is_equal_and_independent_at_every_edge) {
  for (const std::size_t size :
       {0U, 1U, 15U, 16U, 17U, 63U, 64U, 65U, 255U, 256U, 257U, 4096U, 4097U}) {
    TypeParam table{3, 4'200};
    naive_rows naive(3);
    for (std::size_t i = 0; i < size; ++i) {
      naive[0].push_back(to_page(i));
      table.push_back(0, to_page(i));
    }
    table.fork(0, 1);
    naive[1] = naive[0];
    table.fork(1, 2);
    naive[2] = naive[1];
    for (std::size_t row = 0; row < 3; ++row) {
      naive[row].push_back(to_page(10'000 + row));
      table.push_back(row, naive[row].back());
      naive[row][size / 2] = to_page(20'000 + row);
      table.replace(row, size / 2, naive[row][size / 2]);
    }
    for (std::size_t row = 0; row < 3; ++row) {
      ASSERT_TRUE(equal_row(table, row, naive[row])) << "size " << size;
    }
    table.truncate(0, 0);
    ASSERT_TRUE(equal_row(table, 1, naive[1])) << "size " << size;
    ASSERT_TRUE(equal_row(table, 2, naive[2])) << "size " << size;
  }
}

TYPED_TEST_P(page_table_conformance, agrees_with_vectors_in_a_storm) {
  for (const std::size_t length : {17U, 300U, 5'000U}) {
    for_each_seed([length](std::mt19937& rng) {
      TypeParam table{12, length};
      naive_rows naive(12);
      for (int i = 0; i < 3'000; ++i) {
        storm_step(table, naive, length, rng);
        if (i % 100 == 0) table = TypeParam{std::move(table)};
        const auto row = rng() % naive.size();
        ASSERT_TRUE(equal_row(table, row, naive[row])) << "at step " << i;
      }
      for (std::size_t row = 0; row < naive.size(); ++row) {
        ASSERT_TRUE(equal_row(table, row, naive[row]));
      }
    });
  }
}

TYPED_TEST_P(page_table_conformance, every_row_can_be_full_at_once_after_any_history) {
  static constexpr std::size_t length = 290;
  for_each_seed([](std::mt19937& rng) {
    TypeParam table{6, length};
    naive_rows naive(6);
    for (int i = 0; i < 500; ++i) storm_step(table, naive, length, rng);
    for (std::size_t row = 0; row < naive.size(); ++row) {
      for (std::size_t i = 0; i < naive[row].size(); ++i) {
        naive[row][i] = to_page(row * 1'000 + 2 * i);  // no two of them follow on each other
        table.replace(row, i, naive[row][i]);
      }
      while (naive[row].size() < length) {
        naive[row].push_back(to_page(row * 1'000 + 2 * naive[row].size()));
        table.push_back(row, naive[row].back());
      }
    }
    for (std::size_t row = 0; row < naive.size(); ++row) {
      ASSERT_TRUE(equal_row(table, row, naive[row]));
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(page_table_conformance, rows_begin_empty,
                            grows_to_its_length_and_is_cut_at_every_edge,
                            a_fork_is_equal_and_independent_at_every_edge,
                            agrees_with_vectors_in_a_storm,
                            every_row_can_be_full_at_once_after_any_history);

}  // namespace kvfolio::test
