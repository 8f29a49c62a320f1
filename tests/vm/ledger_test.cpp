// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/ledger.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using vm::access;
using vm::address_range;
using vm::ledger;
using vm::memory_id;

constexpr std::size_t granule = 0x1000;
constexpr auto ignore = [](std::uint64_t, std::size_t) {};

TEST(ledger, finds_the_range_of_an_address_wherever_it_begins) {
  ledger books{granule, 8};
  for (const std::uintptr_t first : {0x9000U, 0x1000U, 0x5000U}) {
    ASSERT_TRUE(books.add_range({first, 2 * granule}));
  }
  EXPECT_EQ(books.reserved_bytes(), 6 * granule);
  const auto memory = books.memory().add(1, granule);
  for (const std::uintptr_t inside : {0x1000U, 0x2000U, 0x5000U, 0x6000U, 0x9000U, 0xa000U}) {
    EXPECT_TRUE(books.is_mappable(inside, memory)) << inside;
  }
  for (const std::uintptr_t outside : {0x0U, 0x3000U, 0x4000U, 0x7000U, 0xb000U, 0x1800U}) {
    EXPECT_FALSE(books.is_mappable(outside, memory)) << outside;
  }
  books.remove_range({0x5000, 2 * granule});
  EXPECT_FALSE(books.is_mappable(0x5000, memory));
  std::vector<address_range> left;
  books.for_each_range([&](address_range range) { left.push_back(range); });
  EXPECT_EQ(left, (std::vector<address_range>{{0x1000, 2 * granule}, {0x9000, 2 * granule}}));
}

TEST(ledger, memory_must_lie_in_one_range_even_where_two_touch) {
  ledger books{granule, 8};
  ASSERT_TRUE(books.add_range({0x1000, granule}));
  ASSERT_TRUE(books.add_range({0x2000, granule}));
  const auto memory = books.memory().add(1, 2 * granule);
  EXPECT_FALSE(books.is_mappable(0x1000, memory));
}

TEST(ledger, whole_mappings_are_one_or_several_side_by_side) {
  ledger books{granule, 8};
  ASSERT_TRUE(books.add_range({0x10000, 8 * granule}));
  const auto one = books.memory().add(1, granule);
  const auto three = books.memory().add(2, 3 * granule);
  books.map(0x11000, three, access::none);
  books.map(0x14000, one, access::read);
  EXPECT_TRUE(books.is_mapped(0x11000, 3 * granule));
  EXPECT_TRUE(books.is_mapped(0x11000, 4 * granule));
  EXPECT_TRUE(books.is_mapped(0x14000, granule));
  EXPECT_FALSE(books.is_mapped(0x11000, 2 * granule)) << "a part";
  EXPECT_FALSE(books.is_mapped(0x12000, 3 * granule)) << "from the middle of one";
  EXPECT_FALSE(books.is_mapped(0x11000, 5 * granule)) << "and a gap";
  EXPECT_FALSE(books.is_mapped(0x11000, 0)) << "nothing";
  books.set_access(0x11000, 4 * granule, access::read_write);
  std::vector<std::tuple<std::uintptr_t, memory_id, access>> found;
  books.for_each_mapping(0x11000, 4 * granule, [&](auto at, auto memory, auto allowed) {
    found.emplace_back(at, memory, allowed);
  });
  EXPECT_EQ(found, (std::vector<std::tuple<std::uintptr_t, memory_id, access>>{
                       {0x11000, three, access::read_write}, {0x14000, one, access::read_write}}));
}

TEST(ledger, memory_that_was_released_is_gone_with_its_last_mapping) {
  ledger books{granule, 8};
  ASSERT_TRUE(books.add_range({0x10000, 8 * granule}));
  const auto memory = books.memory().add(42, granule);
  books.map(0x10000, memory, access::none);
  books.map(0x12000, memory, access::none);
  books.memory().release(memory, ignore);
  EXPECT_FALSE(books.is_mappable(0x13000, memory)) << "it has no name any more";
  std::vector<std::uint64_t> gone;
  const auto note = [&](std::uint64_t where, std::size_t) { gone.push_back(where); };
  books.unmap(0x10000, granule, note);
  EXPECT_TRUE(gone.empty());
  books.unmap(0x12000, granule, note);
  EXPECT_EQ(gone, std::vector<std::uint64_t>{42});
}

