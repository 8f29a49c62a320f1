// SPDX-License-Identifier: Apache-2.0
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

}  // namespace
}  // namespace kvfolio::test
