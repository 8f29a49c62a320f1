// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/beams.hpp>
#include <kvfolio/table/export.hpp>

#include "support/bundles.hpp"
#include "support/cache_fixture.hpp"
#include "support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// A cache of 24 pages of 4 tokens, and of 8 sequences.
template <class Bundle>
class beam_search : public cache_fixture<Bundle> {
 protected:
  using beams_type = beams<typename cache_fixture<Bundle>::cache_type>;

  // Gives each branch a token, which `first` and its place tell from all others.
  void grow(beams_type& branches, std::vector<std::vector<token_id>>& texts, token_id first) {
    branches.append(1).value();
    this->engine_.settle();
    for (std::size_t i = 0; i < branches.size(); ++i) {
      texts[i].push_back(first + static_cast<token_id>(i));
      const auto length = texts[i].size();
      this->engine_.write(branches[i].runs(length - 1, 1), std::span{texts[i]}.last(1));
    }
  }
  [[nodiscard]] std::uint64_t copies() const { return counts_of(this->cache_).page_copies; }
};
using searched = testing::Types<counted, persistent_table, deferred_unbacked>;
TYPED_TEST_SUITE(beam_search, searched, bundle_names);

TYPED_TEST(beam_search, begins_with_branches_that_share_every_page) {
  typename TestFixture::beams_type branches{this->cache_, 4};
  EXPECT_EQ(branches.width(), 4U);
  branches.start(this->filled(9), 4).value();
  EXPECT_EQ(branches.size(), 4U);
  EXPECT_EQ(this->used_pages(), 3U);
  EXPECT_EQ(this->copies(), 0U);
  for (const auto& branch : branches) EXPECT_TRUE(this->reads(branch, this->tokens(9)));
}

TYPED_TEST(beam_search, begins_whole_or_not_at_all) {
  const auto other = this->filled(1);
  auto root = this->filled(9);
  const auto digest = this->cache_.state_digest();
  typename TestFixture::beams_type branches{this->cache_, 8};
  EXPECT_EQ(branches.start(std::move(root), 8).error(), errc::too_many_sequences);
  EXPECT_TRUE(root);  // NOLINT(bugprone-use-after-move): it was not taken
  EXPECT_EQ(branches.size(), 0U);
  EXPECT_EQ(this->cache_.state_digest(), digest);
  branches.start(std::move(root), 7).value();
  EXPECT_FALSE(root);  // NOLINT(bugprone-use-after-move): now it was
}

TYPED_TEST(beam_search, grows_every_branch_or_none) {
  typename TestFixture::beams_type branches{this->cache_, 4};
  branches.start(this->filled(9), 4).value();
  const auto digest = this->cache_.state_digest();
  EXPECT_EQ(branches.append(22).error(), errc::out_of_pages);
  EXPECT_EQ(this->cache_.state_digest(), digest);
  branches.append(3).value();
  EXPECT_EQ(this->copies(), 3U) << "the last of four that share a page writes in place";
  EXPECT_EQ(this->used_pages(), 2U + 4U);
}

TYPED_TEST(beam_search, goes_on_from_the_parents_that_are_named_and_drops_the_others) {
  typename TestFixture::beams_type branches{this->cache_, 3};
  branches.start(this->filled(4), 3).value();
  std::vector texts(3, this->tokens(4));
  this->grow(branches, texts, 100);
  const auto kept = branches[1].row();
  branches.reorder(std::array<std::size_t, 3>{2, 1, 1}).value();
  EXPECT_EQ(branches[1].row(), kept) << "who stays is the same sequence";
  EXPECT_TRUE(this->reads(branches[0], texts[2]));
  EXPECT_TRUE(this->reads(branches[1], texts[1]));
  EXPECT_TRUE(this->reads(branches[2], texts[1]));
  EXPECT_EQ(this->used_pages(), 1U + 2U) << "the page of the loser is free";
  branches.reorder(std::array<std::size_t, 1>{2}).value();
  EXPECT_EQ(branches.size(), 1U);
  EXPECT_TRUE(this->reads(branches[0], texts[1]));
}

TYPED_TEST(beam_search, needs_no_sequences_to_spare_for_as_many_branches_as_before) {
  typename TestFixture::beams_type branches{this->cache_, 8};
  branches.start(this->filled(9), 8).value();
  ASSERT_EQ(this->cache_.create().error(), errc::too_many_sequences);
  EXPECT_TRUE(branches.reorder(std::array<std::size_t, 8>{7, 7, 7, 7, 7, 7, 7, 7}));
  EXPECT_TRUE(branches.reorder(std::array<std::size_t, 8>{1, 0, 3, 2, 5, 4, 7, 7}));
  EXPECT_TRUE(branches.reorder(std::array<std::size_t, 2>{4, 4}));
  EXPECT_TRUE(branches.reorder(std::array<std::size_t, 5>{1, 0, 0, 1, 0}));
}

