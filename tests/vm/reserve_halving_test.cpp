// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/vm/reserve_halving.hpp>

#include "../support/model_vm_backend.hpp"

namespace kvfolio::test {
namespace {

using vm::reserve_halving;

constexpr std::size_t granule = 64U * 1024U;

TEST(reserve_halving, takes_what_is_wanted_if_it_can_be_had) {
  vm_faults faults;
  model_vm_backend backend{{.address_space = 64 * granule, .faults = &faults}};
  EXPECT_EQ(reserve_halving(backend, 64 * granule, granule, granule).value().bytes, 64 * granule);
  EXPECT_EQ(faults.calls, 1U);
}

TEST(reserve_halving, halves_until_it_fits) {
  model_vm_backend backend{{.address_space = 70 * granule}};
  EXPECT_EQ(reserve_halving(backend, 1000 * granule, granule, granule).value().bytes, 63 * granule)
      << "1000, 500, 250, 125, 62.5";
}

TEST(reserve_halving, tries_the_least_itself_before_it_gives_up) {
  model_vm_backend backend{{.address_space = 30 * granule}};
  EXPECT_EQ(reserve_halving(backend, 100 * granule, 30 * granule, granule).value().bytes,
            30 * granule);
  EXPECT_EQ(reserve_halving(backend, 100 * granule, granule, granule).error(),
            errc::no_address_space);
}

TEST(reserve_halving, rounds_up_to_the_alignment) {
  model_vm_backend backend;
  const auto range = reserve_halving(backend, 5 * granule + 1, 1, 4 * granule).value();
  EXPECT_EQ(range.bytes, 8 * granule);
  EXPECT_EQ(range.first % (4 * granule), 0U);
}

// A shorter range would not help where mappings have run out.
struct without_mappings : model_vm_backend {
  int asked = 0;
  result<vm::address_range> reserve(std::size_t, std::size_t) noexcept {
    ++asked;
    return errc::no_mappings;
  }
};

TEST(reserve_halving, gives_up_at_once_where_addresses_are_not_what_is_missing) {
  without_mappings backend;
  EXPECT_EQ(reserve_halving(backend, 64 * granule, granule, granule).error(), errc::no_mappings);
  EXPECT_EQ(backend.asked, 1);
}

}  // namespace
}  // namespace kvfolio::test
