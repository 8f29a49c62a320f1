// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/mapped_sequences.hpp>
#include <kvfolio/page/on_wish.hpp>

#include "support/contiguous_bundles.hpp"

namespace kvfolio::test {
namespace {

using vm::access;

// The pages of a row are those that a test says, and taken from nobody.
class mapped_sequences_test : public testing::Test {
 protected:
  using mapping = mapped_sequences<on_a_device_without_reuse>;

  [[nodiscard]] page_id take() {
    const auto page = pages_.allocate().value();
    rows_.claim({page, 1});
    return page;
  }
  void give(page_id page) {
    rows_.disclaim({page, 1});
    pages_.release(page, page_history::draft);
  }
  void show(std::uint32_t row, std::vector<page_id> pages, access allowed) {
    rows_.show(row, 0, pages.size(), allowed, [&](std::size_t i) { return pages[i]; }).value();
  }
  [[nodiscard]] auto shown(std::uint32_t row, std::uint32_t place) const {
    return rows_.map().at(rows_.slot_of(row), place);
  }

  mapping rows_{config_of_rows<on_a_device_without_reuse>(8),
                on_a_device_without_reuse::make_backend(64 * 4096, 4096)};
  page::on_wish pages_{page_id{0}, page_id{8}, rows_.wishes()};
};

TEST_F(mapped_sequences_test, only_the_last_who_was_shown_a_page_to_write_can_write_it) {
  const auto page = take();
  rows_.take_slot(0, {}, 1).value();
  rows_.take_slot(1, {}, 1).value();
  show(0, {page}, access::read_write);
  EXPECT_TRUE(rows_.shows_own(0, 0, page));
  show(1, {page}, access::read);
  EXPECT_EQ(shown(0, 0)->allowed, access::read_write) << "readers take nothing away";
  show(1, {page}, access::read_write);
  EXPECT_EQ(shown(0, 0)->allowed, access::none);
  EXPECT_EQ(shown(1, 0)->allowed, access::read_write);
  show(0, {page}, access::read);
  EXPECT_EQ(shown(0, 0)->allowed, access::read);
}

TEST_F(mapped_sequences_test, wishes_for_what_it_shows) {
  rows_.take_slot(0, {}, 3).value();
  const std::vector pages{take(), take(), take()};
  show(0, pages, access::read_write);
  for (const auto page : pages) give(page);
  rows_.wish(0, 1, 4);
  EXPECT_EQ(take(), pages[1]);
  EXPECT_EQ(take(), pages[2]);
  const auto other = take();
  EXPECT_NE(other, pages[0]) << "nothing is wished for, and others were free for longer";
  rows_.wishes().clear();
}

TEST_F(mapped_sequences_test, begins_where_its_pages_are_shown) {
  const std::vector first{take(), take()};
  const std::vector second{take(), take()};
  rows_.take_slot(0, {}, 2).value();
  rows_.take_slot(1, {}, 2).value();
  const auto slot = rows_.slot_of(1);
  show(0, first, access::read);
  show(1, second, access::read);
  rows_.give_slot(0);
  rows_.give_slot(1);
  rows_.take_slot(2, second, 2).value();
  EXPECT_EQ(rows_.slot_of(2), slot);
}

TEST_F(mapped_sequences_test, protects_what_is_shared) {
  const std::vector pages{take(), take(), take()};
  rows_.take_slot(0, {}, 3).value();
  show(0, pages, access::read_write);
  rows_.protect(0, 2).value();
  EXPECT_EQ(shown(0, 0)->allowed, access::read);
  EXPECT_EQ(shown(0, 1)->allowed, access::read);
  EXPECT_EQ(shown(0, 2)->allowed, access::read_write);
}

TEST_F(mapped_sequences_test, keeps_room_for_what_it_promised) {
  EXPECT_TRUE(rows_.has_room(8));
  std::size_t promised = 0;
  while (rows_.promise(SIZE_MAX / 64)) promised += SIZE_MAX / 64;
  EXPECT_FALSE(rows_.has_room(SIZE_MAX / 64));
  rows_.fulfil(promised);
  EXPECT_TRUE(rows_.has_room(SIZE_MAX / 64));
}

TEST_F(mapped_sequences_test, moves_the_bytes_of_a_page_out_and_in) {
  const auto page = take();
  rows_.take_slot(0, {}, 1).value();
  show(0, {page}, access::read_write);
  std::vector<std::byte> bytes(4 * 4096);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
  rows_.write(page, bytes).value();
  std::vector<std::byte> back(bytes.size());
  rows_.read(page, back).value();
  EXPECT_EQ(back, bytes);
}

TEST_F(mapped_sequences_test, shows_a_free_page_ahead_that_may_be_wished_for) {
  rows_.take_slot(0, {}, 2).value();
  const auto page = take();
  show(0, {page}, access::read_write);
  rows_.extend(rows_.slot_of(0)).value();
  ASSERT_TRUE(shown(0, 1).has_value());
  EXPECT_EQ(shown(0, 1)->allowed, access::read_write);
  EXPECT_EQ(rows_.statistics().left_pages, 1) << "nobody has it yet";
  rows_.wish(0, 1, 2);
  const auto next = take();
  EXPECT_EQ(shown(0, 1)->row, next);
  EXPECT_EQ(rows_.statistics().left_pages, 0);
}

TEST_F(mapped_sequences_test, does_not_extend_beyond_its_addresses_or_pages) {
  rows_.take_slot(0, {}, 8).value();
  for (int i = 0; i < 8; ++i) rows_.extend(rows_.slot_of(0)).value();
  EXPECT_EQ(rows_.extend(rows_.slot_of(0)).error(), errc::no_mappings);
  rows_.take_slot(1, {}, 8).value();
  EXPECT_EQ(rows_.extend(rows_.slot_of(1)).error(), errc::out_of_pages);
}

}  // namespace
}  // namespace kvfolio::test