using row = std::vector<bool>;

// Each mapping is a piece of a kernel's, and so is each stretch of a range without any.
[[nodiscard]] std::size_t pieces_of(const std::vector<row>& mapped) {
  std::size_t pieces = 0;
  for (const auto& range : mapped) {
    for (std::size_t i = 0; i < range.size(); ++i) {
      pieces += range[i] || i == 0 || range[i - 1] ? 1 : 0;
    }
  }
  return pieces;
}

TEST(ledger, counts_the_pieces_that_a_kernel_would) {
  for_each_seed([](std::mt19937& rng) {
    constexpr std::size_t places = 12;
    ledger books{granule, 1};
    const auto memory = books.memory().add(1, granule);
    for (const std::uintptr_t first : {0x100000U, 0x200000U}) {
      ASSERT_TRUE(books.add_range({first, places * granule}));
    }
    std::vector<row> mapped(2, row(places));
    for (int step = 0; step < 500; ++step) {
      const auto range = rng() % 2;
      const auto place = rng() % places;
      const auto at = 0x100000 * (range + 1) + place * granule;
      const auto would_be = books.pieces_after_map(at, granule);
      if (mapped[range][place]) {
        books.unmap(at, granule, ignore);
      } else {
        books.map(at, memory, access::none);
        ASSERT_EQ(books.pieces(), would_be);
      }
      mapped[range][place] = !mapped[range][place];
      ASSERT_EQ(books.pieces(), pieces_of(mapped)) << "in step " << step;
    }
    std::vector<std::uintptr_t> left;
    books.for_each_mapping([&](std::uintptr_t at, memory_id) { left.push_back(at); });
    for (const auto at : left) books.unmap(at, granule, ignore);
    for (const std::uintptr_t first : {0x100000U, 0x200000U}) {
      EXPECT_TRUE(books.is_free_range({first, places * granule}));
      books.remove_range({first, places * granule});
    }
    EXPECT_EQ(books.pieces(), 0U);
  });
}

TEST(ledger, moving_leaves_nothing_and_assigning_exchanges) {
  ledger books{granule, 2};
  ASSERT_TRUE(books.add_range({0x10000, 4 * granule}));
  books.map(0x10000, books.memory().add(7, granule), access::none);
  ledger moved{std::move(books)};
  std::size_t found = 0;
  const auto count = [&](auto...) { ++found; };
  // NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move): this is what is tested
  books.for_each_range(count);
  books.for_each_mapping(count);
  books.memory().for_each_named(count);
  EXPECT_EQ(found + books.pieces() + books.reserved_bytes() + books.memory().bytes(), 0U);
  books = std::move(moved);
  EXPECT_TRUE(books.is_mapped(0x10000, granule));
  EXPECT_EQ(books.mapping_at(0x10000), granule);
  books.for_each_mapping([&](std::uintptr_t at, memory_id memory) {
    EXPECT_EQ(at, 0x10000U);
    EXPECT_EQ(books.memory().where(memory), 7U);
    ++found;
  });
  EXPECT_EQ(found, 1U);
  EXPECT_EQ(moved.reserved_bytes(), 0U);
  // NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
}

#ifndef NDEBUG
TEST(ledger_death, what_the_laws_forbid_is_a_contract_violation) {
  ledger books{granule, 2};
  ASSERT_TRUE(books.add_range({0x10000, 4 * granule}));
  const auto memory = books.memory().add(1, granule);
  books.map(0x10000, memory, access::none);
  EXPECT_DEATH(books.map(0x10000, memory, access::none), "is_mappable");
  EXPECT_DEATH(books.unmap(0x11000, granule, ignore), "is_mapped");
  EXPECT_DEATH(books.set_access(0x10000, 2 * granule, access::read), "is_mapped");
  EXPECT_DEATH(books.remove_range({0x10000, 4 * granule}), "is_free_range");
  EXPECT_DEATH(books.remove_range({0x10000, granule}), "is_free_range");
}
#endif

}  // namespace
}  // namespace kvfolio::test
