// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>
#include <kvfolio/observe/counting_observer.hpp>

#include "support/contiguous_bundles.hpp"

namespace kvfolio::test {
namespace {

struct counted : on_a_device {
  using observer = counting_observer;
};

TEST(contiguous_parts, are_made_for_a_configuration) {
  const auto config = config_of_rows<counted>(6);
  auto parts = contiguous_parts<counted>::make(config);
  EXPECT_GE(parts.backend.usage().max_physical_bytes, config.bytes);
  contiguous_cache<counted> cache{config, std::move(parts)};
  cache.create().value().append(1).value();
  EXPECT_EQ(cache.pages().observer().counts().page_faults, 1);
}

TEST(contiguous_parts, are_not_made_for_what_cannot_be) {
  auto config = config_of_rows<counted>(6);
  config.bytes = 1;
  EXPECT_THROW(static_cast<void>(contiguous_parts<counted>::make(config)), std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
