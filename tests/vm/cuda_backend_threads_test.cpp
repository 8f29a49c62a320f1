// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_backend.hpp>
#include <kvfolio/vm/linux_backend.hpp>

#include "fake_cuda/loaded.hpp"

namespace kvfolio::test {
namespace {

// Creates, maps and writes from one thread while the owner does the same, taking turns by a lock.
template <class B>
void take_turns(B& backend) {
  const auto granule = backend.granularity().minimum;
  backend.bind_thread().value();
  const auto range = backend.reserve(16 * granule, granule).value();
  std::mutex turn;
  const auto work = [&](std::size_t first) {
    backend.bind_thread().value();
    for (int round = 0; round < 20; ++round) {
      for (std::size_t i = first; i < 16; i += 2) {
        const std::lock_guard lock{turn};
        const auto memory = backend.create(granule).value();
        backend.map(range.first + i * granule, memory).value();
        backend.set_access(range.first + i * granule, granule, vm::access::read_write).value();
        backend.release(memory).value();
        backend.fill(range.first + i * granule, 64, std::byte{1}, {}).value();
        backend.wait(backend.record({}).value()).value();
      }
      for (std::size_t i = first; i < 16; i += 2) {
        const std::lock_guard lock{turn};
        backend.unmap(range.first + i * granule, granule).value();
      }
    }
  };
  std::thread other{work, 1};
  work(0);
  other.join();
  EXPECT_EQ(backend.usage().physical_bytes, 0U);
  backend.free_range(range).value();
}

TEST(vm_backend_threads, may_take_turns_with_a_linux_backend) {
  vm::linux_backend backend{{.capacity = 1U << 20U, .granule = 4096}};
  take_turns(backend);
}

TEST(vm_backend_threads, may_take_turns_with_a_cuda_backend) {
  fake().reset();
  vm::cuda_backend backend{{.driver = &fake_driver()}};
  take_turns(backend);
}

TEST(vm_backend_threads, a_thread_that_did_not_bind_is_refused_by_the_driver) {
  fake().reset();
  vm::cuda_backend backend{{.driver = &fake_driver()}};
  backend.bind_thread().value();
  const auto granule = backend.granularity().minimum;
  std::thread{[&] {
    EXPECT_EQ(backend.create(granule).error(), errc::device_failed);
    backend.bind_thread().value();
    EXPECT_TRUE(backend.create(granule));
  }}.join();
}

TEST(vm_backend_threads, any_thread_may_destroy_a_backend) {
  fake().reset();
  std::optional<vm::cuda_backend> backend{std::in_place,
                                          vm::cuda_options{.driver = &fake_driver()}};
  backend->bind_thread().value();
  const auto granule = backend->granularity().minimum;
  const auto range = backend->reserve(granule, granule).value();
  backend->map(range.first, backend->create(granule).value()).value();
  std::thread{[&] { backend.reset(); }}.join();
  EXPECT_EQ(fake().live().all(), 0U);
}

}  // namespace
}  // namespace kvfolio::test
