// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/memory/unbacked.hpp>

#include "../conformance/memory_conformance.hpp"

namespace kvfolio::test {
namespace {

struct make_unbacked {
  static memory::unbacked make() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(unbacked, memory_conformance, make_unbacked);

// A source without state takes no space in what holds it.
static_assert(std::is_empty_v<memory::unbacked>);

TEST(unbacked, blocks_are_empty_whatever_their_size) {
  memory::unbacked none;
  EXPECT_TRUE(none.allocate(std::size_t{1} << 60U).value().empty());
}

}  // namespace
}  // namespace kvfolio::test
