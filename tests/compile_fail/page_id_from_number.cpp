// expect: page_id
#include <kvfolio/kvfolio.hpp>

std::span<std::byte> use(kvfolio::paged_cache<>& cache) {
#ifndef CORRECTED
  return cache.bytes(7);
#else
  return cache.bytes(kvfolio::page_id{7});
#endif
}
