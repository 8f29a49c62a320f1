// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace kvfolio::test {
namespace {

static_assert(sizeof(paged_cache<>::sequence) == 16);
static_assert(std::is_nothrow_move_constructible_v<paged_cache<>::sequence>);
static_assert(std::is_nothrow_move_assignable_v<paged_cache<>::sequence>);
static_assert(!std::is_copy_constructible_v<paged_cache<>::sequence>);

template <class Bundle>
class sequence_of : public cache_fixture<Bundle> {};
TYPED_TEST_SUITE(sequence_of, bundles, bundle_names);

TYPED_TEST(sequence_of, an_empty_handle_holds_nothing) {
  typename TestFixture::sequence none;
  EXPECT_FALSE(none);
  none.release();
  EXPECT_FALSE(none);
}

TYPED_TEST(sequence_of, scenario_05_moving_hands_everything_over) {
  auto one = this->filled(5);
  auto other = std::move(one);
  EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): what a moved-from one is
  EXPECT_TRUE(this->reads(other, this->tokens(5)));
  one = std::move(other);
  EXPECT_TRUE(this->reads(one, this->tokens(5)));
  EXPECT_EQ(this->cache_.statistics().sequences, 1U);
}

TYPED_TEST(sequence_of, scenario_06_assignment_releases_what_was_there) {
  auto one = this->filled(5);
  auto other = this->filled(2);
  auto& same = one;
  one = std::move(same);
  EXPECT_EQ(one.length(), 5U);
  one = std::move(other);
  EXPECT_EQ(one.length(), 2U);
  EXPECT_EQ(this->used_pages(), one.page_count());
  EXPECT_EQ(this->cache_.statistics().sequences, 1U);
}

TYPED_TEST(sequence_of, scenario_08_releasing_twice_gives_back_once) {
  auto one = this->filled(5);
  one.release();
  one.release();
  EXPECT_FALSE(one);
  EXPECT_EQ(this->free_pages(), this->pages());
}

TYPED_TEST(sequence_of, scenario_04_growing_by_nothing_succeeds_and_changes_nothing) {
  auto one = this->cache_.create().value();
  const auto before = this->look();
  EXPECT_TRUE(one.append(0));
  EXPECT_EQ(this->look(), before);
  EXPECT_EQ(one.page_count(), 0U);
  EXPECT_EQ(one.runs(0, 0).tokens(), 0U);
}

TYPED_TEST(sequence_of, scenario_12_growth_takes_the_pages_it_needs_and_keeps_the_old_ones) {
  auto one = this->cache_.create().value();
  std::size_t length = 0;
  for (const std::size_t more : {1U, 2U, 3U, 1U, 8U, 1U, 4U, 1U}) {
    const auto before = this->pages_of(one);
    one.append(more).value();
    length += more;
    EXPECT_EQ(one.length(), length);
    EXPECT_EQ(one.page_count(), (length + this->per_page() - 1) / this->per_page());
    const auto after = this->pages_of(one);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  }
}

TYPED_TEST(sequence_of, scenario_13_room_in_the_last_page_is_used_first) {
  auto one = this->cache_.create().value();
  one.append(this->per_page()).value();
  EXPECT_EQ(this->used_pages(), 1U) << "a full page needs no other until the next token";
  one.append(1).value();
  EXPECT_EQ(this->used_pages(), 2U);
  if (this->per_page() > 1) one.append(this->per_page() - 1).value();
  EXPECT_EQ(this->used_pages(), 2U);
}

TYPED_TEST(sequence_of, scenario_02_one_page_more_than_is_free_fails_and_changes_nothing) {
  auto one = this->filled(this->per_page());
  auto takers = this->take_all_pages();
  const auto before = this->look();
  EXPECT_EQ(one.append(1).error(), errc::out_of_pages);
  EXPECT_EQ(this->look(), before);
  EXPECT_TRUE(this->reads(one, this->tokens(this->per_page())));
  takers.clear();
  EXPECT_TRUE(one.append(1));
}

