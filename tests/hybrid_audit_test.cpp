// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/hybrid_cache.hpp>

#include "support/faulty_list.hpp"
#include "support/hybrid_fixture.hpp"

namespace kvfolio::test {
namespace {

// Pins that miscount when they are told to: the audit must see it.
struct faulty_pins : refcount::local {
  [[nodiscard]] std::uint32_t count() const noexcept { return local::count() + extra; }
  static inline std::uint32_t extra = 0;
};
struct faulty : default_policies {
  using page_allocator = faulty_list;
  using refcount = faulty_pins;
};

const hybrid_config<> small{
    .groups = {{small_layers(1), group::sliding_window{8}}, {small_layers(1), group::full{}}},
    .tokens_per_page = 4,
    .pages = 32};

TEST(hybrid_audit, finds_pins_that_nobody_has) {
  hybrid_cache<faulty> cache{small};
  const auto chat = fed(cache, counted(20));
  EXPECT_STREQ(cache.check_invariants(), nullptr);
  faulty_pins::extra = 1;
  EXPECT_STREQ(cache.check_invariants(), "pins are miscounted");
  faulty_pins::extra = 0;
}

TEST(hybrid_audit, finds_pages_that_are_lost_or_listed_twice) {
  hybrid_cache<faulty> cache{small};
  faulty_list::lists_twice = true;
  EXPECT_NE(cache.check_invariants(), nullptr);
  faulty_list::lists_twice = false;
  EXPECT_STREQ(cache.check_invariants(), nullptr);
  faulty_list::loses_pages = true;
  { const auto chat = fed(cache, counted(3)); }
  faulty_list::loses_pages = false;
  EXPECT_STREQ(cache.check_invariants(), "a page is lost, or free and in use");
}

TEST(hybrid_audit, a_digest_sees_lengths_pages_and_resume_points) {
  hybrid_cache<> cache{small};
  const auto empty = cache.state_digest();
  auto chat = cache.create().value();
  const auto begun = cache.state_digest();
  EXPECT_NE(begun, empty);
  chat.append(8).value();
  const auto grown = cache.state_digest();
  EXPECT_NE(grown, begun);
  chat.commit(counted(8));
  const auto committed = cache.state_digest();
  EXPECT_NE(committed, grown);
  chat.release();
  EXPECT_NE(cache.state_digest(), empty) << "something is cached";
  cache.invalidate();
  const auto invalid = cache.state_digest();
  cache.advance(3);
  EXPECT_NE(cache.state_digest(), invalid);
}

}  // namespace
}  // namespace kvfolio::test
