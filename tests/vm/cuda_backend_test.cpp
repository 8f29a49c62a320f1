// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_backend.hpp>

#include "../conformance/vm_backend_conformance.hpp"
#include "fake_cuda/loaded.hpp"

namespace kvfolio::test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using vm::cuda_backend;

constexpr std::size_t granule = 2U << 20U;

struct make_cuda {
  static cuda_backend make() {
    return cuda_backend{{.capacity = 40 * granule, .driver = &driver_under_test()}};
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(cuda_backend, vm_backend_conformance, make_cuda);
#ifndef NDEBUG
INSTANTIATE_TYPED_TEST_SUITE_P(cuda_backend, vm_backend_laws, make_cuda);
#endif

class cuda_backend_test : public testing::Test {
 protected:
  void SetUp() override { fake().reset(); }
  void TearDown() override { EXPECT_EQ(fake().live().all(), 0U) << "something was left"; }
};

TEST_F(cuda_backend_test, has_all_memory_of_the_device_unless_told_otherwise) {
  const cuda_backend all{{.driver = &fake_driver()}};
  EXPECT_EQ(all.usage().max_physical_bytes, 64 * granule);
  const cuda_backend some{{.capacity = 6 * granule, .driver = &fake_driver()}};
  EXPECT_EQ(some.usage().max_physical_bytes, 6 * granule);
  EXPECT_EQ(some.device().name(), "Fake device without a GPU");
}

TEST_F(cuda_backend_test, refuses_options_that_make_no_sense_and_says_why) {
  const auto making = [](vm::cuda_options options) {
    options.driver = &fake_driver();
    return [options] { cuda_backend made{options}; };
  };
  EXPECT_THAT(making({.capacity = 65 * granule}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("up to the 134217728 of the device")));
  EXPECT_THAT(
      making({.capacity = granule + 1}),
      ThrowsMessage<std::invalid_argument>(HasSubstr("a multiple of the granule, 2097152")));
  EXPECT_THAT(making({.granule = 65'536}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("a power of two from 2097152 on")));
  EXPECT_EQ(cuda_backend({.granule = 8 * granule, .driver = &fake_driver()}).granularity().minimum,
            8 * granule);
}

TEST_F(cuda_backend_test, memory_that_others_have_taken_is_load) {
  cuda_backend backend{{.driver = &fake_driver()}};
  backend.bind_thread().value();
  fake().set_exclusive(1);
  EXPECT_EQ(backend.create(granule).error(), errc::no_physical);
  fake().set_exclusive(0);
  EXPECT_TRUE(backend.create(granule));
}

TEST_F(cuda_backend_test, destroying_gives_everything_back_in_use_or_not) {
  {
    cuda_backend backend{{.driver = &fake_driver()}};
    backend.bind_thread().value();
    const auto range = backend.reserve(8 * granule, granule).value();
    const auto kept = backend.create(granule).value();
    const auto released = backend.create(2 * granule).value();
    backend.map(range.first, kept).value();
    backend.map(range.first + 3 * granule, released).value();
    backend.map(range.first + 5 * granule, released).value();
    backend.release(released).value();
    static_cast<void>(backend.create(granule).value());
    EXPECT_EQ(fake().live().mappings, 3U);
    EXPECT_EQ(fake().live().allocations, 3U);
  }
  EXPECT_EQ(fake().live().all(), 0U);
}

TEST_F(cuda_backend_test, memory_can_be_exported_where_that_was_asked_for) {
  cuda_backend backend{{.exportable = true, .driver = &fake_driver()}};
  backend.bind_thread().value();
  const auto range = backend.reserve(granule, granule).value();
  const auto memory = backend.create(granule).value();
  backend.map(range.first, memory).value();
  backend.set_access(range.first, granule, vm::access::read_write).value();
  poke(backend, range.first + 5, std::byte{9});
  const auto file = backend.export_file(memory).value();
  EXPECT_EQ(file.bytes, granule);
  std::byte seen{};
  EXPECT_EQ(::pread(file.file, &seen, 1, static_cast<off_t>(file.offset + 5)), 1);
  EXPECT_EQ(seen, std::byte{9});
  ::close(file.file);
}

TEST_F(cuda_backend_test, of_a_machine_without_a_driver_says_so) {
  void* const library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) GTEST_SKIP() << "this machine has one";
  EXPECT_THAT([] { cuda_backend made; },
              ThrowsMessage<std::runtime_error>(HasSubstr("no CUDA driver: libcuda.so.1")));
}

// Everything a backend can be asked for, as long as it goes well.
[[nodiscard]] std::vector<errc> use_all(cuda_backend& backend) {
  std::vector<errc> errors;
  const auto note = [&](const auto& outcome) {
    if (!outcome) errors.push_back(outcome.error());
    return outcome.has_value();
  };
  note(backend.bind_thread());
  const auto range = backend.reserve(4 * granule, granule);
  const auto memory = backend.create(granule);
  if (!note(range) || !note(memory)) return errors;
  const bool first = note(backend.map(range->first, *memory));
  const bool second = note(backend.map(range->first + granule, *memory));
  if (first && second) {
    // Each step only if the one before it was done, as the laws want it.
    if (note(backend.set_access(range->first, 2 * granule, vm::access::read_write)) &&
        note(backend.fill(range->first, granule, std::byte{1}))) {
      const auto behind = backend.record();
      if (note(behind) && note(backend.wait(*behind))) {
        note(backend.unmap(range->first, 2 * granule));
      }
    }
  }
  note(backend.release(*memory));
  if (backend.usage().mappings == 1) note(backend.free_range(*range));
  return errors;
}

TEST_F(cuda_backend_test, a_call_of_the_driver_that_fails_is_reported_and_leaks_nothing) {
  for (const int code : {vm::cuda::out_of_memory, 999}) {
    bool done = false;
    for (std::size_t call = 0; !done; ++call) {
      SCOPED_TRACE("code " + std::to_string(code) + " from call " + std::to_string(call));
      fake().reset();
      fake().fail_call(call, code);
      try {
        cuda_backend backend{{.driver = &fake_driver()}};
        const auto made = fake().calls();
        const auto errors = use_all(backend);
        // What comes after is the destructor, whose failures nobody could do anything about.
        done = fake().calls() <= call;
        EXPECT_EQ(errors.empty(), done || call < made);
        for (const auto error : errors) {
          EXPECT_TRUE(error == errc::device_failed || code == vm::cuda::out_of_memory);
        }
        if (done) fake().fail_call(SIZE_MAX, 0);
      } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("failed with error " + std::to_string(code)));
      }
      ASSERT_EQ(fake().live().all(), 0U);
    }
  }
}

TEST_F(cuda_backend_test, what_was_out_of_memory_goes_on_when_there_is_some) {
  cuda_backend backend{{.driver = &fake_driver()}};
  backend.bind_thread().value();
  const auto range = backend.reserve(2 * granule, granule).value();
  const auto memory = backend.create(granule).value();
  const auto before = backend.usage();
  fake().fail_call(fake().calls(), vm::cuda::out_of_memory);
  EXPECT_EQ(backend.reserve(granule, granule).error(), errc::no_address_space);
  fake().fail_call(fake().calls(), vm::cuda::out_of_memory);
  EXPECT_EQ(backend.create(granule).error(), errc::no_physical);
  fake().fail_call(fake().calls(), vm::cuda::out_of_memory);
  EXPECT_EQ(backend.map(range.first, memory).error(), errc::no_mappings);
  EXPECT_EQ(backend.usage(), before);
  backend.map(range.first, memory).value();
  fake().fail_call(fake().calls(), vm::cuda::out_of_memory);
  EXPECT_EQ(backend.set_access(range.first, granule, vm::access::read).error(), errc::no_mappings);
  backend.set_access(range.first, granule, vm::access::read).value();
}

}  // namespace
}  // namespace kvfolio::test
