// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/tier/redis_connection.hpp>

namespace kvfolio::test {
namespace {

// The promises are for tests/redis, which has a server.
TEST(redis_connection, is_empty_where_there_is_no_hiredis) {
#ifdef __HIREDIS_H
  static_assert(!std::is_copy_constructible_v<tier::redis_connection>);
#endif
}

}  // namespace
}  // namespace kvfolio::test
