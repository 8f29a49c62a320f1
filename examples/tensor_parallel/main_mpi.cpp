// SPDX-License-Identifier: Apache-2.0
// A transformer layer cut between the processes of an MPI job equals the whole layer.
#include <cstdio>
#include <exception>

#include <kvfolio/partition/mpi_communicator.hpp>

#include <tensor_parallel/run.hpp>

int main(int count, char** words) {
  MPI_Init(&count, &words);
  try {
    kvfolio::partition::mpi_communicator ranks;
    if (!sharded::equals_unsharded(ranks)) {
      std::fprintf(stderr, "tensor_parallel: a cut layer differs from the whole\n");
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "tensor_parallel: %s\n", problem.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
