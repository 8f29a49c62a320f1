// expect: constraints not satisfied
// expect: reference_counter
// expect: counter\.release\(\)
#include <kvfolio/kvfolio.hpp>

struct broken : kvfolio::refcount::local {
#ifndef CORRECTED
  void release() noexcept {
    static_cast<void>(local::release());
  }
#endif
};
struct bundle : kvfolio::default_policies {
  using refcount = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
