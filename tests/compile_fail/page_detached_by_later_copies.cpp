// expect: no matching
// expect: deferring_copy_backend
#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;
using pool = kv::page_pool<kv::page::free_list<>, kv::refcount::local>;
#ifdef CORRECTED
using copies = kv::host_copies;
#else
using copies = kv::deferred_copies;
#endif

auto detach(kv::cow_page<pool>& page, copies& by, const kv::model::page_array& pages) {
  return page.detach(by, pages, 3);
}
