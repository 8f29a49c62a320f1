// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace kvfolio::test {
namespace {

static_assert(!std::is_copy_constructible_v<paged_cache<>::reservation>);
static_assert(std::is_nothrow_move_constructible_v<paged_cache<>::reservation>);

template <class Bundle>
class reservation_of : public cache_fixture<Bundle> {};
TYPED_TEST_SUITE(reservation_of, bundles, bundle_names);

TYPED_TEST(reservation_of, scenario_45_changes_no_table_until_it_is_accepted_once) {
  auto one = this->filled(this->per_page());
  auto other = this->cache_.create().value();
  auto unlisted = this->filled(2);
  auto step = this->cache_.reserve({{one, 1}, {other, 2 * this->per_page()}}).value();
  EXPECT_EQ(step.pages(), 3U);
  EXPECT_EQ(this->cache_.statistics().reserved_pages, 3U);
  EXPECT_EQ(one.length(), this->per_page());
  EXPECT_EQ(other.page_count(), 0U);
  step.accept();
  EXPECT_EQ(one.length(), this->per_page() + 1);
  EXPECT_EQ(other.length(), 2 * this->per_page());
  EXPECT_EQ(this->cache_.statistics().reserved_pages, 0U);
  EXPECT_EQ(step.pages(), 0U);
  step.accept();
  step.cancel();
  EXPECT_EQ(one.length(), this->per_page() + 1) << "once";
  EXPECT_TRUE(this->reads(unlisted, this->tokens(2)));
}

TYPED_TEST(reservation_of, scenario_45_cancelling_or_forgetting_it_changes_nothing) {
  auto one = this->filled(this->per_page());
  const auto before = this->look();
  auto step = one.reserve(this->per_page() + 1).value();
  EXPECT_EQ(step.pages(), 2U);
  step.cancel();
  step.cancel();
  EXPECT_EQ(this->look(), before);
  { const auto forgotten = one.reserve(1).value(); }
  EXPECT_EQ(this->look(), before);
}

TYPED_TEST(reservation_of, nobody_else_gets_what_is_set_aside) {
  auto one = this->cache_.create().value();
  auto step = one.reserve(2 * this->per_page()).value();
  std::vector<typename TestFixture::sequence> takers;
  while (this->free_pages() > 2) {
    takers.push_back(this->cache_.create().value());
    const auto rest = (this->free_pages() - 2) * this->per_page();
    EXPECT_EQ(takers.back().probe(1).pages_obtainable, this->free_pages() - 2);
    takers.back().append(std::min(rest, this->longest())).value();
  }
  auto late = this->cache_.create().value();
  EXPECT_EQ(late.append(1).error(), errc::out_of_pages);
  EXPECT_EQ(late.reserve(1).error(), errc::out_of_pages);
  step.accept();
  EXPECT_EQ(one.page_count(), 2U);
  EXPECT_EQ(this->free_pages(), 0U);
}

TYPED_TEST(reservation_of, scenario_14_when_one_does_not_fit_nobody_gets_anything) {
  auto one = this->cache_.create().value();
  auto other = this->cache_.create().value();
  auto takers = this->take_all_pages();
  takers.front().truncate(takers.front().length() - this->per_page());
  this->engine_.settle();
  const auto before = this->look();
  EXPECT_EQ(this->cache_.reserve({{one, 1}, {other, 1}}).error(), errc::out_of_pages);
  EXPECT_EQ(this->look(), before);
  auto step = this->cache_.reserve({{one, 1}, {other, 0}}).value();
  EXPECT_EQ(step.pages(), 1U);
}

TYPED_TEST(reservation_of, what_can_never_be_is_too_large) {
  auto one = this->filled(1);
  auto other = this->cache_.create().value();
  const auto all = this->pages() * this->per_page();
  const auto before = this->look();
  EXPECT_EQ(one.reserve(all).error(), errc::too_large);
  EXPECT_EQ(one.reserve(~std::size_t{0}).error(), errc::too_large);
  if (this->longest() == all) {
    EXPECT_EQ(this->cache_.reserve({{one, all - 1}, {other, all}}).error(), errc::too_large);
  }
  EXPECT_EQ(this->look(), before);
}

TYPED_TEST(reservation_of, nothing_for_nobody_is_no_error) {
  EXPECT_EQ(this->cache_.reserve({}).value().pages(), 0U);
  auto one = this->cache_.create().value();
  auto step = one.reserve(0).value();
  EXPECT_EQ(step.pages(), 0U);
  step.accept();
  EXPECT_EQ(one.length(), 0U);
}

TYPED_TEST(reservation_of, scenario_16_n_beams_need_n_minus_1_copies) {
  if (this->per_page() == 1) GTEST_SKIP() << "a page of one token is never partly used";
  auto first = this->filled(1);
  auto second = first.fork().value();
  auto third = second.fork().value();
  auto step = this->cache_.reserve({{first, 1}, {second, 1}, {third, 1}}).value();
  EXPECT_EQ(step.pages(), 2U);
  const auto used = this->used_pages();
  step.accept();
  EXPECT_EQ(this->used_pages() - used, 2U);
}

TYPED_TEST(reservation_of, scenario_16_beams_that_were_cut_inside_a_shared_page_need_no_more) {
  if (this->per_page() < 3) GTEST_SKIP() << "the page must hold two tokens and room";
  if (defers<typename TestFixture::cache_type>) GTEST_SKIP() << "a copy in flight reads the page";
  auto longer = this->filled(2);
  auto shorter = longer.fork().value();
  shorter.truncate(1);
  auto step = this->cache_.reserve({{longer, 1}, {shorter, 1}}).value();
  EXPECT_EQ(step.pages(), 1U) << "the second one owns the page when the first has left it";
  const auto used = this->used_pages();
  step.accept();
  EXPECT_EQ(this->used_pages() - used, 1U);
}

TYPED_TEST(reservation_of, scenario_46_a_sequence_may_go_while_it_is_reserved) {
  auto one = this->filled(1);
  auto other = this->filled(1);
  auto step = this->cache_.reserve({{one, 1}, {other, this->per_page()}}).value();
  one.release();
  EXPECT_EQ(this->cache_.statistics().sequences, 1U);
  EXPECT_STREQ(this->cache_.check_invariants(), nullptr);
  step.accept();
  EXPECT_EQ(other.length(), this->per_page() + 1);
  EXPECT_EQ(this->cache_.statistics().reserved_pages, 0U);
}

TYPED_TEST(reservation_of, moving_hands_it_over) {
  auto one = this->cache_.create().value();
  auto other = this->cache_.create().value();
  auto step = one.reserve(1).value();
  auto moved = std::move(step);
  EXPECT_EQ(step.pages(), 0U);  // NOLINT(bugprone-use-after-move): what a moved-from one is
  step.accept();
  EXPECT_EQ(one.length(), 0U);
  moved = other.reserve(2 * this->per_page()).value();
  EXPECT_EQ(this->cache_.statistics().reserved_pages, 2U) << "the old one was cancelled";
  moved.accept();
  EXPECT_EQ(one.length(), 0U);
  EXPECT_EQ(other.length(), 2 * this->per_page());
}

#ifndef NDEBUG
using reservations_death = cache_fixture<counted>;

TEST_F(reservations_death, a_reserved_sequence_must_not_be_changed) {
  auto one = filled(1);
  const auto step = one.reserve(1).value();
  EXPECT_DEATH(static_cast<void>(one.append(1)), "reserved");
  EXPECT_DEATH(static_cast<void>(one.fork()), "reserved");
  EXPECT_DEATH(one.truncate(0), "reserved");
  EXPECT_DEATH(one.commit(tokens(1)), "reserved");
  EXPECT_DEATH(static_cast<void>(one.writable(0, 1)), "reserved");
  EXPECT_DEATH(static_cast<void>(one.reserve(1)), "reserved");
}

TEST_F(reservations_death, a_sequence_is_named_once) {
  auto one = filled(1);
  EXPECT_DEATH(static_cast<void>(cache_.reserve({{one, 1}, {one, 1}})), "reserved");
}

TEST_F(reservations_death, a_cache_outlives_its_reservations) {
  EXPECT_DEATH(
      {
        auto* cache = new cache_type{counted::config()};
        auto one = cache->create().value();
        auto step = one.reserve(1).value();
        one.release();
        delete cache;
      },
      "set_aside");
}
#endif

}  // namespace
}  // namespace kvfolio::test
