// expect: error: ignoring return(ed)? value
// expect: nodiscard
#include <kvfolio/kvfolio.hpp>

void use(kvfolio::paged_cache<>::sequence& sequence) {
#ifndef CORRECTED
  sequence.append(1);
#else
  sequence.append(1).value();
#endif
}
