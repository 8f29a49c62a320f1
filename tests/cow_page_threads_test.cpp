// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/cow_page.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/atomic.hpp>

namespace kvfolio::test {
namespace {

// The simplest allocator that several threads may use, and a policy of the user's own.
class locked_list {
 public:
  locked_list(page_id first, page_id last) : pages_{first, last} {}
  locked_list(locked_list&& other) noexcept : pages_{std::move(other.pages_)} {}
  locked_list& operator=(locked_list&& other) noexcept {
    pages_ = std::move(other.pages_);
    return *this;
  }
  ~locked_list() = default;

  std::optional<page_id> allocate() noexcept {
    const std::scoped_lock lock{mutex_};
    return pages_.allocate();
  }
  void release(page_id page, page_history history) noexcept {
    const std::scoped_lock lock{mutex_};
    pages_.release(page, history);
  }
  std::size_t size() const noexcept {
    const std::scoped_lock lock{mutex_};
    return pages_.size();
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::scoped_lock lock{mutex_};
    pages_.for_each(visit);
  }

 private:
  mutable std::mutex mutex_;
  page::free_list<> pages_;
};

using pool_type = page_pool<locked_list, refcount::atomic>;
using handle = cow_page<pool_type>;

TEST(cow_page_threads, scenario_11_handles_of_one_page_live_on_many_threads) {
  static constexpr std::size_t workers = 8;
  pool_type pool{locked_list{page_id{0}, page_id{workers + 1}}, workers + 1};
  std::vector<int> memory(workers + 1);
  {
    auto shared = handle::allocate(pool).value();
    memory[to_index(shared.id())] = 42;
    std::vector<std::jthread> threads;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&memory, mine = shared, worker]() mutable {
        for (int i = 0; i < 2'000; ++i) {
          auto copy = mine;
          EXPECT_EQ(memory[to_index(copy.id())], 42);
          const auto to = copy.detach([&memory](page_id from, page_id fresh) {
            memory[to_index(fresh)] = memory[to_index(from)];
          });
          ASSERT_TRUE(to);
          EXPECT_EQ(memory[to_index(*to)], 42);
          memory[to_index(*to)] = static_cast<int>(worker);  // its alone: nobody else may see it
          memory[to_index(*to)] = 42;
        }
      });
    }
  }
  EXPECT_EQ(pool.free(), pool.capacity());
}

}  // namespace
}  // namespace kvfolio::test
