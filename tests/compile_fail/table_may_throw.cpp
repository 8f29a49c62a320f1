// expect: constraints not satisfied
// expect: page_table
// expect: noexcept
#include <kvfolio/kvfolio.hpp>

struct broken : kvfolio::table::flat {
  using flat::flat;
#ifndef CORRECTED
  void push_back(std::size_t row, kvfolio::page_id page) {
    flat::push_back(row, page);
  }
#endif
};
struct bundle : kvfolio::default_policies {
  using page_table = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
