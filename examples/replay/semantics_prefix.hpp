// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/page_set.hpp>
#include <kvfolio/eviction/concept.hpp>

#include "semantics.hpp"
#include "semantics_paths.hpp"

namespace replay {

/// Requests as paths of blocks, each block pinned while its request runs.
///
/// A page is eligible while its block is not pinned and, where leaves leave first, has no resident
/// child. The policy hears of it as it changes, if it wants to.
template <kvfolio::eviction_policy Policy>
class prefix_replay {
 public:
  /// An empty pool of `capacity` pages. \throws std::bad_alloc
  prefix_replay(const block_paths& paths, semantics mode, std::size_t capacity,
                std::uint64_t block_tokens, Policy policy)
      : paths_{paths},
        mode_{mode},
        block_tokens_{block_tokens},
        policy_{std::move(policy)},
        blocks_(paths.size()),
        block_at_(capacity),
        eligible_{capacity} {}

  /// Has each request hint whether its session goes on, as `guesses` says by its number.
  void hint(std::vector<kvfolio::continuation> guesses) { guesses_ = std::move(guesses); }

  /// Replays `trace`, of which the paths were made.
  [[nodiscard]] semantics_counts run(std::span<const block_request> trace) {
    for (const auto& request : trace) {
      release_until(request.timestamp_ms);
      const auto path = paths_.path(counts_.requests++);
      serve(request, path);
    }
    return counts_;
  }

 private:
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  struct block_state {
    std::uint32_t page = nowhere;
    std::uint32_t pins = 0;
    std::uint32_t children = 0;  // that are resident
    bool seen = false;           // was it ever accessed?
  };

  struct running {
    std::uint64_t end_ms;
    std::size_t request;
    std::size_t pinned;  // leading blocks
    friend bool operator>(const running& one, const running& other) {
      return std::pair{one.end_ms, one.request} > std::pair{other.end_ms, other.request};
    }
  };

  [[nodiscard]] bool leaves_first() const noexcept {
    return mode_ == semantics::a_l || mode_ == semantics::b_l;
  }
  [[nodiscard]] bool is_eligible(const block_state& block) const noexcept {
    return block.pins == 0 && (block.children == 0 || !leaves_first());
  }

  void serve(const block_request& request, std::span<const std::uint32_t> path) {
    const auto hits = leading(path, [](const block_state& block) { return block.page != nowhere; });
    const auto seen = leading(path, [](const block_state& block) { return block.seen; });
    counts_.block_refs += path.size();
    counts_.hit_blocks += hits;
    counts_.input_tokens += request.input_tokens;
    counts_.hit_tokens += std::min(block_tokens_ * hits, request.input_tokens);

    const auto kept = path.first(fitting(path));
    for (const auto block : kept) pin(block);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const auto depth = mode_ == semantics::a_n ? i : kept.size() - 1 - i;
      access(kept[depth], describe(request, path.size(), depth, seen));
    }
    for (const auto block : kept) blocks_[block].seen = true;

    if (mode_ == semantics::b_l) {
      const auto ms = request.input_tokens * 1000 / 20'000 + request.output_tokens * 1000 / 50;
      running_.push({request.timestamp_ms + ms, counts_.requests - 1, kept.size()});
    } else {
      for (const auto block : kept) unpin(block);
    }
  }

  // Unpins what the requests pinned that are over by `now_ms`.
  void release_until(std::uint64_t now_ms) {
    while (!running_.empty() && running_.top().end_ms <= now_ms) {
      const auto over = running_.top();
      running_.pop();
      for (const auto block : paths_.path(over.request).first(over.pinned)) unpin(block);
    }
  }

  // Number of blocks at the beginning of `path` that `has`.
  template <class Predicate>
  [[nodiscard]] std::size_t leading(std::span<const std::uint32_t> path, Predicate has) const {
    const auto end = std::find_if_not(path.begin(), path.end(),
                                      [&](std::uint32_t block) { return has(blocks_[block]); });
    return static_cast<std::size_t>(end - path.begin());
  }

