// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/concept.hpp>

#include "../support/naive_index.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// What every `prefix_index` promises that can find pages. `Index` is one.
template <class Index>
class prefix_index_conformance : public testing::Test {
 protected:
  static constexpr std::uint32_t per_page = 4;
  using tokens = std::vector<token_id>;

  // Indexes all whole pages of `held`, as pages `first`, `first + 1`, ...; returns where it ended.
  static prefix_cursor add(Index& index, const prefix_realm& realm, const tokens& held,
                           std::size_t first) {
    prefix_cursor at;
    for (std::size_t i = 0; (i + 1) * per_page <= held.size(); ++i) {
      const auto page = to_page(first + i);
      index.note(page, 0, std::span{held}.subspan(i * per_page, per_page));
      at = index.extend(realm, at, page);
    }
    return at;
  }
  static tokens count_from(token_id first, std::size_t count) {
    tokens made(count);
    std::iota(made.begin(), made.end(), first);
    return made;
  }
  // The pages that `prompt` matches.
  static std::vector<page_id> match(const Index& index, const prefix_realm& realm,
                                    const tokens& prompt, std::size_t most = 10'000) {
    std::vector<page_id> found(most);
    const auto at = index.match(realm, prompt, found);
    EXPECT_EQ(at.page.has_value(), at.pages != 0);
    found.resize(at.pages);
    EXPECT_TRUE(!at.page || *at.page == found.back());
    return found;
  }
  static std::vector<page_id> pages(std::size_t first, std::size_t count) {
    std::vector<page_id> made;
    for (std::size_t i = 0; i < count; ++i) made.push_back(to_page(first + i));
    return made;
  }
};

TYPED_TEST_SUITE_P(prefix_index_conformance);

TYPED_TEST_P(prefix_index_conformance, scenario_19_finds_the_longest_prefix_in_whole_pages) {
  static_assert(TypeParam::enabled);
  TypeParam index{32, this->per_page, 1};
  const prefix_realm realm;
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(this->match(index, realm, this->count_from(0, 12)).empty());
  this->add(index, realm, this->count_from(0, 14), 5);
  EXPECT_EQ(index.size(), 3U) << "two tokens are no page";
  const auto all = this->pages(5, 3);
  EXPECT_EQ(this->match(index, realm, this->count_from(0, 12)), all);
  EXPECT_EQ(this->match(index, realm, this->count_from(0, 40)), all) << "longer";
  EXPECT_EQ(this->match(index, realm, this->count_from(0, 11)), this->pages(5, 2)) << "shorter";
  EXPECT_EQ(this->match(index, realm, this->count_from(0, 12), 1), this->pages(5, 1));
  EXPECT_TRUE(this->match(index, realm, this->count_from(0, 3)).empty());
  EXPECT_TRUE(this->match(index, realm, {}).empty());
  auto diverging = this->count_from(0, 12);
  diverging[7] = 99;
  EXPECT_EQ(this->match(index, realm, diverging), this->pages(5, 1));
  diverging[0] = 99;
  EXPECT_TRUE(this->match(index, realm, diverging).empty());
}

TYPED_TEST_P(prefix_index_conformance, scenario_20_an_equal_page_is_found_and_adds_nothing) {
  TypeParam index{32, this->per_page, 1};
  const prefix_realm realm;
  this->add(index, realm, this->count_from(0, 12), 0);
  auto other = this->count_from(0, 12);
  other[8] = 99;
  const auto end = this->add(index, realm, other, 10);
  EXPECT_EQ(index.size(), 4U);
  EXPECT_EQ(end.page, page_id{12});
  EXPECT_EQ(end.pages, 3U);
  EXPECT_FALSE(index.contains(page_id{10}) || index.contains(page_id{11}));
  EXPECT_EQ(index.parent(page_id{12}), page_id{1}) << "after the page that was there before";
  EXPECT_EQ(this->add(index, realm, this->count_from(0, 12), 20).page, page_id{2});
  EXPECT_EQ(index.size(), 4U);
  EXPECT_EQ(index.extend(realm, {page_id{1}, 2}, page_id{12}).page, page_id{12})
      << "a page is found that is there itself";
}

TYPED_TEST_P(prefix_index_conformance, scenario_21_an_equal_page_after_another_prefix_is_another) {
  TypeParam index{32, this->per_page, 1};
  const prefix_realm realm;
  this->add(index, realm, {1, 1, 1, 1, 7, 7, 7, 7}, 0);
  EXPECT_TRUE(this->match(index, realm, {7, 7, 7, 7}).empty());
  EXPECT_TRUE(this->match(index, realm, {2, 2, 2, 2, 7, 7, 7, 7}).empty());
  this->add(index, realm, {2, 2, 2, 2, 7, 7, 7, 7}, 10);
  EXPECT_EQ(this->match(index, realm, {2, 2, 2, 2, 7, 7, 7, 7}), this->pages(10, 2));
  EXPECT_EQ(this->match(index, realm, {1, 1, 1, 1, 7, 7, 7, 7}), this->pages(0, 2));
  this->add(index, realm, {7, 7, 7, 7, 7, 7, 7, 7}, 20);
  EXPECT_EQ(this->match(index, realm, {7, 7, 7, 7, 7, 7, 7, 7}), this->pages(20, 2));
  EXPECT_EQ(index.size(), 6U);
}

