// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/prefix/partial_match.hpp>
#include <kvfolio/spill.hpp>
#include <kvfolio/tier/file_store.hpp>

#include "support/bundles.hpp"
#include "support/engine.hpp"
#include "support/losing_store.hpp"
#include "support/random_steps.hpp"
#include "support/scratch_folder.hpp"

namespace kvfolio::test {
namespace {

template <class Store, class Index = prefix::radix>
struct spilling_policies : default_policies {
  using observer = typename spill<Store>::listener;
  using prefix_index = Index;
};

// A cache that spills to `store`, and the engine that uses it.
template <class Store, class Index = prefix::radix>
class spilling_cache {
 public:
  using cache_type = paged_cache<spilling_policies<Store, Index>>;
  using sequence = typename cache_type::sequence;

  explicit spilling_cache(Store& store, const cache_config& config = plain::config())
      : spilled{store, fingerprint(), config.pages}, cache{config, parts(config)}, engine{cache} {
    spilled.attach(cache.page_array());
  }

  [[nodiscard]] static model::page_layout layout() {
    const auto config = plain::config();
    return {config.shape, config.tokens_per_page, config.order};
  }
  [[nodiscard]] static tier::store_fingerprint fingerprint() {
    return tier::fingerprint_of("a model", layout());
  }

  [[nodiscard]] static std::vector<token_id> tokens(std::size_t count, token_id first = 1) {
    std::vector<token_id> values(count);
    for (auto& each : values) each = first++;
    return values;
  }
  // Finds what it can of `prompt`, and computes the rest: the KV of token t is `t + variant`.
  sequence run(std::span<const token_id> prompt, const request_options& options = {},
               token_id variant = 0) {
    auto made = spilled.create(cache, prompt, options).value();
    const auto hit = made.length();
    last_hit = hit;
    made.append(prompt.size() - hit).value();
    std::vector<token_id> written(prompt.begin(), prompt.end());
    for (auto& each : written) each += variant;
    engine.write(made.runs(hit, prompt.size() - hit), std::span{written}.subspan(hit));
    made.commit(prompt.subspan(hit));
    auto memory = engine.landed();
    EXPECT_TRUE(engine.holds(memory, made.runs(0, prompt.size()), written)) << "wrong bytes";
    EXPECT_STREQ(cache.check_invariants(), nullptr);
    return made;
  }

  spill<Store> spilled;
  cache_type cache;
  test::engine<cache_type> engine;
  std::size_t last_hit = 0;

 private:
  [[nodiscard]] typename cache_type::parts parts(const cache_config& config) {
    auto made = cache_type::parts::make(config);
    made.observer = spilled.hear();
    return made;
  }
};

class spills : public testing::Test {
 protected:
  using cache_type = spilling_cache<losing_store>;

