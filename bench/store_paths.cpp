// SPDX-License-Identifier: Apache-2.0
// How much of what a file system, or a Redis server, gives a bare loop is left when pages are
// stored there by key, and checked?
//
// Files: the floor reads or writes pieces of the same size, one after the other, in a file of the
// same size on the same file system, as `dd` does; past the cache of the system, and through it.
// Redis: the floor is a loop of SET or GET through hiredis, one value of the same size at a time.
// Everything is timed by the clock on the wall. A disk takes a while to show what it can: measure
// with
// `--repetitions 9 --seconds 0.004` at least.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/tier/file_store.hpp>
#include <kvfolio/tier/redis_store.hpp>

#ifdef KVFOLIO_REDIS_SERVER
#include <redis/redis_server.hpp>
#endif

#include "support/suite.hpp"
#include <support/scratch_folder.hpp>

namespace kvfolio::bench {
namespace {

constexpr std::size_t file_bytes = std::size_t{32} << 20U;
constexpr tier::store_fingerprint fingerprint{{1, 2}};

tier::store_key key_of(std::uint64_t name) {
  return {{mix_bits(name), name}};
}

// Pages at addresses that suit a device.
class page_buffer {
 public:
  explicit page_buffer(std::size_t bytes) : memory_(bytes + tier::shared_file::alignment) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    bytes_ = std::span{memory_}.subspan((0 - address) % tier::shared_file::alignment, bytes);
    std::uint64_t state = 1;
    for (auto& byte : bytes_) byte = static_cast<std::byte>(state = mix_bits(state + 1));
  }
  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> memory_;
  std::span<std::byte> bytes_;
};

// Repeats `timed` and tells how long it took, with `other` after each. Both say whether it went
// well.
template <class Timed, class Other>
body alternating(Timed timed, Other other) {
  return [=](benchmark::State& state) mutable {
    for (auto _ : state) {
      const auto begin = std::chrono::steady_clock::now();
      bool well = timed();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      well = other() && well;
      if (!well) return state.SkipWithError("it failed");
      state.SetIterationTime(took.count());
    }
  };
}

// Asks how much more than `bare` `ours` takes. Either follows the other in both loops, so that what
// disturbs a device, which is what other programs do to it, disturbs both.
template <class Bare, class Ours>
void ask(suite& suite, const std::string& floor, Bare bare, const std::string& text, Ours ours,
         bar most) {
  const auto id = suite.add_floor(floor, alternating(bare, ours), clock::told);
  suite.ask(text, id, alternating(ours, bare), most, clock::told);
}

// A file that was written once, so that nothing has to be allocated any more.
struct bare_file {
  bare_file(const std::string& path, std::size_t piece, bool direct)
      : file{path, direct}, buffer{piece} {
    for (std::size_t i = 0; i < file_bytes / piece; ++i) {
      if (!file.write_at(i * piece, buffer.bytes())) throw std::runtime_error("cannot write");
    }
  }
  // Where the next piece is.
  std::size_t next() { return next_ = (next_ + buffer.bytes().size()) % file_bytes; }

  tier::shared_file file;
  page_buffer buffer;

 private:
  std::size_t next_ = 0;
};

// The same with keys, full.
struct keyed_file {
  keyed_file(const std::string& path, std::size_t page_bytes, bool direct)
      : pages{file_bytes / page_bytes},
        store{{.path = path,
               .fingerprint = fingerprint,
               .page_bytes = page_bytes,
               .pages = pages,
               .direct = direct}},
        buffer{page_bytes} {
    if (store.direct() != direct) throw std::runtime_error("not past the cache of the system here");
    while (name < pages) store.put(key_of(name++), buffer.bytes()).value();
  }

  std::size_t pages;
  tier::file_store store;
  page_buffer buffer;
  std::uint64_t name = 0;  // that was not put yet
};

// `pages` of a batch, which together are `piece`.
struct keyed_batch {
  keyed_batch(const std::string& path, std::size_t page_bytes, std::size_t pages)
      : of{path, page_bytes, true}, buffer{page_bytes * pages} {
    for (std::size_t i = 0; i < pages; ++i) {
      const auto page = buffer.bytes().subspan(i * page_bytes, page_bytes);
      writes.push_back({{}, page});
      reads.push_back({{}, page});
    }
  }

