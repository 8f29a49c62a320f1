// expect: constraints not satisfied
// expect: page_table
// expect: table\.fork\(row, row\)
#include <kvfolio/kvfolio.hpp>

struct broken : kvfolio::table::flat {
  using flat::flat;
#ifndef CORRECTED
  void fork(std::size_t, std::size_t) = delete;
#endif
};
struct bundle : kvfolio::default_policies {
  using page_table = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
