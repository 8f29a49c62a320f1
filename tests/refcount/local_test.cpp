// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/refcount/local.hpp>

#include "../conformance/reference_counter_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(local, reference_counter_conformance, refcount::local);
static_assert(sizeof(refcount::local) == 4);

}  // namespace
}  // namespace kvfolio::test
