// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>

namespace kvfolio::test {
namespace {

// What a user writes to change one policy.
namespace kv = kvfolio;
struct serving : kv::default_policies {
  using page_table = kv::table::persistent;
};
static_assert(kv::policy_bundle<serving> && kv::policy_bundle<kv::default_policies>);

// A policy of the user's own, whole: the page with the highest number comes first.
class highest_first {
 public:
  highest_first(page_id first, page_id last) {
    for (auto i = to_index(first); i < to_index(last); ++i) free_.push_back(to_page(i));
  }
  std::optional<page_id> allocate() noexcept {
    if (free_.empty()) return std::nullopt;
    const auto page = free_.back();
    free_.pop_back();
    return page;
  }
  void release(page_id page, page_history /*history*/) noexcept { free_.push_back(page); }
  std::size_t size() const noexcept { return free_.size(); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto page : free_) visit(page);
  }

 private:
  std::vector<page_id> free_;  // never grows past what it was made with
};
struct with_highest_first : kv::default_policies {
  using page_allocator = highest_first;
};

// An eviction policy of the user's own, whole: the deepest page of a prompt leaves first, because
// the pages near the root are those that many prompts begin with.
class deepest_first {
  std::vector<std::uint32_t> rank_;  // by page: one more than its depth; 0: not tracked

 public:
  explicit deepest_first(std::size_t pages) : rank_(pages) {}
  void miss(const kv::page_access&) noexcept {}
  void insert(kv::page_id page, const kv::page_access& access) noexcept {
    rank_[to_index(page)] = access.depth + 1;
  }
  void touch(kv::page_id, const kv::page_access&) noexcept {}
  void erase(kv::page_id page) noexcept { rank_[to_index(page)] = 0; }
  std::optional<kv::page_id> evict(const kv::page_access&, kv::page_set eligible) noexcept {
    std::optional<kv::page_id> victim;
    for (auto i = rank_.size(); i-- > 0;) {
      if (rank_[i] == 0 || !eligible.contains(kv::to_page(i))) continue;
      if (!victim || rank_[i] > rank_[to_index(*victim)]) victim = kv::to_page(i);
    }
    if (victim) erase(*victim);
    return victim;
  }
  std::size_t size() const noexcept {
    return rank_.size() - std::size_t(std::ranges::count(rank_, 0));
  }
};
struct with_deepest_first : kv::default_policies {
  using eviction = deepest_first;
};

constexpr cache_config small{.shape = model::grouped_query(1, 1, 8, dtype::f16), .pages = 8};

TEST(policies, a_policy_of_the_users_own_is_asked) {
  kv::paged_cache<with_highest_first> cache{small};
  auto one = cache.create().value();
  one.append(17).value();
  EXPECT_EQ(one.page_at(0), page_id{7});
  EXPECT_EQ(one.page_at(1), page_id{6});
}

TEST(policies, an_eviction_policy_of_the_users_own_is_asked) {
  static_assert(kv::eviction_policy<deepest_first> && !kv::eligibility_aware<deepest_first>);
  const auto shape = kv::model::grouped_query(1, 1, 8, kv::dtype::f16);
  kv::paged_cache<with_deepest_first> cache{{.shape = shape, .tokens_per_page = 2, .pages = 8}};
  const auto compute = [&cache](const std::vector<kv::token_id>& prompt) {
    auto one = cache.create(prompt).value();
    one.append(prompt.size() - one.length()).value();
    one.commit(std::span{prompt}.subspan(one.committed()));
  };
  const std::vector<kv::token_id> deep{1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<kv::token_id> shallow{1, 2, 3, 4, 9, 9};
  compute(shallow);
  compute(deep);
  const auto found = [&cache](std::vector<kv::token_id> prompt) {
    prompt.push_back(0);
    return cache.probe(prompt).hit_tokens;
  };
  EXPECT_EQ(found(deep), 8U);
  auto filler = cache.create().value();
  filler.append(3 * 2 + 2).value();  // as many pages as are free, and one more
  EXPECT_EQ(found(deep), 6U) << "the fourth page of the younger prompt was the deepest";
  EXPECT_EQ(found(shallow), 6U);
  filler.append(2 * 2).value();
  EXPECT_EQ(found(deep), 4U);
  EXPECT_EQ(found(shallow), 4U);
  EXPECT_EQ(cache.check_invariants(), nullptr);
}

TEST(policies, the_default_is_flat_tables_that_kernels_read) {
  kv::paged_cache cache{small};
  auto one = cache.create().value();
  one.append(17).value();
  EXPECT_EQ(one.page_table().size(), 2U);
}

// The bytes and the backend fit each other, or there is no bundle.
struct copies_nothing : kv::default_policies {
  using memory = kv::memory::unbacked;
};
struct copies_later : copies_nothing {
  using copies = kv::deferred_copies;
};
static_assert(!kv::policy_bundle<copies_nothing> && kv::policy_bundle<copies_later>);
static_assert(!kv::policy_bundle<int>);

}  // namespace
}  // namespace kvfolio::test
