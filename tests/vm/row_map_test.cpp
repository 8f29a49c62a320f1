// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/row_map.hpp>

#include "../support/linux_like_vm_backend.hpp"
#include "../support/model_vm_backend.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using vm::access;
using vm::mapped_row;

constexpr std::size_t granule = 4'096;
constexpr std::uint32_t slots = 3;
constexpr std::uint32_t places = 4;

// Two layers of keys, values and scales: rows of four tensors with 16 chunks and two with one.
const vm::per_layer layout{model::with_scales(model::grouped_query(2, 2, 64, dtype::f16), 8),
                           granule};

template <class B>
class row_map : public testing::Test {
 protected:
  row_map()
      : backend_{{.granule = granule, .faults = &faults_}},
        rows_{backend_,
              {.chunk_bytes = granule,
               .rows = 6,
               .chunks_per_row = vm::chunks_per_row(layout),
               .prefilled = 4}},
        map_{std::in_place, backend_, rows_, layout,
             vm::row_map_config{.slots = slots, .rows_per_slot = places}} {
    for (std::uint32_t row = 0; row < 6; ++row) {
      rows_.claim(page_id{row});
      marks_.push_back(static_cast<std::byte>(row + 1));
    }
  }

  // Every tensor of a place, from its first byte to its last.
  template <class Visit>
  void for_each_end(std::uint32_t slot, std::uint32_t place, Visit visit) {
    for (std::uint32_t tensor = 0; tensor < layout.tensors(); ++tensor) {
      const auto bytes = layout.chunks(tensor) * granule;
      const auto start = reinterpret_cast<std::uintptr_t>(map_->data(tensor, slot)) + place * bytes;
      visit(start);
      visit(start + bytes - 1);
    }
  }
  void write(std::uint32_t slot, std::uint32_t place) {
    const auto row = to_index(map_->at(slot, place)->row);
    marks_[row] = static_cast<std::byte>(next_mark_++);
    for_each_end(slot, place, [&](std::uintptr_t at) {
      ASSERT_TRUE(backend_.write(at, {&marks_[row], 1}, {}));
    });
  }
  // Are these places exactly as the map says, and have the rows there what was written to them?
  void check() {
    std::size_t mapped = 0;
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      std::uint32_t in_slot = 0;
      for (std::uint32_t place = 0; place < places; ++place) {
        const auto found = map_->at(slot, place);
        if (!found) continue;
        ++in_slot;
        if (found->allowed == access::none || !written_[to_index(found->row)]) continue;
        for_each_end(slot, place, [&](std::uintptr_t at) {
          std::byte byte{};
          ASSERT_TRUE(backend_.read({&byte, 1}, at, {}));
          ASSERT_EQ(byte, marks_[to_index(found->row)]) << "slot " << slot << ", place " << place;
        });
      }
      ASSERT_EQ(map_->mapped(slot), in_slot);
      mapped += in_slot;
    }
    ASSERT_EQ(rows_.mappings(), mapped);
    ASSERT_EQ(backend_.usage().mappings, mapped * vm::chunks_per_row(layout));
    ASSERT_EQ(backend_.usage().physical_bytes, rows_.chunks_with_memory() * granule);
    ASSERT_TRUE(rows_.check_invariants());
  }
  void write_all(std::uint32_t slot) {
    for (std::uint32_t place = 0; place < places; ++place) {
      const auto found = map_->at(slot, place);
      if (!found || found->allowed != access::read_write) continue;
      write(slot, place);
      written_[to_index(found->row)] = true;
    }
  }
  [[nodiscard]] std::vector<std::optional<mapped_row>> everything() const {
    std::vector<std::optional<mapped_row>> all;
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      for (std::uint32_t place = 0; place < places; ++place) all.push_back(map_->at(slot, place));
    }
    return all;
  }
  // Lets each call to the backend that `act` makes fail once, in a map that `prepare` prepared, and
  // checks that each time nothing changed. Returns how many there were.
  template <class Prepare, class Act>
  std::size_t fail_everywhere(Prepare prepare, Act act) {
    for (std::size_t failing = 0;; ++failing) {
      prepare();
      const auto before = everything();
      faults_.fail_after(failing);
      const auto done = act();
      const bool failed = faults_.calls > faults_.fails_at;
      faults_.fails_at = SIZE_MAX;
      EXPECT_EQ(done.has_value(), !failed);
      check();
      if (!failed || this->HasFatalFailure()) return failing;
      EXPECT_EQ(everything(), before) << "failing at call " << failing;
      for (std::uint32_t slot = 0; slot < slots; ++slot) EXPECT_TRUE(map_->unmap(slot, 0, places));
    }
  }

  vm_faults faults_;
  B backend_;
  vm::chunk_pool<B> rows_;
  std::optional<vm::row_map<B>> map_;
  std::vector<std::byte> marks_;  // by row: what was written to it last
  std::array<bool, 6> written_{};
  unsigned next_mark_ = 100;
};

