// expect: constraints not satisfied
// expect: copy_backend
// expect: unchanging\.busy\(page\)
#include <kvfolio/kvfolio.hpp>

struct broken : kvfolio::host_copies {
  using host_copies::host_copies;
#ifndef CORRECTED
  bool busy(kvfolio::page_id) const = delete;
#endif
};
struct bundle : kvfolio::default_policies {
  using copies = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
