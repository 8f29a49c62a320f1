// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/revocable.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

struct revoking : default_policies {
  using prefix_index = prefix::revocable<prefix::radix>;
};
struct revoking_hashed : default_policies {
  using prefix_index = prefix::revocable<prefix::hashed<>>;
};

using tokens = std::vector<token_id>;

// Sequences of few sessions and adapters, with prompts that are much alike, of which some are
// revoked now and then; and a naive model of what can be found.
//
// The model has a node for each indexed page, which knows the one before it, whose it is, and
// whether it was revoked; and those that were not in a map by all that they hold.
template <class Policies>
class revoked_at_random {
 public:
  revoked_at_random(std::uint32_t pages, std::mt19937 rng)
      : rng_{rng},
        cache_{{.shape = model::grouped_query(1, 1, 4, dtype::f16),
                .tokens_per_page = per_page,
                .pages = pages,
                .max_sequences = 8}} {}

  void step() {
    switch (choose(12)) {
      case 0: return revoke_session();
      case 1:
        if (choose(3) == 0) return revoke_adapter();
        [[fallthrough]];
      case 2:
      case 3: return release();
      case 4:
      case 5: return go_on();
      case 6: return fork();
      case 7: return truncate();
      default: return create();
    }
  }
  void finish() {
    while (!rows_.empty()) release();
  }

  // Leading tokens of `prompt` that are found now, and that should be if nothing was evicted.
  [[nodiscard]] std::pair<std::size_t, std::size_t> found(const tokens& prompt,
                                                          std::uint64_t adapter) const {
    return {cache_.probe(prompt, options(adapter)).hit_tokens,
            walk(prompt, adapter).size() * per_page};
  }
  [[nodiscard]] tokens random_prompt() {
    tokens prompt(1 + choose(5 * per_page));
    for (auto& each : prompt) each = static_cast<token_id>(choose(2));
    return prompt;
  }
  [[nodiscard]] const auto& cache() const { return cache_; }
  [[nodiscard]] std::size_t revoked() const { return revoked_; }
  [[nodiscard]] std::size_t disagreements() const { return disagreements_; }

 private:
  static constexpr std::size_t per_page = 2;

  struct node {
    std::shared_ptr<node> before;
    session_id owner{};
    bool revoked = false;
  };
  using path = std::vector<std::shared_ptr<node>>;
  using content = std::pair<std::uint64_t, tokens>;  // adapter, and all tokens up to there

  struct row {
    typename paged_cache<Policies>::sequence kv;
    tokens held;
    std::uint64_t adapter;
    session_id session;
    path indexed;
  };

  [[nodiscard]] std::size_t choose(std::size_t bound) { return std::size_t{rng_()} % bound; }
  [[nodiscard]] static request_options options(std::uint64_t adapter, session_id session = {}) {
    return {.scope = {.adapter = adapter, .adapter_version = 10 * adapter}, .session = session};
  }
  [[nodiscard]] static content beginning(const tokens& held, std::size_t pages,
                                         std::uint64_t adapter) {
    return {adapter, {held.begin(), held.begin() + static_cast<std::ptrdiff_t>(pages * per_page)}};
  }
  [[nodiscard]] path walk(const tokens& prompt, std::uint64_t adapter) const {
    path found;
    while ((found.size() + 1) * per_page < prompt.size()) {
      const auto next = visible_.find(beginning(prompt, found.size() + 1, adapter));
      if (next == visible_.end()) break;
      found.push_back(next->second);
    }
    return found;
  }

