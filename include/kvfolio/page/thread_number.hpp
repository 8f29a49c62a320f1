// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <mutex>

namespace kvfolio::page {

/// A small number that no other living thread has, of the first 63 at least; the others share 63.
///
/// Belongs to the calling thread from its first call on, and goes to another one when it ends: so
/// threads that come and go use few numbers. Any thread; one lock, in the first call.
[[nodiscard]] inline std::uint32_t thread_number() noexcept {
  struct registry {
    std::mutex mutex;
    std::uint64_t taken = 0;  // one bit a number; the last one is never set
  };
  static registry numbers;
  struct registration {
    registration() noexcept {
      const std::scoped_lock lock{numbers.mutex};
      number = static_cast<std::uint32_t>(std::countr_one(numbers.taken));
      if (number < 63) numbers.taken |= std::uint64_t{1} << number;
    }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
    ~registration() {
      const std::scoped_lock lock{numbers.mutex};
      if (number < 63) numbers.taken &= ~(std::uint64_t{1} << number);
    }

    std::uint32_t number;
  };
  thread_local const registration mine;
  return mine.number;
}

}  // namespace kvfolio::page
