// expect: constraints not satisfied
// expect: revocable_prefix_index
#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;

struct bundle : kv::default_policies {
#ifdef CORRECTED
  using prefix_index = kv::prefix::revocable<kv::prefix::radix>;
#endif
};
void forget(kv::paged_cache<bundle>& cache) {
  cache.invalidate(kv::session_id{7});
}