using backends = testing::Types<model_vm_backend, linux_like_vm_backend>;
TYPED_TEST_SUITE(row_map, backends);

TYPED_TEST(row_map, maps_a_row_in_all_tensors) {
  auto& map = *this->map_;
  EXPECT_EQ(map.at(1, 2), std::nullopt);
  ASSERT_TRUE(map.put(1, 2, page_id{3}, access::read_write));
  EXPECT_EQ(map.at(1, 2), (mapped_row{page_id{3}, access::read_write}));
  EXPECT_EQ(map.mapped(1), 1U);
  EXPECT_EQ(this->rows_.mappings(page_id{3}), 1U);
  EXPECT_EQ(map.calls().maps, vm::chunks_per_row(layout));
  this->write_all(1);
  this->check();
  ASSERT_TRUE(map.unmap(1, 0, places));
  EXPECT_EQ(map.at(1, 2), std::nullopt);
  this->check();
}

TYPED_TEST(row_map, shows_one_row_in_two_places) {
  auto& map = *this->map_;
  ASSERT_TRUE(map.put(0, 0, page_id{1}, access::read_write));
  this->write_all(0);
  ASSERT_TRUE(map.put(2, 0, page_id{1}, access::read));
  EXPECT_EQ(this->rows_.mappings() - this->rows_.mapped(), 1U);
  this->check();
  this->write_all(0);
  this->check();
}

TYPED_TEST(row_map, maps_many_rows_with_one_change_of_access_a_tensor) {
  auto& map = *this->map_;
  const std::array rows{page_id{2}, page_id{0}, page_id{5}};
  ASSERT_TRUE(map.map(0, 1, rows, access::read_write));
  EXPECT_EQ(map.at(0, 3), (mapped_row{page_id{5}, access::read_write})) << "and it has memory";
  EXPECT_EQ(map.calls().maps, 3 * vm::chunks_per_row(layout));
  EXPECT_EQ(map.calls().accesses, fusing_vm_backend<TypeParam> ? 0 : layout.tensors());
  EXPECT_EQ(map.calls().populates, prefaulting_vm_backend<TypeParam> ? layout.tensors() : 0);
  this->write_all(0);
  this->check();
  ASSERT_TRUE(map.protect(0, 1, 4, access::read));
  ASSERT_TRUE(map.unmap(0, 1, 4));
  EXPECT_EQ(map.calls().unmaps, layout.tensors());
  this->check();
}

TYPED_TEST(row_map, calls_nobody_when_nothing_is_to_change) {
  auto& map = *this->map_;
  ASSERT_TRUE(map.put(0, 0, page_id{1}, access::read));
  const auto before = map.calls();
  ASSERT_TRUE(map.put(0, 0, page_id{1}, access::read));
  ASSERT_TRUE(map.protect(0, 0, 1, access::read));
  ASSERT_TRUE(map.unmap(0, 1, places));
  EXPECT_EQ(map.calls(), before);
}

TYPED_TEST(row_map, puts_a_row_in_the_place_of_another) {
  auto& map = *this->map_;
  ASSERT_TRUE(map.put(0, 0, page_id{1}, access::read_write));
  this->write_all(0);
  ASSERT_TRUE(map.put(1, 0, page_id{1}, access::read));
  ASSERT_TRUE(map.put(1, 0, page_id{4}, access::read_write));
  EXPECT_EQ(this->rows_.mappings(page_id{1}), 1U);
  EXPECT_EQ(this->rows_.mappings(page_id{4}), 1U);
  this->write_all(1);
  this->check();
}

