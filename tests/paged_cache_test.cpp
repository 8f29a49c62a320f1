// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/cache_fixture.hpp"

namespace kvfolio::test {
namespace {

static_assert(!std::is_move_constructible_v<paged_cache<>>);
static_assert(!std::is_copy_constructible_v<paged_cache<>>);

template <class Bundle>
class paged_cache_of : public cache_fixture<Bundle> {};
TYPED_TEST_SUITE(paged_cache_of, bundles, bundle_names);

TYPED_TEST(paged_cache_of, scenario_01_a_fresh_pool_hands_out_every_page_once) {
  EXPECT_EQ(this->free_pages(), this->pages());
  const auto takers = this->take_all_pages();
  std::set<page_id> seen;
  for (const auto& taker : takers) {
    for (const auto page : this->pages_of(taker)) EXPECT_TRUE(seen.insert(page).second);
  }
  EXPECT_EQ(seen.size(), this->pages());
  EXPECT_EQ(seen.contains(page_id{0}), !this->cache_.config().reserve_null_page);
}

TYPED_TEST(paged_cache_of, a_new_sequence_has_no_storage) {
  const auto prompt = this->tokens(10);
  const auto one = this->cache_.create(prompt).value();
  EXPECT_TRUE(one);
  EXPECT_EQ(one.length(), 0U);
  EXPECT_EQ(one.committed(), 0U);
  EXPECT_EQ(one.page_count(), 0U);
  EXPECT_EQ(this->free_pages(), this->pages());
}

TYPED_TEST(paged_cache_of, a_prompt_that_the_pool_could_never_hold_is_refused) {
  const auto before = this->look();
  const auto prompt = this->tokens(this->pages() * this->per_page() + 1);
  EXPECT_EQ(this->cache_.create(prompt).error(), errc::too_large);
  EXPECT_EQ(this->look(), before);
  EXPECT_TRUE(this->cache_.create(this->tokens(this->longest())));
}

TYPED_TEST(paged_cache_of, as_many_sequences_live_as_were_allowed) {
  std::vector<typename TestFixture::sequence> all;
  for (std::size_t i = 0; i < this->cache_.config().max_sequences; ++i) {
    all.push_back(this->cache_.create().value());
  }
  const auto before = this->look();
  EXPECT_EQ(this->cache_.create().error(), errc::too_many_sequences);
  EXPECT_EQ(all.front().fork().error(), errc::too_many_sequences);
  EXPECT_EQ(this->look(), before);
  all.pop_back();
  EXPECT_TRUE(this->cache_.create());
}

TYPED_TEST(paged_cache_of, a_probe_of_a_prompt_leaves_no_trace) {
  const auto one = this->filled(5);
  const auto before = this->look();
  const auto prompt = this->tokens(2 * this->per_page() + 1);
  EXPECT_EQ(this->cache_.probe(prompt), (fit{0, 3, this->free_pages()}));
  EXPECT_EQ(this->cache_.probe({}), (fit{0, 0, this->free_pages()}));
  EXPECT_EQ(this->look(), before);
}

TYPED_TEST(paged_cache_of, statistics_count_what_there_is) {
  const auto page = this->per_page();
  auto one = this->filled(2 * page + 1);
  one.commit(this->tokens(page));
  const auto child = one.fork().value();
  EXPECT_EQ(this->cache_.statistics(),
            (cache_statistics{.pages = this->pages(),
                              .free_pages = this->pages() - 3,
                              .used_pages = 3,
                              .used_bytes = 3 * this->cache_.layout().bytes(),
                              .sequences = 2,
                              .tokens = 4 * page + 2,
                              .committed_tokens = 2 * page,
                              .table_pages = 6,
                              .slack_tokens = 2 * (page - 1)}));
}

TYPED_TEST(paged_cache_of, pins_are_the_sequences_that_use_a_page) {
  auto one = this->filled(2 * this->per_page());
  const auto first = one.page_at(0);
  const auto second = one.page_at(1);
  auto child = one.fork().value();
  auto other = child.fork().value();
  other.truncate(this->per_page());
  EXPECT_EQ(this->cache_.pins(first), 3U);
  EXPECT_EQ(this->cache_.pins(second), 2U);
  one.release();
  child.release();
  EXPECT_EQ(this->cache_.pins(first), 1U);
  EXPECT_EQ(this->cache_.pins(second), 0U);
}

TYPED_TEST(paged_cache_of, scenario_46_a_released_sequence_gives_up_what_was_its_alone) {
  auto one = this->filled(2 * this->per_page());
  auto child = one.fork().value();
  this->grow(child, this->per_page() + 1, 60);
  const auto before = this->used_pages();
  const auto length = child.length();
  child.release();
  this->engine_.settle();
  EXPECT_EQ(before - this->used_pages(), 2U);
  auto again = one.fork().value();
  this->grow(again, length - again.length(), 60);
  EXPECT_EQ(this->used_pages(), before);
  EXPECT_TRUE(this->reads(
      again, this->tokens(2 * this->per_page()) + this->tokens(this->per_page() + 1, 60)));
}

TYPED_TEST(paged_cache_of, equal_histories_have_equal_digests_and_others_have_not) {
  cache_of<TypeParam> other{TypeParam::config()};
  const auto same = [&] { return this->cache_.state_digest() == other.state_digest(); };
  EXPECT_TRUE(same());
  auto here = this->cache_.create().value();
  EXPECT_FALSE(same()) << "a sequence was created";
  auto there = other.create().value();
  EXPECT_TRUE(same());
  here.append(1).value();
  EXPECT_FALSE(same()) << "it grew";
  there.append(1).value();
  EXPECT_TRUE(same());
  here.commit(this->tokens(1));
  EXPECT_FALSE(same()) << "it committed";
  there.commit(this->tokens(1));
  EXPECT_TRUE(same());
  auto child = here.fork().value();
  EXPECT_FALSE(same()) << "it was forked";
  child.release();
  EXPECT_TRUE(same()) << "and the child is gone";
  here.append(2 * this->per_page()).value();
  there.append(3 * this->per_page()).value();
  there.truncate(2 * this->per_page() + 1);
  EXPECT_EQ(here.length(), there.length());
  here.release();
  there.release();
}

TYPED_TEST(paged_cache_of, the_digest_knows_what_is_reserved) {
  auto one = this->cache_.create().value();
  const auto before = this->cache_.state_digest();
  auto small = one.reserve(1).value();
  const auto with_one = this->cache_.state_digest();
  EXPECT_NE(with_one, before);
  small.cancel();
  EXPECT_EQ(this->cache_.state_digest(), before);
  if (this->per_page() == 1) return;
  auto large = one.reserve(2).value();
  EXPECT_EQ(large.pages(), 1U) << "as many pages, and yet another future";
  EXPECT_NE(this->cache_.state_digest(), with_one);
}

template <class Bundle>
using counting_cache_of = paged_cache_of<Bundle>;
TYPED_TEST_SUITE(counting_cache_of, counting_bundles, bundle_names);

TYPED_TEST(counting_cache_of, announces_what_happens_by_its_definition) {
  const auto page = this->per_page();
  auto one = this->filled(2 * page);
  event_counts expected{.page_faults = 2};
  EXPECT_EQ(counts_of(this->cache_), expected);
  auto child = one.fork().value();
  expected.forks = 1;
  expected.pages_shared = 2;
  EXPECT_EQ(counts_of(this->cache_), expected);
  child.writable(page, 1).value();
  expected.page_copies = expected.divergences = 1;
  expected.tokens_copied = page;
  EXPECT_EQ(counts_of(this->cache_), expected);
  EXPECT_EQ(counts_of(this->cache_).copies_saved(), 1U) << "the first page";
  child.release();
  expected.pages_freed = 1;
  EXPECT_EQ(counts_of(this->cache_), expected);
  one.release();
  expected.pages_freed = 3;
  EXPECT_EQ(counts_of(this->cache_), expected);
}

#ifndef NDEBUG
template <class Bundle>
using paged_cache_of_death = paged_cache_of<Bundle>;
using death_bundles = testing::Types<plain, persistent_table>;
TYPED_TEST_SUITE(paged_cache_of_death, death_bundles, bundle_names);

TYPED_TEST(paged_cache_of_death, scenario_09_a_cache_outlives_its_sequences) {
  EXPECT_DEATH(
      {
        auto* cache = new cache_of<TypeParam>{TypeParam::config()};
        auto one = cache->create().value();
        delete cache;
      },
      "unused");
}

TYPED_TEST(paged_cache_of_death, an_empty_handle_has_no_verbs) {
  typename TestFixture::sequence none;
  EXPECT_DEATH(static_cast<void>(none.length()), "cache_");
  EXPECT_DEATH(static_cast<void>(none.append(1)), "cache_");
  EXPECT_DEATH(static_cast<void>(none.fork()), "cache_");
}

TYPED_TEST(paged_cache_of_death, what_has_no_storage_cannot_be_committed_read_or_dropped) {
  auto one = this->filled(3);
  EXPECT_DEATH(one.commit(this->tokens(4)), "length");
  EXPECT_DEATH(static_cast<void>(one.runs(0, 4)), "length");
  EXPECT_DEATH(static_cast<void>(one.runs(4, 0)), "length");
  EXPECT_DEATH(one.truncate(4), "length");
  EXPECT_DEATH(static_cast<void>(one.page_at(1)), "index");
  EXPECT_DEATH(one.export_pages({}), "out");
}

TYPED_TEST(paged_cache_of_death, scenario_07_a_sequence_of_another_cache_is_foreign) {
  cache_of<TypeParam> other{TypeParam::config()};
  auto foreign = other.create().value();
  EXPECT_DEATH(static_cast<void>(this->cache_.reserve({{foreign, 1}})), "cache_");
}

TYPED_TEST(paged_cache_of_death, there_are_no_bytes_beyond_the_pool) {
  const auto beyond = to_page(this->cache_.config().pages);
  EXPECT_DEATH(static_cast<void>(this->cache_.bytes(beyond)), "to_index");
}
#endif

}  // namespace
}  // namespace kvfolio::test
