// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace kvfolio {

/// Pages that are set aside so that the sequences of a step can grow without failing: all of them
/// or none. What is neither accepted nor cancelled is cancelled by the destructor.
///
/// Until then its sequences must not be changed, except that they may be released: then what was
/// set aside for them goes back. Empty after `accept`, `cancel` or a move. The cache must outlive
/// it. One owner thread, the cache's.
template <class Cache>
class [[nodiscard]] reservation {
 public:
  /// Takes over what `other` has, and leaves it empty.
  reservation(reservation&& other) noexcept
      : cache_{std::exchange(other.cache_, nullptr)}, head_{other.head_}, pages_{other.pages_} {}
  /// Cancels what it has, and takes over what `other` has.
  reservation& operator=(reservation&& other) noexcept {
    if (this != &other) {
      cancel();
      cache_ = std::exchange(other.cache_, nullptr);
      head_ = other.head_;
      pages_ = other.pages_;
    }
    return *this;
  }
  reservation(const reservation&) = delete;
  reservation& operator=(const reservation&) = delete;
  ~reservation() { cancel(); }

  /// Number of pages set aside; 0 when empty.
  [[nodiscard]] std::size_t pages() const noexcept { return cache_ != nullptr ? pages_ : 0; }

  /// Grows every sequence by what was reserved for it, in the order in which they were named. As
  /// many calls of `append`, which cannot fail. Invalidates what `append` does.
  void accept() noexcept { resolve(true); }

  /// Gives the pages back. O(sequences). Changes nothing else.
  void cancel() noexcept { resolve(false); }

 private:
  friend Cache;

  reservation(Cache& cache, std::uint32_t head, std::size_t pages) noexcept
      : cache_{&cache}, head_{head}, pages_{pages} {}

  void resolve(bool accepted) noexcept {
    if (auto* const cache = std::exchange(cache_, nullptr)) cache->resolve(head_, pages_, accepted);
  }

  Cache* cache_;
  std::uint32_t head_;  // row of the first sequence
  std::size_t pages_;
};

}  // namespace kvfolio
