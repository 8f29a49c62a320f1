// SPDX-License-Identifier: Apache-2.0
// What does a backend of virtual memory add to the system calls that it makes?
//
// Floors are those calls, on a file of the same kind in a range of the same size: mapping 64 KiB
// with access and emptying the place again; the same with access given separately; taking memory
// from the machine and giving it back. What a backend adds is its books, and that children shall
// not inherit what is mapped, which is a call more. *Among many*: 20,000 other mappings, and 1,000
// other ranges.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <kvfolio/vm/ledger.hpp>
#include <kvfolio/vm/linux_backend.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::size_t kib = 1'024;
constexpr std::size_t granule = 64 * kib;
constexpr std::size_t huge = 2'048 * kib;
constexpr int nothing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
constexpr benchmark::IterationCount batch = 100;

// A file with one granule of memory, and a range to map it in.
class bare {
 public:
  bare()
      : file_{::memfd_create("bare", MFD_CLOEXEC)},
        range_{static_cast<std::byte*>(::mmap(nullptr, 64 * granule, PROT_NONE, nothing, -1, 0))} {
    if (file_ < 0 || range_ == MAP_FAILED || ::ftruncate(file_, 1 << 30) != 0) std::abort();
    take(0);
  }
  bare(const bare&) = delete;
  bare& operator=(const bare&) = delete;
  ~bare() {
    ::munmap(range_, 64 * granule);
    ::close(file_);
  }

  void map(int protection) const {
    benchmark::DoNotOptimize(
        ::mmap(range_ + granule, granule, protection, MAP_SHARED | MAP_FIXED, file_, 0));
  }
  void open() const { ::mprotect(range_ + granule, granule, PROT_READ | PROT_WRITE); }
  void close_to_children() const { ::madvise(range_ + granule, granule, MADV_DONTFORK); }
  void unmap() const {
    benchmark::DoNotOptimize(
        ::mmap(range_ + granule, granule, PROT_NONE, nothing | MAP_FIXED, -1, 0));
  }
  void take(off_t offset) const {
    ::fallocate(file_, 0, offset, static_cast<off_t>(granule));
    void* const there = ::mmap(nullptr, granule, PROT_READ | PROT_WRITE, MAP_SHARED, file_, offset);
    for (std::size_t i = 0; i < granule; i += 4 * kib) static_cast<char*>(there)[i] = 0;
    ::munmap(there, granule);
  }
  void give_back(off_t offset) const {
    ::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                static_cast<off_t>(granule));
  }

 private:
  int file_;
  std::byte* range_;
};

// A backend with one granule of memory, and a range to map it in; and as much else as is asked for.
struct ours {
  explicit ours(const vm::linux_options& options)
      : backend{options},
        memory{backend.create(options.granule).value()},
        range{backend.reserve(64 * options.granule, options.granule).value()} {}
  explicit ours(std::size_t ranges, std::size_t mappings)
      : ours{vm::linux_options{.capacity = 64 * granule}} {
    for (std::size_t i = 0; i < ranges; ++i) {
      const auto other = backend.reserve(64 * granule, granule).value();
      const auto here = std::min<std::size_t>(mappings / ranges, 64);
      for (std::size_t k = 0; k < here; ++k) backend.map(other.first + k * granule, memory).value();
      if (i == ranges / 2) range = backend.reserve(64 * granule, granule).value();
    }
  }

  vm::linux_backend backend;
  vm::linux_backend::physical memory;
  vm::address_range range;
};

template <class Code>
[[nodiscard]] body repeated(Code code) {
  return [code](benchmark::State& state) {
    while (state.KeepRunningBatch(batch)) {
      for (auto i = batch; i-- > 0;) code();
    }
  };
}

