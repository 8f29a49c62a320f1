// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/prefix/by_sha256.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/prompt_keys.hpp>
#include <kvfolio/prefix/radix.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

static_assert(keyed_prefix_index<prefix::hashed<>> && !keyed_prefix_index<prefix::radix>);

using tokens = std::vector<token_id>;
constexpr std::uint32_t per_page = 4;

template <class Index>
class prompt_keys_of : public testing::Test {
 protected:
  using keys = prefix::prompt_keys<Index>;

  [[nodiscard]] tokens random_tokens(std::size_t count, std::mt19937& rng) const {
    tokens made(count);
    for (auto& each : made) each = static_cast<token_id>(rng() % 1000);
    return made;
  }
  [[nodiscard]] keys at_once(const tokens& prompt, const prefix_realm& realm = {}) const {
    keys made{index_, realm};
    made.extend(index_, prompt);
    return made;
  }
  // Indexes the whole pages of `prompt`.
  void add(const tokens& prompt, const prefix_realm& realm = {}) {
    prefix_cursor at;
    for (std::size_t i = 0; (i + 1) * per_page <= prompt.size(); ++i) {
      const auto page = to_page(next_page_);
      index_.note(page, 0, std::span{prompt}.subspan(i * per_page, per_page));
      at = index_.extend(realm, at, page);
      next_page_ += at.page == page ? 1 : 0;
    }
  }

  Index index_{512, per_page, 99};
  std::size_t next_page_ = 0;
};
using keyed_indexes = testing::Types<prefix::hashed<>, prefix::hashed<prefix::by_128_bit>,
                                     prefix::hashed<prefix::by_sha256>>;
TYPED_TEST_SUITE(prompt_keys_of, keyed_indexes);

TYPED_TEST(prompt_keys_of, scenario_27_one_shot_and_turn_by_turn_agree) {
  for_each_seed([this](std::mt19937& rng) {
    const auto prompt = this->random_tokens(203, rng);
    const auto once = this->at_once(prompt);
    prefix::prompt_keys<TypeParam> pieces{this->index_, {}};
    for (std::size_t at = 0; at < prompt.size();) {
      const auto some = std::min(std::size_t{rng() % 11}, prompt.size() - at);
      pieces.extend(this->index_, std::span{prompt}.subspan(at, some));
      at += some;
      ASSERT_EQ(pieces.tokens(this->index_), at);
    }
    ASSERT_EQ(once.keys().size(), 50U);
    ASSERT_TRUE(std::ranges::equal(once.keys(), pieces.keys()));
    const TypeParam elsewhere{8, per_page, 99};
    prefix::prompt_keys<TypeParam> other{elsewhere, {}};
    other.extend(elsewhere, prompt);
    ASSERT_TRUE(std::ranges::equal(once.keys(), other.keys())) << "the same seed";
  });
}

TYPED_TEST(prompt_keys_of, as_many_are_found_as_match_finds_wherever_the_prompt_diverges) {
  for_each_seed([this](std::mt19937& rng) {
    this->index_ = TypeParam{512, per_page, rng()};
    this->next_page_ = 0;
    const auto known = this->random_tokens(400, rng);
    this->add(known);
    std::vector<page_id> out(512);
    for (std::size_t cut = 0; cut <= known.size(); ++cut) {
      auto prompt = known;
      prompt.resize(cut);
      for (const auto more : {0U, 1U, 30U}) {
        auto longer = prompt;
        longer.resize(cut + more, -1);
        const auto most = longer.empty() ? 0 : (longer.size() - 1) / per_page;
        const auto matched = this->index_.match({}, longer, std::span{out}.first(most)).pages;
        ASSERT_EQ(this->at_once(longer).hit_tokens(this->index_), matched * per_page) << cut;
      }
    }
  });
}

TYPED_TEST(prompt_keys_of, realms_and_media_are_part_of_the_keys) {
  const tokens prompt{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::array image{media_span{5, 2, {1, 2}}};
  const prefix_realm seen{.media = image};
  this->add(prompt, seen);
  EXPECT_EQ(this->at_once(prompt, seen).hit_tokens(this->index_), 8U);
  EXPECT_EQ(this->at_once(prompt).hit_tokens(this->index_), 4U) << "the image is on the second";
  EXPECT_EQ(this->at_once(prompt, {.scope = {.salt = 1}}).hit_tokens(this->index_), 0U);
  EXPECT_EQ(this->at_once(prompt, {.epoch = 1}).hit_tokens(this->index_), 0U);
}

TYPED_TEST(prompt_keys_of, the_last_token_is_never_found) {
  const tokens prompt{1, 2, 3, 4, 5, 6, 7, 8};
  this->add(prompt);
  EXPECT_EQ(this->at_once(prompt).hit_tokens(this->index_), 4U);
  EXPECT_EQ(this->at_once({}).hit_tokens(this->index_), 0U);
}

struct keyed : default_policies {
  using prefix_index = prefix::hashed<>;
};

TEST(prompt_keys, say_what_a_cache_would_reuse_turn_after_turn) {
  paged_cache<keyed> cache{
      {.shape = model::grouped_query(1, 1, 4, dtype::f16), .tokens_per_page = 4, .pages = 16}};
  const request_options options{.scope = {.salt = 5}};
  prefix::prompt_keys<prefix::hashed<>> keys{cache.index(), cache.realm(options)};
  tokens prompt;
  for (const tokens& turn : {tokens{1, 2, 3, 4, 5, 6}, tokens{7, 8, 9}, tokens{10, 11, 12, 13}}) {
    keys.extend(cache.index(), turn);
    prompt.insert(prompt.end(), turn.begin(), turn.end());
    ASSERT_EQ(keys.hit_tokens(cache.index()), cache.probe(prompt, options).hit_tokens);
    auto kv = cache.create(prompt, options).value();
    const auto known = kv.length();
    kv.ensure(prompt.size()).value();
    kv.commit(std::span{prompt}.subspan(known));
  }
  EXPECT_EQ(keys.hit_tokens(cache.index()), 12U);
  cache.invalidate();
  const prefix::prompt_keys<prefix::hashed<>> fresh{cache.index(), cache.realm(options)};
  EXPECT_EQ(fresh.hit_tokens(cache.index()), 0U);
}

}  // namespace
}  // namespace kvfolio::test
