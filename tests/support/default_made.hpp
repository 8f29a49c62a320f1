// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kvfolio::test {

/// Makes a policy that needs nothing.
template <class P>
struct default_made {
  static P make() { return {}; }
};

}  // namespace kvfolio::test
