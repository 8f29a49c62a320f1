// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/vm/virtual_tensor.hpp>

#include "../support/model_vm_backend.hpp"

namespace kvfolio::test {
namespace {

constexpr std::size_t granule = 64 * 1'024;

TEST(virtual_tensor, has_addresses_for_every_slot_and_no_memory) {
  model_vm_backend backend;
  {
    const vm::virtual_tensor<model_vm_backend> tensor{backend, 3, 4 * granule, 2 * granule};
    EXPECT_EQ(tensor.range().bytes, 12 * granule);
    EXPECT_EQ(tensor.range().first % (2 * granule), 0U);
    EXPECT_EQ(tensor.address(0), tensor.range().first);
    EXPECT_EQ(tensor.address(2), tensor.range().first + 8 * granule);
    EXPECT_EQ(backend.usage().reserved_bytes, 12 * granule);
    EXPECT_EQ(backend.usage().physical_bytes, 0U);
  }
  EXPECT_EQ(backend.usage().reserved_bytes, 0U);
}

TEST(virtual_tensor, is_not_made_where_addresses_are_missing) {
  model_vm_backend backend{{.address_space = 4 * granule}};
  using tensor = vm::virtual_tensor<model_vm_backend>;
  EXPECT_THROW((tensor{backend, 5, granule, granule}), bad_result);
  EXPECT_THROW((tensor{backend, 5, SIZE_MAX / 2, granule}), std::length_error);
  EXPECT_NO_THROW((tensor{backend, 4, granule, granule}));
}

TEST(virtual_tensor, gives_its_addresses_back_once) {
  model_vm_backend backend;
  {
    vm::virtual_tensor<model_vm_backend> one{backend, 1, granule, granule};
    vm::virtual_tensor<model_vm_backend> moved{std::move(one)};
    vm::virtual_tensor<model_vm_backend> other{backend, 2, granule, granule};
    const auto first = moved.address(0);
    other = std::move(moved);
    EXPECT_EQ(other.address(0), first);
    EXPECT_EQ(other.range().bytes, granule);
  }
  EXPECT_EQ(backend.usage().reserved_bytes, 0U);
}

}  // namespace
}  // namespace kvfolio::test