TYPED_TEST_P(prefix_index_conformance, scenario_23_scopes_and_epochs_never_cross) {
  TypeParam index{64, this->per_page, 1};
  const std::array realms{prefix_realm{},
                          prefix_realm{.scope = {.salt = 1}},
                          prefix_realm{.scope = {.adapter = 1}},
                          prefix_realm{.scope = {.adapter_version = 1}},
                          prefix_realm{.scope = {.adapter = 1, .adapter_version = 1}},
                          prefix_realm{.scope = {.salt = 1, .adapter = 1}},
                          prefix_realm{.scope = {}, .epoch = 1}};
  const auto prompt = this->count_from(0, 8);
  for (std::size_t i = 0; i < realms.size(); ++i) {
    EXPECT_TRUE(this->match(index, realms[i], prompt).empty()) << "in realm " << i;
    this->add(index, realms[i], prompt, 2 * i);
  }
  for (std::size_t i = 0; i < realms.size(); ++i) {
    EXPECT_EQ(this->match(index, realms[i], prompt), this->pages(2 * i, 2)) << "in realm " << i;
  }
}

TYPED_TEST_P(prefix_index_conformance, scenario_23_media_never_cross) {
  TypeParam index{64, this->per_page, 1};
  const auto prompt = this->count_from(0, 12);
  const std::array cat{media_span{5, 3, {1, 2}}};
  const std::array dog{media_span{5, 3, {1, 3}}};
  const std::array moved{media_span{4, 3, {1, 2}}};
  const std::array longer{media_span{5, 2, {1, 2}}};
  const std::array two{media_span{5, 3, {1, 2}}, media_span{9, 1, {1, 2}}};
  const std::array early{media_span{0, 8, {1, 2}}};
  const std::vector<std::span<const media_span>> all{{}, cat, dog, moved, longer, two, early};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const prefix_realm realm{.media = all[i]};
    const auto before = this->match(index, realm, prompt).size();
    const bool text_first = i != 0 && i + 1 != all.size();  // its first page is the one of text
    EXPECT_EQ(before, i == 5 ? 2U : text_first ? 1U : 0U) << "of media " << i;
    this->add(index, realm, prompt, 4 * i);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto found = this->match(index, {.media = all[i]}, prompt);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found.back(), to_page(4 * i + 2)) << "of media " << i;
  }
}

TYPED_TEST_P(prefix_index_conformance, reading_leaves_no_trace) {
  TypeParam index{32, this->per_page, 1};
  const prefix_realm realm;
  this->add(index, realm, this->count_from(0, 12), 0);
  this->add(index, realm, {0, 1, 2, 3, 9, 9, 9, 9}, 10);
  const auto& unchanging = index;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(this->match(unchanging, realm, {0, 1, 2, 3, 9, 9, 9, 8}), this->pages(0, 1));
    EXPECT_EQ(this->match(unchanging, realm, this->count_from(0, 12)), this->pages(0, 3));
    EXPECT_TRUE(this->match(unchanging, {.epoch = 1}, this->count_from(0, 12)).empty());
    EXPECT_EQ(unchanging.size(), 4U);
  }
}

TYPED_TEST_P(prefix_index_conformance, a_page_is_noted_piece_by_piece_and_from_another_page) {
  TypeParam index{32, this->per_page, 1};
  const prefix_realm realm;
  const auto prompt = this->count_from(0, 4);
  index.note(page_id{3}, 0, std::span{prompt}.first(1));
  index.note(page_id{3}, 1, {});
  index.note(page_id{3}, 1, std::span{prompt}.subspan(1));
  index.note(page_id{4}, 0, this->count_from(50, 4));
  index.copy_note(page_id{3}, page_id{4}, 2);
  EXPECT_TRUE(std::ranges::equal(index.tokens(page_id{4}), std::vector<token_id>{0, 1, 52, 53}));
  EXPECT_EQ(index.extend(realm, {}, page_id{3}).page, page_id{3});
  index.extend(realm, {page_id{3}, 1}, page_id{4});
  EXPECT_EQ(this->match(index, realm, {0, 1, 2, 3, 0, 1, 52, 53}),
            (std::vector{page_id{3}, page_id{4}}));
  EXPECT_TRUE(std::ranges::equal(index.tokens(page_id{3}), prompt));
  EXPECT_EQ(index.parent(page_id{3}), std::nullopt);
  EXPECT_EQ(index.parent(page_id{4}), page_id{3});
}

