// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/partition/mpi_communicator.hpp>

namespace kvfolio::test {
namespace {

// The promises are for tests/ranks, which runs under mpirun.
TEST(mpi_communicator, is_empty_where_there_is_no_mpi) {
#ifdef MPI_VERSION
  static_assert(partition::communicator<partition::mpi_communicator>);
#endif
}

}  // namespace
}  // namespace kvfolio::test
