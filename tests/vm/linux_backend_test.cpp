// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <kvfolio/vm/linux_backend.hpp>

#include "../conformance/vm_backend_conformance.hpp"
#include "../support/process_memory.hpp"
#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

using vm::access;
using vm::linux_backend;
using vm::page_kind;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

template <std::size_t Granule, page_kind Pages = page_kind::small>
struct make_linux {
  static linux_backend make() {
    return linux_backend{{.capacity = 40 * Granule, .granule = Granule, .pages = Pages}};
  }
};
using linux_backends = testing::Types<make_linux<4 * kib>, make_linux<64 * kib>,
                                      make_linux<2 * mib, page_kind::collapsed>>;
INSTANTIATE_TYPED_TEST_SUITE_P(linux_backend, vm_backend_conformance, linux_backends);
#ifndef NDEBUG
INSTANTIATE_TYPED_TEST_SUITE_P(linux_backend, vm_backend_laws, linux_backends);
#endif

// A backend with something mapped, for what only Linux has.
class linux_backend_test : public testing::Test {
 protected:
  static constexpr std::size_t granule = 64 * kib;

  [[nodiscard]] std::uintptr_t map_new(std::uintptr_t at) {
    const auto memory = backend.create(granule).value();
    backend.map(at, memory, access::read_write).value();
    return at;
  }
  [[nodiscard]] static volatile std::byte& byte_at(std::uintptr_t at) { return *host_at(at); }

  linux_backend backend{{.capacity = 4 * mib}};
  vm::address_range range = backend.reserve(64 * granule, granule).value();
};

TEST_F(linux_backend_test, aliases_take_memory_once) {
  const auto memory = backend.create(4 * granule).value();
  for (std::size_t i = 0; i < 8; ++i) {
    const auto at = range.first + i * 4 * granule;
    backend.map(at, memory, access::read_write).value();
    backend.populate(at, 4 * granule).value();
  }
  const auto taken = memory_mapped_at(range.first, 32 * granule);
  EXPECT_EQ(taken.resident_bytes, 32 * granule) << "the kernel counts each alias";
  EXPECT_LE(taken.proportional_bytes, 4 * granule + 64 * kib);
  EXPECT_GE(taken.proportional_bytes, 4 * granule - 64 * kib);
}

TEST_F(linux_backend_test, a_terabyte_without_memory_takes_less_than_a_mebibyte) {
  const auto before = resident_bytes();
  std::size_t bytes = std::size_t{1} << 40U;
  auto large = backend.reserve(bytes, 2 * mib);
  // Sanitizers and valgrind may have no room for it.
  while (!large && bytes > 64 * mib) large = backend.reserve(bytes /= 2, 2 * mib);
  ASSERT_TRUE(large);
  RecordProperty("reserved_gib", static_cast<int>(bytes >> 30U));
  static_cast<void>(map_new(large->end() - granule));
  EXPECT_LT(resident_bytes(), before + mib);
}

TEST_F(linux_backend_test, memory_that_is_gone_is_given_back_to_the_machine) {
  const auto one = backend.create(granule).value();
  const auto other = backend.create(2 * granule).value();
  const auto file = backend.export_file(one).value();
  const auto blocks = [&] {
    struct stat about {};
    EXPECT_EQ(::fstat(file.file, &about), 0);
    return static_cast<std::size_t>(about.st_blocks) * 512;
  };
  EXPECT_EQ(blocks(), 3 * granule) << "it is there before anything is mapped";
  backend.map(range.first, other, access::read_write).value();
  backend.map(range.first + 2 * granule, other, access::read_write).value();
  backend.release(other).value();
  backend.unmap(range.first, 2 * granule).value();
  EXPECT_EQ(blocks(), 3 * granule);
  backend.unmap(range.first + 2 * granule, 2 * granule).value();
  EXPECT_EQ(blocks(), granule);
  backend.release(one).value();
  EXPECT_EQ(blocks(), 0U);
  ::close(file.file);
}

TEST_F(linux_backend_test, what_was_populated_is_not_faulted_in) {
  const auto faults = [] {
    rusage usage{};
    EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt;
  };
  const auto at = range.first;
  backend.map(at, backend.create(16 * granule).value(), access::read_write).value();
  backend.populate(at, 16 * granule).value();
  const auto before = faults();
  for (std::size_t i = 0; i < 16 * granule; i += 4 * kib) byte_at(at + i) = std::byte{1};
  EXPECT_LT(faults() - before, 64) << "of 256 pages; a sanitizer has some of its own";
}

TEST_F(linux_backend_test, never_has_more_mappings_than_it_says) {
  const auto memory = backend.create(granule).value();
  const auto one = backend.create(granule).value();
  for (std::size_t place = 1; place < 40; place += 1 + place % 3) {
    backend.map(range.first + place * granule, place % 2 == 0 ? memory : one, access::read).value();
    EXPECT_LE(memory_mapped_at(range.first, range.bytes).mappings, backend.usage().mappings);
  }
}

