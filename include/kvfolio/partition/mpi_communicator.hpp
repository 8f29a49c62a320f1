// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include <kvfolio/core/config.hpp>
#include <kvfolio/partition/concept.hpp>

#if __has_include(<mpi.h>)  // no other header includes this one, and without MPI it is empty

// The C++ bindings that Open MPI and MPICH still include are neither wanted nor free of warnings.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

namespace kvfolio::partition {

/// Ranks that are processes of an MPI job. The job is begun and ended by whoever makes this.
/// Threads: those that MPI was initialised for.
class mpi_communicator {
 public:
  /// Of the ranks of `group`, which must have errors returned or fatal, as MPI does by default.
  /// \throws std::runtime_error with MPI's reason, as all here
  explicit mpi_communicator(MPI_Comm group = MPI_COMM_WORLD) : group_{group} {
    int value = 0;
    must(MPI_Comm_rank(group_, &value), "MPI_Comm_rank");
    rank_ = static_cast<std::uint32_t>(value);
    must(MPI_Comm_size(group_, &value), "MPI_Comm_size");
    size_ = static_cast<std::uint32_t>(value);
  }

  /// Which this is.
  [[nodiscard]] std::uint32_t rank() const noexcept { return rank_; }
  /// How many there are.
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

  /// Makes `values` the sum of all ranks'.
  void all_reduce(std::span<float> values) {
    must(MPI_Allreduce(MPI_IN_PLACE, values.data(), count(values.size()), MPI_FLOAT, MPI_SUM,
                       group_),
         "MPI_Allreduce");
  }

  /// Makes `all` every rank's `mine`.
  void all_gather(std::span<const float> mine, std::span<float> all) {
    KVFOLIO_EXPECTS(all.size() == mine.size() * size_);
    must(MPI_Allgather(mine.data(), count(mine.size()), MPI_FLOAT, all.data(), count(mine.size()),
                       MPI_FLOAT, group_),
         "MPI_Allgather");
  }

  /// Makes `mine` this rank's part of the sum of all ranks' `all`.
  void reduce_scatter(std::span<const float> all, std::span<float> mine) {
    KVFOLIO_EXPECTS(all.size() == mine.size() * size_);
    must(MPI_Reduce_scatter_block(all.data(), mine.data(), count(mine.size()), MPI_FLOAT, MPI_SUM,
                                  group_),
         "MPI_Reduce_scatter_block");
  }

  /// Gives `values` to rank `to`; may wait until it receives them.
  void send(std::span<const float> values, std::uint32_t to) {
    KVFOLIO_EXPECTS(to < size_ && to != rank_);
    must(MPI_Send(values.data(), count(values.size()), MPI_FLOAT, static_cast<int>(to), 0, group_),
         "MPI_Send");
  }

  /// Waits for what rank `from` sends next. Precondition: it is as long as `values`.
  void receive(std::span<float> values, std::uint32_t from) {
    KVFOLIO_EXPECTS(from < size_ && from != rank_);
    must(MPI_Recv(values.data(), count(values.size()), MPI_FLOAT, static_cast<int>(from), 0, group_,
                  MPI_STATUS_IGNORE),
         "MPI_Recv");
  }

 private:
  // What MPI counts in.
  static int count(std::size_t values) {
    if (values > INT_MAX) {
      throw std::runtime_error("kvfolio: MPI takes fewer than 2^31 values at a time; send pieces");
    }
    return static_cast<int>(values);
  }

  static void must(int status, const char* call) {
    if (status == MPI_SUCCESS) return;
    char reason[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(status, reason, &length);
    throw std::runtime_error("kvfolio: " + std::string{call} + ": " +
                             std::string(reason, static_cast<std::size_t>(length)));
  }

  MPI_Comm group_;
  std::uint32_t rank_ = 0;
  std::uint32_t size_ = 1;
};

static_assert(communicator<mpi_communicator>);

}  // namespace kvfolio::partition

#endif
