// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>

#include "../support/allocation_guard.hpp"

namespace kvfolio::test {
namespace {

template <class Table>
class tables_in_need : public testing::Test {};
using tables =
    testing::Types<table::two_level, table::run_length, table::tracked<table::persistent>>;
TYPED_TEST_SUITE(tables_in_need, tables);

TYPED_TEST(tables_in_need, are_made_whole_or_leak_nothing) {
  const auto live = allocations().live;
  std::optional<TypeParam> table;
  const auto failures = fail_until_it_works(
      20, [&] { table.emplace(8, 1'000); },
      [live](std::size_t after) {
        EXPECT_EQ(allocations().live, live) << "after " << after << " allocations";
      });
  EXPECT_LT(failures, 20U) << "a table is a handful of arrays";
  EXPECT_GT(failures, 1U);
}

TYPED_TEST(tables_in_need, allocate_nothing_once_they_are_made) {
  TypeParam table{5, 300};
  std::vector<std::int32_t> out(300);
  const std::array pages{page_id{1}, page_id{8}, page_id{9}};
  std::mt19937 rng{1};
  const auto before = allocations().attempts;
  for (int i = 0; i < 20'000; ++i) {
    const auto row = rng() % 5;
    const auto other = (row + 1) % 5;
    const auto size = table.size(row);
    switch (rng() % 7) {
      case 0:
      case 1: {
        for (auto room = std::min<std::size_t>(rng() % 40, 300 - size); room != 0; --room) {
          table.push_back(row, to_page(rng() % 1'000));
        }
        break;
      }
      case 2:
        if (size != 0) table.replace(row, rng() % size, to_page(rng() % 1'000));
        break;
      case 3: table.truncate(row, rng() % (size + 1)); break;
      case 4:
        table.truncate(other, 0);
        table.fork(row, other);
        break;
      case 5:
        if (size > 3) table::assign(table, row, rng() % (size - 3), pages);
        break;
      default:
        if (size + table.size(other) <= 300) table::splice(table, row, size / 2, other);
        break;
    }
    if constexpr (sparse_page_table<TypeParam>) {
      table.punch(row, 0, table.size(row) / 3);
    }
    table.export_to(row, out);
  }
  EXPECT_EQ(allocations().attempts, before);
}

struct followed : default_policies {
  using page_table = kvfolio::table::tracked<kvfolio::table::flat>;
};

TEST(beams, and_live_exports_allocate_nothing_once_they_are_made) {
  constexpr std::size_t width = 20;
  paged_cache<followed> cache{{.shape = model::grouped_query(1, 1, 8, dtype::i8),
                               .tokens_per_page = 4,
                               .pages = 100,
                               .max_sequences = 8}};
  beams<paged_cache<followed>> branches{cache, 6};
  std::vector<std::int32_t> ids(3 * 6 * width);
  const auto part = [&](std::size_t which) { return std::span{ids}.subspan(which * 120, 120); };
  std::array<std::int32_t, 14> lengths{};
  table::double_buffered<table::live_padded> padded{{part(0), 6, {.width = width}},
                                                    {part(1), 6, {.width = width}}};
  table::live_csr csr{{std::span{lengths}.first(7), part(2), std::span{lengths}.last(7)}, 6, 4};
  std::mt19937 rng{1};
  std::array<std::size_t, 6> parents{};
  const auto before = allocations().attempts;
  for (int round = 0; round < 20; ++round) {
    auto prompt = cache.create().value();
    prompt.append(1 + rng() % 30).value();
    branches.start(std::move(prompt), 1 + rng() % 6).value();
    for (int step = 0; step < 30; ++step) {
      ASSERT_TRUE(branches.append(1));
      for (auto& parent : parents) parent = rng() % branches.size();
      ASSERT_TRUE(branches.reorder(std::span{parents}.first(1 + rng() % 6)));
      ASSERT_TRUE(padded.update(branches) && csr.update(branches));
    }
    const auto winner = branches.take(rng() % branches.size());
    branches.clear();
  }
  EXPECT_EQ(allocations().attempts, before);
}

}  // namespace
}  // namespace kvfolio::test