TYPED_TEST(beam_search, that_has_no_room_for_more_branches_stays_as_it_was) {
  const auto other = this->filled(1);
  typename TestFixture::beams_type branches{this->cache_, 8};
  branches.start(this->filled(9), 4).value();
  const auto digest = this->cache_.state_digest();
  EXPECT_EQ(branches.reorder(std::array<std::size_t, 8>{3, 3, 3, 3, 3, 3, 3, 3}).error(),
            errc::too_many_sequences);
  EXPECT_EQ(branches.size(), 4U);
  EXPECT_EQ(this->cache_.state_digest(), digest);
  EXPECT_TRUE(branches.reorder(std::array<std::size_t, 7>{3, 3, 3, 3, 3, 3, 3}));
}

TYPED_TEST(beam_search, gives_its_winner_away_and_drops_who_is_finished) {
  typename TestFixture::beams_type branches{this->cache_, 4};
  branches.start(this->filled(4), 4).value();
  std::vector texts(4, this->tokens(4));
  this->grow(branches, texts, 100);
  branches.drop(1);
  EXPECT_EQ(branches.size(), 3U);
  EXPECT_TRUE(this->reads(branches[1], texts[2]));
  const auto winner = branches.take(1);
  EXPECT_TRUE(this->reads(winner, texts[2]));
  EXPECT_TRUE(this->reads(branches[1], texts[3]));
  branches.clear();
  EXPECT_EQ(this->used_pages(), 2U);
}

TYPED_TEST(beam_search, is_a_batch_that_kernels_read) {
  typename TestFixture::beams_type branches{this->cache_, 3};
  branches.start(this->filled(6), 3).value();
  branches.append(1).value();
  const auto extent = table::measure(branches);
  EXPECT_EQ(extent.rows, 3U);
  std::vector<std::int32_t> ids(6);
  EXPECT_TRUE(table::export_padded(branches, ids, {.width = 2}));
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_NE(ids[1], ids[3]);
}

TYPED_TEST(beam_search, copies_at_most_one_page_for_each_branch_that_diverges_and_step) {
  for_each_seed([this](std::mt19937& rng) {
    typename TestFixture::beams_type branches{this->cache_, 6};
    branches.start(this->filled(1 + rng() % 6), 6).value();
    std::vector texts(6, this->tokens(branches[0].length()));
    auto diverging = branches.size() - 1;
    for (int step = 0; step < 100 && branches.size() != 0; ++step) {
      auto before = this->copies();
      const bool within_a_page = texts[0].size() % this->per_page() != 0;
      if (this->free_pages() < branches.size()) break;
      this->grow(branches, texts, static_cast<token_id>(1'000 + 10 * step));
      ASSERT_EQ(this->copies() - before, within_a_page ? diverging : 0) << "in step " << step;
      for (std::size_t i = 0; i < branches.size(); ++i) {
        ASSERT_TRUE(this->reads(branches[i], texts[i])) << "in step " << step;
      }
      before = this->copies();
      std::vector<std::size_t> parents(1 + rng() % 6);
      for (auto& parent : parents) parent = rng() % branches.size();
      branches.reorder(parents).value();
      std::vector<std::vector<token_id>> chosen;
      for (const auto parent : parents) chosen.push_back(texts[parent]);
      texts = std::move(chosen);
      diverging = parents.size() - std::set(parents.begin(), parents.end()).size();
      ASSERT_EQ(this->copies(), before) << "who goes on from whom costs no copy";
    }
  });
}

#ifndef NDEBUG
using beam_search_death = beam_search<counted>;
TEST_F(beam_search_death, has_no_more_branches_than_its_width_and_no_parents_it_does_not_have) {
  beams_type branches{cache_, 2};
  EXPECT_DEATH((void)branches.start({}, 1), "root");
  EXPECT_DEATH((void)branches.start(filled(1), 3), "width");
  branches.start(filled(1), 2).value();
  EXPECT_DEATH((void)branches.reorder(std::array<std::size_t, 1>{2}), "parent");
  EXPECT_DEATH((void)branches.reorder(std::array<std::size_t, 3>{0, 0, 0}), "width");
  EXPECT_DEATH((void)branches[2], "index");
}
#endif

}  // namespace
}  // namespace kvfolio::test
