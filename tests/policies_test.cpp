// SPDX-License-Identifier: Apache-2.0
#include <optional>
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

constexpr cache_config small{.shape = model::grouped_query(1, 1, 8, dtype::f16), .pages = 8};

TEST(policies, a_policy_of_the_users_own_is_asked) {
  kv::paged_cache<with_highest_first> cache{small};
  auto one = cache.create().value();
  one.append(17).value();
  EXPECT_EQ(one.page_at(0), page_id{7});
  EXPECT_EQ(one.page_at(1), page_id{6});
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
