// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/page_chains.hpp>

namespace kvfolio::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// An observer is moved into what it observes: what it hears goes to a log outside.
struct chain_log {
  std::vector<page_id> faults;
  std::vector<page_id> freed;
  std::vector<std::pair<copy_op, bool>> copies;
};
struct logging_observer
    : ignore<event::forked, event::failed, event::page_indexed, event::page_withdrawn,
             event::page_evicted, event::page_hit, event::prompt_matched, event::invalidated> {
  using ignore::on;
  void on(const event::page_fault& event) noexcept { log->faults.push_back(event.page); }
  void on(const event::page_freed& event) noexcept { log->freed.push_back(event.page); }
  void on(const event::page_copied& event) noexcept {
    log->copies.emplace_back(event.copy, event.shared);
  }
  chain_log* log = nullptr;
};
struct logged : default_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
  using observer = logging_observer;
};

constexpr cache_config small{.shape = model::grouped_query(1, 1, 8, dtype::i8),
                             .tokens_per_page = 4,
                             .pages = 12,
                             .max_sequences = 4};

class page_chains_of_four_tokens : public testing::Test {
 protected:
  page_chains_of_four_tokens() : chains_{parts(log_), bytes(), small.pages, small.max_sequences} {}

  static cache_parts<logged> parts(chain_log& log) {
    auto made = cache_parts<logged>::make(small);
    made.observer.log = &log;
    return made;
  }
  static model::page_array bytes() {
    return {{}, model::page_layout{small.shape, small.tokens_per_page}};
  }
  // Grows `row`, of `length` tokens, none of them complete.
  void grow(std::size_t row, std::size_t length, std::size_t tokens) {
    chains_.grow(row, length, 0, chains_.needs(row, length, tokens), user_);
  }
  void shrink(std::size_t row, std::size_t keep) { chains_.shrink(row, keep, 0, 0, user_); }
  // Computes `tokens` at the end of `row`, and makes them complete.
  void fill(std::size_t row, std::size_t length, const std::vector<token_id>& tokens) {
    grow(row, length, tokens.size());
    chains_.note(row, length, tokens, {}, SIZE_MAX, user_);
  }
  [[nodiscard]] const auto& pool() const { return chains_.resident().pool(); }
  [[nodiscard]] const auto& index() const { return chains_.resident().index(); }
  // Lets every copy land.
  void land() {
    std::vector<copy_op> ops(small.pages);
    chains_.resident().complete(chains_.resident().copies().take(ops).ticket);
  }

  chain_log log_;
  page_chains<logged> chains_;
  sequence_record user_;
};

TEST_F(page_chains_of_four_tokens, a_row_pins_its_last_page_and_each_page_the_one_before) {
  grow(0, 0, 9);
  EXPECT_THAT(log_.faults, ElementsAre(page_id{0}, page_id{1}, page_id{2}));
  for (const auto page : log_.faults) EXPECT_EQ(pool().pins(page), 1U);
  chains_.fork(0, 1);
  EXPECT_EQ(pool().pins(page_id{0}), 1U);
  EXPECT_EQ(pool().pins(page_id{1}), 1U);
  EXPECT_EQ(pool().pins(page_id{2}), 2U) << "a fork is one pin, whatever its length";
}

TEST_F(page_chains_of_four_tokens, what_a_row_needs_are_pages_and_perhaps_a_copy) {
  EXPECT_EQ(chains_.needs(0, 0, 0).pages, 0U);
  EXPECT_EQ(chains_.needs(0, 0, 8).pages, 2U);
  grow(0, 0, 5);
  EXPECT_EQ(chains_.needs(0, 5, 3).pages, 0U) << "there is room for three";
  EXPECT_EQ(chains_.needs(0, 5, 4).pages, 1U);
  chains_.fork(0, 1);
  EXPECT_TRUE(chains_.needs(1, 5, 1).copies_tail);
  EXPECT_EQ(chains_.needs(1, 5, 4).pages, 2U);
  EXPECT_FALSE(chains_.needs(1, 5, 0).copies_tail);
}