TYPED_TEST_P(prefix_index_conformance, agrees_with_a_map_of_token_lists) {
  static constexpr std::uint32_t small_page = 2;
  static constexpr std::size_t pages = 40;
  static constexpr std::array media{media_span{1, 2, {5, 6}}, media_span{4, 1, {7, 8}}};
  for_each_seed([](std::mt19937& rng) {
    TypeParam index{pages, small_page, rng()};
    naive_index model{small_page};
    for (int step = 0; step < 4'000; ++step) {
      const prefix_realm realm{.scope = {.salt = rng() % 2},
                               .epoch = rng() % 2,
                               .media = std::span{media}.first(rng() % 3)};
      std::vector<token_id> prompt(rng() % 12);
      for (auto& each : prompt) each = static_cast<token_id>(rng() % 2);
      std::size_t hit = 0;
      std::optional<page_id> last;
      for (; (hit + 1) * small_page <= prompt.size(); ++hit) {
        const auto next = model.find(model.content_of(realm, prompt, hit + 1));
        if (!next) break;
        last = next;
      }
      std::array<page_id, pages> found{};
      const auto at = index.match(realm, prompt, found);
      ASSERT_EQ(at.pages, hit) << "at step " << step;
      ASSERT_EQ(at.page, last) << "at step " << step;
      const auto fresh = to_page(rng() % pages);
      if (!index.contains(fresh) && (hit + 1) * small_page <= prompt.size()) {
        index.note(fresh, 0, std::span{prompt}.subspan(hit * small_page, small_page));
        ASSERT_EQ(index.extend(realm, at, fresh).page, fresh) << "at step " << step;
        model.insert(model.content_of(realm, prompt, hit + 1), fresh, at.page);
      } else if (const auto leaves = model.leaves(); !leaves.empty()) {
        const auto victim = leaves[rng() % leaves.size()];
        index.erase(victim);
        model.erase(victim);
      }
      if (step % 500 == 0) index = TypeParam{std::move(index)};
      ASSERT_EQ(index.size(), model.parents().size()) << "at step " << step;
      for (std::size_t page = 0; page < pages; ++page) {
        const auto entry = model.parents().find(to_page(page));
        ASSERT_EQ(index.contains(to_page(page)), entry != model.parents().end());
        if (entry != model.parents().end()) {
          ASSERT_EQ(index.parent(to_page(page)), entry->second) << "at step " << step;
        }
      }
    }
  });
}

TYPED_TEST_P(prefix_index_conformance, scenario_51_a_chain_of_8192_pages_needs_no_recursion) {
  static constexpr std::size_t chain = 8'192;
  TypeParam index{chain, 1, 1};
  const prefix_realm realm;
  const auto prompt = this->count_from(0, chain);
  prefix_cursor at;
  for (std::size_t i = 0; i < chain; ++i) {
    index.note(to_page(i), 0, std::span{prompt}.subspan(i, 1));
    at = index.extend(realm, at, to_page(i));
  }
  EXPECT_EQ(at.pages, chain);
  EXPECT_EQ(this->match(index, realm, prompt), this->pages(0, chain));
  for (auto i = chain; i-- > 0;) index.erase(to_page(i));
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(this->match(index, realm, prompt).empty());
}

TYPED_TEST_P(prefix_index_conformance, scenario_51_ten_thousand_pages_follow_one) {
  static constexpr std::size_t children = 10'000;
  TypeParam index{children + 1, 1, 1};
  const prefix_realm realm;
  index.note(to_page(children), 0, this->count_from(0, 1));
  const auto root = index.extend(realm, {}, to_page(children));
  for (std::size_t i = 0; i < children; ++i) {
    index.note(to_page(i), 0, this->count_from(static_cast<token_id>(i), 1));
    ASSERT_EQ(index.extend(realm, root, to_page(i)).page, to_page(i));
  }
  for (std::size_t i = 0; i < children; i += 7) {
    const auto found = this->match(index, realm, {0, static_cast<token_id>(i)});
    ASSERT_EQ(found, (std::vector{to_page(children), to_page(i)}));
  }
  for (std::size_t i = 0; i < children; i += 2) index.erase(to_page(i));
  EXPECT_EQ(this->match(index, realm, {0, 2}), (std::vector{to_page(children)}));
  EXPECT_EQ(this->match(index, realm, {0, 3}).size(), 2U);
  for (std::size_t i = 1; i < children; i += 2) index.erase(to_page(i));
  index.erase(to_page(children));
  EXPECT_EQ(index.size(), 0U);
}

REGISTER_TYPED_TEST_SUITE_P(prefix_index_conformance,
                            scenario_19_finds_the_longest_prefix_in_whole_pages,
                            scenario_20_an_equal_page_is_found_and_adds_nothing,
                            scenario_21_an_equal_page_after_another_prefix_is_another,
                            scenario_23_scopes_and_epochs_never_cross,
                            scenario_23_media_never_cross, reading_leaves_no_trace,
                            a_page_is_noted_piece_by_piece_and_from_another_page,
                            agrees_with_a_map_of_token_lists,
                            scenario_51_a_chain_of_8192_pages_needs_no_recursion,
                            scenario_51_ten_thousand_pages_follow_one);

}  // namespace kvfolio::test
