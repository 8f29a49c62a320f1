// SPDX-License-Identifier: Apache-2.0
#include <span>
#include <vector>

#include <kvfolio/observe/counting_observer.hpp>

#include "../conformance/observer_conformance.hpp"

namespace kvfolio::test {
namespace {

struct make_counting {
  static counting_observer make() { return counting_observer{16}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(counting_observer, observer_conformance, make_counting);

TEST(counting_observer, begins_at_zero) {
  EXPECT_EQ(counting_observer{16}.counts(), event_counts{});
}

TEST(counting_observer, counts_each_event_by_its_definition) {
  counting_observer observer{16};
  observer.on(event::page_fault{page_id{3}});
  observer.on(event::page_copied{{page_id{3}, page_id{5}, 0, 9}, true});
  observer.on(event::page_copied{{page_id{5}, page_id{6}, 0, 2}, false});
  observer.on(event::page_freed{page_id{5}});
  observer.on(event::forked{7});
  observer.on(event::failed{errc::too_large});
  observer.on(event::page_indexed{page_id{3}, std::nullopt, {}, {}});
  observer.on(event::page_indexed{page_id{5}, page_id{3}, {}, {}});
  observer.on(event::page_indexed{page_id{6}, page_id{5}, {}, {}});
  observer.on(event::page_withdrawn{page_id{6}});
  observer.on(event::page_evicted{page_id{5}});
  observer.on(event::page_hit{page_id{3}, 0});
  const std::vector<token_id> prompt(20);
  observer.on(event::prompt_matched{16, prompt, {}});
  observer.on(event::prompt_matched{0, std::span{prompt}.first(3), {}});
  observer.on(event::invalidated{1});
  EXPECT_EQ(observer.counts(), (event_counts{.page_faults = 1,
                                             .page_copies = 2,
                                             .divergences = 1,
                                             .pages_freed = 1,
                                             .tokens_copied = 11,
                                             .forks = 1,
                                             .pages_shared = 7,
                                             .pages_indexed = 3,
                                             .pages_evicted = 1,
                                             .pages_withdrawn = 1,
                                             .page_hits = 1,
                                             .hit_tokens = 16,
                                             .prompt_tokens = 23,
                                             .failures = 1}));
  EXPECT_EQ(observer.counts().pages_allocated(), 3U);
  EXPECT_EQ(observer.counts().copies_saved(), 6U);
}

TEST(counting_observer, a_page_is_reused_from_its_second_use_on) {
  counting_observer observer{16};
  observer.on(event::page_fault{page_id{15}});
  EXPECT_EQ(observer.counts().page_reuses, 0U);
  observer.on(event::page_fault{page_id{15}});
  observer.on(event::page_copied{{page_id{1}, page_id{15}, 0, 1}, true});
  observer.on(event::page_copied{{page_id{15}, page_id{2}, 0, 1}, true});
  EXPECT_EQ(observer.counts().page_reuses, 2U);
}

}  // namespace
}  // namespace kvfolio::test