TEST_F(page_chains_of_four_tokens, rows_that_are_planned_together_leave_the_page_to_the_last) {
  grow(0, 0, 2);
  chains_.fork(0, 1);
  chains_.fork(0, 2);
  EXPECT_TRUE(chains_.plan(0, 2, 1).copies_tail);
  EXPECT_FALSE(chains_.plans_nothing());
  EXPECT_TRUE(chains_.plan(1, 2, 1).copies_tail);
  EXPECT_FALSE(chains_.plan(2, 2, 1).copies_tail);
  for (const std::size_t row : {0U, 1U, 2U}) chains_.forget(row);
  EXPECT_TRUE(chains_.plans_nothing());
}

TEST_F(page_chains_of_four_tokens, shrinking_frees_from_the_end_up_to_what_others_hold) {
  grow(0, 0, 12);
  chains_.fork(0, 1);
  shrink(1, 2);
  EXPECT_THAT(log_.freed, IsEmpty());
  grow(1, 8, 8);
  shrink(1, 0);
  EXPECT_THAT(log_.freed, ElementsAre(page_id{4}, page_id{3})) << "deepest first";
  shrink(0, 1);
  EXPECT_THAT(log_.freed, ElementsAre(page_id{4}, page_id{3}, page_id{2}, page_id{1}));
  EXPECT_EQ(pool().pins(page_id{0}), 1U);
}

TEST_F(page_chains_of_four_tokens, pages_up_to_the_last_shared_one_are_not_the_rows_own) {
  grow(0, 0, 12);
  EXPECT_EQ(chains_.shared_end(0, 0), 0U);
  EXPECT_EQ(chains_.shared_end(0, 2), 2U) << "there is no shared page from there on";
  chains_.fork(0, 1);
  shrink(1, 2);
  EXPECT_EQ(chains_.shared_end(0, 0), 2U) << "the third page is row 0's alone";
  EXPECT_EQ(chains_.shared_end(1, 0), 2U);
}

TEST_F(page_chains_of_four_tokens, copying_replaces_pages_and_keeps_those_of_others) {
  grow(0, 0, 11);
  chains_.fork(0, 1);
  chains_.copy(1, 1, 3, 11, 0, user_);
  EXPECT_THAT(log_.copies, ElementsAre(std::pair{copy_op{page_id{2}, page_id{3}, 0, 3}, true},
                                       std::pair{copy_op{page_id{1}, page_id{4}, 0, 4}, true}))
      << "deepest first";
  EXPECT_EQ(chains_.tables().at(1, 0), page_id{0});
  EXPECT_EQ(chains_.tables().at(0, 1), page_id{1});
  EXPECT_EQ(pool().pins(page_id{0}), 2U) << "by the second page of either row";
  EXPECT_EQ(chains_.shared_end(1, 1), 1U);
  EXPECT_THAT(log_.freed, IsEmpty());
}

TEST_F(page_chains_of_four_tokens, a_page_in_flight_is_not_free_before_its_copies_have_landed) {
  grow(0, 0, 2);
  chains_.fork(0, 1);
  grow(1, 2, 1);
  shrink(0, 0);
  shrink(1, 0);
  EXPECT_EQ(chains_.resident().landing(), 2U);
  EXPECT_EQ(pool().free(), pool().capacity() - 2);
  land();
  EXPECT_EQ(chains_.resident().landing(), 0U);
  EXPECT_EQ(pool().free(), pool().capacity());
}

TEST_F(page_chains_of_four_tokens, what_a_copy_in_flight_still_reads_is_not_written_over) {
  grow(0, 0, 3);
  chains_.fork(0, 1);
  grow(1, 3, 1);
  EXPECT_FALSE(chains_.needs(0, 3, 1).copies_tail) << "it reads the tokens before those";
  EXPECT_TRUE(chains_.needs(0, 2, 1).copies_tail) << "had row 0 been cut to two tokens";
  grow(0, 2, 1);
  EXPECT_EQ(log_.copies.back(), (std::pair{copy_op{page_id{0}, page_id{2}, 0, 2}, false}));
  EXPECT_EQ(chains_.resident().landing(), 1U);
  land();
  EXPECT_EQ(chains_.resident().landing(), 0U);
}

