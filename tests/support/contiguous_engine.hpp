// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/contiguous_cache.hpp>

namespace kvfolio::test {

/// Writes and reads the KV of sequences as kernels do, at the addresses that views give: what is
/// not mapped so ends the program. The bytes of a token tell its id, position, layer and part.
template <class Cache>
class contiguous_engine {
 public:
  explicit contiguous_engine(Cache& cache) : cache_{&cache} {}

  /// Writes `tokens` at the positions of `target` from `first` on.
  void write(const typename Cache::sequence& target, std::size_t first,
             std::span<const token_id> tokens) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      visit(target, first + i, [&](std::uintptr_t at, std::uint64_t place, std::size_t size) {
        fill(bytes, tokens[i], first + i, place, size);
        cache_->with_source([&](auto& memory) { memory.write(at, bytes, {}).value(); });
      });
    }
  }

  /// Has `target` these tokens, from position 0 on?
  [[nodiscard]] bool reads(const typename Cache::sequence& target,
                           std::span<const token_id> tokens) {
    std::vector<std::byte> wanted;
    std::vector<std::byte> found;
    bool right = target.length() == tokens.size();
    for (std::size_t i = 0; i < tokens.size() && right; ++i) {
      visit(target, i, [&](std::uintptr_t at, std::uint64_t place, std::size_t size) {
        fill(wanted, tokens[i], i, place, size);
        found.resize(size);
        cache_->with_source([&](auto& memory) { memory.read(found, at, {}).value(); });
        right = right && wanted == found;
      });
    }
    return right;
  }

 private:
  // Calls `act(address, place, bytes)` for the token at `position` in every part of every layer.
  template <class Act>
  void visit(const typename Cache::sequence& target, std::size_t position, Act act) {
    const auto& shape = cache_->config().shape;
    for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
      for (const auto part : vm::all_parts) {
        if (vm::part_bytes(shape, part) == 0) continue;
        const auto view = view_of(part, layer, target);
        auto offset = position * view.strides()[0];
        if constexpr (Cache::layout::in_blocks) {
          offset = position / view.extents()[1] * view.strides()[0] +
                   position % view.extents()[1] * view.strides()[1];
        }
        const auto place = layer * vm::all_parts.size() + static_cast<std::size_t>(part);
        act(reinterpret_cast<std::uintptr_t>(view.data()) + offset, place,
            vm::part_bytes(shape, part) * shape.kv_heads);
      }
    }
  }
  [[nodiscard]] auto view_of(vm::kv_part part, std::uint32_t layer,
                             const typename Cache::sequence& target) const {
    if (part == vm::kv_part::keys) return cache_->keys(layer, target);
    if (part == vm::kv_part::values) return cache_->values(layer, target);
    return cache_->scales(layer, target);
  }
  static void fill(std::vector<std::byte>& bytes, token_id token, std::size_t position,
                   std::uint64_t place, std::size_t size) {
    bytes.resize(size);
    auto word =
        mix_bits(mix_bits(static_cast<std::uint64_t>(token) * 1'000'003 + position) + place);
    for (auto& each : bytes)
      each = static_cast<std::byte>((word = word * 6'364'136'223'846'793'005 + 1) >> 56U);
  }

  Cache* cache_;
};

}  // namespace kvfolio::test
