// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/row_watch.hpp>

#include "support/model_vm_backend.hpp"

namespace kvfolio::test {
namespace {

static_assert(page_watch<row_watch<model_vm_backend>>);

TEST(row_watch, pins_the_rows_of_pages_that_are_handed_out) {
  model_vm_backend backend{{.granule = 4096}};
  vm::chunk_pool<model_vm_backend> rows{backend, {.chunk_bytes = 4096, .rows = 6}};
  page::watched<page::first_fit, row_watch<model_vm_backend>> pages{
      page::first_fit{page_id{0}, page_id{6}}, row_watch<model_vm_backend>{rows}};
  const auto page = pages.allocate().value();
  const auto run = pages.allocate_run(3).value();
  EXPECT_EQ(rows.free(), 2);
  EXPECT_EQ(rows.pins(page), 1);
  EXPECT_EQ(rows.pins(to_page(to_index(run.first) + 2)), 1);
  pages.release_run(run, page_history::draft);
  pages.release(page, page_history::draft);
  EXPECT_EQ(rows.free(), 6);
  EXPECT_TRUE(rows.check_invariants());
}

TEST(row_watch, without_a_pool_pins_nothing) {
  page::watched<page::first_fit, row_watch<model_vm_backend>> pages{page_id{0}, page_id{2}};
  const auto page = pages.allocate().value();
  pages.release(page, page_history::draft);
  EXPECT_EQ(pages.size(), 2);
}

}  // namespace
}  // namespace kvfolio::test
