// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>

#include <replay/fingerprint.hpp>

namespace replay::test {
namespace {

namespace kv = kvfolio;

const std::vector<kv::token_id> tokens{3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

// As find_mismatch, without what it says of the prefix.
std::optional<mismatch> mismatch_in(const kv::paged_cache<>& cache,
                                    const kv::paged_cache<>::sequence& made,
                                    std::span<const kv::token_id> should_be) {
  fingerprint prefix;
  return find_mismatch(cache, made, should_be, prefix);
}

kv::paged_cache<>::sequence written(kv::paged_cache<>& cache) {
  auto made = cache.create().value();
  made.append(tokens.size()).value();
  fingerprint prefix;
  write_tokens(cache, made, tokens, prefix);
  made.commit(tokens);
  return made;
}

TEST(fingerprint, is_found_again_where_it_was_written) {
  kv::paged_cache<> cache{{.shape = fingerprint::shape(24), .tokens_per_page = 4, .pages = 4}};
  const auto made = written(cache);
  EXPECT_FALSE(mismatch_in(cache, made, tokens));
}

TEST(fingerprint, every_byte_that_changes_is_found_at_its_place) {
  kv::paged_cache<> cache{{.shape = fingerprint::shape(24), .tokens_per_page = 4, .pages = 4}};
  const auto made = written(cache);
  for (std::size_t position = 0; position < tokens.size(); ++position) {
    const auto page = made.page_at(position / 4);
    const auto offset = static_cast<std::uint32_t>(position % 4);
    for (std::uint32_t layer = 0; layer < 3; ++layer) {
      for (std::size_t byte = 0; byte < 8; ++byte) {
        const auto& layout = cache.layout();
        const auto place = byte < 4 ? layout.key(layer, 0, offset) + byte
                                    : layout.value(layer, 0, offset) + byte - 4;
        auto& changed = cache.bytes(page)[place];
        changed ^= std::byte{0x10};
        const auto found = mismatch_in(cache, made, tokens);
        ASSERT_TRUE(found) << position << ' ' << layer << ' ' << byte;
        EXPECT_EQ(found->position, position);
        EXPECT_EQ(found->layer, layer);
        EXPECT_EQ(found->page, page);
        EXPECT_EQ(found->expected ^ found->found, std::uint64_t{0x10} << (8 * byte));
        changed ^= std::byte{0x10};
      }
    }
  }
}

TEST(fingerprint, of_a_token_depends_on_all_before_it_and_on_no_page) {
  kv::paged_cache<> cache{{.shape = fingerprint::shape(8), .tokens_per_page = 4, .pages = 8}};
  const auto one = written(cache);
  const auto other = written(cache);
  for (std::size_t index = 0; index < 2; ++index) {
    EXPECT_TRUE(
        std::ranges::equal(cache.bytes(one.page_at(index)), cache.bytes(other.page_at(index))));
  }
  auto changed = tokens;
  changed[0] = 7;
  EXPECT_EQ(mismatch_in(cache, one, changed)->position, 0U);
  fingerprint here;
  fingerprint there;
  here.extend(1);
  there.extend(2);
  here.extend(3);
  there.extend(3);
  EXPECT_NE(here.in_layer(0), there.in_layer(0)) << "the same token after another one";
}

}  // namespace
}  // namespace replay::test
