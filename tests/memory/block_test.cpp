// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/memory/block.hpp>
#include <kvfolio/memory/heap.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/unbacked.hpp>

namespace kvfolio::test {
namespace {

// A source that is watched from outside, because a block takes its source over.
struct watched_source {
  static constexpr std::size_t alignment = memory::heap::alignment;
  static constexpr bool host_accessible = true;
  result<std::span<std::byte>> allocate(std::size_t bytes) noexcept {
    *handed_out += bytes;
    return memory::heap{}.allocate(bytes);
  }
  void deallocate(std::span<std::byte> block) noexcept {
    *handed_out -= block.size();
    memory::heap{}.deallocate(block);
  }
  std::size_t* handed_out;
};

static_assert(!std::is_move_constructible_v<memory::block<memory::heap>>);
static_assert(!std::is_copy_constructible_v<memory::block<memory::heap>>);
static_assert(sizeof(memory::block<memory::heap>) == sizeof(std::span<std::byte>));

TEST(block, owns_its_bytes_as_long_as_it_lives) {
  std::size_t handed_out = 0;
  {
    const memory::block<watched_source> block{watched_source{&handed_out}, 1'000};
    EXPECT_EQ(block.bytes().size(), 1'000U);
    EXPECT_EQ(handed_out, 1'000U);
    EXPECT_EQ(block.source().handed_out, &handed_out);
  }
  EXPECT_EQ(handed_out, 0U);
}

TEST(block, throws_when_its_source_has_not_that_many_bytes) {
  using limited = memory::limiting<memory::heap>;
  EXPECT_THROW((memory::block<limited>{limited{99}, 100}), std::bad_alloc);
}

TEST(block, is_empty_where_the_host_has_no_bytes) {
  const memory::block<memory::unbacked> block{memory::unbacked{}, 1'000};
  EXPECT_TRUE(block.bytes().empty());
}

}  // namespace
}  // namespace kvfolio::test
