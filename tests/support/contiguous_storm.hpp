// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>

#include "contiguous_bundles.hpp"
#include "contiguous_engine.hpp"

namespace kvfolio::test {

/// Random verbs; a sequence is the list of its tokens, and its bytes must tell them.
template <class Bundle>
class contiguous_storm {
 public:
  contiguous_storm(std::mt19937& rng, const contiguous_config& config)
      : rng_{&rng}, cache_{config} {}

  void step() {
    switch (below(12)) {
      case 0:
      case 1: create(); break;
      case 2:
      case 3:
      case 4: with_one(&contiguous_storm::append); break;
      case 5: with_one(&contiguous_storm::rewrite); break;
      case 6: with_one(&contiguous_storm::commit); break;
      case 7: with_one(&contiguous_storm::fork); break;
      case 8: with_one(&contiguous_storm::truncate); break;
      case 9: release(); break;
      case 10: reserve(); break;
      default: pass_a_step(); break;
    }
    if (!all_.empty()) {
      const auto& one = all_[below(all_.size())];
      ASSERT_TRUE(engine_.reads(one.handle, one.tokens));
    }
  }
  void check() {
    ASSERT_STREQ(cache_.check_invariants(), nullptr);
    for (const auto& one : all_) ASSERT_TRUE(engine_.reads(one.handle, one.tokens));
  }
  void finish() {
    check();
    all_.clear();
    ASSERT_EQ(cache_.statistics().used_pages, 0);
    ASSERT_TRUE(cache_.reset());
    ASSERT_STREQ(cache_.check_invariants(), nullptr);
  }
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  using cache_type = contiguous_cache<Bundle>;
  struct branch {
    typename cache_type::sequence handle;
    std::vector<token_id> tokens;
  };

  [[nodiscard]] std::size_t below(std::size_t bound) { return (*rng_)() % bound; }
  [[nodiscard]] std::size_t some_tokens() { return 1 + below(2 * cache_.tokens_per_page()); }
  template <class Verb>
  void with_one(Verb verb) {
    if (!all_.empty()) (this->*verb)(all_[below(all_.size())]);
  }
  // Says whether a call worked; if not, then nothing has changed.
  template <class Call>
  [[nodiscard]] bool worked(Call call) {
    const auto before = cache_.pages().state_digest();
    if (call()) return true;
    ++refused_;
    EXPECT_EQ(cache_.pages().state_digest(), before);
    return false;
  }

  void pass_a_step() {
    ++step_;
    done_ = std::max(done_, step_ - below(3));
    cache_.advance_steps(vm::epoch{step_}, vm::epoch{done_});
  }
  void create() {
    // One of three texts, so that prompts have beginnings in common.
    std::vector<token_id> prompt(some_tokens() + some_tokens());
    const auto which = static_cast<token_id>(below(3));
    for (std::size_t i = 0; i < prompt.size(); ++i)
      prompt[i] = which * 10'000 + static_cast<token_id>(i);
    static_cast<void>(worked([&] {
      auto made = cache_.create(prompt);
      if (!made) return false;
      prompt.resize(made->length());
      all_.push_back({*std::move(made), prompt});
      if (below(2) == 0) append_text(all_.back(), which);
      return true;
    }));
  }
  void append_text(branch& one, token_id which) {
    const auto count = some_tokens();
    if (!one.handle.append(count)) return;
    for (std::size_t i = 0; i < count; ++i) {
      one.tokens.push_back(which * 10'000 + static_cast<token_id>(one.tokens.size()));
    }
    engine_.write(one.handle, one.tokens.size() - count, std::span{one.tokens}.last(count));
    commit(one);
  }
  void append(branch& one) {
    const auto count = below(3) == 0 ? some_tokens() : 1;
    if (worked([&] { return one.handle.append(count).has_value(); })) write_new(one, count);
  }
  void write_new(branch& one, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) one.tokens.push_back(static_cast<token_id>(below(50)));
    engine_.write(one.handle, one.tokens.size() - count, std::span{one.tokens}.last(count));
  }
  void rewrite(branch& one) {
    const auto first = one.handle.committed();
    const auto count = below(one.tokens.size() - first + 1);
    if (!worked([&] { return one.handle.writable(first, count).has_value(); })) return;
    for (std::size_t i = 0; i < count; ++i)
      one.tokens[first + i] = static_cast<token_id>(below(50));
    engine_.write(one.handle, first, std::span{one.tokens}.subspan(first, count));
  }
  void commit(branch& one) {
    const auto first = one.handle.committed();
    one.handle.commit(std::span{one.tokens}.subspan(first, below(one.tokens.size() - first + 1)));
  }
  void fork(branch& one) {
    auto tokens = one.tokens;
    auto& handle = one.handle;
    static_cast<void>(worked([&] {
      auto child = handle.fork();
      if (child) all_.push_back({*std::move(child), std::move(tokens)});
      return child.has_value();
    }));
  }
  void truncate(branch& one) {
    one.tokens.resize(below(one.tokens.size() + 1));
    one.handle.truncate(one.tokens.size());
  }
  void release() {
    if (all_.empty()) return;
    std::swap(all_[below(all_.size())], all_.back());
    all_.pop_back();
  }
  void reserve() {
    std::vector<typename cache_type::growth> wanted;
    for (auto& one : all_) wanted.push_back({one.handle, below(3)});
    static_cast<void>(worked([&] {
      auto set_aside = cache_.reserve(wanted);
      if (!set_aside) return false;
      if (below(2) == 0) return true;
      set_aside->accept();
      for (std::size_t i = 0; i < all_.size(); ++i) write_new(all_[i], wanted[i].tokens);
      return true;
    }));
  }

  std::mt19937* rng_;
  cache_type cache_;
  contiguous_engine<cache_type> engine_{cache_};
  std::vector<branch> all_;
  std::uint64_t step_ = 3;
  std::uint64_t done_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace kvfolio::test
