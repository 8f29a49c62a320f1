// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/memory_records.hpp>

namespace kvfolio::test {
namespace {

using vm::memory_id;
using vm::memory_records;

using pieces = std::vector<std::pair<std::uint64_t, std::size_t>>;

TEST(memory_records, remember_what_the_system_calls_memory) {
  memory_records records{3};
  const auto one = records.add(0x1000, 64);
  const auto other = records.add(0x9000, 128);
  EXPECT_NE(one, other);
  EXPECT_EQ(records.where(one), 0x1000U);
  EXPECT_EQ(records.bytes(other), 128U);
  EXPECT_EQ(records.bytes(), 192U);
  EXPECT_TRUE(records.is_named(one));
  EXPECT_FALSE(records.is_named(memory_id{0})) << "a default names nothing";
  EXPECT_FALSE(records.is_named(memory_id{77}));
}

TEST(memory_records, memory_is_gone_when_nobody_names_it_and_nothing_maps_it) {
  memory_records records{3};
  pieces gone;
  const auto note = [&](std::uint64_t where, std::size_t bytes) {
    gone.emplace_back(where, bytes);
  };
  const auto unmapped = records.add(1, 10);
  records.release(unmapped, note);
  EXPECT_EQ(gone, (pieces{{1, 10}}));
  const auto mapped = records.add(2, 20);
  records.add_mapping(mapped);
  records.add_mapping(mapped);
  records.release(mapped, note);
  EXPECT_FALSE(records.is_named(mapped));
  EXPECT_EQ(records.bytes(), 20U);
  records.remove_mapping(mapped, note);
  EXPECT_EQ(gone.size(), 1U);
  records.remove_mapping(mapped, note);
  EXPECT_EQ(gone.back(), (std::pair<std::uint64_t, std::size_t>{2, 20}));
  EXPECT_EQ(records.bytes(), 0U);
}

TEST(memory_records, numbers_come_back_and_there_are_no_more_than_asked_for) {
  memory_records records{4};
  const auto ignore = [](std::uint64_t, std::size_t) {};
  std::set<memory_id> numbers;
  for (int round = 0; round < 3; ++round) {
    std::vector<memory_id> all;
    while (records.has_room()) all.push_back(records.add(5, 1));
    EXPECT_EQ(all.size(), 4U);
    numbers.insert(all.begin(), all.end());
    for (const auto memory : all) records.release(memory, ignore);
  }
  EXPECT_EQ(numbers.size(), 4U);
}

TEST(memory_records, visit_those_that_have_names) {
  memory_records records{4};
  const auto ignore = [](std::uint64_t, std::size_t) {};
  const auto one = records.add(1, 10);
  const auto two = records.add(2, 20);
  const auto three = records.add(3, 30);
  records.add_mapping(two);
  records.release(two, ignore);
  records.release(one, ignore);
  pieces named;
  records.for_each_named(
      [&](std::uint64_t where, std::size_t bytes) { named.emplace_back(where, bytes); });
  EXPECT_EQ(named, (pieces{{3, 30}}));
  records.release(three, ignore);
}

#ifndef NDEBUG
TEST(memory_records_death, releasing_twice_is_a_contract_violation) {
  memory_records records{1};
  const auto ignore = [](std::uint64_t, std::size_t) {};
  const auto one = records.add(1, 10);
  records.release(one, ignore);
  EXPECT_DEATH(records.release(one, ignore), "is_named");
  EXPECT_DEATH(records.remove_mapping(one, ignore), "mappings");
}
#endif

}  // namespace
}  // namespace kvfolio::test
