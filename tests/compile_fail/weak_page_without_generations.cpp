// expect: constraints not satisfied
// expect: weak_pool
// expect: generation
#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;
using plain = kv::page_pool<kv::page::free_list<>, kv::refcount::local>;
#ifdef CORRECTED
using pool = kv::generation_pool<plain>;
#else
using pool = plain;
#endif

kv::weak_page<pool> remember(const kv::cow_page<pool>& page) {
  return kv::weak_page<pool>{page};
}