  losing_store store_{cache_type::layout().bytes()};
  cache_type one_{store_};
};

TEST_F(spills, find_again_what_was_evicted) {
  const auto prompt = one_.tokens(18);
  one_.run(prompt);
  EXPECT_TRUE(one_.cache.reset());
  EXPECT_EQ(store_.usage().entries, 4U);
  EXPECT_EQ(one_.cache.probe(prompt).hit_tokens, 0U);
  one_.run(prompt);
  EXPECT_EQ(one_.last_hit, 16U);
  EXPECT_EQ(one_.spilled.counts(), (spill_counts{4, 0, 4}));
  EXPECT_EQ(one_.cache.probe(prompt).hit_tokens, 16U) << "and so does everybody else";
}

TEST_F(spills, go_on_where_the_cache_ends) {
  const auto prompt = one_.tokens(18);
  auto keeper = one_.run(prompt);
  keeper.truncate(8);
  EXPECT_EQ(one_.cache.statistics().cached_pages, 2U);
  while (one_.cache.statistics().cached_pages != 0) {
    auto taker = one_.cache.create().value();
    taker.append(one_.cache.statistics().free_pages * 4 + 4).value();
  }
  const auto again = one_.run(prompt);
  EXPECT_EQ(one_.last_hit, 16U);
  EXPECT_EQ(again.page_at(1), keeper.page_at(1));
  EXPECT_EQ(one_.spilled.counts().restored, 2U);
}

TEST_F(spills, leave_the_last_token_to_be_computed) {
  one_.run(one_.tokens(16));
  EXPECT_TRUE(one_.cache.reset());
  one_.run(one_.tokens(16));
  EXPECT_EQ(one_.last_hit, 12U);
  one_.run(one_.tokens(1));
  EXPECT_EQ(one_.last_hit, 0U);
  EXPECT_EQ(one_.spilled.create(one_.cache, {}).value().length(), 0U);
}

TEST_F(spills, keep_scopes_and_media_and_epochs_apart) {
  const std::vector<media_span> image{{2, 5, {7, 8}}};
  const std::vector<media_span> other_image{{2, 5, {7, 9}}};
  const std::vector<media_span> unknown_image{{6, 5, {}}};
  const auto prompt = one_.tokens(18);
  token_id variant = 0;
  for (const auto& options :
       {request_options{}, request_options{.scope = {.salt = 1}},
        request_options{.scope = {.adapter = 1}}, request_options{.media = image},
        request_options{.media = other_image}}) {
    one_.run(prompt, options, variant);
    EXPECT_EQ(one_.last_hit, 0U);
    EXPECT_TRUE(one_.cache.reset());
    one_.run(prompt, options, variant);
    EXPECT_EQ(one_.last_hit, 16U);
    variant += 1'000;
  }
  one_.run(prompt, {.media = unknown_image});
  EXPECT_EQ(one_.last_hit, 4U) << "what is like nothing else is not looked for";
  EXPECT_TRUE(one_.cache.reset());
  one_.cache.invalidate();
  one_.run(prompt, {}, variant);
  EXPECT_EQ(one_.last_hit, 0U);
}

TEST_F(spills, do_not_store_what_an_epoch_left_behind) {
  one_.run(one_.tokens(18));
  one_.cache.invalidate();
  EXPECT_TRUE(one_.cache.reset());
  EXPECT_EQ(store_.usage().entries, 0U);
}

TEST_F(spills, read_no_further_than_what_the_store_still_has) {
  one_.run(one_.tokens(18));
  EXPECT_TRUE(one_.cache.reset());
  store_.lose(1);  // deepest first: the third page
  one_.run(one_.tokens(18));
  EXPECT_EQ(one_.last_hit, 8U);
}

TEST_F(spills, read_as_much_as_there_is_room_for) {
  one_.run(one_.tokens(30));
  EXPECT_TRUE(one_.cache.reset());
  auto taker = one_.cache.create().value();
  taker.append(21 * 4).value();
  const auto made = one_.spilled.create(one_.cache, one_.tokens(30)).value();
  EXPECT_EQ(made.length(), 12U);
  EXPECT_EQ(made.committed(), 12U);
}

TEST_F(spills, survive_a_store_that_takes_nothing) {
  losing_store full{cache_type::layout().bytes(), 0};
  cache_type other{full};
  other.run(other.tokens(18));
  EXPECT_TRUE(other.cache.reset());
  EXPECT_EQ(other.spilled.counts(), (spill_counts{0, 4, 0}));
  other.run(other.tokens(18));
  EXPECT_EQ(other.last_hit, 0U);
}

TEST_F(spills, prefer_a_whole_page_of_the_store_to_the_beginning_of_one_in_the_cache) {
  using partial = spilling_cache<losing_store, prefix::partial_match<>>;
  partial two{store_};
  two.run(two.tokens(10));
  EXPECT_TRUE(two.cache.reset());
  auto similar = two.tokens(7);
  similar.insert(similar.end(), 5, 99);
  two.run(similar);
  two.run(two.tokens(10));
  EXPECT_EQ(two.last_hit, 8U);
  EXPECT_EQ(two.spilled.counts().restored, 2U);
}

TEST(spills_to_a_file, are_found_by_the_next_process) {
  using cache_type = spilling_cache<tier::file_store>;
  const scratch_folder folder;
  const tier::segment_options options{.path = folder / "pages",
                                      .fingerprint = cache_type::fingerprint(),
                                      .page_bytes = cache_type::layout().bytes(),
                                      .pages = 32};
  const auto child = ::fork();
  if (child == 0) {
    tier::file_store store{options};
    cache_type cache{store};
    cache.run(cache.tokens(18));
    ::_exit(cache.cache.reset() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  tier::file_store store{options};
  cache_type cache{store};
  cache.run(cache.tokens(18));
  EXPECT_EQ(cache.last_hit, 16U);
}

TEST_F(spills, never_bring_back_other_bytes_than_left) {
  for_each_seed([](std::mt19937& rng) {
    losing_store store{cache_type::layout().bytes(), 300};
    cache_type one{store};
    cache_type other{store};  // another process, as it were
    token_id fresh = 10'000;
    std::uint64_t epoch = 0;
    for (int step = 0; step < 400; ++step) {
      auto& here = rng() % 2 == 0 ? one : other;
      auto prompt = here.tokens(1 + rng() % 60, static_cast<token_id>(1 + rng() % 3 * 1'000));
      if (rng() % 5 == 0) prompt[rng() % prompt.size()] = fresh++;
      const auto salt = rng() % 2;
      here.run(prompt, {.scope = {.salt = salt}},
               static_cast<token_id>(salt * 100'000 + epoch * 1'000'000));
      if (rng() % 20 == 0 && store.usage().entries != 0) store.lose(rng() % store.usage().entries);
      if (rng() % 60 == 0) {
        one.cache.invalidate();
        other.cache.invalidate();
        ++epoch;
      }
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(one.spilled.counts().restored + other.spilled.counts().restored, 50U);
  });
}

}  // namespace
}  // namespace kvfolio::test
