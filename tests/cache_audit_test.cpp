// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>

#include "support/faulty_list.hpp"

namespace kvfolio::test {
namespace {

struct faulty : default_policies {
  using page_allocator = faulty_list;
};

constexpr cache_config small{.shape = model::grouped_query(1, 2, 4, dtype::f16),
                             .tokens_per_page = 4,
                             .pages = 32,
                             .max_sequences = 6};

TEST(cache_audit, finds_a_page_that_was_lost) {
  paged_cache<faulty> cache{small};
  EXPECT_EQ(cache.check_invariants(), nullptr);
  auto one = cache.create().value();
  one.append(5).value();
  EXPECT_EQ(cache.check_invariants(), nullptr);
  faulty_list::loses_pages = true;
  one.truncate(0);
  faulty_list::loses_pages = false;
  EXPECT_STREQ(cache.check_invariants(), "a page is lost");
}

TEST(cache_audit, finds_a_free_list_that_names_pages_twice) {
  const paged_cache<faulty> cache{small};
  faulty_list::lists_twice = true;
  EXPECT_NE(cache.check_invariants(), nullptr);
  faulty_list::lists_twice = false;
  EXPECT_EQ(cache.check_invariants(), nullptr);
}

// The digest after a history that ends in the middle of things.
std::uint64_t digest_of_a_history() {
  paged_cache<> cache{small};
  std::vector<paged_cache<>::sequence> all;
  std::mt19937 rng{7};
  for (int i = 0; i < 2'000; ++i) {
    if (all.empty() || rng() % 5 == 0) {
      if (auto made = cache.create()) all.push_back(*std::move(made));
      continue;
    }
    auto& one = all[rng() % all.size()];
    switch (rng() % 5) {
      case 0: static_cast<void>(one.append(rng() % 9)); break;
      case 1: one.truncate(one.length() - rng() % (one.length() + 1)); break;
      case 2:
        if (auto made = one.fork()) all.push_back(*std::move(made));
        break;
      case 3: one.commit(std::vector<token_id>(one.length() - one.committed())); break;
      default: all.erase(all.begin() + (&one - all.data()));
    }
  }
  return cache.state_digest();
}

TEST(cache_audit, prints_the_digest_of_a_history) {
  std::printf("digest %s\n", std::to_string(digest_of_a_history()).c_str());
}

TEST(cache_audit, scenario_50_two_processes_come_to_the_same_digest) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto command = "'" + self + "' --gtest_filter='*.prints_the_digest_of_a_history'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> other{popen(command.c_str(), "r"), pclose};
  ASSERT_TRUE(other);
  std::string output;
  std::array<char, 256> piece{};
  while (std::fgets(piece.data(), piece.size(), other.get()) != nullptr) output += piece.data();
  const auto expected = "digest " + std::to_string(digest_of_a_history()) + "\n";
  EXPECT_NE(output.find(expected), std::string::npos) << output;
}

}  // namespace
}  // namespace kvfolio::test