TYPED_TEST(sequence_of, scenario_03_a_request_that_half_fits_takes_nothing) {
  auto one = this->cache_.create().value();
  auto takers = this->take_all_pages();
  takers.front().truncate(takers.front().length() - this->per_page());
  this->engine_.settle();
  ASSERT_EQ(this->free_pages(), 1U);
  const auto before = this->look();
  EXPECT_EQ(one.append(this->per_page() + 1).error(), errc::out_of_pages);
  EXPECT_EQ(this->look(), before);
  EXPECT_TRUE(one.append(this->per_page()));
}

TYPED_TEST(sequence_of, more_than_the_pool_could_ever_hold_is_too_large) {
  auto one = this->filled(3);
  const auto all = this->pages() * this->per_page();
  const auto before = this->look();
  EXPECT_EQ(one.append(all - 3 + 1).error(), errc::too_large);
  EXPECT_EQ(one.append(~std::size_t{0}).error(), errc::too_large);
  EXPECT_EQ(one.append(~std::size_t{0} - 3).error(), errc::too_large);
  EXPECT_EQ(this->look(), before);
}

TYPED_TEST(sequence_of, scenario_16_a_probe_says_what_growing_takes_and_leaves_no_trace) {
  auto one = this->filled(this->per_page() + 1);
  auto beam = one.fork().value();
  for (const std::size_t more : {0U, 1U, 2U, 3U, 17U}) {
    const auto before = this->look();
    const auto wanted = beam.probe(more);
    EXPECT_EQ(this->look(), before);
    EXPECT_EQ(wanted.pages_obtainable, this->free_pages());
    const auto free = this->free_pages();
    if (!beam.append(more)) break;
    EXPECT_EQ(free - this->free_pages(), wanted.pages_needed) << "by " << more;
  }
}

TYPED_TEST(sequence_of, scenario_15_a_fork_shares_every_page_and_copies_none) {
  auto one = this->filled(2 * this->per_page() + 1);
  const auto before = this->free_pages();
  auto child = one.fork().value();
  EXPECT_EQ(this->free_pages(), before);
  EXPECT_EQ(this->pages_of(child), this->pages_of(one));
  EXPECT_EQ(child.length(), one.length());
  for (const auto page : this->pages_of(one)) EXPECT_EQ(this->cache_.pins(page), 2U);
  EXPECT_TRUE(this->reads(child, this->tokens(2 * this->per_page() + 1)));
}

TYPED_TEST(sequence_of, a_fork_has_committed_what_its_parent_has) {
  auto one = this->filled(6);
  one.commit(this->tokens(4));
  const auto child = one.fork().value();
  EXPECT_EQ(child.committed(), 4U);
  one.commit(this->tokens(1, 5));
  EXPECT_EQ(one.committed(), 5U);
  EXPECT_EQ(child.committed(), 4U);
}

TYPED_TEST(sequence_of, scenario_15_n_forks_need_n_minus_1_copies) {
  if (this->per_page() == 1) GTEST_SKIP() << "a page of one token is never partly used";
  auto one = this->filled(this->per_page() + 1);
  std::vector<typename TestFixture::sequence> beams;
  beams.push_back(std::move(one));
  for (int i = 0; i < 4; ++i) beams.push_back(beams.front().fork().value());
  const auto before = this->used_pages();
  token_id next = 100;
  for (auto& beam : beams) this->grow(beam, 1, next++);
  EXPECT_EQ(this->used_pages() - before, 4U) << "the last one writes in place";
  next = 100;
  const auto shared = this->tokens(this->per_page() + 1);
  for (auto& beam : beams) EXPECT_TRUE(this->reads(beam, shared + this->tokens(1, next++)));
  for (const auto& beam : beams) EXPECT_EQ(beam.page_at(0), beams.front().page_at(0));
}

TYPED_TEST(sequence_of, scenario_15_the_only_owner_writes_in_place) {
  auto one = this->filled(this->per_page() + 1);
  { const auto gone = one.fork().value(); }
  const auto before = this->pages_of(one);
  this->grow(one, 1, 50);
  const auto after = this->pages_of(one);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
}

