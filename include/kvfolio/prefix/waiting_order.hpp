// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <kvfolio/core/config.hpp>

namespace kvfolio::prefix {

/// Which request that waits goes first.
enum class admission : std::uint8_t {
  first_come,      ///< who came first
  longest_prefix,  ///< of whom the most pages are cached; nobody pays twice for a page
  depth_first      ///< one branch after the other of the tree that is cached
};

/// The name of `rule`.
[[nodiscard]] constexpr std::string_view to_string(admission rule) noexcept {
  switch (rule) {
    case admission::first_come: return "first-come";
    case admission::longest_prefix: return "longest-prefix";
    case admission::depth_first: return "depth-first";
  }
  return "unknown";
}

/// A request that waits, as far as its place in the queue depends on it. `Key` is what names a
/// page, equal for equal prefixes: `prompt_keys::keys()`, or an identity's.
template <class Key>
struct waiting_request {
  std::span<const Key> keys{};    ///< of the full pages of its prompt
  std::size_t cached_pages = 0;   ///< leading ones that are there: `count_indexed`, or a `probe`
  std::uint32_t passed_over = 0;  ///< requests that came later and went first
};

/// Orders a queue so that what is cached is used before it leaves, and what waits is computed once
/// (SGLang's schedulers: Zheng et al., "SGLang: efficient execution of structured language model
/// programs", NeurIPS 2024, section 3).
///
/// - *Longest prefix*: by cached pages. Of those that would compute the same page next, the first
///   goes, and the others come after everybody: when their turn comes, they find it.
/// - *Depth first*: what is cached of the prompts are paths of a tree, of which the branches are
///   visited one after the other, those first that most requests are in; those that end at a place
///   come after its branches.
///
/// Of equals, who came first is first. **Fairness**: who was passed over as often as the patience
/// says goes before all others but those who are as impatient and came before; so no more than that
/// many later ones ever go before a request.
///
/// Reads and writes nothing but the queue; equal queues have equal orders. Keeps its memory from
/// one queue to the next, 8 to 24 bytes a request. One owner thread.
template <class Key>
class waiting_order {
 public:
  using request = waiting_request<Key>;  ///< one of the queue

  /// Orders by `rule`, and lets nobody be passed over more than `patience` times.
  explicit waiting_order(admission rule, std::uint32_t patience = 64) noexcept
      : rule_{rule}, patience_{patience} {}

  /// Positions in `queue`, which has the first to come first, in the order of admission. Valid
  /// until it is asked again. O(n log n) in the number of requests; depth first, and as often again
  /// the logarithm of their pages for each branching of the tree. \throws std::bad_alloc
  [[nodiscard]] std::span<const std::uint32_t> operator()(std::span<const request> queue) {
    order_.resize(queue.size());
    std::iota(order_.begin(), order_.end(), 0U);
    if (rule_ == admission::first_come) return order_;
    const auto impatient = std::stable_partition(
        order_.begin(), order_.end(),
        [&](std::uint32_t each) { return queue[each].passed_over >= patience_; });
    const auto first = static_cast<std::size_t>(impatient - order_.begin());
    if (rule_ == admission::longest_prefix) {
      by_longest_prefix(queue, first);
    } else {
      depth_first(queue, first);
    }
    return order_;
  }

 private:
  // Requests `[begin, end)` of the order have their first `depth` keys in common.
  struct branch {
    std::size_t begin;
    std::size_t end;
    std::size_t depth;
  };
  struct weighed {
    std::uint32_t request;
    std::uint32_t first;   // of its branch
    std::uint32_t weight;  // of its branch: requests
  };

  [[nodiscard]] static std::span<const Key> cached(const request& of) noexcept {
    return of.keys.first(std::min(of.cached_pages, of.keys.size()));
  }

