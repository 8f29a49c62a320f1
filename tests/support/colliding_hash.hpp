// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/prefix/radix.hpp>

namespace kvfolio::test {

/// A hash by which everything collides, so that only what is compared tells pages apart.
class colliding_hash {
 public:
  explicit colliding_hash(std::uint64_t seed) noexcept : real_{seed} {}
  static std::uint64_t local(std::span<const token_id> /*tokens*/) noexcept { return 0; }
  static std::uint64_t chain(std::uint64_t /*before*/, std::uint64_t /*local*/) noexcept {
    return 5;
  }
  static std::uint64_t chain(const realm_words& /*realm*/, std::uint64_t /*local*/) noexcept {
    return 5;
  }
  // Media are compared by their key, so that this one may not collide.
  [[nodiscard]] std::array<std::uint64_t, 2> media(std::span<const media_span> spans,
                                                   std::size_t first,
                                                   std::size_t count) const noexcept {
    return real_.media(spans, first, count);
  }

 private:
  prefix::keyed_hash real_;
};

using colliding_radix = prefix::basic_radix<colliding_hash>;
using colliding_hashed = prefix::hashed<prefix::basic_verified<colliding_hash>>;
using hashed_by_128_bit = prefix::hashed<prefix::by_128_bit>;

}  // namespace kvfolio::test
