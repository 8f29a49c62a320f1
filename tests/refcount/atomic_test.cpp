// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/refcount/atomic.hpp>

#include "../conformance/reference_counter_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(atomic, reference_counter_conformance, refcount::atomic);
static_assert(sizeof(refcount::atomic) == 4);

}  // namespace
}  // namespace kvfolio::test