TYPED_TEST(row_map, keeps_the_memory_of_a_lingering_row_until_its_place_is_taken) {
  auto& map = *this->map_;
  ASSERT_TRUE(map.put(0, 0, page_id{1}, access::read_write));
  this->rows_.unpin(page_id{1});
  EXPECT_EQ(this->rows_.lingering(), 1U);
  ASSERT_TRUE(map.put(0, 0, page_id{2}, access::read_write));
  EXPECT_EQ(this->rows_.lingering(), 0U);
  EXPECT_EQ(this->rows_.free(), 1U);
  this->check();
}

TYPED_TEST(row_map, a_row_that_cannot_be_mapped_everywhere_is_mapped_nowhere) {
  const std::array rows{page_id{1}, page_id{5}};
  const auto calls =
      this->fail_everywhere([] {}, [&] { return this->map_->map(2, 1, rows, access::read_write); });
  EXPECT_GE(calls, 2 * vm::chunks_per_row(layout) + layout.tensors());
}

TYPED_TEST(row_map, access_that_cannot_be_changed_everywhere_is_changed_nowhere) {
  const auto calls = this->fail_everywhere(
      [&] {
        EXPECT_TRUE(this->map_->put(0, 0, page_id{0}, access::read));
        EXPECT_TRUE(this->map_->put(0, 1, page_id{1}, access::read_write));
        this->write_all(0);
      },
      [&] { return this->map_->protect(0, 0, 2, access::none); });
  EXPECT_EQ(calls, layout.tensors());
}

TYPED_TEST(row_map, a_row_that_cannot_be_replaced_stays) {
  const auto calls = this->fail_everywhere(
      [&] {
        EXPECT_TRUE(this->map_->put(0, 0, page_id{0}, access::read_write));
        EXPECT_TRUE(this->map_->put(1, 0, page_id{0}, access::read));
        this->write_all(0);
      },
      [&] { return this->map_->put(0, 0, page_id{4}, access::read_write); });
  EXPECT_GE(calls, vm::chunks_per_row(layout));
}

TYPED_TEST(row_map, says_when_there_may_be_no_room) {
  TypeParam backend{{.granule = granule, .max_mappings = 300}};
  const auto width = vm::chunks_per_row(layout);
  ASSERT_EQ(width, 66U);
  vm::chunk_pool<TypeParam> rows{backend,
                                 {.chunk_bytes = granule, .rows = 6, .chunks_per_row = width}};
  vm::row_map<TypeParam> map{backend, rows, layout, {.slots = 1, .rows_per_slot = 6}};
  EXPECT_TRUE(map.has_room(2));
  EXPECT_FALSE(map.has_room(3)) << "each mapping may cost two";
  std::uint32_t place = 0;
  while (auto row = rows.take()) {
    const auto done = map.put(0, place, *row, access::read);
    if (!done) {
      EXPECT_EQ(done.error(), errc::no_mappings);
      break;
    }
    ++place;
  }
  EXPECT_EQ(place, 4U);
  EXPECT_EQ(map.mapped(0), 4U);
  EXPECT_FALSE(map.has_room(1));
  ASSERT_TRUE(map.unmap(0, 0, 4));
  EXPECT_TRUE(map.has_room(2));
}

TYPED_TEST(row_map, of_another_layout_is_refused) {
  const vm::per_layer other{model::grouped_query(1, 2, 64, dtype::f16), granule};
  using map = vm::row_map<TypeParam>;
  EXPECT_THROW((map{this->backend_, this->rows_, other, {.slots = 1, .rows_per_slot = 1}}),
               std::invalid_argument);
  EXPECT_THROW((map{this->backend_, this->rows_, layout, {.slots = 0, .rows_per_slot = 1}}),
               std::invalid_argument);
}

TYPED_TEST(row_map, gives_everything_back) {
  ASSERT_TRUE(this->map_->put(2, 3, page_id{1}, access::read));
  this->map_.reset();
  EXPECT_EQ(this->backend_.usage().mappings, 0U);
  EXPECT_EQ(this->backend_.usage().reserved_bytes, 0U);
  EXPECT_EQ(this->rows_.mappings(), 0U);
}

TYPED_TEST(row_map, that_cannot_reserve_all_tensors_reserves_none) {
  this->map_.reset();
  using map = vm::row_map<TypeParam>;
  for (std::size_t failing = 0; failing < layout.tensors(); ++failing) {
    this->faults_.fail_after(failing);
    EXPECT_THROW((map{this->backend_, this->rows_, layout, {.slots = 2, .rows_per_slot = 2}}),
                 bad_result);
    EXPECT_EQ(this->backend_.usage().reserved_bytes, 0U);
  }
}

