// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/vm/reclamation.hpp>

#include "../conformance/reclamation_conformance.hpp"

namespace kvfolio::test {
namespace {

struct throwing_rule {
  static bool due(const vm::row_levels&);
};
struct rule_with_a_state {
  bool due(const vm::row_levels&) noexcept;
};
static_assert(!reclamation_rule<throwing_rule> && !reclamation_rule<rule_with_a_state>);

using rules = testing::Types<vm::deferred_reclaim, vm::eager_reclaim>;
INSTANTIATE_TYPED_TEST_SUITE_P(reclamation, reclamation_conformance, rules);

TEST(reclamation, deferred_leaves_rows_where_they_are_while_there_are_enough) {
  static_assert(!vm::deferred_reclaim::due({.free = 8, .low = 8}));
  static_assert(!vm::deferred_reclaim::due({.free = 0, .low = 0}));
}

TEST(reclamation, eager_leaves_none) {
  static_assert(vm::eager_reclaim::due({.free = 1'000, .low = 0}));
}

}  // namespace
}  // namespace kvfolio::test
