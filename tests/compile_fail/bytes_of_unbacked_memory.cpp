// expect: host_memory
// expect: host_accessible
#include <kvfolio/kvfolio.hpp>

struct bundle : kvfolio::default_policies {
  using copies = kvfolio::deferred_copies;
#ifndef CORRECTED
  using memory = kvfolio::memory::unbacked;
#endif
};
std::size_t use(kvfolio::paged_cache<bundle>& cache) {
  return cache.bytes(kvfolio::page_id{0}).size();
}
