// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/crc32c.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using tier::crc32c;

class crc32c_by : public testing::TestWithParam<crc32c::means> {
 protected:
  static std::uint32_t of(std::span<const std::byte> bytes) {
    crc32c crc{GetParam()};
    crc.add(bytes);
    return crc.value();
  }
  static std::uint32_t of(const std::vector<std::uint8_t>& bytes) {
    return of(std::as_bytes(std::span{bytes}));
  }
};

// RFC 3720, appendix B.4, and the check value that catalogues of CRCs give.
TEST_P(crc32c_by, gives_the_values_of_the_standard) {
  std::vector<std::uint8_t> bytes(32);
  EXPECT_EQ(of(bytes), 0x8a9136aaU);
  EXPECT_EQ(of(std::vector<std::uint8_t>(32, 0xff)), 0x62a8ab43U);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(of(bytes), 0x46dd794eU);
  EXPECT_EQ(of({bytes.rbegin(), bytes.rend()}), 0x113fdb5cU);
  EXPECT_EQ(of(std::as_bytes(std::span{std::string_view{"123456789"}})), 0xe3069283U);
  EXPECT_EQ(of(std::vector<std::uint8_t>{}), 0U);
}

// Bit by bit, as the polynomial is defined.
std::uint32_t long_division(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = UINT32_MAX;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

TEST_P(crc32c_by, agrees_with_long_division_at_any_length_and_alignment) {
  for_each_seed([](std::mt19937& rng) {
    std::vector<std::uint8_t> bytes(20'000);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng());
    for (const std::size_t most : {40U, 7'000U, 19'000U}) {
      for (int i = 0; i < 20; ++i) {
        const auto some = std::span{bytes}.subspan(rng() % 64, rng() % most);
        ASSERT_EQ(of(std::as_bytes(some)), long_division(some)) << some.size();
      }
    }
  });
}

TEST_P(crc32c_by, does_not_depend_on_how_bytes_are_cut_into_pieces) {
  for_each_seed([](std::mt19937& rng) {
    std::vector<std::byte> bytes(30'000);
    for (auto& byte : bytes) byte = static_cast<std::byte>(rng());
    crc32c crc{GetParam()};
    for (std::span<const std::byte> rest = bytes; !rest.empty();) {
      const auto some = std::min<std::size_t>(rest.size(), rng() % 9'000);
      crc.add(rest.first(some));
      rest = rest.subspan(some);
    }
    EXPECT_EQ(crc.value(), of(bytes));
  });
}

// Those of the processor, and what is slower.
std::vector<crc32c::means> all_means() {
  std::vector<crc32c::means> all{crc32c::means::portable};
  for (const auto how : {crc32c::means::instruction, crc32c::means::folding}) {
    if (how <= crc32c::best()) all.push_back(how);
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(all, crc32c_by, testing::ValuesIn(all_means()));

}  // namespace
}  // namespace kvfolio::test
