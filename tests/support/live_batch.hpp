// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/tracked.hpp>

namespace kvfolio::test {

template <class Table>
struct followed : default_policies {
  using memory = kvfolio::memory::unbacked;
  using page_table = kvfolio::table::tracked<Table>;
  using copies = deferred_copies;
};

/// A batch of sequences in a server: most steps only let them grow; sometimes they come, go, fork,
/// are rolled back, write to older drafts, or change places, and one step has another batch.
template <class Table>
class live_batch {
 public:
  using cache_type = paged_cache<followed<Table>>;
  static constexpr std::uint32_t per_page = 4;
  static constexpr std::size_t most_rows = 8;
  static constexpr std::size_t width = 60;

  /// Goes on by one step.
  void step(std::mt19937& rng) {
    for (auto& each : rows_) (void)each.append(rng() % 3);
    if (rows_.empty() || rng() % 8 == 0) add(cache_.create().value(), rng);
    auto& one = rows_[rng() % rows_.size()];
    switch (rng() % 12) {
      case 0: (void)one.append(rng() % 60); break;
      case 1: (void)one.truncate(one.length() - rng() % (one.length() + 1)); break;
      case 2: (void)one.truncate(one.length() - std::min<std::size_t>(one.length(), 3)); break;
      case 3:
        one.commit(std::vector<token_id>(rng() % (one.length() - one.committed() + 1)));
        break;
      case 4:
      case 5: add(one.fork().value(), rng); break;
      case 6: rows_.erase(rows_.begin() + static_cast<int>(rng() % rows_.size())); break;
      case 7: std::swap(one, rows_[rng() % rows_.size()]); break;
      case 8:
        if (one.length() != one.committed()) {
          (void)one.writable(one.committed() + rng() % (one.length() - one.committed()), 1);
        }
        break;
      default: break;
    }
    std::vector<copy_op> copies(cache_.waiting_copies());
    if (!copies.empty()) cache_.complete(cache_.take_copies(copies).ticket);
  }

  /// The rows of the next kernel: all, or now and then only some.
  [[nodiscard]] std::vector<const typename cache_type::sequence*> batch(std::mt19937& rng) const {
    std::vector<const typename cache_type::sequence*> chosen;
    const bool some = rng() % 6 == 0;
    for (const auto& each : rows_) {
      if (!some || rng() % 2 == 0) chosen.push_back(&each);
    }
    return chosen;
  }

 private:
  void add(typename cache_type::sequence made, std::mt19937& rng) {
    if (rows_.size() == most_rows) rows_.erase(rows_.begin() + static_cast<int>(rng() % most_rows));
    rows_.push_back(std::move(made));
  }

  cache_type cache_{{.shape = model::grouped_query(1, 1, 8, dtype::i8),
                     .tokens_per_page = per_page,
                     .pages = 300,
                     .max_sequences = most_rows + 1,
                     .max_tokens = width * per_page}};
  std::vector<typename cache_type::sequence> rows_;
};

}  // namespace kvfolio::test
