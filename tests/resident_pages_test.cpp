// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/eviction/fifo.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/resident_pages.hpp>

#include "support/index_mirror.hpp"

namespace kvfolio::test {
namespace {

using testing::ElementsAre;

struct deferring : mirrored<default_policies> {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
};
struct hearing_of_every_page : deferring {
  using eviction = kvfolio::eviction::fifo;
};

constexpr cache_config small{
    .shape = model::grouped_query(1, 1, 8, dtype::i8), .tokens_per_page = 1, .pages = 4};

template <class Policies>
class resident_pages_of : public testing::Test {
 protected:
  // Takes a page, and indexes it after `at` with the token `value`.
  prefix_cursor add(const prefix_cursor& at, token_id value) {
    const auto page = pages_.take(user_);
    const std::vector<token_id> tokens{value};
    pages_.index().note(page, 0, tokens);
    return pages_.extend({}, at, page, std::nullopt, user_);
  }
  // As a sequence that is gone: the last user of a page leaves.
  void leave(page_id page) {
    pages_.unpin(page);
    pages_.leave(page, user_);
  }
  [[nodiscard]] const index_mirror& mirror() const { return pages_.observer().template get<1>(); }
  [[nodiscard]] std::vector<page_id> removed() const {
    std::vector<page_id> all;
    for (const auto& each : mirror().removed()) all.push_back(each.first);
    return all;
  }

  resident_pages<Policies> pages_{cache_parts<Policies>::make(small), small.pages,
                                  small.tokens_per_page};
  sequence_record user_;
};
using both = testing::Types<deferring, hearing_of_every_page>;
TYPED_TEST_SUITE(resident_pages_of, both);

TYPED_TEST(resident_pages_of, a_page_that_is_not_indexed_is_free_when_its_last_pin_goes) {
  const auto page = this->pages_.take(this->user_);
  this->pages_.pin(page);
  EXPECT_EQ(this->pages_.at_hand(), 3U);
  EXPECT_EQ(this->pages_.pool().pins(page), 2U);
  EXPECT_FALSE(this->pages_.unpin(page));
  EXPECT_TRUE(this->pages_.unpin(page));
  EXPECT_EQ(this->pages_.at_hand(), 4U);
}

TYPED_TEST(resident_pages_of, an_indexed_page_is_cached_and_may_be_evicted_when_it_has_no_child) {
  const auto root = this->add({}, 1);
  const auto leaf = this->add(root, 2);
  EXPECT_EQ(this->pages_.cached(), 0U);
  this->leave(*root.page);
  EXPECT_EQ(this->pages_.cached(), 0U) << "the leaf is in use, and so is its parent";
  EXPECT_FALSE(this->pages_.unpin(*leaf.page)) << "it is not gone";
  this->pages_.leave(*leaf.page, this->user_);
  EXPECT_EQ(this->pages_.cached(), 2U);
  EXPECT_EQ(this->pages_.evictable(), 1U);
  EXPECT_TRUE(this->pages_.is_evictable(*leaf.page));
  EXPECT_FALSE(this->pages_.is_evictable(*root.page));
  this->pages_.pin(*leaf.page);
  EXPECT_EQ(this->pages_.cached(), 0U);
  EXPECT_EQ(this->pages_.evictable(), 0U);
  this->leave(*leaf.page);
  this->pages_.evict_one(this->user_);
  EXPECT_TRUE(this->pages_.is_evictable(*root.page));
  this->pages_.evict_one(this->user_);
  EXPECT_THAT(this->removed(), ElementsAre(*leaf.page, *root.page));
  EXPECT_EQ(this->pages_.at_hand(), 4U);
}

TYPED_TEST(resident_pages_of, what_is_set_aside_is_nobodys_and_may_cost_cached_pages) {
  this->leave(*this->add({}, 1).page);
  this->leave(*this->add({}, 2).page);
  EXPECT_EQ(this->pages_.at_hand(), 2U);
  this->pages_.set_aside(3, this->user_);
  EXPECT_EQ(this->pages_.set_aside(), 3U);
  EXPECT_EQ(this->pages_.at_hand(), 0U);
  EXPECT_THAT(this->removed(), ElementsAre(page_id{0})) << "the older one";
  static_cast<void>(this->pages_.unpin(this->pages_.take(this->user_)));
  EXPECT_EQ(this->pages_.cached(), 0U) << "the other had to make room";
  this->pages_.put_back(3);
  EXPECT_EQ(this->pages_.at_hand(), 4U);
}

TYPED_TEST(resident_pages_of, a_withdrawn_page_lets_go_of_its_parent) {
  const auto root = this->add({}, 1);
  const auto leaf = this->add(root, 2);
  this->leave(*root.page);
  EXPECT_EQ(this->pages_.pool().pins(*root.page), 1U);
  this->pages_.withdraw(*leaf.page, std::nullopt);
  EXPECT_EQ(this->pages_.pool().pins(*root.page), 0U);
  EXPECT_EQ(this->pages_.cached(), 1U);
  EXPECT_FALSE(this->pages_.index().contains(*leaf.page));
  EXPECT_TRUE(this->pages_.unpin(*leaf.page));
  EXPECT_EQ(this->mirror().complaint(), nullptr);
}

TYPED_TEST(resident_pages_of, scenario_36_a_page_in_flight_is_neither_evicted_nor_free) {
  const auto source = *this->add({}, 1).page;
  const auto target = this->pages_.take(this->user_);
  const model::page_array no_bytes{{}, model::page_layout{small.shape, small.tokens_per_page}};
  this->pages_.submit({source, target, 0, 1}, no_bytes, true);
  this->leave(source);
  EXPECT_EQ(this->pages_.cached(), 0U);
  EXPECT_EQ(this->pages_.evictable(), 0U);
  EXPECT_TRUE(this->pages_.unpin(target));
  EXPECT_EQ(this->pages_.landing(), 1U);
  EXPECT_EQ(this->pages_.at_hand(), 2U);
  std::vector<copy_op> ops(4);
  this->pages_.complete(this->pages_.copies().take(ops).ticket);
  EXPECT_EQ(this->pages_.landing(), 0U);
  EXPECT_EQ(this->pages_.at_hand(), 3U);
  EXPECT_EQ(this->pages_.evictable(), 1U);
}

TYPED_TEST(resident_pages_of, the_logical_time_is_the_callers) {
  EXPECT_EQ(this->pages_.now(), 0U);
  this->pages_.advance(7);
  EXPECT_EQ(this->pages_.now(), 7U);
}

}  // namespace
}  // namespace kvfolio::test
