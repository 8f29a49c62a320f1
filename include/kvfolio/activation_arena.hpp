// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/activation/plan_offsets.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/memory/block.hpp>
#include <kvfolio/memory/heap.hpp>

namespace kvfolio {

/// The memory of the temporaries of a computation: one block, in which each tensor has its place
/// for as long as it lives, and others have it before and after. Allocates when it is made and
/// never again. One owner thread; neither moves nor copies, because pointers into it are handed
/// out.
template <memory_source Memory = memory::heap>
class activation_arena {
 public:
  /// For these tensors, at multiples of `Memory::alignment`. \throws std::bad_alloc
  /// \throws std::invalid_argument if a tensor ends before it begins
  explicit activation_arena(std::span<const activation::tensor_life> lives,
                            Memory memory = Memory{})
      : lives_{lives.begin(), lives.end()},
        plan_{activation::plan_offsets(lives_, Memory::alignment)},
        block_{std::move(memory), plan_.bytes} {}

  /// The bytes of a tensor. They are its own from the step that writes it to the one that reads it
  /// last, and hold anything before and after. Valid while the arena lives.
  /// Precondition: there is such a tensor.
  [[nodiscard]] std::span<std::byte> tensor(std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < lives_.size());
    return block_.bytes().subspan(plan_.offsets[index], lives_[index].bytes);
  }

  /// Where everything lies, and how much that takes.
  [[nodiscard]] const activation::offset_plan& plan() const noexcept { return plan_; }
  /// Bytes that the tensors would take without sharing.
  [[nodiscard]] std::uint64_t bytes_unshared() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& life : lives_) sum += life.bytes;
    return sum;
  }
  /// The source of the bytes, for its statistics.
  [[nodiscard]] const Memory& memory() const noexcept { return block_.source(); }

 private:
  std::vector<activation::tensor_life> lives_;
  activation::offset_plan plan_;
  memory::block<Memory> block_;
};

}  // namespace kvfolio
