// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include <kvfolio/core/result.hpp>

namespace kvfolio::table {

/// Two live buffers in turn, each of which knows what it has not seen yet: the engine fills one
/// while kernels read the other. `Live` is `live_padded` or `live_csr`.
template <class Live>
class double_buffered {
 public:
  /// Takes two, of different buffers.
  double_buffered(Live first, Live second) noexcept
      : buffers_{std::move(first), std::move(second)} {}

  /// Updates the buffer that was not updated last. Fails as `Live::update` does, and then it is
  /// still its turn.
  template <class Batch>
  [[nodiscard]] result<std::size_t> update(const Batch& batch) noexcept {
    auto written = buffers_[1 - front_].update(batch);
    if (written) front_ = 1 - front_;
    return written;
  }

  /// The one that was updated last: for kernels, until the second update from now.
  [[nodiscard]] const Live& front() const noexcept { return buffers_[front_]; }

 private:
  std::array<Live, 2> buffers_;
  std::size_t front_ = 1;
};

}  // namespace kvfolio::table
