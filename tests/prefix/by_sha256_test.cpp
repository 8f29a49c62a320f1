// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/by_sha256.hpp>
#include <kvfolio/prefix/hashed.hpp>

#include "../conformance/prefix_index_conformance.hpp"

namespace kvfolio::test {
namespace {

using prefix::by_sha256;

INSTANTIATE_TYPED_TEST_SUITE_P(hashed_by_sha256, prefix_index_conformance,
                               prefix::hashed<by_sha256>);

using block = std::array<std::uint64_t, 8>;

// The state after `words`, from `at` on.
by_sha256::key_type after(const by_sha256::key_type& at, const block& words) {
  auto state = std::bit_cast<sha256::state>(at);
  sha256::compress(state, std::as_bytes(std::span{words}), sha256::means::portable);
  return std::bit_cast<by_sha256::key_type>(state);
}

// Two tokens that lie side by side.
std::uint64_t pair(token_id one, token_id other) {
  return std::bit_cast<std::uint64_t>(std::array{one, other});
}

TEST(by_sha256, a_key_is_the_state_that_its_description_says) {
  const by_sha256 names{11};
  const std::array media{media_span{17, 9, {5, 6}}, media_span{90, 1, {7, 8}}};
  const prefix_realm realm{.scope = {1, 2, 3}, .epoch = 4, .media = media};
  const auto root = names.root(realm);
  EXPECT_EQ(root, after(std::bit_cast<by_sha256::key_type>(sha256::initial), {11, 1, 2, 3, 4}));

  std::vector<token_id> page(18);
  std::iota(page.begin(), page.end(), 20);
  const block whole{pair(20, 21), pair(22, 23), pair(24, 25), pair(26, 27),
                    pair(28, 29), pair(30, 31), pair(32, 33), pair(34, 35)};
  EXPECT_EQ(names.next(realm, root, 0, std::span{page}.first(16)), after(root, whole));
  auto key = after(after(after(root, whole), {pair(36, 37)}), {17, 9, 5, 6});
  for (auto& word : key) word = ~word;
  EXPECT_EQ(names.next(realm, root, 0, page), after(key, {18, 1}));
}

TEST(by_sha256, tokens_cannot_pass_for_media) {
  const by_sha256 names{1};
  const std::array media{media_span{0, 16, {5, 6}}};
  const std::vector<token_id> page(16, 1);
  const auto one = names.next({.media = media}, names.root({}), 0, page);
  auto other = names.next({}, names.root({}), 0, page);
  for (const auto& words : {block{0, 16, 5, 6}, block{16, 1}}) {
    const auto tokens = std::bit_cast<std::array<token_id, 16>>(words);
    other = names.next({}, other, 16, tokens);
    EXPECT_NE(one, other);
  }
}

TEST(by_sha256, keys_never_change) {
  // Stores name pages by them. Computed by another implementation.
  if constexpr (std::endian::native == std::endian::little) {
    std::vector<token_id> page(16);
    std::iota(page.begin(), page.end(), 100);
    const by_sha256 names{42};
    const by_sha256::key_type expected{0x16f98efc7dff3631U, 0x2e1ea70c5104caacU,
                                       0x17a1a5255a84d60fU, 0x31de400c7465a2e8U};
    EXPECT_EQ(names.next({}, names.root({}), 0, page), expected);
  }
}

}  // namespace
}  // namespace kvfolio::test
