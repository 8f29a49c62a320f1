// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/linux_backend.hpp>
#include <kvfolio/vm/page_major.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/row_copier.hpp>
#include <kvfolio/vm/row_map.hpp>
#include <kvfolio/vm/token_sliced.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using vm::access;

constexpr std::size_t granule = 4'096;
constexpr std::uint32_t slots = 3;
constexpr std::uint32_t places = 4;
constexpr std::uint32_t rows = 7;

// Random maps of rows in memory of the kernel. Each token of each row has a number, which is read
// and written through the views of every slot that has the row.
template <class L>
class storm {
 public:
  explicit storm(std::mt19937& rng) : rng_{rng} {
    while (pool_.take()) continue;
    for (std::uint32_t row = 0; row < rows; ++row) {
      numbers_.emplace_back(layout_.tokens_per_row(), std::uint8_t{0});
      EXPECT_TRUE(pool_.back(page_id{row}));
      EXPECT_TRUE(copier_.wipe(page_id{row}, 0, layout_.tokens_per_row()));
    }
  }

  void step() {
    const auto slot = number_below(slots);
    const auto place = number_below(places);
    const page_id row{number_below(rows)};
    switch (rng_() % 8) {
      case 0:
      case 1:
        ASSERT_TRUE(
            map_.put(slot, place, row, rng_() % 2 == 0 ? access::read : access::read_write));
        model_[slot * places + place] = row;
        break;
      case 2: {
        ASSERT_TRUE(map_.unmap(slot, place, places));
        for (auto each = place; each < places; ++each) model_[slot * places + each].reset();
        break;
      }
      case 3: copy(row, page_id{number_below(rows)}); break;
      default: write(slot, place);
    }
    check();
  }

 private:
  [[nodiscard]] std::uint32_t number_below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(rng_() % bound);
  }
  // Calls `visit(byte)` for the first and the last byte of a token in each part of each layer, as
  // kernels see it.
  template <class Visit>
  void for_each_byte(std::uint32_t slot, std::size_t token, Visit visit) {
    for (std::uint32_t layer = 0; layer < layout_.shape().layers; ++layer) {
      for (const auto part : {vm::kv_part::keys, vm::kv_part::values}) {
        const auto tensor = layout_.place(part, layer).tensor;
        const auto view = vm::view_of(layout_, map_.data(tensor, slot), part, layer, token + 1);
        const auto last = view.extents().back() - 1;
        if constexpr (L::in_blocks) {
          const auto each = view.extents()[1];
          visit(view(token / each, token % each, 0, 0));
          visit(view(token / each, token % each, 1, last));
        } else {
          visit(view(token, 0, 0));
          visit(view(token, 1, last));
        }
      }
    }
  }
  void write(std::uint32_t slot, std::uint32_t place) {
    const auto here = map_.at(slot, place);
    if (!here || here->allowed != access::read_write) return;
    const auto token = number_below(layout_.tokens_per_row());
    auto& number = numbers_[to_index(here->row)][token];
    number = static_cast<std::uint8_t>(rng_());
    for_each_byte(slot, std::size_t{place} * layout_.tokens_per_row() + token,
                  [&](std::byte& byte) { byte = std::byte{number}; });
  }
  void copy(page_id from, page_id to) {
    if (from == to) return;
    const auto first = number_below(layout_.tokens_per_row());
    const auto count = number_below(layout_.tokens_per_row() - first + 1);
    ASSERT_TRUE(copier_.copy(from, to, first, count));
    for (auto token = first; token < first + count; ++token) {
      numbers_[to_index(to)][token] = numbers_[to_index(from)][token];
    }
  }
  void check() {
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      for (std::uint32_t place = 0; place < places; ++place) {
        const auto here = map_.at(slot, place);
        const auto expected = model_[slot * places + place];
        ASSERT_EQ(here.has_value(), expected.has_value());
        if (!here) continue;
        ASSERT_EQ(here->row, *expected);
        for (int i = 0; i < 3; ++i) {
          const auto token = number_below(layout_.tokens_per_row());
          for_each_byte(slot, std::size_t{place} * layout_.tokens_per_row() + token,
                        [&](const std::byte& byte) {
                          ASSERT_EQ(byte, std::byte{numbers_[to_index(here->row)][token]});
                        });
        }
      }
    }
    ASSERT_TRUE(pool_.check_invariants());
  }

  std::mt19937& rng_;
  L layout_{model::grouped_query(2, 2, 32, dtype::f16), granule};
  vm::linux_backend backend_{vm::linux_options{.capacity = 64 * 64 * granule, .granule = granule}};
  vm::chunk_pool<vm::linux_backend> pool_{
      backend_,
      {.chunk_bytes = granule, .rows = rows, .chunks_per_row = vm::chunks_per_row(layout_)}};
  vm::row_map<vm::linux_backend> map_{
      backend_, pool_, layout_, {.slots = slots, .rows_per_slot = places}};
  vm::row_copier<vm::linux_backend, L> copier_{backend_, pool_, layout_};
  std::vector<std::vector<std::uint8_t>> numbers_;  // by row, and token in it
  std::vector<std::optional<page_id>> model_ =
      std::vector<std::optional<page_id>>(std::size_t{slots} * places);
};

template <class L>
class virtual_rows : public testing::Test {};
using layouts = testing::Types<vm::per_layer, vm::page_major<>, vm::token_sliced>;
TYPED_TEST_SUITE(virtual_rows, layouts);

TYPED_TEST(virtual_rows, show_in_every_place_what_was_written_in_any) {
  for_each_seed([](std::mt19937& rng) {
    storm<TypeParam> all{rng};
    for (int i = 0; i < 500 && !testing::Test::HasFatalFailure(); ++i) all.step();
  });
}

}  // namespace
}  // namespace kvfolio::test
