// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/lock/none.hpp>

namespace kvfolio::test {
namespace {

struct cannot_unlock {
  void lock() {}
};
static_assert(mutual_exclusion<std::mutex> && !mutual_exclusion<cannot_unlock>);

TEST(no_lock, excludes_nobody_and_costs_nothing) {
  static_assert(std::is_empty_v<lock::none>);
  lock::none open;
  const std::lock_guard one{open};
  const std::lock_guard other{open};
}

}  // namespace
}  // namespace kvfolio::test
