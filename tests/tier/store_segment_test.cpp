// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include <kvfolio/tier/store_segment.hpp>

#include "../support/scratch_folder.hpp"
#include "../support/stored_pages.hpp"

namespace kvfolio::test {
namespace {

using tier::segment_record;
using tier::store_segment;

class store_segments : public testing::Test {
 protected:
  static auto keep(std::vector<std::optional<tier::store_key>>& found) {
    return [&found](std::size_t slot, const std::optional<segment_record>& record) noexcept {
      found[slot] = record ? std::optional{record->key} : std::nullopt;
    };
  }
  static bool put(store_segment& segment, std::size_t slot, const tier::store_key& key,
                  std::uint32_t crc) {
    const tier::named_page page{key, crc};
    return segment.write_records(slot, {&page, 1}).has_value();
  }
  // What the slots of `segment` hold.
  static std::vector<std::optional<tier::store_key>> keys(store_segment& segment) {
    std::vector<std::optional<tier::store_key>> found(segment.slots());
    segment.for_each_slot(keep(found));
    return found;
  }

  scratch_folder folder;
  tier::segment_options options{
      .path = folder / "store", .fingerprint = {{1, 2}}, .page_bytes = 4'096, .pages = 4};
};

TEST_F(store_segments, records_are_those_of_a_slot_until_it_is_emptied) {
  store_segment segment{options};
  EXPECT_EQ(segment.slots(), 4U);
  EXPECT_EQ(segment.page_bytes(), 4'096U);
  const store_segment::changing alone{segment};
  ASSERT_TRUE(alone);
  ASSERT_TRUE(put(segment, 1, key_of(7), 70));
  ASSERT_TRUE(put(segment, 3, key_of(8), 80));
  ASSERT_TRUE(put(segment, 3, key_of(9), 90));
  EXPECT_EQ(keys(segment), (std::vector<std::optional<tier::store_key>>{std::nullopt, key_of(7),
                                                                        std::nullopt, key_of(9)}));
  segment.for_each_slot([](std::size_t slot, const std::optional<segment_record>& record) {
    if (slot == 1) {
      EXPECT_EQ(record->page_crc, 70U);
      EXPECT_EQ(record->stamp, 1U);
    }
    if (slot == 3) {
      EXPECT_EQ(record->page_crc, 90U);
      EXPECT_EQ(record->stamp, 3U);
    }
  });
  ASSERT_TRUE(segment.write_no_record(1));
  EXPECT_EQ(keys(segment)[1], std::nullopt);
}

TEST_F(store_segments, changes_are_told_once_to_each_other_user) {
  store_segment one{options};
  store_segment other{options};
  std::vector<std::optional<tier::store_key>> heard(4);
  EXPECT_FALSE(other.for_each_change(keep(heard)));
  {
    const store_segment::changing alone{one};
    ASSERT_TRUE(put(one, 2, key_of(5), 0));
    ASSERT_TRUE(put(one, 0, key_of(6), 0));
  }
  EXPECT_FALSE(one.for_each_change(keep(heard))) << "its own changes";
  EXPECT_TRUE(other.for_each_change(keep(heard)));
  EXPECT_EQ(heard, keys(one));
  EXPECT_FALSE(other.for_each_change(keep(heard)));
}

TEST_F(store_segments, pages_need_not_be_aligned) {
  for (const bool direct : {false, true}) {
    for (const std::size_t bytes : {4'096U, 100U, 10'000U}) {
      options.direct = direct;
      options.page_bytes = bytes;
      store_segment segment{options};
      const auto page = page_of(key_of(1), bytes);
      for (const std::size_t shift : {0U, 1U, 512U}) {
        std::vector<std::byte> memory(bytes + 8'192);
        auto* aligned =
            memory.data() + (0 - reinterpret_cast<std::uintptr_t>(memory.data())) % 4'096;
        const std::span<std::byte> there{aligned + shift, bytes};
        std::copy(page.begin(), page.end(), there.begin());
        ASSERT_TRUE(segment.write_page(3, there));
        std::fill(there.begin(), there.end(), std::byte{});
        ASSERT_TRUE(segment.read_page(3, there));
        EXPECT_TRUE(std::equal(page.begin(), page.end(), there.begin()));
      }
    }
  }
}

TEST_F(store_segments, go_through_the_cache_where_the_file_system_knows_no_other_way) {
  options.path = "/dev/shm/kvfolio-" + std::to_string(::getpid());
  if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "there is no /dev/shm";
  {
    store_segment segment{options};  // direct, if tmpfs has learnt it
    const auto page = page_of(key_of(1), 4'096);
    std::vector<std::byte> back(4'096);
    ASSERT_TRUE(segment.write_page(0, page));
    ASSERT_TRUE(segment.read_page(0, back));
    EXPECT_EQ(back, page);
  }
  std::filesystem::remove(options.path);
}

}  // namespace
}  // namespace kvfolio::test
