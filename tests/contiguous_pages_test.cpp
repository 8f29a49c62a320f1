// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <kvfolio/contiguous_pages.hpp>
#include <kvfolio/prefix/none.hpp>

namespace kvfolio::test {
namespace {

struct any_extension {};
struct forgetful : default_contiguous_policies {
  using prefix_index = prefix::none;
};
using pages = contiguous_pages<forgetful, any_extension>;

static_assert(policy_bundle<pages>);
static_assert(std::is_same_v<pages::prefix_index, prefix::none>, "what it does not say stays");
static_assert(
    std::is_same_v<contiguous_types<forgetful>::pages::policies::prefix_index, prefix::none>);
static_assert(!host_memory<pages::memory> && !pages::copies::needs_bytes);

}  // namespace
}  // namespace kvfolio::test
