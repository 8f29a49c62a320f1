// SPDX-License-Identifier: Apache-2.0
// What a cache does with prefixes that it has seen. Page ids are those of the default free list.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/index_mirror.hpp"
#include "support/prefix_bundles.hpp"
#include "support/prefix_engine.hpp"

namespace kvfolio::test {
namespace {

using tokens = std::vector<token_id>;

template <class Policies>
class prefix_reuse : public prefix_engine<Policies> {
 protected:
  using base = prefix_engine<Policies>;
  using typename base::sequence;
};
using finding_policies =
    testing::Types<default_policies, persistent_reuse, deferred_reuse, clock_reuse, colliding_reuse,
                   hashed_reuse, wide_hashed_reuse>;
TYPED_TEST_SUITE(prefix_reuse, finding_policies, reuse_names);

TYPED_TEST(prefix_reuse, scenario_19_a_prompt_begins_with_the_longest_prefix_in_whole_pages) {
  EXPECT_EQ(this->hit(this->numbers(20)), 0U) << "nothing is known yet";
  this->forget(this->computed(this->numbers(18)));
  EXPECT_EQ(this->hit(this->numbers(40)), 16U);
  EXPECT_EQ(this->hit(this->numbers(11)), 8U);
  EXPECT_EQ(this->hit(this->numbers(6, 7)), 0U);
  auto diverging = this->numbers(20);
  diverging[9] = -1;
  EXPECT_EQ(this->hit(diverging), 8U);
}

TYPED_TEST(prefix_reuse, a_prompt_is_reused_while_it_is_still_being_answered) {
  auto first = this->computed(this->numbers(9));
  auto second = this->cache_.create(this->numbers(9)).value();
  EXPECT_EQ(second.length(), 8U);
  EXPECT_EQ(second.committed(), 8U);
  EXPECT_EQ(second.page_at(1), first.page_at(1));
  EXPECT_EQ(this->cache_.pins(first.page_at(0)), 2U);
  this->go_on(second, {-5});
  this->go_on(first, {-6, -7});
  EXPECT_TRUE(this->reads(first, this->numbers(9) + tokens{-6, -7}));
  EXPECT_TRUE(this->reads(second, this->numbers(8) + tokens{-5}));
}

TYPED_TEST(prefix_reuse, scenario_23_tenants_adapters_and_media_never_meet) {
  const std::array image{media_span{1, 2, {1, 2}}};
  const std::array<request_options, 4> all{
      request_options{}, request_options{.scope = {.salt = 9}},
      request_options{.scope = {.adapter = 3, .adapter_version = 1}},
      request_options{.media = image}};
  const auto prompt = this->numbers(9);
  for (const auto& options : all) {
    EXPECT_EQ(this->cache_.probe(prompt, options).hit_tokens, 0U);
    this->forget(this->computed(prompt, options));
    EXPECT_EQ(this->cache_.probe(prompt, options).hit_tokens, 8U);
  }
  EXPECT_EQ(this->cache_.statistics().cached_pages, 8U);
}

TYPED_TEST(prefix_reuse, scenario_23_media_without_a_digest_are_like_nothing_else) {
  const std::array unknown{media_span{.first_token = 5, .tokens = 2}};
  const request_options options{.media = unknown};
  const auto prompt = this->numbers(14);
  this->forget(this->computed(prompt, options));
  EXPECT_EQ(this->cache_.probe(prompt, options).hit_tokens, 4U) << "what comes before is known";
  EXPECT_EQ(this->cache_.probe(prompt).hit_tokens, 4U);
  this->forget(this->computed(prompt));
  EXPECT_EQ(this->cache_.probe(prompt, options).hit_tokens, 4U);
}

TYPED_TEST(prefix_reuse, scenario_25_the_last_token_of_a_prompt_is_always_computed) {
  this->forget(this->computed(this->numbers(8)));
  EXPECT_EQ(this->hit(this->numbers(8)), 4U);
  EXPECT_EQ(this->hit(this->numbers(9)), 8U);
  EXPECT_EQ(this->hit({}), 0U);
  EXPECT_EQ(this->hit(this->numbers(1)), 0U);
}

TYPED_TEST(prefix_reuse,
           scenario_20_an_equal_prompt_that_was_computed_at_the_same_time_adds_nothing) {
  for (const bool first_goes_first : {true, false}) {
    auto one = this->cache_.create(this->numbers(9)).value();
    auto other = this->cache_.create(this->numbers(9)).value();
    this->go_on(one, this->numbers(9));
    this->go_on(other, this->numbers(9));
    EXPECT_EQ(this->mirror().entries().size(), 2U);
    EXPECT_NE(one.page_at(0), other.page_at(0)) << "a kernel may be reading either";
    EXPECT_EQ(this->cache_.pins(one.page_at(1)), 2U) << "of the one that has it, and of its twin's";
    this->go_on(one, {-1, -1, -1, -1});
    this->go_on(other, {-2, -2, -2, -2});
    EXPECT_EQ(this->mirror().entries().size(), 4U);
    EXPECT_EQ(this->mirror().entries().at(other.page_at(2)).parent, one.page_at(1));
    EXPECT_TRUE(this->reads(one, this->numbers(9) + tokens{-1, -1, -1, -1}));
    EXPECT_TRUE(this->reads(other, this->numbers(9) + tokens{-2, -2, -2, -2}));
    this->forget(std::move(first_goes_first ? one : other));
    EXPECT_EQ(this->cache_.check_invariants(), nullptr);
    this->forget(std::move(first_goes_first ? other : one));
    EXPECT_EQ(this->cache_.statistics().cached_pages, 4U);
    EXPECT_EQ(this->hit(this->numbers(9) + tokens{-2, -2, -2, -2}), 12U);
    ASSERT_TRUE(this->cache_.reset());
  }
}

TYPED_TEST(prefix_reuse, scenario_28_room_is_made_by_as_many_evictions_as_it_takes) {
  this->forget(this->computed(this->numbers(16)));
  auto pinned = this->computed(this->numbers(8, 100));
  const auto free = this->cache_.statistics().free_pages;
  auto large = this->cache_.create().value();
  EXPECT_EQ(large.probe(0).pages_obtainable, free + 4);
  large.append((free + 3) * 4).value();
  EXPECT_EQ(this->mirror().removed().size(), 3U);
  EXPECT_EQ(large.append(8).error(), errc::out_of_pages) << "all but one page are pinned";
  EXPECT_EQ(this->mirror().removed().size(), 3U);
  EXPECT_TRUE(this->reads(pinned, this->numbers(8, 100)));
  EXPECT_EQ(this->hit(this->numbers(9, 100)), 8U);
}

TYPED_TEST(prefix_reuse, scenario_29_pages_leave_from_the_end_of_a_prefix) {
  this->forget(this->computed(this->numbers(16)));
  auto filler = this->cache_.create().value();
  filler.append(this->cache_.statistics().free_pages * 4).value();
  for (const std::size_t left : {12U, 8U, 4U, 0U}) {
    filler.append(4).value();
    EXPECT_EQ(this->hit(this->numbers(17)), left);
    EXPECT_EQ(this->cache_.check_invariants(), nullptr);
  }
  EXPECT_EQ(filler.append(1).error(), errc::too_large);
}

TYPED_TEST(prefix_reuse, scenario_34_a_page_in_use_keeps_all_before_it) {
  this->forget(this->computed(this->numbers(16)));
  auto user = this->cache_.create(this->numbers(9)).value();
  auto filler = this->cache_.create().value();
  EXPECT_EQ(filler.probe(0).pages_obtainable, this->cache_.statistics().free_pages + 2);
  filler.append(filler.probe(0).pages_obtainable * 4).value();
  EXPECT_EQ(filler.append(1).error(), errc::out_of_pages);
  EXPECT_TRUE(this->reads(user, this->numbers(8)));
  EXPECT_EQ(this->hit(this->numbers(17)), 8U);
}

TYPED_TEST(prefix_reuse, scenario_43_a_branch_that_is_cut_leaves_its_sibling_and_the_index_alone) {
  auto one = this->computed(this->numbers(12));
  auto child = one.fork().value();
  EXPECT_EQ(one.truncate(0).committed, 12U);
  EXPECT_TRUE(this->reads(child, this->numbers(12)));
  EXPECT_EQ(this->hit(this->numbers(13)), 12U);
  child.truncate(6);
  EXPECT_EQ(child.committed(), 6U);
  EXPECT_EQ(this->hit(this->numbers(13)), 12U) << "what is cut off can still be found";
}

TYPED_TEST(prefix_reuse, the_only_owner_writes_into_a_page_that_it_takes_out_of_the_index) {
  auto one = this->computed(this->numbers(8));
  const auto page = one.page_at(1);
  one.truncate(6);
  EXPECT_EQ(one.probe(2), (fit{0, 0, this->cache_.statistics().free_pages}));
  this->go_on(one, {-1, -2});
  EXPECT_EQ(one.page_at(1), page);
  ASSERT_EQ(this->mirror().removed().size(), 1U);
  EXPECT_EQ(this->mirror().removed().front().first, page);
  EXPECT_EQ(this->hit(this->numbers(9)), 4U);
  EXPECT_EQ(this->hit(this->numbers(6) + tokens{-1, -2, -3}), 8U) << "indexed again, as it is now";
}

TYPED_TEST(prefix_reuse, a_page_that_others_are_found_after_is_copied_before_it_is_written) {
  auto one = this->computed(this->numbers(12));
  const auto page = one.page_at(1);
  one.truncate(6);
  EXPECT_EQ(one.probe(2).pages_needed, 1U) << "the third page is cached, and hangs from the second";
  this->go_on(one, {-1, -2});
  EXPECT_NE(one.page_at(1), page);
  EXPECT_TRUE(this->mirror().removed().empty());
  EXPECT_EQ(this->hit(this->numbers(13)), 12U);
  EXPECT_TRUE(this->reads(one, this->numbers(6) + tokens{-1, -2}));
}

TYPED_TEST(prefix_reuse, what_came_before_an_invalidation_is_never_found_again) {
  auto old = this->computed(this->numbers(8));
  this->forget(this->computed(this->numbers(8, 50)));
  this->cache_.invalidate();
  EXPECT_EQ(this->hit(this->numbers(9)), 0U);
  EXPECT_EQ(this->hit(this->numbers(9, 50)), 0U);
  this->go_on(old, this->numbers(8, 8));
  EXPECT_EQ(this->mirror().entries().size(), 4U) << "what lives on indexes nothing any more";
  auto child = old.fork().value();
  this->go_on(child, this->numbers(4, 16));
  EXPECT_EQ(this->mirror().entries().size(), 4U);
  this->forget(this->computed(this->numbers(8)));
  EXPECT_EQ(this->hit(this->numbers(9)), 8U) << "computed anew";
  EXPECT_TRUE(this->reads(old, this->numbers(16)));
  auto filler = this->cache_.create().value();
  EXPECT_TRUE(filler.append(filler.probe(0).pages_obtainable * 4)) << "old pages make room";
}

TYPED_TEST(prefix_reuse, scenario_47_a_cache_in_use_is_not_emptied) {
  auto one = this->computed(this->numbers(8));
  this->forget(this->computed(this->numbers(8, 50)));
  const auto before = this->cache_.state_digest();
  EXPECT_EQ(this->cache_.reset().error(), errc::in_use);
  EXPECT_EQ(this->cache_.state_digest(), before);
  EXPECT_EQ(this->hit(this->numbers(9, 50)), 8U);
  this->forget(std::move(one));
  EXPECT_TRUE(this->cache_.reset());
  EXPECT_EQ(this->cache_.statistics().free_pages, this->cache_.config().pages);
  EXPECT_EQ(this->hit(this->numbers(9, 50)), 0U);
  EXPECT_TRUE(this->mirror().entries().empty());
}

TYPED_TEST(prefix_reuse, scenario_51_a_conversation_of_two_hundred_pages_is_found_and_let_go) {
  const auto pages = this->cache_.config().pages;
  this->forget(this->computed(this->numbers(pages * 4)));
  EXPECT_EQ(this->hit(this->numbers(pages * 4)), (pages - 1) * 4);
  auto next = this->cache_.create(this->numbers(pages * 4, 1'000)).value();
  next.append(pages * 4).value();
  EXPECT_EQ(this->mirror().removed().size(), pages);
}

// What follows depends on the default eviction policy.
using least_recently_used = prefix_engine<default_policies>;

TEST_F(least_recently_used, scenario_30_leaves_in_the_order_of_releases_and_hits) {
  for (const token_id first : {100, 200, 300, 400}) forget(computed(numbers(8, first)));
  forget(cache_.create(numbers(9, 100)).value());    // the first is the youngest by this
  static_cast<void>(cache_.probe(numbers(9, 200)));  // and the second is not, by this
  EXPECT_EQ(cache_.create(numbers(1'000'000)).error(), errc::too_large);
  auto filler = cache_.create().value();
  filler.append(cache_.statistics().free_pages * 4).value();
  std::vector<token_id> victims;
  for (int page = 0; page < 8; ++page) {
    filler.append(4).value();
    victims.push_back(mirror().removed().back().second.tokens.front());
  }
  EXPECT_EQ(victims, (tokens{200, 200, 300, 300, 400, 400, 100, 100}));
}

TEST_F(least_recently_used, scenario_30_a_call_that_fails_refreshes_nothing) {
  forget(computed(numbers(8, 100)));
  forget(computed(numbers(8, 200)));
  auto filler = cache_.create().value();
  filler.append(cache_.statistics().free_pages * 4).value();
  auto late = cache_.create().value();
  EXPECT_EQ(late.append(100).error(), errc::out_of_pages);
  EXPECT_EQ(late.reserve(100).error(), errc::out_of_pages);
  EXPECT_FALSE(cache_.probe(numbers(100, 100)).fits());
  filler.append(4).value();
  EXPECT_EQ(mirror().removed().back().second.tokens.front(), 100);
}

TEST_F(least_recently_used, a_page_that_lost_its_child_is_as_old_as_that_was) {
  forget(computed(numbers(12)));                  // three pages
  forget(computed(numbers(4) + numbers(4, 90)));  // and a younger branch after the first
  auto filler = cache_.create().value();
  filler.append(cache_.statistics().free_pages * 4).value();
  std::vector<std::size_t> victims;
  for (int page = 0; page < 4; ++page) {
    filler.append(4).value();
    victims.push_back(mirror().removed().back().second.tokens.size());
  }
  EXPECT_EQ(victims, (std::vector<std::size_t>{12, 8, 8, 4}));
  EXPECT_EQ(mirror().removed()[2].second.tokens.back(), 93) << "the branch, and then the root";
}

template <class Policies>
class partial_reuse_of : public prefix_engine<Policies> {
 protected:
  static constexpr bool takes = Policies::prefix_index::takes_unused;
  // The first `same` tokens of `numbers(count)`, and others.
  [[nodiscard]] static tokens like(std::size_t same, std::size_t count) {
    auto made = prefix_engine<Policies>::numbers(count);
    for (auto i = same; i < count; ++i) made[i] = -static_cast<token_id>(i + same * 100 + 1);
    return made;
  }
};
struct partial_kept_reuse : deferred_reuse {
  using prefix_index = prefix::partial_match<prefix::radix, prefix::unused_leaf::copied>;
};
using partial_policies = testing::Types<partial_reuse, partial_copied_reuse, partial_kept_reuse>;
TYPED_TEST_SUITE(partial_reuse_of, partial_policies);

TYPED_TEST(partial_reuse_of, scenario_26_the_longest_matching_sibling_is_found) {
  this->forget(this->computed(this->numbers(12)));
  for (const std::size_t same : {5U, 6U, 4U}) this->forget(this->computed(this->like(same, 12)));
  EXPECT_EQ(this->hit(this->like(7, 12)), 7U);
  EXPECT_EQ(this->hit(this->numbers(8)), 7U) << "the last token is computed";
  EXPECT_EQ(this->hit(this->like(3, 12)), 3U) << "inside the first page";
  EXPECT_EQ(this->hit(this->like(0, 12)), 0U);
}

TYPED_TEST(partial_reuse_of, scenario_26_a_page_in_use_is_copied) {
  auto first = this->computed(this->numbers(8));
  auto second = this->cache_.create(this->like(6, 12)).value();
  EXPECT_EQ(second.length(), 6U);
  EXPECT_EQ(second.committed(), 6U);
  EXPECT_NE(second.page_at(1), first.page_at(1));
  EXPECT_EQ(second.page_at(0), first.page_at(0));
  this->go_on(second, {90, 91, 92});
  EXPECT_TRUE(this->reads(first, this->numbers(8)));
  EXPECT_TRUE(this->reads(second, this->numbers(6) + tokens{90, 91, 92}));
  EXPECT_EQ(this->hit(this->numbers(6) + tokens{90, 91, 5}), 8U) << "it is indexed when full";
}

TYPED_TEST(partial_reuse_of, scenario_26_a_page_that_others_follow_is_copied) {
  this->forget(this->computed(this->numbers(12)));
  auto second = this->computed(this->like(6, 12));
  EXPECT_EQ(this->hit(this->numbers(13)), 12U);
  EXPECT_TRUE(this->reads(second, this->like(6, 12)));
}

TYPED_TEST(partial_reuse_of, scenario_26_an_unused_leaf_is_taken_in_place_or_kept) {
  this->forget(this->computed(this->numbers(8)));
  const auto copies = this->cache_.observer().template get<0>().counts().page_copies;
  auto second = this->computed(this->like(6, 8));
  EXPECT_EQ(this->cache_.observer().template get<0>().counts().page_copies - copies,
            this->takes ? 0U : 1U);
  EXPECT_EQ(this->hit(this->numbers(9)), this->takes ? 6U : 8U);
  EXPECT_TRUE(this->reads(second, this->like(6, 8)));
}

TYPED_TEST(partial_reuse_of, scenario_26_without_a_page_for_the_copy_whole_pages_are_reused) {
  auto first = this->computed(this->numbers(8));
  auto rest = this->cache_.create().value();
  rest.append(this->cache_.statistics().free_pages * 4).value();
  EXPECT_EQ(this->hit(this->like(6, 12)), 4U);
  auto second = this->cache_.create(this->like(6, 12)).value();
  EXPECT_EQ(second.length(), 4U);
  second.release();
  rest.release();
  EXPECT_EQ(this->hit(this->like(6, 12)), 6U);
}

TYPED_TEST(partial_reuse_of, tenants_and_media_share_no_beginnings) {
  const std::array image{media_span{4, 2, {1, 2}}};
  this->forget(this->computed(this->numbers(8)));
  const auto prompt = this->like(6, 12);
  EXPECT_EQ(this->cache_.probe(prompt, {.scope = {.salt = 9}}).hit_tokens, 0U);
  EXPECT_EQ(this->cache_.probe(prompt, {.media = image}).hit_tokens, 4U);
  EXPECT_EQ(this->cache_.probe(prompt).hit_tokens, 6U);
  this->cache_.invalidate();
  EXPECT_EQ(this->cache_.probe(prompt).hit_tokens, 0U);
}

}  // namespace
}  // namespace kvfolio::test