void fill(suite& suite) {
  const auto system = std::make_shared<bare>();
  const auto alone = std::make_shared<ours>(vm::linux_options{.capacity = 64 * granule});
  const auto among_many = std::make_shared<ours>(1'000, 20'000);
  const auto map_open = [](const std::shared_ptr<ours>& own) {
    return repeated([own] {
      const auto at = own->range.first + granule;
      own->backend.map(at, own->memory, vm::access::read_write).value();
      own->backend.unmap(at, granule).value();
    });
  };

  const auto fused = suite.add_floor("mmap with access, and nothing over it", repeated([system] {
                                       system->map(PROT_READ | PROT_WRITE);
                                       system->unmap();
                                     }));
  suite.ask("map with access, unmap", fused, map_open(alone), {.ratio = 1.7});
  suite.ask("map with access, unmap, among many", fused, map_open(among_many), {.ratio = 2});
  suite.ask("the bare calls, kept from children", fused, repeated([system] {
              system->map(PROT_READ | PROT_WRITE);
              system->close_to_children();
              system->unmap();
              system->close_to_children();
            }));

  const auto apart = suite.add_floor("mmap, mprotect, and nothing over it", repeated([system] {
                                       system->map(PROT_NONE);
                                       system->open();
                                       system->unmap();
                                     }));
  suite.ask("map, set_access, unmap", apart, repeated([alone] {
              const auto at = alone->range.first + granule;
              alone->backend.map(at, alone->memory).value();
              alone->backend.set_access(at, granule, vm::access::read_write).value();
              alone->backend.unmap(at, granule).value();
            }),
            {.ratio = 1.7});

  const auto taking = suite.add_floor("fallocate, first accesses, a hole again", repeated([system] {
                                        system->take(static_cast<off_t>(granule));
                                        system->give_back(static_cast<off_t>(granule));
                                      }));
  suite.ask("create, release", taking, repeated([alone] {
              alone->backend.release(alone->backend.create(granule).value()).value();
            }),
            {.ratio = 1.5});

  // Huge pages cost once and pay for ever.
  const auto pages_of = [](vm::page_kind kind) {
    return std::make_shared<ours>(
        vm::linux_options{.capacity = 16 * huge, .granule = huge, .pages = kind});
  };
  const auto small = pages_of(vm::page_kind::small);
  const auto collapsed = pages_of(vm::page_kind::collapsed);
  const auto map_whole = [](const std::shared_ptr<ours>& own) {
    return repeated([own] {
      own->backend.map(own->range.first, own->memory, vm::access::read_write).value();
      own->backend.populate(own->range.first, huge).value();
      own->backend.unmap(own->range.first, huge).value();
    });
  };
  const auto create_whole = [](const std::shared_ptr<ours>& own) {
    return [own](benchmark::State& state) {
      while (state.KeepRunningBatch(1)) {
        own->backend.release(own->backend.create(huge).value()).value();
      }
    };
  };
  const auto whole = suite.add_floor("map, populate, unmap 2 MiB of small pages", map_whole(small));
  suite.ask("the same, pages collapsed if the kernel agreed", whole, map_whole(collapsed));
  const auto made = suite.add_floor("create, release 2 MiB of small pages", create_whole(small));
  suite.ask("the same, pages collapsed if the kernel agrees", made, create_whole(collapsed));

  struct books {
    books() : ledger{granule, 8}, memory{ledger.memory().add(1, granule)} {
      for (std::uintptr_t i = 1; i <= 1'000; ++i) {
        if (!ledger.add_range({i << 30U, 64 * granule})) std::abort();
      }
    }
    vm::ledger ledger;
    vm::memory_id memory;
  };
  const auto kept = std::make_shared<books>();
  suite.ask("the books of map and unmap alone, of 1,000 ranges", fused, repeated([kept] {
              const auto at = (std::uintptr_t{500} << 30U) + granule;
              kept->ledger.map(at, kept->memory, vm::access::read_write);
              kept->ledger.unmap(at, granule, [](std::uint64_t, std::size_t) {});
            }),
            {.ratio = 0.05});
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("vm_calls", "What backends add to their system calls.",
                                   kvfolio::bench::fill, argc, argv);
}
