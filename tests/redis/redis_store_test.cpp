// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/file_store.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/layered_store.hpp>
#include <kvfolio/tier/redis_store.hpp>

#include "../conformance/store_conformance.hpp"
#include "redis_server.hpp"

namespace kvfolio::test {
namespace {

using tier::redis_store;
using namespace std::string_view_literals;

constexpr tier::store_fingerprint fingerprint{{1, 2}};

struct on_a_server {
  redis_server server;
  auto make() {
    tier::redis_connection connection{server.address()};
    (void)connection.ask(std::array{"FLUSHALL"sv});
    return redis_store{server.address(), fingerprint, 5'000};
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(redis, store_conformance, on_a_server);

// What the server knows page `name` by.
std::string redis_name(std::uint64_t name) {
  const auto key = key_of(name);
  std::string text = "kvfolio";
  text.append(reinterpret_cast<const char*>(fingerprint.words.data()), 16);
  return text.append(reinterpret_cast<const char*>(key.words.data()), 16);
}

TEST(redis_stores, keys_and_pages_may_hold_any_byte) {
  redis_server server;
  redis_store store{server.address(), fingerprint, 256};
  std::vector<std::byte> page(256);
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::byte>(i);
  for (const std::uint64_t word : {UINT64_C(0), UINT64_C(0x0a0d000d0a), UINT64_MAX}) {
    const tier::store_key key{{word, ~word}};
    ASSERT_TRUE(store.put(key, page));
    std::vector<std::byte> out(256);
    ASSERT_TRUE(store.get(key, out));
    EXPECT_EQ(out, page);
  }
}

TEST(redis_stores, another_process_with_the_same_fingerprint_finds_the_pages_and_no_other_does) {
  redis_server server;
  redis_store one{server.address(), fingerprint, 100};
  redis_store same{server.address(), fingerprint, 100};
  redis_store other{server.address(), {{1, 3}}, 100};
  ASSERT_TRUE(put_page(one, key_of(1)));
  EXPECT_EQ(look_up(same, key_of(1)), found::right);
  EXPECT_EQ(look_up(other, key_of(1)), found::miss);
}

TEST(redis_stores, whatever_else_is_under_a_key_is_a_miss) {
  redis_server server;
  redis_store store{server.address(), fingerprint, 100};
  tier::redis_connection vandal{server.address()};
  const auto name = redis_name(1);
  for (std::size_t at = 0; at < 104; at += 3) {
    ASSERT_TRUE(put_page(store, key_of(1)));
    const auto place = std::to_string(at);
    ASSERT_EQ(vandal
                  .ask(std::array{"SETBIT"sv, std::string_view{name},
                                  std::string_view{std::to_string(at * 8)}, "1"sv})
                  .error(),
              std::nullopt);
    ASSERT_FALSE(
        vandal
            .ask(std::array{"SETRANGE"sv, std::string_view{name}, std::string_view{place}, "!?"sv})
            .error());
    ASSERT_EQ(look_up(store, key_of(1)), found::miss) << at;
  }
  for (const auto& value : {""sv, "short"sv}) {
    (void)vandal.ask(std::array{"SET"sv, std::string_view{name}, value});
    EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  }
  (void)vandal.ask(std::array{"DEL"sv, std::string_view{name}});
  (void)vandal.ask(std::array{"LPUSH"sv, std::string_view{name}, "a list"sv});
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  ASSERT_TRUE(put_page(store, key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);

  // The page of another key.
  ASSERT_TRUE(put_page(store, key_of(2)));
  const auto other = redis_name(2);
  (void)vandal.ask(std::array{"RENAME"sv, std::string_view{other}, std::string_view{name}});
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
}

TEST(redis_stores, pages_that_the_server_throws_out_are_missed) {
  redis_server server{{"--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"}};
  redis_store store{server.address(), fingerprint, 60'000};
  for (std::uint64_t name = 0; name < 100; ++name) {
    ASSERT_TRUE(put_page(store, key_of(name))) << name;
  }
  std::size_t right = 0;
  for (std::uint64_t name = 0; name < 100; ++name) {
    const auto got = look_up(store, key_of(name));
    ASSERT_NE(got, found::wrong);
    right += got == found::right ? 1 : 0;
  }
  EXPECT_GT(right, 5U);
  EXPECT_LT(right, 70U);
  EXPECT_EQ(store.usage().capacity, std::size_t{4} << 20U);
}

TEST(redis_stores, a_server_without_room_is_full) {
  redis_server server{{"--maxmemory", "3mb", "--maxmemory-policy", "noeviction"}};
  redis_store store{server.address(), fingerprint, 500'000};
  result<void> last;
  std::uint64_t name = 0;
  while (last && name < 20) last = put_page(store, key_of(name++));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error(), errc::store_full);
  EXPECT_EQ(look_up(store, key_of(name - 1)), found::miss);
  EXPECT_EQ(look_up(store, key_of(0)), found::right);
  std::vector<std::byte> page = page_of(key_of(0), 500'000);
  const std::vector<tier::store_write> writes(3, {key_of(50), page});
  EXPECT_EQ(store.put_many(writes).error(), errc::store_full);
  EXPECT_EQ(look_up(store, key_of(0)), found::right) << "and answers still fit their questions";
}

TEST(redis_stores, flushing_the_server_makes_every_page_a_miss) {
  redis_server server;
  redis_store store{server.address(), fingerprint, 100};
  tier::redis_connection admin{server.address()};
  ASSERT_TRUE(put_page(store, key_of(1)));
  ASSERT_TRUE(admin.ask(std::array{"FLUSHALL"sv}));
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  EXPECT_TRUE(put_page(store, key_of(1)));
}

TEST(redis_stores, a_server_that_dies_costs_its_pages_and_one_that_comes_back_is_used_again) {
  redis_server server;
  redis_store store{server.address(), fingerprint, 100'000};
  for_each_seed([&](std::mt19937& rng) {
    for (int round = 0; round < 3; ++round) {
      for (std::uint64_t name = 0; name < 20; ++name) (void)put_page(store, key_of(name));
      server.kill();
      for (int i = 0; i < 20; ++i) {
        const auto key = key_of(rng() % 20);
        EXPECT_EQ(look_up(store, key), found::miss);
        EXPECT_EQ(put_page(store, key).error(), errc::store_failed);
        EXPECT_FALSE(store.contains(key));
        EXPECT_FALSE(store.erase(key));
        EXPECT_EQ(store.usage(), tier::store_usage{});
      }
      server.start();
      int calls = 0;
      while (!put_page(store, key_of(1)) && ++calls < 2'000) {
      }
      ASSERT_LE(calls, 1'100);
      EXPECT_EQ(look_up(store, key_of(1)), found::right);
      EXPECT_EQ(look_up(store, key_of(2)), found::miss);
    }
  });
}

// Another process kills the server, at any moment of a storm of batches.
TEST(redis_stores, a_server_that_dies_in_the_middle_of_a_batch_gives_no_wrong_page) {
  std::mt19937 rng{7};
  const auto page = page_of(key_of(3), 300'000);
  for (int round = 0; round < 8; ++round) {
    redis_server server;
    redis_store store{server.address(), fingerprint, 300'000};
    ASSERT_TRUE(store.put(key_of(3), page));
    const auto killer = ::fork();
    if (killer == 0) {
      ::usleep(static_cast<useconds_t>(rng() % 20'000));
      server.kill();
      ::_exit(0);
    }
    rng.discard(1);
    const std::vector<tier::store_write> writes(10, {key_of(3), page});
    std::vector<std::vector<std::byte>> outs(10, std::vector<std::byte>(page.size()));
    std::vector<tier::store_read> reads;
    for (auto& out : outs) reads.push_back({key_of(3), out});
    while (store.put_many(writes)) {
      const auto hits = store.get_many(reads);
      std::size_t flagged = 0;
      for (std::size_t i = 0; i < reads.size(); ++i) {
        if (!reads[i].hit) continue;
        ++flagged;
        ASSERT_EQ(outs[i], page);
      }
      ASSERT_EQ(flagged, hits);
    }
    ::waitpid(killer, nullptr, 0);
  }
}

TEST(redis_stores, a_server_that_is_late_is_a_miss_and_its_answers_are_not_mistaken_for_others) {
  redis_server server;
  redis_store store{server.address(100), fingerprint, 1'000};
  ASSERT_TRUE(put_page(store, key_of(1)));
  ASSERT_TRUE(put_page(store, key_of(2)));
  server.stop();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(look_up(store, key_of(2)), found::miss);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{3});
  server.go_on();
  auto got = found::miss;
  for (int i = 0; i < 50 && got == found::miss; ++i) got = look_up(store, key_of(2));
  EXPECT_EQ(got, found::right);
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
}

TEST(redis_stores, host_memory_over_a_file_over_redis_are_one_store) {
  redis_server server;
  const scratch_folder folder;
  using host = tier::host_store<memory::heap>;
  constexpr std::size_t bytes = 10'000;
  host memory{bytes, 4};
  tier::file_store file{
      {.path = folder / "store", .fingerprint = fingerprint, .page_bytes = bytes, .pages = 10}};
  redis_store redis{server.address(), fingerprint, bytes};
  tier::layered_store<tier::file_store, redis_store> below{file, redis};
  tier::layered_store<host, decltype(below), tier::write_back> store{memory, below};
  for (std::uint64_t name = 0; name < 30; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
  for (std::uint64_t name = 0; name < 30; ++name) {
    ASSERT_EQ(look_up(store, key_of(name)), found::right) << name;
  }
  server.kill();
  std::size_t right = 0;
  for (std::uint64_t name = 30; name-- > 0;) {  // the youngest first
    const auto got = look_up(store, key_of(name));
    ASSERT_NE(got, found::wrong);
    right += got == found::right ? 1 : 0;
    ASSERT_TRUE(put_page(store, key_of(name)));
  }
  EXPECT_GE(right, 10U);
}

TEST(redis_stores, addresses_and_pages_that_cannot_be_are_refused) {
  EXPECT_THROW((redis_store{{.host = ""}, fingerprint, 100}), std::invalid_argument);
  EXPECT_THROW((redis_store{{.host = "/socket"}, fingerprint, (std::size_t{512} << 20U) - 3}),
               std::invalid_argument);
  redis_store nowhere{{.host = "/no/socket"}, fingerprint, 100};
  EXPECT_EQ(put_page(nowhere, key_of(1)).error(), errc::store_failed);
  EXPECT_EQ(look_up(nowhere, key_of(1)), found::miss);
  redis_store closed{{.host = "127.0.0.1", .port = 1, .timeout_ms = 100}, fingerprint, 100};
  EXPECT_EQ(look_up(closed, key_of(1)), found::miss);
}

}  // namespace
}  // namespace kvfolio::test
