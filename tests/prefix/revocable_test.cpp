// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/partial_match.hpp>
#include <kvfolio/prefix/radix.hpp>
#include <kvfolio/prefix/revocable.hpp>

#include "../conformance/prefix_index_conformance.hpp"

namespace kvfolio::test {
namespace {

using prefix::revocable;

INSTANTIATE_TYPED_TEST_SUITE_P(revocable, prefix_index_conformance, revocable<prefix::radix>);

static_assert(revocable_prefix_index<revocable<prefix::hashed<>>>);
static_assert(revocable_prefix_index<revocable<prefix::partial_match<>>>);
static_assert(partial_prefix_index<revocable<prefix::partial_match<>>>);
static_assert(!revocable_prefix_index<prefix::radix>);
static_assert(!revocable_prefix_index<prefix::partial_match<revocable<prefix::radix>>>,
              "what is around it would not know what is hidden");

constexpr session_id alice{1};
constexpr session_id bob{2};

template <class Index>
class revocable_of : public testing::Test {
 protected:
  using tokens = std::vector<token_id>;

  // Indexes `held`, pages of one token, for `session`, as pages from `first` on.
  prefix_cursor add(const tokens& held, std::size_t first, session_id session,
                    const key_scope& scope = {}) {
    const prefix_realm realm{.scope = scope};
    prefix_cursor at;
    for (std::size_t i = 0; i < held.size(); ++i) {
      const auto page = to_page(first + i);
      index_.note(page, 0, std::span{held}.subspan(i, 1));
      at = index_.extend(realm, at, page);
      index_.use(*at.page, scope, session);
    }
    return at;
  }
  [[nodiscard]] std::size_t found(const tokens& prompt, const key_scope& scope = {}) const {
    std::vector<page_id> out(32);
    return index_.match({.scope = scope}, prompt, out).pages;
  }
  // Hides everything that is `owner`'s; returns the pages in that order.
  template <class Owner>
  std::vector<page_id> hide_all(const Owner& owner) {
    std::vector<page_id> order;
    for (auto page = index_.last_of(owner); page; page = index_.last_of(owner)) {
      index_.hide(*page);
      order.push_back(*page);
    }
    return order;
  }

  Index index_{32, 1, 5};
};
using revocable_indexes = testing::Types<revocable<prefix::radix>, revocable<prefix::hashed<>>,
                                         revocable<prefix::partial_match<>>>;
TYPED_TEST_SUITE(revocable_of, revocable_indexes);

TYPED_TEST(revocable_of, what_two_sessions_indexed_is_nobodys_and_the_rest_the_sessions) {
  this->add({1, 2, 3, 4}, 0, alice);
  this->add({1, 2, 5}, 10, bob);
  EXPECT_EQ(this->hide_all(alice), (std::vector{page_id{3}, page_id{2}}));
  EXPECT_EQ(this->found({1, 2, 3, 4}), 2U);
  EXPECT_EQ(this->found({1, 2, 5}), 3U);
  EXPECT_EQ(this->hide_all(bob), std::vector{page_id{12}});
  EXPECT_EQ(this->found({1, 2, 5}), 2U);
  EXPECT_EQ(this->index_.size(), 5U) << "all are still there";
}

TYPED_TEST(revocable_of, what_nobody_indexed_too_is_nobodys) {
  this->add({1, 2}, 0, alice);
  this->add({1}, 10, session_id{});
  EXPECT_EQ(this->hide_all(alice), std::vector{page_id{1}});
  EXPECT_TRUE(this->hide_all(session_id{}).empty());
}

TYPED_TEST(revocable_of, versions_of_adapters_are_revoked_alone) {
  const key_scope first{.adapter = 7, .adapter_version = 1};
  const key_scope second{.salt = 3, .adapter = 7, .adapter_version = 2};
  this->add({1, 2}, 0, alice, first);
  this->add({1, 2}, 10, alice, second);
  this->add({1, 2}, 20, alice);
  EXPECT_EQ(this->hide_all(adapter_version{7, 2}), (std::vector{page_id{11}, page_id{10}}));
  EXPECT_EQ(this->found({1, 2}, first), 2U);
  EXPECT_EQ(this->found({1, 2}, second), 0U);
  EXPECT_EQ(this->found({1, 2}), 2U);
  EXPECT_EQ(this->hide_all(alice).size(), 4U) << "those that are hidden are nobody's";
}

TYPED_TEST(revocable_of, hidden_pages_keep_their_place_and_equal_ones_are_indexed_anew) {
  const auto end = this->add({1, 2}, 0, alice);
  this->hide_all(alice);
  EXPECT_TRUE(this->index_.contains(page_id{1}) && this->index_.is_hidden(page_id{1}));
  EXPECT_EQ(this->index_.parent(page_id{1}), page_id{0});
  EXPECT_FALSE(this->index_.parent(page_id{0}));
  this->index_.note(page_id{5}, 0, {{3}});
  EXPECT_EQ(this->index_.extend({}, end, page_id{5}).page, page_id{5});
  EXPECT_TRUE(this->index_.is_hidden(page_id{5})) << "as what it follows";
  EXPECT_EQ(this->index_.extend({}, end, page_id{5}).page, page_id{5}) << "again";
  EXPECT_EQ(this->index_.size(), 3U);
  this->add({1, 2}, 10, bob);
  EXPECT_EQ(this->found({1, 2, 3}), 2U);
  for (const auto page : {5U, 1U, 0U}) this->index_.erase(page_id{page});
  EXPECT_EQ(this->index_.size(), 2U);
  EXPECT_FALSE(this->index_.contains(page_id{0}));
  EXPECT_EQ(this->found({1, 2}), 2U);
}

TEST(revocable, beginnings_of_hidden_pages_are_not_found) {
  revocable<prefix::partial_match<>> index{4, 4, 1};
  const std::vector<token_id> held{1, 2, 3, 4};
  index.note(page_id{0}, 0, held);
  index.use(*index.extend({}, {}, page_id{0}).page, {}, alice);
  EXPECT_EQ(index.closest({}, {}, std::span{held}.first(3)).tokens, 3U);
  index.hide(page_id{0});
  EXPECT_FALSE(index.closest({}, {}, std::span{held}.first(3)).page);
}

}  // namespace
}  // namespace kvfolio::test
