// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/mapping_audit.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/row_map.hpp>
#include <kvfolio/vm/slot_pool.hpp>

#include "support/model_vm_backend.hpp"

namespace kvfolio::test {
namespace {

constexpr auto shape = model::grouped_query(1, 1, 32, dtype::f16);

// One sequence with one page, and as many ways to be wrong as there are members.
struct mapping {
  struct writer {
    std::uint32_t slot;
    std::uint32_t place;
    friend bool operator==(const writer&, const writer&) = default;
  };
  struct one_row {
    [[nodiscard]] page_id at(std::uint32_t /*row*/, std::uint32_t /*place*/) const { return page; }
    page_id page{3};
  };

  mapping() {
    slots_.take(0);
    rows_.claim(page_id{3});
    map_.put(0, 0, page_id{3}, vm::access::read_write).value();
  }
  [[nodiscard]] const char* broken() const {
    return detail::mapping_audit{*this}.broken_invariant(tables,
                                                         [this](auto visit) { visit(0, pages); });
  }

  model_vm_backend backend{{.granule = 4096}};
  vm::per_layer layout{shape, 4096};
  vm::chunk_pool<model_vm_backend> rows_{
      backend, {.chunk_bytes = 4096, .rows = 6, .chunks_per_row = vm::chunks_per_row(layout)}};
  vm::row_map<model_vm_backend> map_{backend, rows_, layout, {.slots = 2, .rows_per_slot = 3}};
  vm::slot_pool slots_{2, 3};
  vm::epoch step_{};
  vm::epoch completed_{};
  std::vector<std::uint32_t> slot_of_{0, 0};
  std::vector<writer> writers_ = std::vector<writer>(6);
  one_row tables;
  std::size_t pages = 1;
};

TEST(mapping_audit, finds_nothing_wrong_with_what_is_right) {
  EXPECT_STREQ(mapping{}.broken(), nullptr);
}

TEST(mapping_audit, names_what_is_wrong) {
  {
    mapping wrong;
    wrong.pages = 2;
    EXPECT_STREQ(wrong.broken(), "a page of a sequence is not mapped");
  }
  {
    mapping wrong;
    wrong.tables.page = page_id{4};
    wrong.rows_.claim(page_id{4});
    EXPECT_STREQ(wrong.broken(), "a sequence shows another page than it has");
  }
  {
    mapping wrong;
    wrong.map_.protect(0, 0, 1, vm::access::none).value();
    EXPECT_STREQ(wrong.broken(), "a page of a sequence cannot be read");
  }
  {
    mapping wrong;
    wrong.rows_.unpin(page_id{3});
    EXPECT_STREQ(wrong.broken(), "a page in use is free memory");
  }
  {
    mapping wrong;
    wrong.slots_.take(1);
    EXPECT_STREQ(wrong.broken(), "addresses are taken by nobody");
  }
  {
    mapping wrong;
    wrong.slots_.retire(0, 1, vm::epoch{});
    EXPECT_STREQ(wrong.broken(), "addresses are taken by nobody");
  }
  {
    mapping wrong;
    wrong.writers_[3] = {1, 2};
    EXPECT_STREQ(wrong.broken(), "a page can be written at two places");
  }
}

TEST(mapping_audit, the_digest_is_that_of_places_and_rows) {
  const mapping one;
  mapping other;
  EXPECT_EQ(detail::mapping_audit{one}.digest(1), detail::mapping_audit{other}.digest(1));
  EXPECT_NE(detail::mapping_audit{one}.digest(1), detail::mapping_audit{one}.digest(2));
  other.map_.put(1, 0, page_id{3}, vm::access::read).value();
  EXPECT_NE(detail::mapping_audit{one}.digest(1), detail::mapping_audit{other}.digest(1));
}

}  // namespace
}  // namespace kvfolio::test