TYPED_TEST(sequence_of, scenario_17_a_fork_inside_a_page_copies_only_its_valid_tokens) {
  if (this->per_page() < 3) GTEST_SKIP() << "the page must have room for two branches";
  const auto length = this->per_page() + 1;
  auto parent = this->filled(length);
  auto child = parent.fork().value();
  const auto before = counts_of(this->cache_);
  this->grow(child, 2, 200);
  this->grow(parent, 1, 100);
  const auto shared = this->tokens(length);
  EXPECT_TRUE(this->reads(child, shared + this->tokens(2, 200)));
  EXPECT_TRUE(this->reads(parent, shared + this->tokens(1, 100)));
  const auto after = counts_of(this->cache_);
  if (after == event_counts{}) return;  // nobody counts
  EXPECT_EQ(after.page_copies - before.page_copies, 1U);
  EXPECT_EQ(after.tokens_copied - before.tokens_copied, 1U);
}

TYPED_TEST(sequence_of, scenario_18_siblings_go_in_any_order) {
  std::vector<int> order{0, 1, 2, 3};
  do {
    std::vector<typename TestFixture::sequence> family;
    family.push_back(this->filled(6));
    family.push_back(family[0].fork().value());
    this->grow(family[1], 3, 100);
    family.push_back(family[1].fork().value());
    this->grow(family[2], 3, 200);
    family.push_back(family[0].fork().value());
    family[0].truncate(2);
    for (const auto place : order) {
      family[static_cast<std::size_t>(place)].release();
      ASSERT_STREQ(this->cache_.check_invariants(), nullptr);
    }
    this->engine_.settle();
    ASSERT_EQ(this->free_pages(), this->pages());
  } while (std::ranges::next_permutation(order).found);
}

TYPED_TEST(sequence_of, scenario_43_truncating_a_branch_keeps_its_siblings) {
  auto one = this->filled(9);
  auto child = one.fork().value();
  EXPECT_EQ(one.truncate(0).tokens, 9U);
  EXPECT_EQ(one.page_count(), 0U);
  EXPECT_TRUE(this->reads(child, this->tokens(9)));
  this->grow(one, 2, 300);
  EXPECT_TRUE(this->reads(one, this->tokens(2, 300)));
  EXPECT_TRUE(this->reads(child, this->tokens(9)));
}

TYPED_TEST(sequence_of, scenario_44_a_rollback_frees_whole_pages_past_the_new_end) {
  const auto length = 3 * this->per_page();
  auto one = this->filled(length);
  for (auto keep = length; keep-- > 0;) {
    one.truncate(keep);
    EXPECT_EQ(this->used_pages(), (keep + this->per_page() - 1) / this->per_page());
  }
}

TYPED_TEST(sequence_of, scenario_44_a_rollback_of_a_shared_tail_is_written_over_by_one_branch) {
  const auto length = this->per_page() + 2;
  auto one = this->filled(length);
  auto child = one.fork().value();
  one.truncate(this->per_page() + 1);
  this->grow(one, 3, 70);
  EXPECT_TRUE(this->reads(one, this->tokens(this->per_page() + 1) + this->tokens(3, 70)));
  EXPECT_TRUE(this->reads(child, this->tokens(length)));
}

TYPED_TEST(sequence_of, truncate_says_what_it_dropped) {
  auto one = this->filled(3 * this->per_page());
  one.commit(this->tokens(2 * this->per_page()));
  EXPECT_EQ(one.truncate(3 * this->per_page()), truncation{});
  EXPECT_EQ(one.truncate(this->per_page()),
            (truncation{2 * this->per_page(), this->per_page(), 2}));
  EXPECT_EQ(one.committed(), this->per_page());
  EXPECT_EQ(one.length(), this->per_page());
}

TYPED_TEST(sequence_of, commit_counts_what_is_complete) {
  auto one = this->filled(5);
  EXPECT_EQ(one.committed(), 0U);
  one.commit(this->tokens(2));
  one.commit({});
  one.commit(this->tokens(3, 3));
  EXPECT_EQ(one.committed(), 5U);
}

