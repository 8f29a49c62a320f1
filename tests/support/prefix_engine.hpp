// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>

#include "cache_fixture.hpp"
#include "engine.hpp"
#include "index_mirror.hpp"

namespace kvfolio::test {

/// A cache of 200 pages of four tokens, a mirror of its index, and the engine that uses it. Every
/// test ends with a check of the invariants, and with all pages free when the cache is emptied.
template <class Policies>
class prefix_engine : public testing::Test {
 public:
  using cache_type = paged_cache<mirrored<Policies>>;
  using sequence = typename cache_type::sequence;

 protected:
  [[nodiscard]] const index_mirror& mirror() const { return cache_.observer().template get<1>(); }
  [[nodiscard]] static std::vector<token_id> numbers(std::size_t count, token_id first = 0) {
    std::vector<token_id> made(count);
    std::iota(made.begin(), made.end(), first);
    return made;
  }
  // How much of `prompt` need not be computed.
  [[nodiscard]] std::size_t hit(const std::vector<token_id>& prompt) const {
    return cache_.probe(prompt).hit_tokens;
  }
  // A sequence of `prompt`, all of it complete.
  [[nodiscard]] sequence computed(const std::vector<token_id>& prompt,
                                  const request_options& options = {}) {
    auto made = cache_.create(prompt, options).value();
    const auto known = static_cast<std::ptrdiff_t>(made.length());
    go_on(made, {prompt.begin() + known, prompt.end()});
    return made;
  }
  // Computes `values` at the end of `target`.
  void go_on(sequence& target, const std::vector<token_id>& values) {
    const auto length = target.length();
    target.append(values.size()).value();
    engine_.settle();
    engine_.write(target.runs(length, values.size()), values);
    target.commit(values);
  }
  // Ends `target`.
  static void forget(sequence target) { target.release(); }
  // Does `target` have these tokens, all of whose bytes are in its pages?
  [[nodiscard]] bool reads(const sequence& target, const std::vector<token_id>& expected) {
    engine_.settle();
    auto memory = engine_.landed();
    return engine_.holds(memory, target.runs(0, target.length()), expected);
  }

  void TearDown() override {
    engine_.settle();
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
    EXPECT_EQ(mirror().complaint(), nullptr);
    EXPECT_EQ(mirror().entries().size(), cache_.statistics().cached_pages);
    EXPECT_TRUE(cache_.reset());
    EXPECT_EQ(cache_.statistics().free_pages, cache_.config().pages);
    EXPECT_TRUE(mirror().entries().empty());
  }

  cache_type cache_{{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                     .tokens_per_page = 4,
                     .pages = 200,
                     .max_sequences = 8}};
  engine<cache_type> engine_{cache_};
};

}  // namespace kvfolio::test
