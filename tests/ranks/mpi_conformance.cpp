// SPDX-License-Identifier: Apache-2.0
// Holds the MPI communicator to its promises; run by mpirun.
#include <cstdio>
#include <exception>

#include <kvfolio/partition/mpi_communicator.hpp>

#include "../conformance/communicator_conformance.hpp"

int main(int count, char** words) {
  MPI_Init(&count, &words);
  try {
    kvfolio::partition::mpi_communicator all;
    kvfolio::test::hold_to_promises(all);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