TYPED_TEST(sequence_of, what_was_appended_may_be_rewritten_until_it_is_committed) {
  auto one = this->filled(this->per_page() + 2);
  one.commit(this->tokens(1));
  const auto pages = this->pages_of(one);
  const auto runs = one.writable(1, this->per_page()).value();
  EXPECT_EQ(runs.tokens(), this->per_page());
  this->engine_.write(runs, this->tokens(this->per_page(), 90));
  EXPECT_EQ(this->pages_of(one), pages) << "the only owner writes in place";
  const auto last = this->tokens(1, static_cast<token_id>(this->per_page()) + 2);
  EXPECT_TRUE(this->reads(one, this->tokens(1) + this->tokens(this->per_page(), 90) + last));
}

TYPED_TEST(sequence_of, rewriting_copies_what_is_shared_up_to_the_last_shared_page) {
  const auto length = 3 * this->per_page();
  auto one = this->filled(length);
  auto child = one.fork().value();
  const auto before = this->pages_of(one);
  const auto runs = child.writable(this->per_page(), 1).value();
  this->engine_.settle();
  this->engine_.write(runs, this->tokens(1, 500));
  EXPECT_EQ(this->pages_of(one), before);
  EXPECT_EQ(child.page_at(0), before[0]);
  EXPECT_NE(child.page_at(1), before[1]);
  EXPECT_NE(child.page_at(2), before[2]);
  EXPECT_TRUE(this->reads(one, this->tokens(length)));
  auto expected = this->tokens(length);
  expected[this->per_page()] = 500;
  EXPECT_TRUE(this->reads(child, expected));
}

TYPED_TEST(sequence_of, committed_and_missing_positions_cannot_be_rewritten) {
  auto one = this->filled(5);
  one.commit(this->tokens(2));
  const auto before = this->look();
  EXPECT_EQ(one.writable(1, 1).error(), errc::out_of_range);
  EXPECT_EQ(one.writable(4, 2).error(), errc::out_of_range);
  EXPECT_EQ(one.writable(6, 0).error(), errc::out_of_range);
  EXPECT_EQ(one.writable(3, ~std::size_t{0}).error(), errc::out_of_range);
  EXPECT_EQ(this->look(), before);
  EXPECT_TRUE(one.writable(5, 0));
  EXPECT_TRUE(one.writable(2, 0));
}

TYPED_TEST(sequence_of, rewriting_shared_pages_without_a_free_page_changes_nothing) {
  auto one = this->filled(this->per_page());
  auto child = one.fork().value();
  const auto takers = this->take_all_pages();
  const auto before = this->look();
  EXPECT_EQ(child.writable(0, 1).error(), errc::out_of_pages);
  EXPECT_EQ(this->look(), before);
}

TYPED_TEST(sequence_of, a_shared_tail_without_a_free_page_cannot_grow) {
  if (this->per_page() == 1) GTEST_SKIP() << "a page of one token is never partly used";
  auto one = this->filled(1);
  {
    auto child = one.fork().value();
    const auto takers = this->take_all_pages();
    const auto before = this->look();
    EXPECT_EQ(child.append(1).error(), errc::out_of_pages);
    EXPECT_EQ(one.append(1).error(), errc::out_of_pages);
    EXPECT_EQ(this->look(), before);
  }
  EXPECT_TRUE(one.append(1)) << "its only owner needs no page";
}

TYPED_TEST(sequence_of, exports_the_ids_of_its_pages) {
  auto one = this->filled(2 * this->per_page() + 1);
  std::vector<std::int32_t> ids(4, -1);
  one.export_pages(ids);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(ids[i], static_cast<std::int32_t>(one.page_at(i)));
  }
  EXPECT_EQ(ids[3], -1);
  if constexpr (contiguous_page_table<typename TestFixture::cache_type::page_table>) {
    EXPECT_TRUE(std::ranges::equal(one.page_table(), this->pages_of(one)));
  }
}

}  // namespace
}  // namespace kvfolio::test
