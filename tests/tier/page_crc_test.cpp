// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/page_crc.hpp>

#include "../support/stored_pages.hpp"

namespace kvfolio::test {
namespace {

TEST(page_crc, depends_on_fingerprint_key_and_page) {
  constexpr tier::store_fingerprint fingerprint{{1, 2}};
  auto page = page_of(key_of(1), 4'096);
  const auto crc = tier::page_crc(fingerprint, key_of(1), page);
  EXPECT_EQ(crc, tier::page_crc(fingerprint, key_of(1), page));
  EXPECT_NE(crc, tier::page_crc(fingerprint, key_of(2), page));
  EXPECT_NE(crc, tier::page_crc({{1, 3}}, key_of(1), page));
  page.back() ^= std::byte{1};
  EXPECT_NE(crc, tier::page_crc(fingerprint, key_of(1), page));
}

TEST(page_crc, is_the_same_when_the_page_is_copied_on_the_way) {
  for (const std::size_t bytes : {0U, 1U, 4'096U, 100'000U}) {
    const auto page = page_of(key_of(1), bytes);
    std::vector<std::byte> copy(bytes);
    EXPECT_EQ(tier::copy_page({{1, 2}}, key_of(1), page, copy),
              tier::page_crc({{1, 2}}, key_of(1), page));
    EXPECT_EQ(copy, page);
  }
}

}  // namespace
}  // namespace kvfolio::test
