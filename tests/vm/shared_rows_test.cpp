// SPDX-License-Identifier: Apache-2.0
// Two sequences that share a prefix in virtual memory, as kernels see them on a real machine.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <gtest/gtest.h>

#include <kvfolio/vm/linux_backend.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/row_copier.hpp>
#include <kvfolio/vm/row_map.hpp>
#include <kvfolio/vm/virtual_slots.hpp>

#include "../support/process_memory.hpp"

namespace kvfolio::test {
namespace {

using vm::access;
using vm::linux_backend;

constexpr std::size_t granule = 64 * 1'024;
constexpr std::uint32_t prefix = 4'096;  // tokens

class shared_rows : public testing::Test {
 protected:
  shared_rows() {
    first_ = slots_.acquire().value();
    second_ = slots_.acquire().value();
    for (std::uint32_t row = 0; row < shared_ + 1; ++row) slots_.extend(first_).value();
    for (std::size_t token = 0; token < prefix; ++token) {
      key(first_, token) = static_cast<std::byte>(token % 251);
    }
    slots_.share(first_, second_, shared_).value();
    slots_.extend(second_).value();
  }
  // The first byte of a key of the last layer.
  [[nodiscard]] std::byte& key(std::uint32_t slot, std::size_t token) {
    const auto tensor = layout_.place(vm::kv_part::keys, 1).tensor;
    return vm::view_of(layout_, slots_.map().data(tensor, slot), vm::kv_part::keys, 1, token + 1)(
        token, 0, 0);
  }

  vm::per_layer layout_{model::grouped_query(2, 2, 64, dtype::f16), granule};
  std::uint32_t shared_ = prefix / layout_.tokens_per_row();
  linux_backend backend_{vm::linux_options{.capacity = 16 << 20, .granule = granule}};
  vm::chunk_pool<linux_backend> rows_{
      backend_,
      {.chunk_bytes = granule, .rows = 24, .chunks_per_row = vm::chunks_per_row(layout_)}};
  vm::virtual_slots<linux_backend> slots_{
      backend_, rows_, layout_, {.slots = 2, .rows_per_slot = 20}};
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

TEST_F(shared_rows, are_read_by_both_and_take_memory_once) {
  std::size_t different = 0;
  for (std::size_t token = 0; token < prefix; ++token) {
    different += key(second_, token) != static_cast<std::byte>(token % 251) ? 1 : 0;
  }
  EXPECT_EQ(different, 0U);
  EXPECT_EQ(rows_.mapped(), shared_ + 2);
  EXPECT_EQ(rows_.mappings(), 2 * shared_ + 2);
  std::size_t proportional = 0;
  for (std::uint32_t tensor = 0; tensor < layout_.tensors(); ++tensor) {
    for (const auto slot : {first_, second_}) {
      const auto at = reinterpret_cast<std::uintptr_t>(slots_.map().data(tensor, slot));
      proportional += memory_mapped_at(at, (shared_ + 1) * granule).proportional_bytes;
    }
  }
  EXPECT_LE(proportional, (shared_ + 2) * layout_.tensors() * granule + granule);
}

TEST_F(shared_rows, are_left_alone_by_what_is_written_behind_them) {
  key(first_, prefix) = std::byte{1};
  key(second_, prefix) = std::byte{2};
  EXPECT_EQ(key(first_, prefix), std::byte{1});
  EXPECT_EQ(key(second_, prefix), std::byte{2});
}

using shared_rows_death = shared_rows;
TEST_F(shared_rows_death, trap_whoever_writes_them) {
  // A forked child has nothing at the addresses, and would die of any access: begin anew there.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto write = [this](std::uint32_t slot, std::size_t token) {
    const bool readable = key(slot, token) == static_cast<std::byte>(token % 251);
    key(slot, prefix) = std::byte{1};  // behind them it may
    std::fputs(readable ? "it can be read" : "lost", stderr);
    key(slot, token) = std::byte{1};
  };
  EXPECT_DEATH(write(second_, 0), "it can be read");
  EXPECT_DEATH(write(first_, prefix - 1), "it can be read");
}

TEST(copied_row, is_written_by_one_and_not_seen_by_the_other) {
  const vm::per_layer layout{model::grouped_query(2, 2, 64, dtype::f16), granule};
  linux_backend backend{vm::linux_options{.capacity = 2 << 20, .granule = granule}};
  vm::chunk_pool<linux_backend> rows{
      backend, {.chunk_bytes = granule, .rows = 2, .chunks_per_row = vm::chunks_per_row(layout)}};
  vm::row_map<linux_backend> map{backend, rows, layout, {.slots = 2, .rows_per_slot = 1}};
  vm::row_copier<linux_backend, vm::per_layer> copier{backend, rows, layout};
  const auto shared = rows.take().value();
  const auto own = rows.take().value();
  ASSERT_TRUE(map.put(0, 0, shared, access::read_write));
  auto* const original = map.data(1, 0);
  for (std::size_t i = 0; i < 1'000; ++i) original[i] = std::byte{7};
  ASSERT_TRUE(map.put(1, 0, shared, access::read));
  auto* const copy = map.data(1, 1);
  EXPECT_EQ(copy[999], std::byte{7});
  // Copy-on-write of a row: the tokens that are there, then the row in the place of the other.
  ASSERT_TRUE(copier.copy(shared, own, 0, 4));
  ASSERT_TRUE(map.put(1, 0, own, access::read_write));
  EXPECT_EQ(copy[999], std::byte{7});
  copy[999] = std::byte{8};
  EXPECT_EQ(original[999], std::byte{7});
}

}  // namespace
}  // namespace kvfolio::test
