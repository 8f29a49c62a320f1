// expect: deleted
// expect: sequence
#include <kvfolio/kvfolio.hpp>

using sequence = kvfolio::paged_cache<>::sequence;
sequence branch(sequence& parent) {
#ifndef CORRECTED
  return parent;
#else
  return parent.fork().value();
#endif
}
