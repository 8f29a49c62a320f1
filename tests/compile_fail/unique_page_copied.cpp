// expect: unique_page
// expect: deleted
#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;
using pool = kv::page_pool<kv::page::free_list<>, kv::refcount::local>;

auto share(kv::unique_page<pool>& draft) {
#ifdef CORRECTED
  return std::move(draft).share();
#else
  return kv::unique_page<pool>{draft};
#endif
}