TYPED_TEST(row_map, agrees_with_a_map_of_places_also_when_calls_fail) {
  for_each_seed([this](std::mt19937& rng) {
    auto& map = *this->map_;
    for (std::uint32_t slot = 0; slot < slots; ++slot) ASSERT_TRUE(map.unmap(slot, 0, places));
    std::map<std::pair<std::uint32_t, std::uint32_t>, mapped_row> model;
    for (int i = 0; i < 400; ++i) {
      const auto slot = static_cast<std::uint32_t>(rng() % slots);
      const auto place = static_cast<std::uint32_t>(rng() % places);
      const page_id row{static_cast<std::uint32_t>(rng() % 6)};
      const auto allowed = static_cast<access>(rng() % 3);
      if (rng() % 4 == 0) this->faults_.fail_after(rng() % 100);
      switch (rng() % 4) {
        case 0:
        case 1:
          if (map.put(slot, place, row, allowed)) model[{slot, place}] = {row, allowed};
          break;
        case 2: {
          auto end = place;
          while (end < places && model.contains({slot, end})) ++end;
          if (!map.protect(slot, place, end, allowed)) break;
          for (auto each = place; each < end; ++each) model[{slot, each}].allowed = allowed;
          break;
        }
        default:
          ASSERT_TRUE(map.unmap(slot, place, places));
          for (auto each = place; each < places; ++each) model.erase({slot, each});
      }
      this->faults_.fails_at = SIZE_MAX;
      for (std::uint32_t of = 0; of < slots; ++of) {
        for (std::uint32_t at = 0; at < places; ++at) {
          const auto found = model.find({of, at});
          const auto expected = found == model.end() ? std::nullopt : std::optional{found->second};
          ASSERT_EQ(map.at(of, at), expected) << "at step " << i;
        }
      }
      if (i % 10 == 0) this->write_all(slot);
      this->check();
      if (this->HasFatalFailure()) return;
    }
  });
}

// Refuses to remap for good after a while, also what would undo the rest.
class stubborn_backend : public linux_like_vm_backend {
 public:
  explicit stubborn_backend(std::size_t granule_bytes)
      : linux_like_vm_backend{{.granule = granule_bytes}} {}
  [[nodiscard]] result<void> remap(std::uintptr_t at, physical memory, access allowed) noexcept {
    if (remaps_left == 0) return errc::no_mappings;
    --remaps_left;
    return linux_like_vm_backend::remap(at, memory, allowed);
  }
  std::size_t remaps_left = SIZE_MAX;
};

TEST(row_map_without_undo, leaves_nothing_where_a_row_can_neither_be_replaced_nor_restored) {
  const auto width = vm::chunks_per_row(layout);
  stubborn_backend backend{granule};
  vm::chunk_pool<stubborn_backend> rows{
      backend, {.chunk_bytes = granule, .rows = 2, .chunks_per_row = width}};
  vm::row_map<stubborn_backend> map{backend, rows, layout, {.slots = 1, .rows_per_slot = 2}};
  const auto one = rows.take().value();
  const auto other = rows.take().value();
  for (const std::size_t refuses : {std::size_t{1}, std::size_t{2}, width / 2 + std::size_t{1}}) {
    backend.remaps_left = SIZE_MAX;
    ASSERT_TRUE(map.put(0, 0, one, access::read_write));
    ASSERT_TRUE(map.put(0, 1, other, access::read));
    backend.remaps_left = refuses;
    EXPECT_EQ(map.put(0, 0, other, access::read_write).error(), errc::no_mappings);
    EXPECT_EQ(map.at(0, 0), std::nullopt);
    EXPECT_EQ(map.at(0, 1), (mapped_row{other, access::read}));
    EXPECT_EQ(rows.mappings(one), 0U);
    EXPECT_EQ(rows.mappings(other), 1U);
    EXPECT_EQ(backend.usage().mappings, width);
  }
}

#ifndef NDEBUG
using row_map_death = row_map<model_vm_backend>;

TEST_F(row_map_death, a_place_that_is_taken_is_not_mapped_again) {
  const std::array rows{page_id{1}};
  ASSERT_TRUE(map_->map(0, 0, rows, access::read));
  EXPECT_DEATH((void)map_->map(0, 0, rows, access::read), "at.slot");
}
#endif

}  // namespace
}  // namespace kvfolio::test
