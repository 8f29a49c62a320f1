// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/parts.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/run_length.hpp>

namespace kvfolio::test {
namespace {

using testing::ElementsAre;

// A table of a user's own, which has nothing but what it must have.
class plain_table {
 public:
  plain_table(std::size_t rows, std::size_t length) : table_{rows, length} {}
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept { return table_.size(row); }
  [[nodiscard]] page_id at(std::size_t row, std::size_t index) const noexcept {
    return table_.at(row, index);
  }
  [[nodiscard]] page_id back(std::size_t row) const noexcept { return table_.back(row); }
  void push_back(std::size_t row, page_id page) noexcept { table_.push_back(row, page); }
  void replace(std::size_t row, std::size_t index, page_id page) noexcept {
    table_.replace(row, index, page);
  }
  void truncate(std::size_t row, std::size_t size) noexcept { table_.truncate(row, size); }
  void fork(std::size_t parent, std::size_t child) noexcept { table_.fork(parent, child); }
  void export_to(std::size_t row, std::span<std::int32_t> out) const noexcept {
    table_.export_to(row, out);
  }

 private:
  table::flat table_;
};
static_assert(page_table<plain_table> && !partial_page_table<plain_table>);
static_assert(!splicing_page_table<plain_table> && !sparse_page_table<plain_table>);
static_assert(!splicing_page_table<table::persistent>);

template <class Table>
class parts : public testing::Test {
 protected:
  parts() {
    for (std::size_t i = 0; i < 40; ++i) table_.push_back(0, to_page(3 * i));
  }
  [[nodiscard]] std::vector<std::int32_t> part(std::size_t row, std::size_t first,
                                               std::size_t count) const {
    std::vector<std::int32_t> out(count, -7);
    table::export_part(table_, row, first, out);
    return out;
  }
  Table table_{2, 50};
};
using tables = testing::Types<plain_table, table::flat, table::persistent, table::run_length>;
TYPED_TEST_SUITE(parts, tables);

TYPED_TEST(parts, of_a_row_are_exported) {
  EXPECT_THAT(this->part(0, 17, 3), ElementsAre(51, 54, 57));
  EXPECT_THAT(this->part(0, 38, 2), ElementsAre(114, 117));
  EXPECT_TRUE(this->part(0, 40, 0).empty());
  EXPECT_TRUE(this->part(1, 0, 0).empty());
}

TYPED_TEST(parts, of_a_row_are_replaced) {
  table::assign(this->table_, 0, 16, std::array{page_id{7}, page_id{8}});
  EXPECT_THAT(this->part(0, 15, 4), ElementsAre(45, 7, 8, 54));
}

TYPED_TEST(parts, of_a_row_move_to_the_end_of_another) {
  this->table_.push_back(1, page_id{1'000});
  table::splice(this->table_, 0, 38, 1);
  EXPECT_EQ(this->table_.size(0), 38U);
  EXPECT_THAT(this->part(1, 0, 3), ElementsAre(1'000, 114, 117));
}

#ifndef NDEBUG
template <class Table>
using parts_death = parts<Table>;
TYPED_TEST_SUITE(parts_death, tables);
TYPED_TEST(parts_death, that_a_row_has_not_are_refused) {
  EXPECT_DEATH(static_cast<void>(this->part(0, 39, 2)), "size");
  EXPECT_DEATH(table::assign(this->table_, 0, 40, std::array{page_id{7}}), "size");
  EXPECT_DEATH(table::splice(this->table_, 0, 41, 1), "first");
}
#endif

}  // namespace
}  // namespace kvfolio::test
