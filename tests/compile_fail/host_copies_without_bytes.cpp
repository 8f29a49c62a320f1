// expect: constraints not satisfied
// expect: policy_bundle
// expect: needs_bytes
#include <kvfolio/kvfolio.hpp>

struct bundle : kvfolio::default_policies {
  using memory = kvfolio::memory::unbacked;
#ifdef CORRECTED
  using copies = kvfolio::deferred_copies;
#endif
};
kvfolio::paged_cache<bundle> cache{{}};
