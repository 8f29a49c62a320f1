// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using testing::Each;
using testing::ElementsAre;

struct with_persistent : default_policies {
  using page_table = kvfolio::table::persistent;
};

// Four sequences of a cache of 4 tokens a page: of 0, 4, 5 and 9 tokens, the last one with 6
// committed. Page 0 is the null page.
template <class Policies>
class exporters_of : public testing::Test {
 protected:
  using cache_type = paged_cache<Policies>;

  exporters_of() {
    for (const std::size_t length : {0U, 4U, 5U, 9U}) {
      rows_.push_back(cache_.create().value());
      rows_.back().append(length).value();
    }
    rows_[1].commit(std::vector<token_id>(4));
    rows_[3].commit(std::vector<token_id>(6));
  }

  cache_type cache_{{.shape = model::grouped_query(1, 1, 8, dtype::i8),
                     .tokens_per_page = 4,
                     .pages = 600,
                     .max_sequences = 70,
                     .reserve_null_page = true}};
  std::vector<typename cache_type::sequence> rows_;
};
using tables = testing::Types<default_policies, with_persistent>;
TYPED_TEST_SUITE(exporters_of, tables);

TYPED_TEST(exporters_of, measure_says_how_much_is_needed) {
  const auto extent = table::measure(this->rows_);
  EXPECT_EQ(extent.rows, 4U);
  EXPECT_EQ(extent.pages, 6U);
  EXPECT_EQ(extent.widest, 3U);
  EXPECT_EQ(extent.tokens, 18U);
  EXPECT_EQ(extent.uncommitted, 5U + 3U);
}

TYPED_TEST(exporters_of, padded_rows_end_in_the_padding_of_ones_choice) {
  std::vector<std::int32_t> out(4 * 3 + 1, -7);
  EXPECT_EQ(table::export_padded(this->rows_, out, {.width = 3, .id = -1}).value(), 12U);
  EXPECT_THAT(out, ElementsAre(-1, -1, -1, 1, -1, -1, 2, 3, -1, 4, 5, 6, -7));
  std::vector<std::int32_t> wide(4 * 5);
  EXPECT_EQ(table::export_padded(this->rows_, wide, {.width = 5}).value(), 20U);
  EXPECT_THAT(wide, ElementsAre(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 3, 0, 0, 0, 4, 5, 6, 0, 0))
      << "by default with the null page";
}

