// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <kvfolio/copies/host_copies.hpp>

#include "../conformance/copy_backend_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(host_copies, copy_backend_conformance, host_copies);
static_assert(std::is_empty_v<host_copies>);

}  // namespace
}  // namespace kvfolio::test
