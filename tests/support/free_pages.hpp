// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <kvfolio/core/types.hpp>

namespace kvfolio::test {

/// The free pages of an allocator, in its order.
template <class A>
std::vector<page_id> free_pages(const A& allocator) {
  std::vector<page_id> pages;
  allocator.for_each([&pages](page_id page) { pages.push_back(page); });
  return pages;
}

}  // namespace kvfolio::test
