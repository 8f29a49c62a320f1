// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#ifndef NDEBUG
#error "this file is to be built with other flags than its sibling"
#endif

namespace kvfolio::test {

std::vector<std::size_t> layout_seen_there() {
  return layout_seen_here();
}

void grow_there(paged_cache<everything_else>::sequence& sequence, std::size_t tokens) {
  sequence.append(tokens).value();
}

}  // namespace kvfolio::test
