// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <kvfolio/copies/deferred_copies.hpp>

#include "../conformance/copy_backend_conformance.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(deferred_copies, copy_backend_conformance, deferred_copies);

// There are no bytes: the engine has them.
const model::page_array nothing{{},
                                model::page_layout{model::grouped_query(1, 1, 8, dtype::i8), 16}};

copy_op op(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) {
  return {page_id{from}, page_id{to}, 0, tokens};
}

TEST(deferred_copies, are_taken_oldest_first_in_pieces_of_any_size) {
  deferred_copies copies{8};
  for (const auto& each : {op(0, 1, 3), op(1, 2, 4), op(0, 3, 5)}) copies.submit(each, nothing);
  EXPECT_EQ(copies.waiting(), 3U);
  std::vector<copy_op> out(2);
  const auto first = copies.take(out);
  EXPECT_EQ(first.count, 2U);
  EXPECT_EQ(out, (std::vector{op(0, 1, 3), op(1, 2, 4)}));
  EXPECT_EQ(copies.waiting(), 1U);
  EXPECT_EQ(copies.take({}).count, 0U);
  EXPECT_EQ(copies.take(out).count, 1U);
  EXPECT_EQ(out[0], op(0, 3, 5));
  EXPECT_EQ(copies.take(out).count, 0U);
}

TEST(deferred_copies, both_pages_are_busy_from_submission_to_landing) {
  deferred_copies copies{8};
  copies.submit(op(4, 5, 7), nothing);
  std::vector<copy_op> out(1);
  const auto batch = copies.take(out);
  EXPECT_TRUE(copies.busy(page_id{4}) && copies.busy(page_id{5}));
  EXPECT_FALSE(copies.busy(page_id{6}));
  EXPECT_EQ(copies.unread(page_id{4}), 7U);
  EXPECT_EQ(copies.unread(page_id{5}), 0U) << "it is written, not read";
  std::vector<page_id> idle;
  copies.complete(batch.ticket, [&idle](page_id page) noexcept { idle.push_back(page); });
  EXPECT_THAT(idle, testing::UnorderedElementsAre(page_id{4}, page_id{5}));
  EXPECT_FALSE(copies.busy(page_id{4}) || copies.busy(page_id{5}));
  EXPECT_EQ(copies.unread(page_id{4}), 0U);
}

TEST(deferred_copies, a_page_is_idle_when_the_last_of_its_copies_has_landed) {
  deferred_copies copies{8};
  copies.submit(op(0, 1, 3), nothing);
  copies.submit(op(0, 2, 3), nothing);
  std::vector<copy_op> out(1);
  const auto first = copies.take(out);
  const auto second = copies.take(out);
  std::vector<page_id> idle;
  const auto note = [&idle](page_id page) noexcept { idle.push_back(page); };
  copies.complete(first.ticket, note);
  EXPECT_THAT(idle, testing::ElementsAre(page_id{1}));
  EXPECT_TRUE(copies.busy(page_id{0}));
  copies.complete(second.ticket, note);
  EXPECT_THAT(idle, testing::UnorderedElementsAre(page_id{0}, page_id{1}, page_id{2}));
}

TEST(deferred_copies, nothing_that_is_unread_is_given_up_before_it_was_read) {
  deferred_copies copies{8};
  copies.submit(op(0, 1, 5), nothing);
  EXPECT_EQ(copies.unread(page_id{0}), 5U);
  copies.submit(op(0, 2, 10), nothing);
  EXPECT_EQ(copies.unread(page_id{0}), 10U);
  copies.submit(op(0, 3, 7), nothing);
  std::vector<copy_op> out(1);
  for (const std::uint32_t still_read : {10U, 7U}) {
    copies.complete(copies.take(out).ticket, [](page_id /*page*/) noexcept {});
    EXPECT_GE(copies.unread(page_id{0}), still_read);
  }
  copies.complete(copies.take(out).ticket, [](page_id /*page*/) noexcept {});
  EXPECT_EQ(copies.unread(page_id{0}), 0U);
}

TEST(deferred_copies, scenario_36_reporting_a_ticket_again_does_nothing) {
  deferred_copies copies{8};
  copies.submit(op(0, 1, 3), nothing);
  std::vector<copy_op> out(8);
  const auto old = copies.take(out);
  copies.submit(op(0, 2, 3), nothing);
  const auto young = copies.take(out);
  int idle = 0;
  const auto count = [&idle](page_id /*page*/) noexcept { ++idle; };
  copies.complete(young.ticket, count);
  EXPECT_EQ(idle, 3) << "a ticket stands for all that were taken before it";
  copies.complete(old.ticket, count);
  copies.complete(young.ticket, count);
  EXPECT_EQ(idle, 3);
}

TEST(deferred_copies, there_is_room_for_as_many_copies_as_pages_again_and_again) {
  deferred_copies copies{5};
  std::vector<copy_op> out(5);
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t to = 1; to < 5; ++to) copies.submit(op(0, to, to), nothing);
    EXPECT_EQ(copies.waiting(), 4U);
    const auto batch = copies.take(out);
    ASSERT_EQ(batch.count, 4U);
    for (std::uint32_t to = 1; to < 5; ++to) EXPECT_EQ(out[to - 1], op(0, to, to));
    copies.complete(batch.ticket, [](page_id /*page*/) noexcept {});
  }
}

#ifndef NDEBUG
TEST(deferred_copies_death, copying_to_a_page_in_flight_is_a_contract_violation) {
  deferred_copies copies{8};
  copies.submit(op(0, 1, 3), nothing);
  EXPECT_DEATH(copies.submit(op(2, 1, 3), nothing), "busy");
  EXPECT_DEATH(copies.submit(op(2, 0, 3), nothing), "busy");
}

TEST(deferred_copies_death, a_ticket_that_was_not_given_is_a_contract_violation) {
  deferred_copies copies{8};
  EXPECT_DEATH(copies.complete(copy_ticket{1}, [](page_id /*page*/) noexcept {}), "ticket");
}
#endif

}  // namespace
}  // namespace kvfolio::test