  void by_longest_prefix(std::span<const request> queue, std::size_t first) {
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(first);
    std::stable_sort(begin, order_.end(), [&](std::uint32_t one, std::uint32_t other) {
      return queue[one].cached_pages > queue[other].cached_pages;
    });
    // Who computes the same page as another next stands beside it, once sorted by that page.
    auto& last = marks_;
    last.assign(queue.size(), 0);
    next_.assign(order_.begin(), order_.end());
    std::erase_if(next_, [&](std::uint32_t each) {
      return queue[each].cached_pages >= queue[each].keys.size();
    });
    const auto page = [&](std::uint32_t each) {
      return queue[each].keys[queue[each].cached_pages];
    };
    std::stable_sort(next_.begin(), next_.end(), [&](std::uint32_t one, std::uint32_t other) {
      return page(one) < page(other);
    });
    for (std::size_t i = 1; i < next_.size(); ++i) {
      if (page(next_[i]) == page(next_[i - 1])) last[next_[i]] = 1;
    }
    std::stable_partition(begin, order_.end(), [&](std::uint32_t each) { return last[each] == 0; });
  }

  void depth_first(std::span<const request> queue, std::size_t first) {
    branches_.assign(1, {first, order_.size(), 0});
    while (!branches_.empty()) {
      auto at = branches_.back();
      branches_.pop_back();
      if (at.end - at.begin < 2) continue;
      const auto all = std::span{order_}.subspan(at.begin, at.end - at.begin);
      at.depth = common_depth(queue, all, at.depth);
      const auto rest = std::stable_partition(all.begin(), all.end(), [&](std::uint32_t each) {
        return cached(queue[each]).size() > at.depth;
      });
      at.end = at.begin + static_cast<std::size_t>(rest - all.begin());
      divide(queue, at);
    }
  }

  // How many leading keys, at least `known`, all of them have in common. Keys are chained: where
  // two are equal, so are those before them.
  [[nodiscard]] static std::size_t common_depth(std::span<const request> queue,
                                                std::span<const std::uint32_t> all,
                                                std::size_t known) noexcept {
    const auto one = cached(queue[all.front()]);
    auto most = one.size();
    for (const auto each : all.subspan(1)) {
      const auto other = cached(queue[each]);
      most = std::min(most, other.size());
      auto least = known;
      while (least < most) {
        const auto middle = least + (most - least) / 2;
        one[middle] == other[middle] ? least = middle + 1 : most = middle;
      }
    }
    return most;
  }

  // Arranges the requests of `at`, all of which have another key, by branch, the heaviest first.
  void divide(std::span<const request> queue, const branch& at) {
    const auto all = std::span{order_}.subspan(at.begin, at.end - at.begin);
    const auto key = [&](const weighed& each) { return queue[each.request].keys[at.depth]; };
    weighed_.clear();
    for (const auto each : all) weighed_.push_back({each, each, 1});
    std::stable_sort(weighed_.begin(), weighed_.end(),
                     [&](const weighed& a, const weighed& b) { return key(a) < key(b); });
    for (std::size_t begin = 0, end = 0; begin < weighed_.size(); begin = end) {
      while (end < weighed_.size() && key(weighed_[end]) == key(weighed_[begin])) ++end;
      for (auto i = begin; i < end; ++i) {
        weighed_[i].first = weighed_[begin].request;
        weighed_[i].weight = static_cast<std::uint32_t>(end - begin);
      }
    }
    std::stable_sort(weighed_.begin(), weighed_.end(), [](const weighed& a, const weighed& b) {
      return a.weight != b.weight ? a.weight > b.weight : a.first < b.first;
    });
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = weighed_[i].request;
      if (i == 0 || weighed_[i].first != weighed_[i - 1].first) {
        branches_.push_back({at.begin + i, at.begin + i + weighed_[i].weight, at.depth + 1});
      }
    }
  }

  admission rule_;
  std::uint32_t patience_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> next_;  // requests that will compute a page, by that
  std::vector<std::uint8_t> marks_;  // by request
  std::vector<branch> branches_;     // that are to be arranged
  std::vector<weighed> weighed_;
};

}  // namespace kvfolio::prefix
