// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>

#include "bundles.hpp"
#include "engine.hpp"

namespace kvfolio::test {

/// A cache of a bundle and the engine that uses it. Every test ends with a check of the invariants,
/// with no page in use, and with all pages free when the cached ones are let go.
template <class Bundle>
class cache_fixture : public testing::Test {
 public:
  using cache_type = cache_of<Bundle>;
  using sequence = typename cache_type::sequence;
  using growth = typename cache_type::growth;

 protected:
  // What a call that fails must not change, but for the failures that were counted.
  struct observed {
    std::uint64_t digest;
    cache_statistics seen;
    event_counts counts;
    friend bool operator==(const observed&, const observed&) = default;
  };
  [[nodiscard]] observed look() const {
    auto counts = counts_of(cache_);
    counts.failures = 0;
    return {cache_.state_digest(), cache_.statistics(), counts};
  }

  [[nodiscard]] std::size_t per_page() const { return cache_.tokens_per_page(); }
  [[nodiscard]] std::size_t pages() const { return cache_.config().usable_pages(); }
  // The most tokens that one sequence may have.
  [[nodiscard]] std::size_t longest() const { return cache_.config().longest(); }
  [[nodiscard]] std::size_t free_pages() const { return cache_.statistics().free_pages; }
  [[nodiscard]] std::size_t used_pages() const { return cache_.statistics().used_pages; }

  [[nodiscard]] static std::vector<token_id> tokens(std::size_t count, token_id first = 1) {
    std::vector<token_id> values(count);
    for (auto& each : values) each = first++;
    return values;
  }
  [[nodiscard]] static std::vector<page_id> pages_of(const sequence& target) {
    std::vector<page_id> pages;
    for (std::size_t i = 0; i < target.page_count(); ++i) pages.push_back(target.page_at(i));
    return pages;
  }

  // Grows `target` by tokens that begin with `first`, and computes them.
  void grow(sequence& target, std::size_t count, token_id first) {
    const auto length = target.length();
    target.append(count).value();
    engine_.settle();
    engine_.write(target.runs(length, count), tokens(count, first));
  }
  // A new sequence of the tokens 1, 2, ...
  [[nodiscard]] sequence filled(std::size_t count) {
    auto made = cache_.create().value();
    grow(made, count, 1);
    return made;
  }
  // Does `target` have these tokens, all of whose bytes are in its pages?
  [[nodiscard]] bool reads(const sequence& target, const std::vector<token_id>& expected) {
    engine_.settle();
    auto memory = engine_.landed();
    return engine_.holds(memory, target.runs(0, target.length()), expected);
  }
  // Takes every page that is free.
  [[nodiscard]] std::vector<sequence> take_all_pages() {
    std::vector<sequence> takers;
    while (free_pages() != 0) {
      takers.push_back(cache_.create().value());
      takers.back().append(std::min(free_pages() * per_page(), longest())).value();
    }
    return takers;
  }

  void TearDown() override {
    engine_.settle();
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
    EXPECT_EQ(free_pages() + cache_.statistics().cached_pages, pages());
    EXPECT_TRUE(cache_.reset());
    EXPECT_EQ(free_pages(), pages());
  }

  cache_type cache_{Bundle::config()};
  engine<cache_type> engine_{cache_};
};

/// `a` followed by `b`.
[[nodiscard]] inline std::vector<token_id> operator+(std::vector<token_id> a,
                                                     const std::vector<token_id>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace kvfolio::test