TYPED_TEST(exporters_of, compressed_rows_say_how_full_their_last_pages_are) {
  std::vector<std::int32_t> indptr(5, -7);
  std::vector<std::int32_t> indices(6, -7);
  std::vector<std::int32_t> last(4, -7);
  EXPECT_EQ(table::export_csr(this->rows_, {indptr, indices, last}, 4).value(), 6U);
  EXPECT_THAT(indptr, ElementsAre(0, 0, 1, 3, 6));
  EXPECT_THAT(indices, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(last, ElementsAre(0, 4, 1, 1));
}

TYPED_TEST(exporters_of, slots_are_where_uncommitted_tokens_go) {
  std::vector<std::int32_t> out(10, -7);
  EXPECT_EQ(table::export_slots(this->rows_, std::span{out}, 4).value(), 8U);
  EXPECT_THAT(out, ElementsAre(8, 9, 10, 11, 12, 22, 23, 24, -1, -1));
  std::vector<std::int64_t> wide(8);
  EXPECT_EQ(table::export_slots(this->rows_, std::span{wide}, 4).value(), 8U);
  EXPECT_THAT(wide, ElementsAre(8, 9, 10, 11, 12, 22, 23, 24));
}

TYPED_TEST(exporters_of, buffers_that_are_too_small_are_left_alone) {
  std::vector<std::int32_t> out(20, -7);
  const auto fails = [&](const auto& exported) {
    EXPECT_EQ(exported.error(), errc::buffer_too_small);
    EXPECT_THAT(out, Each(-7));
  };
  const auto front = [&](std::size_t count) { return std::span{out}.first(count); };
  fails(table::export_padded(this->rows_, front(20), {.width = 2}));
  fails(table::export_padded(this->rows_, front(11), {.width = 3}));
  fails(table::export_padded(this->rows_, front(20), {.width = ~std::size_t{0} / 2}));
  fails(table::export_slots(this->rows_, front(7), 4));
  std::vector<std::int32_t> indptr(5, -7);
  std::vector<std::int32_t> last(4, -7);
  fails(table::export_csr(this->rows_, {indptr, front(5), last}, 4));
  fails(table::export_csr(this->rows_, {std::span{indptr}.first(4), front(6), last}, 4));
  fails(table::export_csr(this->rows_, {indptr, front(6), std::span{last}.first(3)}, 4));
  EXPECT_THAT(indptr, Each(-7));
  EXPECT_THAT(last, Each(-7));
}

TYPED_TEST(exporters_of, a_batch_may_be_of_sequences_pointers_or_references) {
  std::vector<std::int32_t> expected(12);
  std::vector<std::int32_t> out(12);
  table::export_padded(this->rows_, expected, {.width = 3}).value();
  std::vector<const typename TestFixture::cache_type::sequence*> pointers;
  std::vector<std::reference_wrapper<typename TestFixture::cache_type::sequence>> references;
  for (auto& row : this->rows_) {
    pointers.push_back(&row);
    references.emplace_back(row);
  }
  table::export_padded(pointers, out, {.width = 3}).value();
  EXPECT_EQ(out, expected);
  table::export_padded(references, out, {.width = 3}).value();
  EXPECT_EQ(out, expected);
}

TYPED_TEST(exporters_of, an_empty_batch_needs_next_to_nothing) {
  this->rows_.clear();
  EXPECT_EQ(table::measure(this->rows_).rows, 0U);
  EXPECT_EQ(table::export_padded(this->rows_, {}, {}).value(), 0U);
  std::vector<std::int32_t> indptr(1, -7);
  EXPECT_EQ(table::export_csr(this->rows_, {indptr, {}, {}}, 4).value(), 0U);
  EXPECT_EQ(indptr[0], 0);
  EXPECT_EQ(table::export_csr(this->rows_, {}, 4).error(), errc::buffer_too_small);
}

TYPED_TEST(exporters_of, all_forms_name_the_same_pages) {
  for_each_seed([this](std::mt19937& rng) {
    this->rows_.clear();
    for (int i = 0; i < 60; ++i) {
      this->rows_.push_back(this->rows_.empty() || rng() % 4 == 0
                                ? this->cache_.create().value()
                                : this->rows_[rng() % this->rows_.size()].fork().value());
      auto& row = this->rows_.back();
      row.truncate(row.length() - rng() % (row.length() + 1));
      row.append(rng() % 40).value();
      row.commit(std::vector<token_id>(rng() % (row.length() - row.committed() + 1)));
    }
    const auto extent = table::measure(this->rows_);
    std::vector<std::int32_t> padded(extent.rows * extent.widest);
    std::vector<std::int32_t> indptr(extent.rows + 1);
    std::vector<std::int32_t> indices(extent.pages);
    std::vector<std::int32_t> last(extent.rows);
    std::vector<std::int64_t> slots(extent.uncommitted);
    table::export_padded(this->rows_, padded, {.width = extent.widest, .id = -1}).value();
    table::export_csr(this->rows_, {indptr, indices, last}, 4).value();
    table::export_slots(this->rows_, std::span{slots}, 4).value();
    auto slot = slots.begin();
    for (std::size_t i = 0; i < extent.rows; ++i) {
      const auto& row = this->rows_[i];
      const auto begin = static_cast<std::size_t>(indptr[i]);
      ASSERT_EQ(static_cast<std::size_t>(indptr[i + 1]) - begin, row.page_count());
      for (std::size_t place = 0; place < extent.widest; ++place) {
        const bool real = place < row.page_count();
        const auto id = real ? static_cast<std::int32_t>(row.page_at(place)) : -1;
        ASSERT_EQ(padded[i * extent.widest + place], id);
        ASSERT_EQ(real ? indices[begin + place] : -1, id);
      }
      if (row.length() != 0) {
        ASSERT_EQ(4 * (row.page_count() - 1) + static_cast<std::size_t>(last[i]), row.length());
      }
      for (auto position = row.committed(); position < row.length(); ++position) {
        ASSERT_EQ(*slot++,
                  indices[begin + position / 4] * 4LL + static_cast<std::int64_t>(position % 4));
      }
    }
    EXPECT_EQ(slot, slots.end());
  });
}

}  // namespace
}  // namespace kvfolio::test
