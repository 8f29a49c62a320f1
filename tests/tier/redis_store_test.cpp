// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/tier/redis_store.hpp>

namespace kvfolio::test {
namespace {

// The promises are for tests/redis, which has a server.
TEST(redis_store, is_empty_where_there_is_no_hiredis) {
#ifdef __HIREDIS_H
  static_assert(tier::page_store<tier::redis_store>);
#endif
}

}  // namespace
}  // namespace kvfolio::test
