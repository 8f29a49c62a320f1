// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/page_major.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/row_copier.hpp>
#include <kvfolio/vm/row_map.hpp>
#include <kvfolio/vm/token_sliced.hpp>

#include "../support/linux_like_vm_backend.hpp"
#include "../support/model_vm_backend.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

constexpr std::size_t granule = 1'024;
const auto shape = model::with_scales(model::grouped_query(2, 1, 16, dtype::f16), 16);

template <class B, class L>
struct combination {
  using backend = B;
  using layout = L;
};

template <class Of>
class row_copier : public testing::Test {
 protected:
  using backend_type = typename Of::backend;
  using layout_type = typename Of::layout;

  row_copier() {
    while (rows_.take()) continue;
    for (std::uint32_t row = 0; row < 3; ++row) {
      std::vector<std::byte> bytes(shape.bytes_per_token() * layout_.tokens_per_row());
      for (auto& each : bytes) each = static_cast<std::byte>(rng_());
      contents_.push_back(bytes);
      EXPECT_TRUE(copier_.write(page_id{row}, 0, layout_.tokens_per_row(), contents_[row]));
    }
  }
  [[nodiscard]] std::vector<std::byte> bytes_of(page_id row, std::uint32_t first,
                                                std::uint32_t tokens) {
    std::vector<std::byte> bytes(shape.bytes_per_token() * tokens);
    EXPECT_TRUE(copier_.read(row, first, tokens, bytes));
    return bytes;
  }

  std::mt19937 rng_{20'260};
  vm_faults faults_;
  layout_type layout_{shape, granule};
  backend_type backend_{{.granule = granule, .faults = &faults_}};
  vm::chunk_pool<backend_type> rows_{
      backend_, {.chunk_bytes = granule, .rows = 3, .chunks_per_row = vm::chunks_per_row(layout_)}};
  vm::row_copier<backend_type, layout_type> copier_{backend_, rows_, layout_};
  std::vector<std::vector<std::byte>> contents_;  // by row
};

using combinations = testing::Types<combination<model_vm_backend, vm::per_layer>,
                                    combination<linux_like_vm_backend, vm::page_major<>>,
                                    combination<linux_like_vm_backend, vm::token_sliced>>;
TYPED_TEST_SUITE(row_copier, combinations);

TYPED_TEST(row_copier, reads_what_it_wrote_and_needs_no_place_of_the_row) {
  const auto tokens = this->layout_.tokens_per_row();
  for (std::uint32_t row = 0; row < 3; ++row) {
    EXPECT_EQ(this->bytes_of(page_id{row}, 0, tokens), this->contents_[row]);
    EXPECT_EQ(this->rows_.mappings(page_id{row}), 0U);
  }
}

TYPED_TEST(row_copier, copies_those_tokens_and_no_others) {
  const auto all = this->layout_.tokens_per_row();
  for_each_seed([&](std::mt19937& rng) {
    const auto first = static_cast<std::uint32_t>(rng() % all);
    const auto tokens = static_cast<std::uint32_t>(rng() % (all - first + 1));
    const auto head = this->bytes_of(page_id{1}, 0, first);
    const auto tail = this->bytes_of(page_id{1}, first + tokens, all - first - tokens);
    ASSERT_TRUE(this->copier_.copy(page_id{2}, page_id{1}, first, tokens));
    EXPECT_EQ(this->bytes_of(page_id{1}, first, tokens), this->bytes_of(page_id{2}, first, tokens));
    EXPECT_EQ(this->bytes_of(page_id{1}, 0, first), head);
    EXPECT_EQ(this->bytes_of(page_id{1}, first + tokens, all - first - tokens), tail);
  });
  EXPECT_EQ(this->bytes_of(page_id{2}, 0, all), this->contents_[2]);
}

TYPED_TEST(row_copier, wipes_tokens) {
  const auto all = this->layout_.tokens_per_row();
  ASSERT_TRUE(this->copier_.wipe(page_id{0}, 1, all - 2));
  const auto middle = this->bytes_of(page_id{0}, 1, all - 2);
  EXPECT_EQ(middle, std::vector<std::byte>(middle.size()));
  EXPECT_NE(this->bytes_of(page_id{0}, 0, 1), std::vector<std::byte>(shape.bytes_per_token()));
  EXPECT_EQ(this->bytes_of(page_id{1}, 0, all), this->contents_[1]);
}

TYPED_TEST(row_copier, needs_no_more_mappings_than_it_was_made_with) {
  const auto before = this->backend_.usage();
  ASSERT_TRUE(this->copier_.copy(page_id{0}, page_id{1}, 0, this->layout_.tokens_per_row()));
  EXPECT_EQ(this->backend_.usage(), before);
}

TYPED_TEST(row_copier, that_fails_can_be_used_again) {
  const auto all = this->layout_.tokens_per_row();
  for (std::size_t failing = 0;; ++failing) {
    this->faults_.fail_after(failing);
    const auto done = this->copier_.copy(page_id{0}, page_id{1}, 0, all);
    const bool failed = this->faults_.calls > this->faults_.fails_at;
    this->faults_.fails_at = SIZE_MAX;
    ASSERT_EQ(this->bytes_of(page_id{0}, 0, all), this->contents_[0]);
    ASSERT_EQ(this->bytes_of(page_id{2}, 0, all), this->contents_[2]);
    if (!failed) {
      ASSERT_TRUE(done);
      break;
    }
  }
  EXPECT_EQ(this->bytes_of(page_id{1}, 0, all), this->contents_[0]);
}

TYPED_TEST(row_copier, that_cannot_be_made_leaves_nothing_behind) {
  using copier = vm::row_copier<typename TypeParam::backend, typename TypeParam::layout>;
  const auto before = this->backend_.usage();
  for (std::size_t failing = 0;; ++failing) {
    this->faults_.fail_after(failing);
    try {
      const copier made{this->backend_, this->rows_, this->layout_};
      this->faults_.fails_at = SIZE_MAX;
      break;
    } catch (const bad_result&) {
      EXPECT_EQ(this->backend_.usage(), before);
    }
  }
  EXPECT_EQ(this->backend_.usage(), before);
}

}  // namespace
}  // namespace kvfolio::test
