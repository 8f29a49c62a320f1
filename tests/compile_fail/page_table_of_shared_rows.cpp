// expect: contiguous_page_table
// expect: table\.view\(row\)
#include <kvfolio/kvfolio.hpp>

struct bundle : kvfolio::default_policies {
#ifndef CORRECTED
  using page_table = kvfolio::table::persistent;
#endif
};
std::size_t use(kvfolio::paged_cache<bundle>::sequence& sequence) {
  return sequence.page_table().size();
}
