// expect: take_copies
#include <kvfolio/kvfolio.hpp>

struct bundle : kvfolio::default_policies {
#ifdef CORRECTED
  using copies = kvfolio::deferred_copies;
#endif
};
std::size_t use(kvfolio::paged_cache<bundle>& cache) {
  return cache.take_copies({}).count;
}
