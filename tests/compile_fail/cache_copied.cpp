// expect: deleted
// expect: paged_cache
#include <kvfolio/kvfolio.hpp>

#ifndef CORRECTED
std::size_t use(kvfolio::paged_cache<> cache) {
  return cache.statistics().pages;
}
std::size_t twice(kvfolio::paged_cache<>& cache) {
  return use(cache);
}
#else
std::size_t use(kvfolio::paged_cache<>& cache) {
  return cache.statistics().pages;
}
std::size_t twice(kvfolio::paged_cache<>& cache) {
  return use(cache);
}
#endif