TEST_F(page_chains_of_four_tokens, a_row_begins_with_what_is_indexed_and_pins_its_end) {
  fill(0, 0, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(index().parent(page_id{1}), page_id{0});
  const std::vector<page_id> hit{page_id{0}, page_id{1}};
  chains_.begin(1, hit, chains_.cursor(0), user_);
  EXPECT_EQ(pool().pins(page_id{1}), 2U);
  EXPECT_EQ(pool().pins(page_id{0}), 1U) << "by the page after it";
  EXPECT_EQ(chains_.cursor(1).pages, 2U);
  shrink(1, 0);
  chains_.shrink(0, 0, 8, 0, user_);
  EXPECT_THAT(log_.freed, IsEmpty());
  EXPECT_EQ(chains_.resident().cached(), 2U);
}

TEST_F(page_chains_of_four_tokens, an_equal_page_stays_in_its_row_and_pins_its_twin) {
  fill(0, 0, {1, 2, 3, 4});
  fill(1, 0, {1, 2, 3, 4});
  EXPECT_EQ(chains_.twin_of(0, 0), std::nullopt);
  EXPECT_EQ(chains_.twin_of(1, 0), page_id{0});
  EXPECT_FALSE(index().contains(page_id{1}));
  EXPECT_EQ(pool().pins(page_id{0}), 2U);
  fill(1, 4, {5, 6, 7, 8});
  EXPECT_EQ(index().parent(page_id{2}), page_id{0}) << "indexed under the twin";
  EXPECT_TRUE(chains_.hangs_elsewhere(1, 1));
  EXPECT_EQ(pool().pins(page_id{1}), 1U) << "by the row";
  EXPECT_EQ(pool().pins(page_id{0}), 3U) << "by row 0, as a twin, and by its child";
  chains_.shrink(0, 0, 4, 0, user_);
  chains_.shrink(1, 0, 8, 0, user_);
  EXPECT_THAT(log_.freed, ElementsAre(page_id{1})) << "nobody could find it";
  EXPECT_EQ(chains_.resident().cached(), 2U);
}

TEST_F(page_chains_of_four_tokens, a_page_that_others_have_too_is_unhooked_from_its_row_for_all) {
  fill(0, 0, {1, 2, 3, 4});
  fill(1, 0, {1, 2, 3, 4});
  grow(1, 4, 4);
  chains_.fork(1, 2);
  EXPECT_EQ(pool().pins(page_id{1}), 1U) << "by the draft after it";
  chains_.note(1, 4, std::vector<token_id>{5, 6, 7, 8}, {}, SIZE_MAX, user_);
  EXPECT_TRUE(chains_.hangs_elsewhere(1, 1));
  EXPECT_TRUE(chains_.hangs_elsewhere(2, 1));
  EXPECT_EQ(pool().pins(page_id{1}), 2U) << "by each of the rows";
  chains_.shrink(1, 0, 8, 0, user_);
  EXPECT_EQ(pool().pins(page_id{1}), 1U);
  chains_.shrink(2, 0, 4, 0, user_);
  EXPECT_THAT(log_.freed, ElementsAre(page_id{1}));
}

TEST_F(page_chains_of_four_tokens, what_is_written_again_is_taken_out_of_the_index) {
  fill(0, 0, {1, 2, 3, 4, 5, 6, 7, 8});
  chains_.shrink(0, 2, 8, 6, user_);
  EXPECT_TRUE(index().contains(page_id{1}));
  grow(0, 6, 1);
  EXPECT_FALSE(index().contains(page_id{1}));
  EXPECT_TRUE(index().contains(page_id{0}));
  EXPECT_EQ(chains_.cursor(0).page, page_id{0});
  EXPECT_EQ(pool().pins(page_id{0}), 1U);
}

}  // namespace
}  // namespace kvfolio::test
