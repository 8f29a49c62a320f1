// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/static_reservation.hpp>
#include <kvfolio/prefix/none.hpp>
#include <kvfolio/vm/token_sliced.hpp>

namespace kvfolio::test {
namespace {

struct sliced : default_contiguous_policies {
  using layout = vm::token_sliced;
};
struct without_a_backend : default_policies {};
struct of_a_misspelt_rule : default_contiguous_policies {
  using reclamation = vm::per_layer;
};
struct in_physical_runs : default_contiguous_policies {
  using page_allocator = page::buddy;
  using prefix_index = prefix::none;
  using reservation = page::static_maximum;
};

static_assert(contiguous_bundle<default_contiguous_policies> && contiguous_bundle<sliced>);
static_assert(!contiguous_bundle<without_a_backend>);
static_assert(!contiguous_bundle<of_a_misspelt_rule>);
static_assert(!contiguous_bundle<in_physical_runs>, "rows are contiguous where it matters");

}  // namespace
}  // namespace kvfolio::test
