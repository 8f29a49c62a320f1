// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>

namespace kvfolio {

/// The branches of one request that are computed together: the beams of a beam search, or the
/// samples of parallel sampling. A range of sequences, in the order of the kernel's rows.
///
/// ```
/// kv::beams<kv::paged_cache<>> beams{cache, 8};
/// auto ok = beams.start(std::move(prompt), 8);          // shares every page, copies none
/// for (; ok && !done; ok = beams.reorder(parents)) ok = beams.append(1);
/// ```
///
/// Of the branches that go on from one parent, one is the parent itself and the others are forks of
/// it, so that a step copies at most one page for each branch that diverges: of `n` that share
/// their last page, `n - 1` when they write. Every call is all or nothing, and none allocates. The
/// cache must outlive it. One owner thread, the cache's.
template <class Cache>
class beams {
 public:
  using sequence = typename Cache::sequence;  ///< a branch

  /// Has no branches yet, and never more than `width`. \throws std::bad_alloc
  beams(Cache& cache, std::size_t width) : cache_{&cache}, heirs_(width) {
    branches_.reserve(width);
    next_.reserve(width);
    wanted_.reserve(width);
  }

  /// Number of branches.
  [[nodiscard]] std::size_t size() const noexcept { return branches_.size(); }
  /// The most branches that there can be.
  [[nodiscard]] std::size_t width() const noexcept { return heirs_.size(); }
  /// Branch `index`: to write to, commit and truncate. Valid until `start`, `reorder`, `take` or
  /// `drop`. Precondition: `index < size()`; the branch is not moved from.
  [[nodiscard]] sequence& operator[](std::size_t index) noexcept {
    KVFOLIO_EXPECTS(index < size());
    return branches_[index];
  }
  /// \overload
  [[nodiscard]] const sequence& operator[](std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size());
    return branches_[index];
  }
  /// The first branch.
  [[nodiscard]] auto begin() noexcept { return branches_.begin(); }
  /// \overload
  [[nodiscard]] auto begin() const noexcept { return branches_.begin(); }
  /// Past the last branch.
  [[nodiscard]] auto end() noexcept { return branches_.end(); }
  /// \overload
  [[nodiscard]] auto end() const noexcept { return branches_.end(); }

  /// Makes `root` the first branch and forks of it the `ways - 1` others. O(ways); copies nothing.
  /// Fails with `errc::too_many_sequences`, and `root` is still the caller's. Precondition: there
  /// are no branches; `root` is a sequence of the cache; `0 < ways <= width()`.
  [[nodiscard]] result<void> start(sequence&& root, std::size_t ways) noexcept {
    KVFOLIO_EXPECTS(branches_.empty() && root && 0 < ways && ways <= width());
    next_.resize(ways);
    for (std::size_t i = 1; i < ways; ++i) {
      if (const auto error = fork(root, i); error != errc{}) return error;
    }
    next_[0] = std::move(root);
    return turn();
  }

  /// Gives every branch `tokens` more, as many calls of `sequence::append`, or none of them any.
  /// Fails as `paged_cache::reserve` does.
  [[nodiscard]] result<void> append(std::size_t tokens) noexcept {
    wanted_.clear();
    for (auto& branch : branches_) wanted_.push_back({branch, tokens});
    auto step = cache_->reserve(wanted_);
    if (!step) return step.error();
    step->accept();
    return {};
  }

  /// Makes branch `i` go on from the branch that was `parents[i]` before, and as many branches as
  /// there are parents. A parent may be named any number of times; who is not named is dropped. A
  /// branch that is its own parent stays what it is. O(branches), and what is freed; copies nothing
  /// and takes no page.
  ///
  /// Cannot fail with at most as many branches as before. Else it fails with
  /// `errc::too_many_sequences`, and nothing has changed. Precondition: `parents.size() <=
  /// width()`, each of them is below `size()`, and no branch is reserved.
  [[nodiscard]] result<void> reorder(std::span<const std::size_t> parents) noexcept {
    KVFOLIO_EXPECTS(parents.size() <= width());
    std::ranges::fill(heirs_, nobody);
    for (std::size_t i = 0; i < parents.size(); ++i) {
      KVFOLIO_EXPECTS(parents[i] < size());
      auto& heir = heirs_[parents[i]];
      if (heir == nobody || parents[i] == i) heir = i;
    }
    next_.resize(parents.size());
    // Forks that need more sequences than there were may fail, and so come first; the others take
    // the place of those that are dropped.
    auto more = parents.size() - std::min(parents.size(), size());
    for (std::size_t i = 0; more != 0; ++i) {
      if (heirs_[parents[i]] == i) continue;
      if (const auto error = fork(branches_[parents[i]], i); error != errc{}) return error;
      --more;
    }
    for (std::size_t parent = 0; parent < size(); ++parent) {
      if (heirs_[parent] == nobody) branches_[parent].release();
    }
    for (std::size_t i = 0; i < parents.size(); ++i) {
      if (next_[i] || heirs_[parents[i]] == i) continue;
      if (const auto error = fork(branches_[parents[i]], i); error != errc{}) return error;
    }
    for (std::size_t i = 0; i < parents.size(); ++i) {
      if (!next_[i]) next_[i] = std::move(branches_[parents[i]]);
    }
    return turn();
  }

  /// Drops branch `index`, and takes the branches after it one place forward. Precondition: it
  /// exists.
  void drop(std::size_t index) noexcept { (void)take(index); }

  /// Drops branch `index` and returns it: a finished one, or the winner. Precondition: it exists.
  [[nodiscard]] sequence take(std::size_t index) noexcept {
    auto taken = std::move((*this)[index]);
    branches_.erase(branches_.begin() + static_cast<std::ptrdiff_t>(index));
    return taken;
  }

  /// Drops all branches.
  void clear() noexcept { branches_.clear(); }

 private:
  static constexpr std::size_t nobody = SIZE_MAX;

  // Makes `parent` go on as branch `i` of the next ones. What was forked before a failure is given
  // back, the last one first, so that the cache is what it was.
  errc fork(sequence& parent, std::size_t i) noexcept {
    auto made = parent.fork();
    if (made) {
      next_[i] = *std::move(made);
      return errc{};
    }
    while (!next_.empty()) next_.pop_back();
    return made.error();
  }

  // The next branches are the branches from now on.
  result<void> turn() noexcept {
    std::swap(branches_, next_);
    next_.clear();
    return {};
  }

  Cache* cache_;
  std::vector<sequence> branches_;
  std::vector<sequence> next_;      // empty, but while they change
  std::vector<std::size_t> heirs_;  // by parent: which of its branches it becomes
  std::vector<typename Cache::growth> wanted_;
};

}  // namespace kvfolio
