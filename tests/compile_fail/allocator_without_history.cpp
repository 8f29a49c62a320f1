// expect: constraints not satisfied
// expect: page_allocator
// expect: pages\.release\(page, history\)
#include <kvfolio/kvfolio.hpp>

struct broken : kvfolio::page::free_list<> {
  using free_list::free_list;
#ifndef CORRECTED
  void release(kvfolio::page_id page) noexcept {
    free_list::release(page, kvfolio::page_history::draft);
  }
#endif
};
struct bundle : kvfolio::default_policies {
  using page_allocator = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
