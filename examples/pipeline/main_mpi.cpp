// SPDX-License-Identifier: Apache-2.0
// A model in stages that are processes of an MPI job, with several micro-batches, equals the model
// in one.
#include <cstdio>
#include <exception>

#include <kvfolio/partition/mpi_communicator.hpp>

#include <pipeline/run.hpp>

int main(int count, char** words) {
  MPI_Init(&count, &words);
  try {
    kvfolio::partition::mpi_communicator ranks;
    if (!staged::equals_one_stage(ranks)) {
      std::fprintf(stderr, "pipeline: stages differ from the whole\n");
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "pipeline: %s\n", problem.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