  keyed_file of;
  page_buffer buffer;
  std::vector<tier::store_write> writes;
  std::vector<tier::store_read> reads;
};

void ask_files(suite& suite, const test::scratch_folder& folder) {
  constexpr std::size_t piece = std::size_t{2} << 20U;
  for (const bool direct : {true, false}) {
    // At least 80 % of the bandwidth; but a copy from the cache of the system is no device's.
    const bar most{.ratio = direct ? 1.25 : 0};
    const std::string how = direct ? ", past the cache" : ", through the cache";
    const auto path = [&](const char* name) { return folder / (name + std::to_string(direct)); };
    const auto bare = std::make_shared<bare_file>(path("bare"), piece, direct);
    const auto write = [bare] {
      return bare->file.write_at(bare->next(), bare->buffer.bytes()).has_value();
    };
    const auto read = [bare] {
      return bare->file.read_at(bare->next(), bare->buffer.bytes()) == piece;
    };
    const auto keyed = std::make_shared<keyed_file>(path("keyed"), piece, direct);
    const auto put = [keyed] {
      return keyed->store.put(key_of(keyed->name++), keyed->buffer.bytes()).has_value();
    };
    const auto found = std::make_shared<keyed_file>(path("found"), piece, direct);
    const auto get = [found] {
      return found->store.get(key_of(found->name++ % found->pages), found->buffer.bytes());
    };
    ask(suite, "write 2 MiB" + how, write, "put a page of 2 MiB" + how, put, most);
    ask(suite, "read 2 MiB" + how, read, "get a page of 2 MiB" + how, get, most);
    if (!direct) continue;
    const auto batch = std::make_shared<keyed_batch>(path("batch"), piece / 32, 32);
    const auto put_many = [batch] {
      for (auto& page : batch->writes) page.key = key_of(batch->of.name++);
      return batch->of.store.put_many(batch->writes).has_value();
    };
    const auto finding = std::make_shared<keyed_batch>(path("finding"), piece / 32, 32);
    const auto get_many = [finding] {
      auto& of = finding->of;
      for (auto& page : finding->reads) page.key = key_of(of.name++ % of.pages);
      return of.store.get_many(finding->reads) == finding->reads.size();
    };
    ask(suite, "write 2 MiB" + how, write, "put 32 pages of 64 KiB" + how, put_many, {});
    ask(suite, "read 2 MiB" + how, read, "get 32 pages of 64 KiB" + how, get_many, {});
  }
}

#ifdef KVFOLIO_REDIS_SERVER

// A bare loop of hiredis, over the same few values.
struct bare_redis {
  bare_redis(const tier::redis_address& address, std::size_t bytes)
      : context{redisConnectUnix(address.host.c_str())}, buffer{bytes} {
    if (context == nullptr || context->err != 0) throw std::runtime_error("no Redis");
    for (int i = 0; i < names; ++i) set();
  }
  bare_redis(const bare_redis&) = delete;
  bare_redis& operator=(const bare_redis&) = delete;
  ~bare_redis() { redisFree(context); }

  bool set() {
    const auto name = std::to_string(buffer.bytes().size()) + "." + std::to_string(next++ % names);
    std::array<const char*, 3> words{"SET", name.data(),
                                     reinterpret_cast<const char*>(buffer.bytes().data())};
    std::array<std::size_t, 3> lengths{3, name.size(), buffer.bytes().size()};
    const tier::redis_answer answer{
        static_cast<redisReply*>(redisCommandArgv(context, 3, words.data(), lengths.data()))};
    return answer && !answer.error();
  }
  bool get() {
    const auto name = std::to_string(buffer.bytes().size()) + "." + std::to_string(next++ % names);
    std::array<const char*, 2> words{"GET", name.data()};
    std::array<std::size_t, 2> lengths{3, name.size()};
    const tier::redis_answer answer{
        static_cast<redisReply*>(redisCommandArgv(context, 2, words.data(), lengths.data()))};
    return answer.string().value_or(std::string_view{}).size() == buffer.bytes().size();
  }

  static constexpr int names = 16;
  redisContext* context;
  page_buffer buffer;
  int next = 0;
};

struct keyed_redis {
  keyed_redis(const tier::redis_address& address, std::size_t bytes)
      : store{address, {{1, bytes}}, bytes}, buffer{bytes} {
    for (std::uint64_t i = 0; i < bare_redis::names; ++i) {
      writes.push_back({key_of(i), buffer.bytes()});
      reads.push_back({key_of(i), buffer.bytes()});
    }
    store.put_many(writes).value();
  }
  tier::store_key key() { return key_of(next++ % bare_redis::names); }

  tier::redis_store store;
  page_buffer buffer;
  std::vector<tier::store_write> writes;
  std::vector<tier::store_read> reads;
  std::uint64_t next = 0;
};

void ask_redis(suite& suite, const test::redis_server& server) {
  constexpr bar most{.ratio = 1.25};
  const auto ask_of = [&](std::size_t bytes, const std::string& size, int times) {
    const auto each = [times](auto step) {
      return [=] {
        bool all = true;
        for (int i = 0; i < times; ++i) all = step() && all;
        return all;
      };
    };
    const auto bare = std::make_shared<bare_redis>(server.address(), bytes);
    const auto set = each([bare] { return bare->set(); });
    const auto get = each([bare] { return bare->get(); });
    const auto keyed = std::make_shared<keyed_redis>(server.address(), bytes);
    const auto put_page =
        each([keyed] { return keyed->store.put(keyed->key(), keyed->buffer.bytes()).has_value(); });
    const auto get_page =
        each([keyed] { return keyed->store.get(keyed->key(), keyed->buffer.bytes()); });
    ask(suite, "hiredis SET of " + size, set, "put " + size + " into Redis", put_page, most);
    ask(suite, "hiredis GET of " + size, get, "get " + size + " from Redis", get_page, most);
    if (times != bare_redis::names) return;
    const auto put_many = [keyed] { return keyed->store.put_many(keyed->writes).has_value(); };
    const auto get_many = [keyed] {
      return keyed->store.get_many(keyed->reads) == keyed->reads.size();
    };
    ask(suite, "hiredis SET of " + size, set, "put " + size + " into Redis, as a batch", put_many,
        most);
    ask(suite, "hiredis GET of " + size, get, "get " + size + " from Redis, as a batch", get_many,
        most);
  };
  ask_of(std::size_t{64} << 10U, "16 pages of 64 KiB", bare_redis::names);
  ask_of(std::size_t{2} << 20U, "a page of 2 MiB", 1);
}

#endif

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  using namespace kvfolio;
  const test::scratch_folder folder;
#ifdef KVFOLIO_REDIS_SERVER
  const test::redis_server server;
#endif
  const auto fill = [&](bench::suite& suite) {
    bench::ask_files(suite, folder);
#ifdef KVFOLIO_REDIS_SERVER
    bench::ask_redis(suite, server);
#endif
  };
  return bench::run_suite("store_paths", "Bandwidth of stores, against bare loops.", fill, argc,
                          argv);
}
