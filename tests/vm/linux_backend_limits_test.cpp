// SPDX-License-Identifier: Apache-2.0
//
// A process whose mappings the kernel refuses can hardly do anything: neither allocate nor begin a
// thread. What the backend does to keep it from there, and to come back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>

#include <kvfolio/vm/linux_backend.hpp>

#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

constexpr std::size_t granule = 4096;

// Large enough for the C library to ask the kernel, and a thread needs a stack.
[[nodiscard]] bool process_is_usable() {
  const std::unique_ptr<void, void (*)(void*)> large{std::malloc(64U << 20U), std::free};
  bool ran = false;
  try {
    std::thread{[&] { ran = true; }}.join();
  } catch (const std::system_error&) {
    return false;
  }
  return large != nullptr && ran;
}

// Maps the same granule side by side, which no kernel can make one mapping of, until it cannot be.
[[nodiscard]] std::size_t map_as_often_as_can_be(vm::linux_backend& backend,
                                                 vm::address_range range) {
  const auto memory = backend.create(granule).value();
  for (std::size_t count = 0;; ++count) {
    if (count == range.bytes / granule) return count;
    const auto done = backend.map(range.first + count * granule, memory, vm::access::read_write);
    if (!done) {
      EXPECT_EQ(done.error(), errc::no_mappings);
      return count;
    }
  }
}

TEST(linux_backend_limits, the_budget_refuses_what_the_process_needs_for_itself) {
  if (vm::max_map_count() != 65'530) GTEST_SKIP() << "another limit than usual";
  vm::linux_backend backend{{.capacity = 16 * granule, .granule = granule}};
  const auto range = backend.reserve(80'000 * granule, granule).value();
  const auto count = map_as_often_as_can_be(backend, range);
  EXPECT_GE(count, 60'000U);
  EXPECT_LE(backend.usage().mappings, backend.usage().max_mappings);
  EXPECT_TRUE(process_is_usable());
  const auto further = backend.reserve(granule, granule);
  ASSERT_FALSE(further) << "a range is a mapping too";
  EXPECT_EQ(further.error(), errc::no_mappings);
  // One less is room for one more, and half of them for the other half.
  backend.unmap(range.first, granule).value();
  EXPECT_FALSE(backend.reserve(granule, granule)) << "in its place there is a gap now";
  backend.unmap(range.first + granule, (count / 2 - 1) * granule).value();
  EXPECT_EQ(map_as_often_as_can_be(backend, {range.first, count / 2 * granule}), count / 2);
  backend.unmap(range.first, count * granule).value();
  EXPECT_EQ(backend.usage().mappings, 1U);
}

// Without a budget, or when others in the process have used up what it counted on.
TEST(linux_backend_limits, comes_back_from_where_the_kernel_refuses) {
  if constexpr (sanitized) GTEST_SKIP() << "the sanitizer itself could not go on";
  vm::linux_backend backend{
      {.capacity = 16 * granule, .granule = granule, .max_mappings = SIZE_MAX}};
  const auto range = backend.reserve((vm::max_map_count() + 1000) * granule, granule).value();
  const auto count = map_as_often_as_can_be(backend, range);
  const bool usable = process_is_usable();
  // From the middle, which leaves a gap between two mappings, and then all.
  const auto undone = backend.unmap(range.first + 1000 * granule, 20'000 * granule);
  const bool usable_again = process_is_usable();
  backend.unmap(range.first, 1000 * granule).value();
  backend.unmap(range.first + 21'000 * granule, (count - 21'000) * granule).value();
  EXPECT_GT(count, 60'000U);
  EXPECT_LT(count, vm::max_map_count());
  EXPECT_FALSE(usable) << "the limit was not reached";
  EXPECT_TRUE(undone);
  EXPECT_TRUE(usable_again);
  backend.free_range(range).value();
  EXPECT_EQ(backend.usage().mappings, 0U);
}

// What is unmapped where the kernel has nothing left is out of reach all the same.
TEST(linux_backend_limits, a_single_granule_can_be_unmapped_where_the_kernel_refuses) {
  if constexpr (sanitized) GTEST_SKIP() << "the sanitizer itself could not go on";
  vm::linux_backend backend{
      {.capacity = 16 * granule, .granule = granule, .max_mappings = SIZE_MAX}};
  const auto range = backend.reserve((vm::max_map_count() + 1000) * granule, granule).value();
  const auto count = map_as_often_as_can_be(backend, range);
  std::size_t undone = 0;
  for (std::size_t i = 1; i < 200; i += 2) {
    undone += backend.unmap(range.first + i * granule, granule) ? 1 : 0;
  }
  const auto memory = backend.create(granule);
  const bool mapped = memory && backend.map(range.first + granule, *memory, vm::access::read_write);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): what it is
  auto* const there = reinterpret_cast<volatile std::byte*>(range.first);
  if (mapped) there[granule] = std::byte{3};
  const auto other = std::byte{there[0]};
  backend.unmap(range.first, 2 * granule).value();
  for (std::size_t i = 2; i < 200; i += 2)
    backend.unmap(range.first + i * granule, granule).value();
  backend.unmap(range.first + 200 * granule, (count - 200) * granule).value();
  EXPECT_EQ(undone, 100U);
  EXPECT_TRUE(mapped);
  EXPECT_EQ(other, std::byte{0});
  EXPECT_TRUE(process_is_usable());
}

}  // namespace
}  // namespace kvfolio::test
