// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/vm/extension.hpp>

namespace kvfolio::test {
namespace {

struct work_archetype {
  result<void> extend(std::uint32_t) noexcept;
  bool prepare() noexcept;
  result<void> bind_thread() noexcept;
};
struct throwing_work : work_archetype {
  result<void> extend(std::uint32_t);
};
struct work_without_threads : work_archetype {
  void bind_thread() noexcept;
};
static_assert(extension_work<work_archetype>);
static_assert(!extension_work<throwing_work> && !extension_work<work_without_threads>);

struct extension_archetype {
  void start(std::uint32_t, std::uint32_t) noexcept;
  void step() noexcept;
  void advance(std::uint32_t, std::size_t) noexcept;
  result<void> ensure(std::uint32_t, std::size_t) noexcept;
  std::uint32_t mapped(std::uint32_t) const noexcept;
  void stop(std::uint32_t) noexcept;
  vm::extension_counts counts() noexcept;
};
struct extension_that_cannot_fail : extension_archetype {
  void ensure(std::uint32_t, std::size_t) noexcept;
};
static_assert(row_extension<extension_archetype>);
static_assert(!row_extension<extension_that_cannot_fail>);

// What extensions do is in their conformance suite.
TEST(extension, needs_slots_rows_and_tokens) {
  const vm::extension_config good{.slots = 1, .rows_per_slot = 4, .tokens_per_row = 32};
  EXPECT_NO_THROW((void)vm::checked(good));
  for (auto member : {&vm::extension_config::slots, &vm::extension_config::rows_per_slot,
                      &vm::extension_config::tokens_per_row}) {
    auto bad = good;
    bad.*member = 0;
    EXPECT_THROW((void)vm::checked(bad), std::invalid_argument);
  }
}

TEST(extension, counts_rows_up_to_those_of_a_slot) {
  const vm::extension_config config{.slots = 1, .rows_per_slot = 4, .tokens_per_row = 32};
  EXPECT_EQ(vm::rows_for(config, 0), 0U);
  EXPECT_EQ(vm::rows_for(config, 1), 1U);
  EXPECT_EQ(vm::rows_for(config, 32), 1U);
  EXPECT_EQ(vm::rows_for(config, 33), 2U);
  EXPECT_EQ(vm::rows_for(config, SIZE_MAX), 4U);
}

}  // namespace
}  // namespace kvfolio::test
