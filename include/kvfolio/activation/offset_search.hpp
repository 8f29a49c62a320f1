// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/activation/offset_plan.hpp>

namespace kvfolio::activation {

/// Branch and bound over tensors in ascending order of their offsets: in some optimal plan each
/// lies on top of those below it that it meets (or it could be moved down), so the order is all
/// there is to decide. What is left to place must fit above what is there at every step, or the
/// branch is cut. O(steps) a placement, O(n^2) memory for `n` tensors.
class offset_search {
 public:
  /// For a plan of fewer bytes than `best`, in at most `visits` placements.
  offset_search(std::span<const tensor_life> lives, offset_plan best, std::uint64_t visits)
      : lives_{lives},
        least_{most_alive(lives)},
        visits_{visits},
        best_{std::move(best)},
        placed_(lives.size()),
        offsets_(lives.size()) {
    // Only steps where something begins matter: any crowd is there at one.
    for (const auto& life : lives) steps_.push_back(life.first);
    std::ranges::sort(steps_);
    steps_.erase(std::unique(steps_.begin(), steps_.end()), steps_.end());
    top_.resize(steps_.size());
    left_.resize(steps_.size());
    for (const auto& life : lives) {
      for_each_step(life, [&](std::size_t step) { left_[step] += life.bytes; });
    }
  }

  /// Returns the best plan that was found, which is optimal if nothing was left to try. Once.
  [[nodiscard]] offset_plan run() {
    if (!best_.optimal && visits_ != 0) {
      place_next(0, 0, 0, 0);
      best_.optimal = best_.bytes == least_ || visits_ != 0;  // all was tried
    }
    return std::move(best_);
  }

 private:
  template <class Visit>
  void for_each_step(const tensor_life& life, Visit visit) const {
    const auto first = std::ranges::lower_bound(steps_, life.first) - steps_.begin();
    for (auto i = static_cast<std::size_t>(first); i < steps_.size() && steps_[i] <= life.last;
         ++i) {
      visit(i);
    }
  }

  // No plan that goes on from here takes fewer bytes, as what is left lies on what is there, and
  // not below `floor`.
  [[nodiscard]] bool hopeless(std::uint64_t floor) const noexcept {
    for (std::size_t step = 0; step < steps_.size(); ++step) {
      if (left_[step] != 0 && std::max(top_[step], floor) + left_[step] >= best_.bytes) return true;
    }
    return false;
  }

  // `count` tensors are placed, the last of them, `before`, at `floor`, and the arena has `bytes`.
  void place_next(std::size_t count, std::size_t before, std::uint64_t floor, std::uint64_t bytes) {
    if (count == lives_.size()) {
      if (bytes < best_.bytes) best_ = {offsets_, bytes, false};
      return;
    }
    if (hopeless(floor)) return;
    for (std::size_t next = 0; next < lives_.size(); ++next) {
      if (placed_[next] || best_.bytes == least_) continue;
      const auto& life = lives_[next];
      std::uint64_t offset = 0;
      for_each_step(life, [&](std::size_t step) { offset = std::max(offset, top_[step]); });
      if (offset < floor || (count != 0 && offset == floor && next < before)) continue;
      const auto end = offset + life.bytes;
      if (end >= best_.bytes) continue;
      if (visits_ == 0 || --visits_ == 0) return;
      auto tops = top_;
      for_each_step(life, [&](std::size_t step) { top_[step] = end, left_[step] -= life.bytes; });
      placed_[next] = true;
      offsets_[next] = offset;
      place_next(count + 1, next, offset, std::max(bytes, end));
      placed_[next] = false;
      top_ = std::move(tops);
      for_each_step(life, [&](std::size_t step) { left_[step] += life.bytes; });
    }
  }

  std::span<const tensor_life> lives_;
  std::uint64_t least_;
  std::uint64_t visits_;
  offset_plan best_;
  std::vector<bool> placed_;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::uint32_t> steps_;
  std::vector<std::uint64_t> top_;   // end of what is placed at a step
  std::vector<std::uint64_t> left_;  // bytes at a step that are not placed
};

}  // namespace kvfolio::activation
