// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>
#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/swap.hpp>
#include <kvfolio/tier/with_store.hpp>

#include "support/contiguous_bundles.hpp"
#include "support/contiguous_engine.hpp"

namespace kvfolio::test {
namespace {

using host = tier::host_store<memory::heap>;
using swapping = tier::with_store<tier::swap, host>;
struct swapped : by_layer {
  using tier = swapping;
};
struct swapped_on_a_device : on_a_device {
  using tier = swapping;
};

template <class Bundle>
class contiguous_preemption_test : public testing::Test {
 protected:
  using cache_type = contiguous_cache<Bundle>;
  static constexpr std::size_t rows = 12;

  [[nodiscard]] static std::size_t row_bytes() {
    return vm::chunks_per_row(typename Bundle::layout{small_shape, 4096}) * std::size_t{4096};
  }
  [[nodiscard]] std::vector<token_id> text(std::size_t count, token_id first = 1) {
    std::vector<token_id> tokens(count);
    std::iota(tokens.begin(), tokens.end(), first);
    return tokens;
  }
  [[nodiscard]] auto filled(const std::vector<token_id>& tokens, std::size_t committed) {
    auto made = cache.create().value();
    made.append(tokens.size()).value();
    engine.write(made, 0, tokens);
    made.commit(std::span{tokens}.first(committed));
    return made;
  }
  // Writes something else to every row that is free.
  void spoil() {
    auto other = cache.create().value();
    const auto tokens = text(cache.statistics().free_pages * cache.tokens_per_page(), 9'000);
    other.append(tokens.size()).value();
    engine.write(other, 0, tokens);
  }
  void TearDown() override {
    EXPECT_STREQ(cache.check_invariants(), nullptr);
    EXPECT_EQ(cache.statistics().used_pages, 0);
  }

  host store{row_bytes(), rows};
  cache_type cache{
      config_of_rows<Bundle>(rows),
      contiguous_parts<Bundle>::make(config_of_rows<Bundle>(rows), swapping{tier::swap{}, store})};
  contiguous_engine<cache_type> engine{cache};
};
using storing_bundles = testing::Types<swapped, swapped_on_a_device>;
TYPED_TEST_SUITE(contiguous_preemption_test, storing_bundles, name_of_bundle);

TYPED_TEST(contiguous_preemption_test, what_was_swapped_comes_back_bit_for_bit) {
  const auto tokens = this->text(2 * this->cache.tokens_per_page() + 5);
  auto leaving = this->filled(tokens, this->cache.tokens_per_page() + 1);
  auto parked = this->cache.preempt(std::move(leaving)).value();
  EXPECT_FALSE(leaving);  // NOLINT(bugprone-use-after-move): what it is then
  EXPECT_EQ(parked.pages().stored_pages(), 3);
  EXPECT_EQ(this->cache.statistics().used_pages, 0);
  this->spoil();
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), tokens.size());
  EXPECT_EQ(back.committed(), this->cache.tokens_per_page() + 1);
  EXPECT_TRUE(this->engine.reads(back, tokens));
  EXPECT_EQ(this->store.usage().entries, 0);
  // It goes on as if nothing had been.
  auto more = tokens;
  more.push_back(4);
  back.append(1).value();
  this->engine.write(back, tokens.size(), std::vector<token_id>{4});
  EXPECT_TRUE(this->engine.reads(back, more));
}

TYPED_TEST(contiguous_preemption_test, what_is_still_found_is_shared_and_not_read) {
  const auto tokens = this->text(3 * this->cache.tokens_per_page());
  auto leaving = this->filled(tokens, tokens.size());
  auto parked = this->cache.preempt(std::move(leaving)).value();
  auto other = this->cache.create(this->text(tokens.size() + 1)).value();
  ASSERT_EQ(other.length(), tokens.size());
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(this->cache.statistics().used_pages, 3);
  EXPECT_TRUE(this->engine.reads(back, tokens));
  EXPECT_EQ(back.page_at(2), other.page_at(2));
}

TYPED_TEST(contiguous_preemption_test, comes_back_whole_or_stays) {
  const auto tokens = this->text(4 * this->cache.tokens_per_page());
  auto leaving = this->filled(tokens, 0);
  auto parked = this->cache.preempt(std::move(leaving)).value();
  auto other = this->cache.create().value();
  other.append((this->rows - 3) * this->cache.tokens_per_page()).value();
  EXPECT_EQ(std::move(parked).resume().error(), errc::out_of_pages);
  EXPECT_TRUE(parked);  // NOLINT(bugprone-use-after-move): nothing has changed
  other.release();
  auto back = std::move(parked).resume().value();
  EXPECT_TRUE(this->engine.reads(back, tokens));
}

TYPED_TEST(contiguous_preemption_test, what_the_store_lost_must_be_computed_again) {
  const auto tokens = this->text(3 * this->cache.tokens_per_page());
  auto leaving = this->filled(tokens, tokens.size());
  auto parked = this->cache.preempt(std::move(leaving)).value();
  ASSERT_TRUE(this->cache.reset());  // nothing is found
  std::vector<std::byte> other(this->row_bytes());
  for (std::uint64_t key = 1; key <= this->rows; ++key) {
    ASSERT_TRUE(this->store.put({{key, key}}, other));  // and pushes out what is stored
  }
  auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.length(), 0);
  EXPECT_EQ(back.to_compute(), tokens.size());
}

TEST(contiguous_preemption, without_a_store_remembers_what_to_look_for) {
  contiguous_cache<on_a_device> cache{config_of_rows<on_a_device>(8)};
  const std::vector<token_id> tokens(2 * cache.tokens_per_page() + 3, 6);
  auto leaving = cache.create().value();
  leaving.append(tokens.size()).value();
  leaving.commit(tokens);
  auto parked = cache.preempt(std::move(leaving)).value();
  EXPECT_EQ(parked.pages().stored_pages(), 0);
  EXPECT_EQ(cache.statistics().used_pages, 0);
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(back.committed(), 2 * cache.tokens_per_page());
  EXPECT_EQ(back.to_compute(), 3);
}

TEST(contiguous_preemption, has_a_row_of_memory_only_if_something_is_stored) {
  EXPECT_LT(sizeof(contiguous_cache<by_layer>), sizeof(contiguous_cache<swapped>));
}

}  // namespace
}  // namespace kvfolio::test
