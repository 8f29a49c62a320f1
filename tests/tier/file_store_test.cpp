// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/file_store.hpp>

#include "../conformance/store_conformance.hpp"
#include "../support/scratch_folder.hpp"

namespace kvfolio::test {
namespace {

using tier::file_store;

struct in_a_folder {
  scratch_folder folder;
  tier::segment_options options{
      .path = folder / "store", .fingerprint = {{1, 2}}, .page_bytes = 5'000, .pages = 40};
};
struct through_the_cache : in_a_folder {
  auto make() {
    options.direct = false;
    options.page_bytes = 8'192;  // slots without gaps
    return file_store{options};
  }
};
struct past_the_cache : in_a_folder {
  auto make() { return file_store{options}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(cached, store_conformance, through_the_cache);
INSTANTIATE_TYPED_TEST_SUITE_P(direct, store_conformance, past_the_cache);

class file_stores : public testing::Test, protected in_a_folder {
 protected:
  file_stores() { options.direct = false; }

  // What is in the file.
  [[nodiscard]] std::string content() const {
    std::ifstream file{options.path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  void set_content(const std::string& bytes) const {
    // Not emptied first, as some file systems then write it out when it is closed.
    std::ofstream{options.path, std::ios::binary | std::ios::app};
    std::filesystem::resize_file(options.path, bytes.size());
    std::fstream{options.path, std::ios::binary | std::ios::in | std::ios::out} << bytes;
  }
  // Opens what is in the file, expects no page of [0, names) to be wrong, and counts those found.
  [[nodiscard]] std::size_t right_pages(std::uint64_t names) const {
    file_store store{options};
    std::size_t right = 0;
    for (std::uint64_t name = 0; name < names; ++name) {
      const auto got = look_up(store, key_of(name));
      EXPECT_NE(got, found::wrong) << name;
      right += got == found::right ? 1 : 0;
    }
    return right;
  }
  // Where the file has the pages of a store of so few.
  static constexpr std::size_t pages_at = 12'288;
};

TEST_F(file_stores, pages_are_there_again_after_a_restart_the_first_that_was_put_the_oldest) {
  {
    file_store store{options};
    for (std::uint64_t name = 0; name < 45; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
    EXPECT_TRUE(store.erase(key_of(20)));
  }
  file_store store{options};
  EXPECT_EQ(store.usage(), (tier::store_usage{39 * 5'000, 40 * 5'000, 39}));
  ASSERT_TRUE(put_page(store, key_of(100)));
  ASSERT_TRUE(put_page(store, key_of(101)));
  for (std::uint64_t name = 0; name < 45; ++name) {
    EXPECT_EQ(look_up(store, key_of(name)), name < 6 || name == 20 ? found::miss : found::right)
        << name;
  }
}

TEST_F(file_stores, pages_written_past_the_cache_are_read_through_it_and_the_other_way_round) {
  for (const bool direct : {true, false}) {
    options.direct = direct;
    file_store store{options};
    for (std::uint64_t name = 0; name < 6; ++name) {
      EXPECT_EQ(look_up(store, key_of(name)), direct ? found::miss : found::right);
      ASSERT_TRUE(put_page(store, key_of(name)));
      ASSERT_TRUE(put_page(store, key_of(name + (direct ? 10 : 20))));
    }
  }
  options.direct = true;
  file_store store{options};
  for (std::uint64_t name = 0; name < 6; ++name) {
    EXPECT_EQ(look_up(store, key_of(20 + name)), found::right);
  }
}

TEST_F(file_stores, batches_of_aligned_pages_are_written_and_read_at_once_also_past_the_cache) {
  options.page_bytes = 8'192;
  options.direct = true;
  options.pages = 200;
  std::vector<std::byte> memory(151 * options.page_bytes);
  auto* const aligned =
      memory.data() + (0 - reinterpret_cast<std::uintptr_t>(memory.data())) % 4'096;
  std::vector<tier::store_write> writes;
  std::vector<tier::store_read> reads;
  for (std::uint64_t name = 0; name < 150; ++name) {
    const std::span page{aligned + name * options.page_bytes, options.page_bytes};
    fill_page(key_of(name), page);
    writes.push_back({key_of(name), page});
    reads.push_back({key_of(name), page});
  }
  {
    file_store store{options};
    ASSERT_TRUE(put_page(store, key_of(70)));
    ASSERT_TRUE(store.put_many(writes));
  }
  auto damaged = content();
  damaged[damaged.size() - 50 * options.page_bytes] ^= 1;
  set_content(damaged);
  std::fill(memory.begin(), memory.end(), std::byte{});
  file_store store{options};
  EXPECT_EQ(store.get_many(reads), 149U);
  for (const auto& read : reads) {
    const auto page = page_of(read.key, options.page_bytes);
    const bool right = std::equal(page.begin(), page.end(), read.bytes.begin());
    EXPECT_LE(read.hit, right) << read.key.words[1];
  }
}

TEST_F(file_stores, pages_of_another_fingerprint_or_size_are_missed) {
  const auto original = options;
  const auto change = [&](auto assign) {
    options = original;
    {
      file_store store{options};
      ASSERT_TRUE(put_page(store, key_of(1)));
    }
    ASSERT_EQ(right_pages(2), 1U);
    assign(options);
    EXPECT_EQ(right_pages(2), 0U);
  };
  change([](auto& changed) { changed.fingerprint.words[1] ^= 1U; });
  change([](auto& changed) { changed.page_bytes -= 1; });
  change([](auto& changed) { changed.pages += 1; });
}

TEST_F(file_stores, a_file_that_is_no_store_is_left_alone) {
  const std::string thesis = "Chapter 1. It was a dark and stormy night.";
  set_content(thesis);
  try {
    const file_store store{options};
    FAIL() << "it was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("is not a store; give another path, or delete it"),
              std::string::npos);
  }
  EXPECT_EQ(content(), thesis);
}

TEST_F(file_stores, a_store_that_others_have_open_is_not_emptied_for_another_model) {
  file_store store{options};
  ASSERT_TRUE(put_page(store, key_of(1)));
  const auto original = options;
  options.fingerprint.words[0] ^= 1U;
  EXPECT_THROW(file_store{options}, std::runtime_error);
  options = original;
  EXPECT_EQ(right_pages(2), 1U);
}

TEST_F(file_stores, a_file_cut_at_any_byte_gives_no_wrong_page) {
  options.pages = 3;
  options.page_bytes = 600;
  {
    file_store store{options};
    for (const std::uint64_t name : {0U, 1U, 2U}) ASSERT_TRUE(put_page(store, key_of(name)));
  }
  const auto whole = content();
  ASSERT_EQ(whole.size(), pages_at + 2 * 4'096 + 600);
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += bytes % 128 < 4 ? 1 : 31) {
    set_content(whole.substr(0, bytes));
    const std::size_t left = bytes < pages_at + 600 ? 0 : (bytes - pages_at - 600) / 4'096 + 1;
    ASSERT_EQ(right_pages(3), left) << bytes;
  }
  set_content(whole);
  EXPECT_EQ(right_pages(3), 3U);
}

TEST_F(file_stores, a_bit_that_flips_anywhere_costs_a_page_or_all_and_gives_no_wrong_one) {
  options.pages = 3;
  options.page_bytes = 600;
  {
    file_store store{options};
    for (const std::uint64_t name : {0U, 1U, 2U}) ASSERT_TRUE(put_page(store, key_of(name)));
  }
  const auto whole = content();
  std::mt19937 rng{42};
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const bool padding = (at >= 48 && at < 8'192) || (at >= 8'288 && at < pages_at) ||
                         (at > pages_at && (at - pages_at) % 4'096 >= 600);
    if (padding && at % 97 != 0) continue;
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (rng() % 8)));
    set_content(damaged);
    ASSERT_EQ(right_pages(3), at < 48 ? 0U : (padding ? 3U : 2U)) << at;
  }
}

TEST_F(file_stores, slots_that_are_exchanged_give_no_wrong_page) {
  options.pages = 2;
  {
    file_store store{options};
    ASSERT_TRUE(put_page(store, key_of(0)));
    ASSERT_TRUE(put_page(store, key_of(1)));
  }
  const auto whole = content();
  const auto exchange = [](std::string& bytes, std::size_t one, std::size_t other,
                           std::size_t count) {
    std::swap_ranges(&bytes[one], &bytes[one + count], &bytes[other]);
  };
  auto pages = whole;
  exchange(pages, pages_at, pages_at + 8'192, 5'000);
  set_content(pages);
  EXPECT_EQ(right_pages(2), 0U);
  auto records = whole;
  exchange(records, 8'192, 8'192 + 32, 32);
  set_content(records);
  EXPECT_EQ(right_pages(2), 0U);
  exchange(pages, 8'192, 8'192 + 32, 32);
  set_content(pages);
  EXPECT_EQ(right_pages(2), 0U);
}

// After the power failed, each sector is what it was before or after some of the writes.
TEST_F(file_stores, a_file_of_old_and_new_sectors_gives_no_wrong_page) {
  options.pages = 4;
  options.page_bytes = 2'000;
  const auto fill = [this](std::uint64_t first) {
    file_store store{options};
    for (std::uint64_t name = first; name < first + 4; ++name) {
      ASSERT_TRUE(put_page(store, key_of(name)));
    }
  };
  for_each_seed([&](std::mt19937& rng) {
    set_content("");
    fill(0);
    auto old = content();
    fill(4);
    const auto young = content();
    old.resize(young.size());
    for (int i = 0; i < 100; ++i) {
      auto mixed = young;
      for (std::size_t at = 0; at < mixed.size(); at += 512) {
        if (rng() % 4 == 0) mixed.replace(at, 512, old, at, 512);
      }
      set_content(mixed);
      ASSERT_LE(right_pages(8), 4U);
    }
  });
}

TEST_F(file_stores, stores_of_one_file_see_what_each_other_puts_and_erases) {
  file_store one{options};
  file_store other{options};
  for_each_seed([&](std::mt19937& rng) {
    for (int i = 0; i < 300; ++i) {
      auto& store = rng() % 2 == 0 ? one : other;
      auto& witness = rng() % 2 == 0 ? one : other;
      const auto key = key_of(rng() % 100);
      if (rng() % 4 == 0) {
        store.erase(key);
        ASSERT_EQ(look_up(witness, key), found::miss);
      } else {
        ASSERT_TRUE(put_page(store, key));
        ASSERT_EQ(look_up(witness, key), found::right);
      }
      ASSERT_EQ(one.usage(), other.usage());
    }
  });
}

TEST_F(file_stores, a_store_that_looked_away_for_long_catches_up) {
  file_store one{options};
  file_store other{options};
  ASSERT_TRUE(put_page(other, key_of(0)));
  for (std::uint64_t name = 1; name < 1'500; ++name) ASSERT_TRUE(put_page(one, key_of(name)));
  EXPECT_EQ(look_up(other, key_of(0)), found::miss);
  for (std::uint64_t name = 1'460; name < 1'500; ++name) {
    ASSERT_EQ(look_up(other, key_of(name)), found::right);
  }
}

TEST_F(file_stores, a_file_that_is_cut_while_it_is_open_costs_its_pages_and_takes_new_ones) {
  file_store store{options};
  for (std::uint64_t name = 0; name < 40; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
  for (const std::size_t size : {pages_at + 9'000, std::size_t{8'200}, std::size_t{0}}) {
    std::filesystem::resize_file(options.path, size);
    for (std::uint64_t name = 0; name < 40; ++name) {
      ASSERT_NE(look_up(store, key_of(name)), found::wrong) << name;
    }
    ASSERT_TRUE(put_page(store, key_of(size)));
    EXPECT_EQ(look_up(store, key_of(size)), found::right);
  }
}

TEST_F(file_stores, of_no_pages_is_full) {
  options.pages = 0;
  file_store store{options};
  EXPECT_EQ(put_page(store, key_of(1)).error(), errc::store_full);
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  EXPECT_TRUE(store.put_many({}));
}

TEST_F(file_stores, a_size_that_nothing_has_is_refused) {
  options.page_bytes = 0;
  EXPECT_THROW(file_store{options}, std::invalid_argument);
  options.page_bytes = SIZE_MAX - 10;
  EXPECT_THROW(file_store{options}, std::length_error);
  EXPECT_FALSE(std::filesystem::exists(options.path));
}

}  // namespace
}  // namespace kvfolio::test
