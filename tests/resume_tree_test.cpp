// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/group/any_rule.hpp>
#include <kvfolio/resume_tree.hpp>

#include "support/hybrid_fixture.hpp"

namespace kvfolio::test {
namespace {

using paged = group::paged_rule<group::any_rule>;
using tree_type = resume_tree<default_policies, group::any_rule>;
using node_id = tree_type::node_id;

// Units of 4 tokens, a page each in every group.
class tree_of : public testing::Test {
 protected:
  explicit tree_of(const std::vector<group::any_rule>& rules)
      : tree_{groups(rules), pages(), 6, 2, 1} {}

  [[nodiscard]] static group::paged_groups<group::any_rule> groups(
      const std::vector<group::any_rule>& rules) {
    std::vector<paged> all;
    all.reserve(rules.size());
    for (const auto& rule : rules) all.emplace_back(rule, 4U);
    return {all, 4};
  }
  [[nodiscard]] static shared_pages<default_policies> pages() {
    return {page::free_list<>{page_id{0}, page_id{20}}, 20, null_observer{}};
  }

  // A resume point after `at`, whose own pages are new, and are cached when it is done.
  node_id add(node_id at, token_id first) {
    const auto draft = tree_.take_node();
    tree_.index().note(page_id{draft}, 0, counted(4, first));
    const auto node = tree_.extend({}, at, draft);
    EXPECT_EQ(node, draft);
    tree_.end_at(node);
    std::vector<page_id> taken;
    const auto fill = [&](const tree_type::place& place) {
      if (tree_.page(place.slot) != no_page) return;
      taken.push_back(tree_.take(place.group, {}));
      tree_.attach(place, taken.back(), {});
    };
    tree_.for_each_own(node, [&](const auto& place) {
      fill(place);
      tree_.need(place.slot);
    });
    tree_.for_each_need(node, fill);
    tree_.make_point(node, {});
    for (const auto page : taken) tree_.pages().end_use(page, page_history::committed);
    tree_.leave(node);
    return node;
  }

  tree_type tree_;
};

class tree_of_prefixes : public tree_of {
 protected:
  tree_of_prefixes() : tree_of{{group::full{}}} {}
};
class tree_of_windows : public tree_of {
 protected:
  tree_of_windows() : tree_of{{group::full{}, group::sliding_window{5}}} {}
};
class tree_without_prefixes : public tree_of {
 protected:
  tree_without_prefixes() : tree_of{{group::state{4}}} {}
};

TEST_F(tree_of_prefixes, leaves_go_first_however_old_the_others_are) {
  const auto root = add(tree_type::none, 1);
  const auto middle = add(root, 5);
  const auto leaf = add(middle, 9);
  tree_.touch(leaf, {});
  EXPECT_FALSE(tree_.is_eligible(root));
  EXPECT_FALSE(tree_.is_eligible(middle));
  EXPECT_TRUE(tree_.evict_one({}));
  EXPECT_FALSE(tree_.index().contains(page_id{leaf}));
  EXPECT_TRUE(tree_.is_eligible(middle)) << "it is a leaf now";
  EXPECT_EQ(tree_.pages().cached(), 2U);
}

TEST_F(tree_of_windows, a_point_whose_window_no_longer_one_needs_may_go_and_its_prefix_stays) {
  const auto root = add(tree_type::none, 1);
  const auto leaf = add(root, 5);
  EXPECT_EQ(tree_.pages().cached(), 2U + 2U) << "a page each of the prefix, and of the windows";
  EXPECT_TRUE(tree_.is_eligible(root)) << "the leaf reads 4 to 7, and not 0 to 3";
  EXPECT_TRUE(tree_.evict_one({}));
  EXPECT_TRUE(tree_.index().contains(page_id{root})) << "it leads to the leaf";
  EXPECT_FALSE(tree_.is_point(root));
  EXPECT_EQ(tree_.pages().cached(), 3U);
  EXPECT_TRUE(tree_.evict_one({}));
  EXPECT_EQ(tree_.index().size(), 0U) << "and then to nothing";
  EXPECT_EQ(tree_.pages().free(), 20U);
  EXPECT_FALSE(tree_.is_point(leaf));
  EXPECT_FALSE(tree_.evict_one({}));
}

TEST_F(tree_of_windows, a_point_that_a_sequence_has_all_pages_of_does_not_go) {
  const auto root = add(tree_type::none, 1);
  tree_.end_at(root);
  tree_.hold(root);
  EXPECT_FALSE(tree_.evict_one({}));
  tree_.end_hold(root);
  EXPECT_TRUE(tree_.evict_one({}));
  EXPECT_TRUE(tree_.index().contains(page_id{root})) << "somebody ends there";
  tree_.leave(root);
  EXPECT_FALSE(tree_.index().contains(page_id{root}));
}

TEST_F(tree_of_windows, a_loose_node_can_be_withdrawn) {
  const auto root = add(tree_type::none, 1);
  EXPECT_TRUE(tree_.is_loose(root));
  tree_.withdraw(root);
  EXPECT_EQ(tree_.points(), 0U);
  EXPECT_EQ(tree_.pages().free(), 20U);
}

TEST_F(tree_without_prefixes, where_nobody_keeps_all_room_for_nodes_is_made_by_evicting) {
  node_id last = tree_type::none;
  for (token_id i = 0; i < 6; ++i) {
    ASSERT_TRUE(tree_.make_room({}));
    last = add(last, 1 + 4 * i);
  }
  // The oldest point goes, and the next ones, until a node is left to nobody: the last, a leaf.
  EXPECT_TRUE(tree_.make_room({}));
  EXPECT_LT(tree_.index().size(), 6U);
}

TEST_F(tree_without_prefixes, nodes_in_use_leave_no_room) {
  node_id last = tree_type::none;
  for (token_id i = 0; i < 6; ++i) last = add(last, 1 + 4 * i);
  tree_.end_at(last);
  EXPECT_FALSE(tree_.make_room({}));
  EXPECT_EQ(tree_.index().size(), 6U);
  EXPECT_EQ(tree_.pages().free(), 20U) << "all states went, and the path stayed";
  tree_.leave(last);
  EXPECT_EQ(tree_.index().size(), 0U);
}

}  // namespace
}  // namespace kvfolio::test
