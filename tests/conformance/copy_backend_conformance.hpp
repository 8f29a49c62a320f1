// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/copies/concept.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `copy_backend` promises. Instantiate once per policy.
template <class C>
class copy_backend_conformance : public testing::Test {
 protected:
  static constexpr std::size_t pages = 12;
  static constexpr std::uint32_t tokens = 8;
  static constexpr model::page_layout layout{model::grouped_query(2, 2, 4, dtype::i8), tokens};

  // Carries out, and reports, everything that a backend has put off.
  static void settle(C& copies, const model::page_array& array) {
    if constexpr (deferring_copy_backend<C>) {
      std::vector<copy_op> ops(pages);
      const auto batch = copies.take(ops);
      for (std::size_t i = 0; i < batch.count; ++i) array.copy(ops[i]);
      copies.complete(batch.ticket, [](page_id /*page*/) noexcept {});
    }
  }
};

TYPED_TEST_SUITE_P(copy_backend_conformance);

TYPED_TEST_P(copy_backend_conformance, a_new_backend_touches_no_page) {
  const TypeParam copies{this->pages};
  for (std::size_t page = 0; page < this->pages; ++page) {
    EXPECT_FALSE(copies.busy(to_page(page)));
    EXPECT_EQ(copies.unread(to_page(page)), 0U);
  }
}

TYPED_TEST_P(copy_backend_conformance, copies_arrive_in_the_order_in_which_they_were_submitted) {
  using fixture = copy_backend_conformance<TypeParam>;
  for_each_seed([](std::mt19937& rng) {
    std::vector<std::byte> memory(fixture::pages * fixture::layout.bytes());
    for (auto& each : memory) each = static_cast<std::byte>(rng());
    auto naive = memory;
    const model::page_array array{memory, fixture::layout};
    const model::page_array expected{naive, fixture::layout};
    TypeParam copies{fixture::pages};
    for (int round = 0; round < 100; ++round) {
      std::vector<page_id> destinations;
      for (std::size_t page = 0; page < fixture::pages; ++page) {
        destinations.push_back(to_page(page));
      }
      std::ranges::shuffle(destinations, rng);
      // A page is copied to once, and perhaps from there on to the next: the order matters.
      for (auto n = 1 + rng() % 6; n-- > 0;) {
        const auto to = destinations.back();
        destinations.pop_back();
        const auto from =
            to_page((to_index(to) + 1 + rng() % (fixture::pages - 1)) % fixture::pages);
        if (copies.busy(to)) continue;
        const copy_op op{from, to, 0, 1 + static_cast<std::uint32_t>(rng() % fixture::tokens)};
        copies.submit(op, array);
        expected.copy(op);
      }
      fixture::settle(copies, array);
      ASSERT_EQ(memory, naive) << "in round " << round;
      for (std::size_t page = 0; page < fixture::pages; ++page) {
        ASSERT_FALSE(copies.busy(to_page(page)));
        ASSERT_EQ(copies.unread(to_page(page)), 0U);
      }
    }
  });
}

TYPED_TEST_P(copy_backend_conformance, only_the_tokens_of_a_copy_are_copied) {
  using fixture = copy_backend_conformance<TypeParam>;
  std::vector<std::byte> memory(fixture::pages * fixture::layout.bytes(), std::byte{1});
  const model::page_array array{memory, fixture::layout};
  std::ranges::fill(array[page_id{3}], std::byte{9});
  TypeParam copies{fixture::pages};
  copies.submit({page_id{3}, page_id{7}, 0, 5}, array);
  fixture::settle(copies, array);
  for (std::uint32_t token = 0; token < fixture::tokens; ++token) {
    const auto expected = token < 5 ? std::byte{9} : std::byte{1};
    EXPECT_EQ(array[page_id{7}][fixture::layout.key(1, 1, token)], expected);
    EXPECT_EQ(array[page_id{7}][fixture::layout.value(0, 1, token) + 3], expected);
  }
}

REGISTER_TYPED_TEST_SUITE_P(copy_backend_conformance, a_new_backend_touches_no_page,
                            copies_arrive_in_the_order_in_which_they_were_submitted,
                            only_the_tokens_of_a_copy_are_copied);

}  // namespace kvfolio::test
