// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include <kvfolio/core/types.hpp>

#include <replay/copy_log.hpp>
#include <replay/fingerprint.hpp>
#include <replay/job.hpp>

namespace replay {

/// A page did not hold what was written to it, or the cache contradicts itself.
struct corruption : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Looks whether the pages hold what was written. Does nothing unless it is switched on.
template <class Cache>
class checker {
 public:
  using job = replay::job<typename Cache::sequence>;        ///< whose pages are looked at
  using branch = replay::branch<typename Cache::sequence>;  ///< of a job

  /// Will look at the first `token_bytes` bytes of tokens in the pages of `cache`, which must
  /// outlive it, as must `copied`, to which its observer writes.
  checker(Cache& cache, copied_pages& copied, bool on, std::uint32_t token_bytes)
      : cache_{cache},
        copied_{copied},
        on_{on},
        layers_{token_bytes / fingerprint::bytes_per_layer} {}

  /// Writes the next tokens of `one`. Done by kernels in an engine; here only for the checks.
  void write(branch& one, std::span<const kvfolio::token_id> tokens) const {
    if (on_) write_tokens(cache_, one.kv, tokens, one.prefix, layers_);
  }

  /// Checks all that `one` has computed or found, and takes its fingerprint. O(tokens).
  /// \throws corruption
  void check(const job& owner, branch& one) {
    if (!on_) return;
    checked_ += one.kv.committed();
    one.prefix = {};
    const auto wrong = find_mismatch(cache_, one.kv, one.tokens, one.prefix, layers_);
    if (!wrong) return;
    throw corruption(fmt::format(
        "request {}, sample {}, token {} of {}: page {}, layer {} holds {:016x}, and should hold "
        "{:016x}",
        owner.number, &one - owner.branches.data(), wrong->position, one.kv.committed(),
        kvfolio::to_index(wrong->page), wrong->layer, wrong->found, wrong->expected));
  }

  /// Checks every branch that has just grown into a copied page; every copy must have one.
  /// \throws corruption
  void check_copies(std::span<job> running) {
    for (auto& each : running) {
      for (auto& one : each.branches) {
        if (copied_.size() == 0) return;
        if (!one.kv) break;
        const auto grown = one.kv.committed() / cache_.tokens_per_page();
        if (grown < one.kv.page_count() && copied_.take(one.kv.page_at(grown))) check(each, one);
      }
    }
    if (copied_.size() != 0) throw corruption("a page was copied for no sequence");
  }

  /// Checks the books of the cache. O(pool). \throws corruption
  void check_cache() const {
    if (!on_) return;
    if (const auto* broken = cache_.check_invariants()) {
      throw corruption(std::string{"the cache contradicts itself: "} + broken);
    }
  }

  /// Fingerprints that were compared, and right.
  [[nodiscard]] std::uint64_t checked() const { return checked_; }

 private:
  Cache& cache_;
  copied_pages& copied_;
  bool on_;
  std::uint32_t layers_;
  std::uint64_t checked_ = 0;
};

}  // namespace replay