  void create() {
    const auto prompt = random_prompt();
    const auto adapter = choose(2);
    const session_id session{choose(4)};
    auto made = cache_.create(prompt, options(adapter, session));
    if (!made) return;
    auto known = walk(prompt, adapter);
    known.resize(std::min(known.size(), made->committed() / per_page));
    const auto hit = static_cast<std::ptrdiff_t>(made->committed());
    rows_.push_back({*std::move(made),
                     {prompt.begin(), prompt.begin() + hit},
                     adapter,
                     session,
                     std::move(known)});
    extend(rows_.back(), {prompt.begin() + hit, prompt.end()});
  }
  void go_on() {
    if (rows_.empty()) return;
    tokens more(choose(5));
    for (auto& each : more) each = static_cast<token_id>(choose(2));
    extend(rows_[choose(rows_.size())], more);
  }
  void extend(row& self, const tokens& more) {
    if (!self.kv.append(more.size())) return;
    self.kv.commit(more);
    self.held.insert(self.held.end(), more.begin(), more.end());
    while ((self.indexed.size() + 1) * per_page <= self.held.size()) index_next(self);
  }
  void index_next(row& self) {
    const auto before = self.indexed.empty() ? nullptr : self.indexed.back();
    auto at = before;
    if (before != nullptr && before->revoked) {
      self.indexed.push_back(std::make_shared<node>(node{before, {}, true}));
      return;
    }
    auto& here = visible_[beginning(self.held, self.indexed.size() + 1, self.adapter)];
    if (here == nullptr) {
      here = std::make_shared<node>(node{before, self.session});
    } else {
      at = here;
    }
    self.indexed.push_back(here);
    for (; at != nullptr && at->owner != session_id{} && at->owner != self.session;
         at = at->before) {
      at->owner = session_id{};
    }
  }
  void fork() {
    if (rows_.empty()) return;
    auto& self = rows_[choose(rows_.size())];
    auto made = self.kv.fork();
    if (made)
      rows_.push_back({*std::move(made), self.held, self.adapter, self.session, self.indexed});
  }
  void truncate() {
    if (rows_.empty()) return;
    auto& self = rows_[choose(rows_.size())];
    self.held.resize(choose(self.held.size() + 1));
    self.kv.truncate(self.held.size());
    self.indexed.resize(std::min(self.indexed.size(), self.held.size() / per_page));
  }
  void release() {
    if (rows_.empty()) return;
    const auto which = rows_.begin() + static_cast<std::ptrdiff_t>(choose(rows_.size()));
    rows_.erase(which);
  }

  void revoke_session() {
    const session_id session{1 + choose(3)};
    forget([&](const content& /*what*/, const node& at) { return at.owner == session; },
           cache_.invalidate(session));
  }
  void revoke_adapter() {
    const auto adapter = choose(2);
    forget([&](const content& what, const node& /*at*/) { return what.first == adapter; },
           cache_.invalidate(adapter, 10 * adapter));
  }
  template <class Gone>
  void forget(Gone gone, std::size_t pages) {
    std::size_t expected = 0;
    for (auto each = visible_.begin(); each != visible_.end();) {
      if (gone(each->first, *each->second)) {
        each->second->revoked = true;
        each = visible_.erase(each);
        ++expected;
      } else {
        ++each;
      }
    }
    revoked_ += pages;
    disagreements_ += pages == expected ? 0 : 1;
  }

  std::mt19937 rng_;
  paged_cache<Policies> cache_;
  std::map<content, std::shared_ptr<node>> visible_;
  std::vector<row> rows_;
  std::size_t revoked_ = 0;
  std::size_t disagreements_ = 0;
};

template <class Policies>
class revocation : public testing::Test {};
using revoking_policies = testing::Types<revoking, revoking_hashed>;
TYPED_TEST_SUITE(revocation, revoking_policies);

TYPED_TEST(revocation, hides_what_a_naive_model_forgets_and_nothing_else) {
  const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 20'000 : 500;
  for_each_seed([steps](std::mt19937& rng) {
    revoked_at_random<TypeParam> driver{static_cast<std::uint32_t>(8 * steps), rng};
    for (int step = 0; step < steps; ++step) {
      driver.step();
      for (int ask = 0; ask < 4; ++ask) {
        const auto adapter = rng() % 2;
        const auto [found, expected] = driver.found(driver.random_prompt(), adapter);
        ASSERT_EQ(found, expected) << "at step " << step;
      }
      ASSERT_GT(driver.cache().statistics().free_pages, 0U) << "nothing is to be evicted";
      if (step % 8 != 0) continue;
      ASSERT_STREQ(driver.cache().check_invariants(), nullptr) << "at step " << step;
    }
    EXPECT_EQ(driver.disagreements(), 0U);
    EXPECT_GT(driver.revoked(), 20U);
    driver.finish();
    ASSERT_STREQ(driver.cache().check_invariants(), nullptr);
  });
}

TYPED_TEST(revocation, is_deterministic_and_leaves_a_whole_cache_where_pages_are_evicted_too) {
  for_each_seed([](std::mt19937& rng) {
    revoked_at_random<TypeParam> driver{24, rng};
    revoked_at_random<TypeParam> other{24, rng};
    for (int step = 0; step < 1'000; ++step) {
      driver.step();
      other.step();
      ASSERT_EQ(driver.cache().state_digest(), other.cache().state_digest()) << step;
      ASSERT_STREQ(driver.cache().check_invariants(), nullptr) << step;
    }
    EXPECT_GT(driver.revoked(), 20U);
  });
}

}  // namespace
}  // namespace kvfolio::test