  // Number of blocks at the beginning of `path` that could be pinned together with what is.
  [[nodiscard]] std::size_t fitting(std::span<const std::uint32_t> path) const {
    auto room = block_at_.size() - pinned_;
    return leading(path, [&](const block_state& block) { return block.pins > 0 || room-- > 0; });
  }

  [[nodiscard]] kvfolio::page_access describe(const block_request& request, std::size_t length,
                                              std::size_t depth, std::size_t seen) {
    const auto before = static_cast<std::uint64_t>(depth) * block_tokens_;
    return {.access = ++accesses_,
            .request = counts_.requests,
            .now = request.timestamp_ms,
            .depth = static_cast<std::uint32_t>(depth),
            .tokens = static_cast<std::uint32_t>(std::min(
                block_tokens_, request.input_tokens - std::min(request.input_tokens, before))),
            .request_pages = static_cast<std::uint32_t>(length),
            .seen_pages = static_cast<std::uint32_t>(seen),
            .hint = {.next_turn = guesses_.empty() ? kvfolio::continuation::unknown
                                                   : guesses_[counts_.requests - 1]}};
  }

  void access(std::uint32_t block, kvfolio::page_access access) {
    access.key = kvfolio::content_key{paths_.id(block)};
    if (blocks_[block].page != nowhere) {
      return policy_.touch(kvfolio::page_id{blocks_[block].page}, access);
    }
    policy_.miss(access);
    const auto page = used_ < block_at_.size() ? kvfolio::to_page(used_++) : evict(access);
    if (page) {
      insert(block, *page, access);
    } else {
      ++*counts_.bypassed_inserts;
    }
  }

  [[nodiscard]] std::optional<kvfolio::page_id> evict(const kvfolio::page_access& access) {
    const auto page = policy_.evict(access, kvfolio::page_set{eligible_.words()});
    if (!page) return std::nullopt;
    ++*counts_.evictions;
    const auto block = block_at_[to_index(*page)];
    eligible_.erase(to_index(*page));
    blocks_[block].page = nowhere;
    if (const auto parent = paths_.parent(block); parent != block_paths::no_block) {
      --blocks_[parent].children;
      refresh(parent);
    }
    return page;
  }

  void insert(std::uint32_t block, kvfolio::page_id page, const kvfolio::page_access& access) {
    blocks_[block].page = static_cast<std::uint32_t>(page);
    block_at_[to_index(page)] = block;
    policy_.insert(page, access);
    eligible_.insert(to_index(page));
    refresh(block);
    if (const auto parent = paths_.parent(block); parent != block_paths::no_block) {
      ++blocks_[parent].children;
      refresh(parent);
    }
  }

  void pin(std::uint32_t block) {
    if (blocks_[block].pins++ > 0) return;
    ++pinned_;
    refresh(block);
  }

  void unpin(std::uint32_t block) {
    if (--blocks_[block].pins > 0) return;
    --pinned_;
    refresh(block);
  }

  // Brings what is known of the block's eligibility up to date, after a change of pins or children.
  void refresh(std::uint32_t block) {
    const auto& state = blocks_[block];
    if (state.page == nowhere) return;
    const bool eligible = is_eligible(state);
    if (eligible == eligible_.contains(state.page)) return;
    eligible ? eligible_.insert(state.page) : eligible_.erase(state.page);
    if constexpr (kvfolio::eligibility_aware<Policy>) {
      const kvfolio::page_id page{state.page};
      eligible ? policy_.resume(page) : policy_.suspend(page);
    }
  }

  const block_paths& paths_;
  semantics mode_;
  std::uint64_t block_tokens_;
  Policy policy_;
  std::vector<kvfolio::continuation> guesses_;  // by request, if any
  std::vector<block_state> blocks_;
  std::vector<std::uint32_t> block_at_;                                         // by page
  kvfolio::bitmap eligible_;                                                    // of pages
  std::priority_queue<running, std::vector<running>, std::greater<>> running_;  // first to end
  std::size_t used_ = 0;  // pages that ever were
  std::size_t pinned_ = 0;
  std::uint64_t accesses_ = 0;
  semantics_counts counts_;
};

}  // namespace replay