TEST_F(linux_backend_test, a_child_cannot_reach_the_memory_of_its_parent_and_may_destroy_its_copy) {
  const std::array places{map_new(range.first), map_new(range.first + 2 * granule),
                          map_new(range.first + 4 * granule)};
  const auto other = backend.create(granule).value();
  backend.remap(places[1], other, access::read_write).value();
  backend.set_access(places[2], granule, access::read).value();
  backend.set_access(places[2], granule, access::read_write).value();
  backend.unmap(map_new(range.first + 6 * granule), granule).value();
  for (const auto at : places) byte_at(at) = std::byte{42};
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Nothing is there, or something else by now.
    for (const auto at : places) {
      if (allowed_at(at) == access::read_write) byte_at(at) = std::byte{13};
    }
    { const auto dying = std::move(backend); }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (const auto at : places) EXPECT_EQ(std::byte{byte_at(at)}, std::byte{42});
}

// As long as this lives, the process may have no more than `most` of something.
class limited {
 public:
  limited(__rlimit_resource what, rlim_t most) : what_{what} {
    EXPECT_EQ(::getrlimit(what, &before_), 0);
    const rlimit tight{most, before_.rlim_max};
    EXPECT_EQ(::setrlimit(what, &tight), 0);
  }
  limited(const limited&) = delete;
  limited& operator=(const limited&) = delete;
  ~limited() { ::setrlimit(what_, &before_); }

 private:
  __rlimit_resource what_;
  rlimit before_{};
};

TEST_F(linux_backend_test, what_the_system_refuses_is_load_and_leaves_nothing_behind) {
  if constexpr (sanitized) GTEST_SKIP() << "the sanitizer itself could not go on";
  const auto memory = backend.create(granule).value();
  const auto second = range.first + 2 * granule;
  const auto before = backend.usage();
  backend.map(second, memory, access::read_write).value();
  byte_at(second) = std::byte{5};
  const auto pages = backend.usage_of_pages();
  {
    const limited descriptors{RLIMIT_NOFILE, 3};
    EXPECT_EQ(backend.export_file(memory).error(), errc::out_of_memory);
  }
  {
    const limited addresses{RLIMIT_AS, 1U << 20U};
    EXPECT_EQ(backend.reserve(64 * granule, granule).error(), errc::no_address_space);
    EXPECT_EQ(backend.map(range.first, memory).error(), errc::no_mappings);
    // Nothing can be put over it; at least nobody reaches it any more.
    EXPECT_TRUE(backend.unmap(second, granule));
    EXPECT_EQ(allowed_at(second), access::none);
  }
  backend.map(second, memory, access::read_write).value();
  EXPECT_EQ(std::byte{byte_at(second)}, std::byte{5});
  backend.unmap(second, granule).value();
  {
    // Taking memory needs no addresses; without them it is zeroed on the first access.
    const limited addresses{RLIMIT_AS, 1U << 20U};
    const auto more = backend.create(granule);
    ASSERT_TRUE(more);
    backend.release(*more).value();
  }
  EXPECT_EQ(backend.usage(), before);
  EXPECT_EQ(backend.usage_of_pages().small, pages.small);
}

TEST_F(linux_backend_test, destroying_gives_everything_back) {
  const auto addresses = range;
  static_cast<void>(map_new(range.first + granule));
  { const auto dying = std::move(backend); }
  EXPECT_EQ(memory_mapped_at(addresses.first, addresses.bytes).mappings, 0U);
}

TEST_F(linux_backend_test, says_which_pages_memory_has) {
  linux_backend huge{{.capacity = 8 * mib, .granule = 2 * mib, .pages = page_kind::collapsed}};
  const auto memory = huge.create(4 * mib).value();
  const auto pages = huge.usage_of_pages();
  EXPECT_EQ(pages.huge + pages.small, 4 * mib) << "a kernel may have no huge page at the moment";
  const auto there = huge.reserve(4 * mib, 2 * mib).value();
  huge.map(there.first, memory, access::read_write).value();
  huge.release(memory).value();
  huge.unmap(there.first, there.bytes).value();
  EXPECT_EQ(huge.usage_of_pages().huge + huge.usage_of_pages().small, 0U);
  static_cast<void>(backend.create(granule).value());
  EXPECT_EQ(backend.usage_of_pages().small, granule);
}

TEST_F(linux_backend_test, an_empty_reserve_of_huge_pages_is_no_memory_and_not_a_signal_later) {
  const auto pages = vm::number_in("/proc/meminfo", "HugePages_Free:", 0);
  linux_backend reserved{
      {.capacity = (pages + 1) * 2 * mib, .granule = 2 * mib, .pages = page_kind::reserved}};
  const auto there = reserved.reserve((pages + 1) * 2 * mib, 2 * mib).value();
  for (std::size_t i = 0; i <= pages; ++i) {
    const auto memory = reserved.create(2 * mib);
    if (!memory) {
      EXPECT_EQ(memory.error(), errc::no_physical);
      return;
    }
    reserved.map(there.first + i * 2 * mib, *memory, access::read_write).value();
    byte_at(there.first + i * 2 * mib) = std::byte{1};
  }
  FAIL() << "there are not that many huge pages";
}

}  // namespace
}  // namespace kvfolio::test
