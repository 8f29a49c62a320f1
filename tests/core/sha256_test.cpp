// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/sha256.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

std::string in_hex(const sha256::digest& digest) {
  std::string text;
  for (const auto byte : digest) {
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

std::string hash_of(std::string_view text, sha256::means how) {
  sha256 hash{how};
  hash.add(std::as_bytes(std::span{text}));
  return in_hex(hash.finish());
}

// All means that there are here.
std::vector<sha256::means> all_means() {
  std::vector<sha256::means> all{sha256::means::portable};
  if (sha256::best() != all.front()) all.push_back(sha256::best());
  return all;
}

TEST(sha256, gives_the_published_digests_by_all_means) {
  // NIST, Cryptographic Standards and Guidelines, example values of SHA-256.
  for (const auto how : all_means()) {
    EXPECT_EQ(hash_of("", how), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash_of("abc", how),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", how),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hash_of(std::string(1'000'000, 'a'), how),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

TEST(sha256, does_not_depend_on_the_pieces_nor_on_the_means) {
  for_each_seed([](std::mt19937& rng) {
    std::vector<std::byte> bytes(rng() % 400);
    for (auto& byte : bytes) byte = static_cast<std::byte>(rng());
    sha256 whole{sha256::means::portable};
    whole.add(bytes);
    const auto expected = in_hex(whole.finish());
    for (const auto how : all_means()) {
      sha256 pieces{how};
      for (auto rest = std::span<const std::byte>{bytes}; !rest.empty();) {
        const auto some = std::min(std::size_t{rng() % 150}, rest.size());
        pieces.add(rest.first(some));
        rest = rest.subspan(some);
      }
      ASSERT_EQ(in_hex(pieces.finish()), expected) << bytes.size() << " bytes";
    }
  });
}

TEST(sha256, every_length_around_a_block_has_its_own_digest) {
  for (const auto how : all_means()) {
    std::vector<std::string> digests;
    for (std::size_t length = 0; length <= 130; ++length) {
      digests.push_back(hash_of(std::string(length, '\0'), how));
    }
    std::sort(digests.begin(), digests.end());
    EXPECT_EQ(std::adjacent_find(digests.begin(), digests.end()), digests.end());
  }
}

}  // namespace
}  // namespace kvfolio::test
