// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>

#include "support/contiguous_bundles.hpp"
#include "support/contiguous_engine.hpp"

namespace kvfolio::test {
namespace {

std::vector<token_id> text(std::size_t count, token_id first = 1) {
  std::vector<token_id> tokens(count);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

template <class Bundle>
class contiguous_cache_test : public testing::Test {
 protected:
  using cache_type = contiguous_cache<Bundle>;
  using sequence = typename cache_type::sequence;

  void grow(sequence& target, std::span<const token_id> tokens) {
    const auto length = target.length();
    target.append(tokens.size()).value();
    engine_.write(target, length, tokens);
    target.commit(tokens);
  }
  [[nodiscard]] std::size_t per_page() const { return cache_.tokens_per_page(); }
  [[nodiscard]] std::uint64_t maps() const { return cache_.mappings().maps; }
  static constexpr bool reuses = Bundle::prefix_index::enabled;
  static constexpr bool keeps = std::is_same_v<typename Bundle::reclamation, vm::deferred_reclaim>;

  void TearDown() override {
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
    EXPECT_EQ(cache_.statistics().used_pages, 0);
    EXPECT_TRUE(cache_.reset());
    EXPECT_EQ(cache_.statistics().free_pages, cache_.pages().config().pages);
  }

  cache_type cache_{config_of_rows<Bundle>(24)};
  contiguous_engine<cache_type> engine_{cache_};
};
TYPED_TEST_SUITE(contiguous_cache_test, contiguous_bundles, name_of_bundle);

TYPED_TEST(contiguous_cache_test, shows_a_sequence_as_one_array_while_it_grows) {
  auto one = this->cache_.create().value();
  const auto* const first = this->cache_.keys(0, one).data();
  std::vector<token_id> tokens;
  for (const std::size_t step : {1UL, 5UL, 60UL, 1UL, this->per_page(), 130UL}) {
    const auto more = text(step, static_cast<token_id>(tokens.size()));
    this->grow(one, more);
    tokens.insert(tokens.end(), more.begin(), more.end());
    EXPECT_TRUE(this->engine_.reads(one, tokens));
  }
  EXPECT_EQ(this->cache_.keys(0, one).data(), first) << "it never moves";
}

TYPED_TEST(contiguous_cache_test, a_found_prefix_is_the_same_memory_at_other_addresses) {
  const auto prompt = text(3 * this->per_page() + 5);
  auto first = this->cache_.create(prompt).value();
  this->grow(first, prompt);
  const auto used = this->cache_.statistics().used_pages;
  auto second = this->cache_.create(prompt).value();
  ASSERT_EQ(second.length(), this->reuses ? 3 * this->per_page() : 0);
  EXPECT_EQ(this->cache_.statistics().used_pages, used) << "chunks are there once";
  EXPECT_TRUE(this->engine_.reads(second, std::span{prompt}.first(second.length())));
  EXPECT_NE(this->cache_.keys(0, second).data(), this->cache_.keys(0, first).data());
  const auto seen = this->cache_.mappings();
  EXPECT_EQ(seen.shown_places - seen.shown_pages, second.page_count());
}

TYPED_TEST(contiguous_cache_test, forks_share_all_until_one_of_them_writes) {
  const auto tokens = text(2 * this->per_page() + 3);
  auto parent = this->cache_.create().value();
  this->grow(parent, tokens);
  const auto used = this->cache_.statistics().used_pages;
  auto child = parent.fork().value();
  EXPECT_EQ(this->cache_.statistics().used_pages, used);
  EXPECT_TRUE(this->engine_.reads(child, tokens));
  auto of_child = tokens;
  auto of_parent = tokens;
  this->grow(child, text(1, 777));
  of_child.push_back(777);
  EXPECT_EQ(this->cache_.statistics().used_pages, used + 1) << "the last page alone was copied";
  this->grow(parent, text(1, 888));
  of_parent.push_back(888);
  EXPECT_TRUE(this->engine_.reads(child, of_child));
  EXPECT_TRUE(this->engine_.reads(parent, of_parent));
}

TYPED_TEST(contiguous_cache_test, rewriting_copies_what_others_read) {
  const auto tokens = text(this->per_page() + 9);
  auto parent = this->cache_.create().value();
  parent.append(tokens.size()).value();
  this->engine_.write(parent, 0, tokens);
  auto child = parent.fork().value();
  const auto other = text(4, 500);
  ASSERT_TRUE(child.writable(2, other.size()));
  this->engine_.write(child, 2, other);
  auto expected = tokens;
  std::copy(other.begin(), other.end(), expected.begin() + 2);
  EXPECT_TRUE(this->engine_.reads(child, expected));
  EXPECT_TRUE(this->engine_.reads(parent, tokens));
  EXPECT_EQ(parent.writable(tokens.size(), 1).error(), errc::out_of_range);
}

TYPED_TEST(contiguous_cache_test, goes_on_where_it_was_cut) {
  auto one = this->cache_.create().value();
  auto tokens = text(2 * this->per_page() + 7);
  this->grow(one, tokens);
  const auto dropped = one.truncate(this->per_page() / 2);
  EXPECT_EQ(dropped.pages, 2);
  tokens.resize(this->per_page() / 2);
  const auto more = text(2 * this->per_page(), 900);
  this->grow(one, more);
  tokens.insert(tokens.end(), more.begin(), more.end());
  EXPECT_TRUE(this->engine_.reads(one, tokens));
}

TYPED_TEST(contiguous_cache_test, the_next_sequence_finds_what_the_last_one_had_mapped) {
  const auto grow_and_release = [this] {
    auto one = this->cache_.create().value();
    one.append(3 * this->per_page()).value();
  };
  grow_and_release();
  const auto before = this->maps();
  grow_and_release();
  const bool reused = this->keeps && !this->reuses;  // else it looks for where nothing is
  EXPECT_EQ(this->maps(), reused ? before : 2 * before);
}

TYPED_TEST(contiguous_cache_test, a_prefix_is_shown_where_it_was_shown_before) {
  if (!this->reuses || !this->keeps) GTEST_SKIP() << "nothing is found, or stays mapped";
  const auto prompt = text(3 * this->per_page() + 1);
  const auto other = text(3 * this->per_page() + 1, 5'000);
  for (const auto& tokens : {prompt, other}) {
    auto one = this->cache_.create(tokens).value();
    this->grow(one, tokens);
  }
  const auto before = this->maps();
  auto again = this->cache_.create(prompt).value();
  auto another = this->cache_.create(other).value();
  EXPECT_EQ(again.length(), 3 * this->per_page());
  EXPECT_EQ(another.length(), 3 * this->per_page());
  EXPECT_EQ(this->maps(), before);
  EXPECT_TRUE(this->engine_.reads(again, std::span{prompt}.first(again.length())));
  EXPECT_TRUE(this->engine_.reads(another, std::span{other}.first(another.length())));
}

TYPED_TEST(contiguous_cache_test, who_gets_the_page_of_another_is_the_only_one_to_write_it) {
  std::vector<typename TestFixture::sequence> all;
  const auto pages = this->cache_.statistics().pages;
  for (int round = 0; round < 3; ++round) {
    all.clear();
    while (this->cache_.statistics().free_pages >= pages / 6 && all.size() < 8) {
      all.push_back(this->cache_.create().value());
      const auto tokens = (pages / 6 - static_cast<std::size_t>(round)) * this->per_page();
      this->grow(all.back(), text(tokens, 1'000 * static_cast<token_id>(all.size()) + round));
      ASSERT_STREQ(this->cache_.check_invariants(), nullptr);
    }
  }
  all.clear();
}

TYPED_TEST(contiguous_cache_test, a_step_is_reserved_for_all_its_sequences_or_for_none) {
  auto one = this->cache_.create().value();
  auto other = this->cache_.create().value();
  const auto tokens = text(this->per_page() + 1);
  {
    auto set_aside = this->cache_.reserve({{one, tokens.size()}, {other, tokens.size()}}).value();
    EXPECT_EQ(set_aside.pages(), 4);
    set_aside.accept();
  }
  this->engine_.write(one, 0, tokens);
  this->engine_.write(other, 0, tokens);
  EXPECT_TRUE(this->engine_.reads(other, tokens));
  const auto free = this->cache_.statistics().free_pages * this->per_page();
  EXPECT_EQ(this->cache_.reserve({{one, free}, {other, this->per_page()}}).error(),
            errc::out_of_pages);
  auto dropped = this->cache_.reserve({{one, 4 * this->per_page()}, {other, 1}}).value();
  one.release();
  dropped.accept();
  EXPECT_EQ(other.length(), tokens.size() + 1);
}

TYPED_TEST(contiguous_cache_test, says_why_there_is_no_more) {
  auto one = this->cache_.create().value();
  const auto all_tokens = this->cache_.statistics().pages * this->per_page();
  EXPECT_EQ(one.append(all_tokens + 1).error(), errc::too_large);
  EXPECT_EQ(one.length(), 0);
  std::vector<typename TestFixture::sequence> all;
  while (all.size() < 7) all.push_back(this->cache_.create().value());
  EXPECT_EQ(this->cache_.create().error(), errc::too_many_sequences);
  EXPECT_EQ(one.fork().error(), errc::too_many_sequences);
}

TYPED_TEST(contiguous_cache_test, equal_calls_lead_to_equal_states) {
  contiguous_cache<TypeParam> twin{config_of_rows<TypeParam>(24)};
  const auto use = [](auto& cache) {
    auto kept = cache.create(text(200)).value();
    kept.append(200).value();
    kept.commit(text(200));
    auto child = kept.fork().value();
    child.append(70).value();
    kept.release();
    auto other = cache.create(text(190)).value();
    other.append(3).value();
    return cache.state_digest();
  };
  EXPECT_EQ(use(twin), use(this->cache_));
}

TEST(contiguous_cache_death, a_stray_write_into_what_others_share_is_trapped) {
  // A forked child has nothing at the addresses, and would die of any write: begin anew there.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  contiguous_cache<by_layer> cache{config_of_rows<by_layer>(8)};
  const auto prompt = text(2 * cache.tokens_per_page());
  auto first = cache.create(prompt).value();
  first.append(prompt.size()).value();
  first.commit(prompt);
  auto second = cache.create(prompt).value();
  ASSERT_EQ(second.length(), cache.tokens_per_page());
  const auto write_both = [&] {
    cache.keys(0, first)(0, 0, 0) = std::byte{1};
    const bool seen = cache.keys(0, second)(0, 0, 0) == std::byte{1};
    std::fputs(seen ? "the writer may, the reader sees it" : "lost", stderr);
    cache.keys(0, second)(0, 0, 0) = std::byte{2};
  };
  EXPECT_DEATH(write_both(), "the writer may, the reader sees it");
}

TEST(contiguous_cache, mappings_of_the_dead_make_room_for_the_living) {
  struct few : on_a_device {
    using layout = vm::per_layer;
    [[nodiscard]] static backend make_backend(std::size_t bytes, std::size_t chunk_bytes) {
      return backend{{.granule = chunk_bytes, .max_physical_bytes = bytes, .max_mappings = 40}};
    }
  };
  // Four tensors, and a mapping may cost two: room for four rows, and for two more.
  contiguous_cache<few> cache{config_of_rows<few>(24)};
  contiguous_engine<contiguous_cache<few>> engine{cache};
  const auto tokens = text(4 * cache.tokens_per_page());
  for (int i = 0; i < 5; ++i) {
    auto one = cache.create().value();
    auto other = cache.create().value();
    one.append(tokens.size()).value();
    engine.write(one, 0, tokens);
    const auto before = cache.pages().state_digest();
    EXPECT_EQ(other.append(tokens.size()).error(), errc::no_mappings);
    EXPECT_EQ(cache.pages().state_digest(), before);
    EXPECT_EQ(one.fork().error(), errc::no_mappings);
    EXPECT_TRUE(engine.reads(one, tokens));
    EXPECT_STREQ(cache.check_invariants(), nullptr);
  }
}

TEST(contiguous_cache, waits_for_the_fence_before_it_unmaps) {
  struct eager : on_a_device {
    using reclamation = vm::eager_reclaim;
  };
  contiguous_cache<eager> cache{config_of_rows<eager>(24)};
  cache.advance_steps(vm::epoch{1}, vm::epoch{1});
  auto one = cache.create().value();
  one.append(2 * cache.tokens_per_page()).value();
  one.release();
  EXPECT_EQ(cache.mappings().shown_places, 2) << "step 1 may be reading it";
  cache.advance_steps(vm::epoch{2}, vm::epoch{1});
  EXPECT_EQ(cache.mappings().shown_places, 2);
  cache.advance_steps(vm::epoch{2}, vm::epoch{2});
  EXPECT_EQ(cache.mappings().shown_places, 0);
}

TEST(contiguous_cache, addresses_that_a_step_uses_are_not_given_to_another) {
  auto config = config_of_rows<on_a_device>(24);
  config.max_sequences = 2;
  contiguous_cache<on_a_device> cache{config};
  cache.advance_steps(vm::epoch{1}, vm::epoch{1});
  auto one = cache.create().value();
  auto other = cache.create().value();
  one.append(cache.tokens_per_page()).value();
  EXPECT_EQ(cache.create().error(), errc::too_many_sequences);
  const auto* const addresses = cache.keys(0, one).data();
  one.release();
  EXPECT_EQ(cache.create().error(), errc::in_flight) << "step 1 may be reading there";
  EXPECT_EQ(other.fork().error(), errc::in_flight);
  // Its page is free, however, and what the step still sees there is its own business.
  other.append(24 * cache.tokens_per_page()).value();
  cache.advance_steps(vm::epoch{2}, vm::epoch{2});
  auto next = cache.create().value();
  EXPECT_EQ(cache.keys(0, next).data(), addresses);
  EXPECT_STREQ(cache.check_invariants(), nullptr) << "and it cannot write what others have now";
}

TEST(contiguous_cache, has_no_addresses_beyond_the_longest_sequence) {
  auto config = config_of_rows<by_layer>(8);
  config.max_tokens = 100;
  contiguous_cache<by_layer> cache{config};
  auto one = cache.create().value();
  one.append(90).value();
  EXPECT_EQ(one.append(11).error(), errc::too_many_sequences);
  EXPECT_EQ(one.length(), 90);
  one.append(10).value();
}

TEST(contiguous_cache, says_what_is_wrong_with_a_configuration) {
  auto config = config_of_rows<by_layer>(8);
  config.max_tokens = 0;
  EXPECT_THROW(contiguous_cache<by_layer>{config}, std::invalid_argument);
  config = config_of_rows<by_layer>(8);
  config.bytes = 4096;
  EXPECT_THROW(contiguous_cache<by_layer>{config}, std::invalid_argument);
  config = config_of_rows<by_layer>(8);
  config.chunk_bytes = 5000;
  EXPECT_THROW(contiguous_cache<by_layer>{config}, std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
