// expect: error: ignoring return(ed)? value
// expect: nodiscard
#include <kvfolio/kvfolio.hpp>

void use(kvfolio::paged_cache<>::sequence& sequence) {
#ifndef CORRECTED
  sequence.reserve(1).value();
#else
  sequence.reserve(1).value().accept();
#endif
}
