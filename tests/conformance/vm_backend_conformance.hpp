// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <kvfolio/vm/concept.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {

/// The host's memory at an address.
[[nodiscard]] inline std::byte* host_at(std::uintptr_t at) {
  return reinterpret_cast<std::byte*>(at);  // NOLINT(performance-no-int-to-ptr): what it is
}

/// Writes one byte through a mapping, as whoever has the backend can.
template <class B>
void poke(B& backend, std::uintptr_t at, std::byte value) {
  if constexpr (host_vm_backend<B>) {
    *static_cast<volatile std::byte*>(host_at(at)) = value;
  } else {
    const auto bytes = std::span{&value, 1};
    backend.write(at, std::as_bytes(bytes), {}).value();
    backend.wait(backend.record({}).value()).value();
  }
}

/// Reads one byte through a mapping.
template <class B>
[[nodiscard]] std::byte peek(B& backend, std::uintptr_t at) {
  if constexpr (host_vm_backend<B>) {
    return *static_cast<const volatile std::byte*>(host_at(at));
  } else {
    std::byte value{};
    backend.read(std::span{&value, 1}, at, {}).value();
    backend.wait(backend.record({}).value()).value();
    return value;
  }
}

/// What the kernel allows at an address of this process, found out without being killed for it.
[[nodiscard]] inline vm::access allowed_at(std::uintptr_t at) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  auto* const address = host_at(at);
  auto found = vm::access::none;
  if (::write(ends[1], address, 1) == 1) {
    found = ::read(ends[0], address, 1) == 1 ? vm::access::read_write : vm::access::read;
  }
  for (const int end : ends) ::close(end);
  return found;
}

/// What every `vm_backend` promises. `Make::make()` is a backend that has memory for 24 granules
/// and not for 64.
template <class Make>
class vm_backend_conformance : public testing::Test {
 protected:
  using backend_type = decltype(Make::make());
  using memory_type = typename backend_type::physical;
  static constexpr auto read_write = vm::access::read_write;

  void SetUp() override { subject.bind_thread().value(); }

  [[nodiscard]] vm::address_range reserve(std::size_t granules) {
    return subject.reserve(granules * unit, unit).value();
  }
  [[nodiscard]] memory_type create(std::size_t granules = 1) {
    return subject.create(granules * unit).value();
  }
  void map(std::uintptr_t at, memory_type memory, std::size_t granules = 1) {
    subject.map(at, memory).value();
    subject.set_access(at, granules * unit, read_write).value();
  }

  backend_type subject = Make::make();
  std::size_t unit = subject.granularity().minimum;
};

TYPED_TEST_SUITE_P(vm_backend_conformance);

TYPED_TEST_P(vm_backend_conformance, sizes_are_multiples_of_a_power_of_two) {
  const auto sizes = this->subject.granularity();
  EXPECT_NE(sizes.minimum, 0U);
  EXPECT_EQ(sizes.minimum & (sizes.minimum - 1), 0U);
  EXPECT_GE(sizes.recommended, sizes.minimum);
  EXPECT_EQ(sizes.recommended % sizes.minimum, 0U);
}

TYPED_TEST_P(vm_backend_conformance, begins_with_nothing_and_can_come_back_to_it) {
  auto& backend = this->subject;
  const auto before = backend.usage();
  EXPECT_EQ(before.reserved_bytes + before.physical_bytes + before.mappings, 0U);
  const auto range = this->reserve(4);
  const auto memory = this->create();
  EXPECT_EQ(backend.usage().reserved_bytes, 4 * this->unit);
  EXPECT_EQ(backend.usage().physical_bytes, this->unit);
  this->map(range.first, memory);
  EXPECT_GE(backend.usage().mappings, 1U);
  backend.unmap(range.first, this->unit).value();
  backend.release(memory).value();
  backend.free_range(range).value();
  EXPECT_EQ(backend.usage(), before);
}

TYPED_TEST_P(vm_backend_conformance, ranges_are_aligned_as_asked_and_apart) {
  std::vector<vm::address_range> ranges;
  for (const std::size_t alignment : {1U, 1U, 8U, 64U, 2U}) {
    const auto range = this->subject.reserve(3 * this->unit, alignment * this->unit).value();
    EXPECT_EQ(range.first % (alignment * this->unit), 0U);
    EXPECT_EQ(range.bytes, 3 * this->unit);
    for (const auto& other : ranges) {
      EXPECT_TRUE(range.end() <= other.first || other.end() <= range.first);
    }
    ranges.push_back(range);
  }
  for (const auto& range : ranges) this->subject.free_range(range).value();
}

TYPED_TEST_P(vm_backend_conformance, a_terabyte_of_addresses_costs_no_memory_or_is_refused) {
  const auto range = this->subject.reserve(std::size_t{1} << 40U, this->unit);
  if (range) {
    EXPECT_EQ(this->subject.usage().physical_bytes, 0U);
    this->subject.free_range(*range).value();
  } else {
    EXPECT_EQ(range.error(), errc::no_address_space);
    EXPECT_EQ(this->subject.usage().reserved_bytes, 0U);
  }
}

TYPED_TEST_P(vm_backend_conformance, says_so_when_there_are_not_that_many_addresses) {
  const auto before = this->subject.usage();
  const auto range = this->subject.reserve(std::size_t{1} << 62U, this->unit);
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error(), errc::no_address_space);
  EXPECT_EQ(this->subject.usage(), before);
}

TYPED_TEST_P(vm_backend_conformance, says_so_when_memory_has_run_out_and_goes_on_when_it_is_back) {
  auto& backend = this->subject;
  std::vector<typename TestFixture::memory_type> all;
  while (all.size() < 64) {
    const auto memory = backend.create(this->unit);
    if (!memory) {
      EXPECT_EQ(memory.error(), errc::no_physical);
      break;
    }
    all.push_back(*memory);
  }
  EXPECT_GE(all.size(), 24U);
  EXPECT_LT(all.size(), 64U);
  EXPECT_EQ(backend.usage().physical_bytes, all.size() * this->unit);
  backend.release(all.back()).value();
  all.pop_back();
  const auto too_long = backend.create(2 * this->unit);
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error(), errc::no_physical);
  all.push_back(backend.create(this->unit).value());
  for (const auto memory : all) backend.release(memory).value();
  EXPECT_EQ(backend.usage().physical_bytes, 0U);
}

TYPED_TEST_P(vm_backend_conformance, new_memory_is_zero_where_that_is_promised) {
  if constexpr (TestFixture::backend_type::zero_on_create) {
    const auto range = this->reserve(2);
    for (int round = 0; round < 3; ++round) {
      const auto memory = this->create(2);
      this->map(range.first, memory, 2);
      for (std::size_t i = 0; i < range.bytes; i += 64) {
        ASSERT_EQ(peek(this->subject, range.first + i), std::byte{0});
        poke(this->subject, range.first + i, std::byte{7});
      }
      this->subject.release(memory).value();
      this->subject.unmap(range.first, range.bytes).value();
    }
    this->subject.free_range(range).value();
  }
}

TYPED_TEST_P(vm_backend_conformance, what_is_mapped_in_several_places_is_the_same_memory) {
  auto& backend = this->subject;
  const auto one = this->reserve(3);
  const auto other = this->reserve(1);
  const auto memory = this->create();
  const std::array<std::uintptr_t, 3> places{one.first, one.first + 2 * this->unit, other.first};
  for (const auto at : places) this->map(at, memory);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto mark = static_cast<std::byte>(i + 40);
    poke(backend, places[i] + 100, mark);
    for (const auto at : places) EXPECT_EQ(peek(backend, at + 100), mark);
  }
}

TYPED_TEST_P(vm_backend_conformance, content_stays_when_memory_is_mapped_elsewhere) {
  auto& backend = this->subject;
  const auto range = this->reserve(8);
  const auto memory = this->create(2);
  this->map(range.first, memory, 2);
  poke(backend, range.first, std::byte{1});
  poke(backend, range.first + 2 * this->unit - 1, std::byte{2});
  backend.unmap(range.first, 2 * this->unit).value();
  const auto there = range.first + 5 * this->unit;
  this->map(there, memory, 2);
  EXPECT_EQ(peek(backend, there), std::byte{1});
  EXPECT_EQ(peek(backend, there + 2 * this->unit - 1), std::byte{2});
}

TYPED_TEST_P(vm_backend_conformance, released_memory_lives_as_long_as_something_maps_it) {
  auto& backend = this->subject;
  const auto range = this->reserve(2);
  const auto memory = this->create();
  this->map(range.first, memory);
  this->map(range.first + this->unit, memory);
  poke(backend, range.first, std::byte{5});
  backend.release(memory).value();
  EXPECT_EQ(backend.usage().physical_bytes, this->unit);
  backend.unmap(range.first, this->unit).value();
  EXPECT_EQ(backend.usage().physical_bytes, this->unit);
  EXPECT_EQ(peek(backend, range.first + this->unit), std::byte{5});
  backend.unmap(range.first + this->unit, this->unit).value();
  EXPECT_EQ(backend.usage().physical_bytes, 0U);
}

TYPED_TEST_P(vm_backend_conformance, several_mappings_can_be_opened_and_unmapped_at_once) {
  auto& backend = this->subject;
  const auto range = this->reserve(9);
  std::vector<typename TestFixture::memory_type> all;
  for (const std::size_t granules : {1U, 3U, 2U, 1U}) all.push_back(this->create(granules));
  auto at = range.first + this->unit;
  std::size_t next = 0;
  for (const std::size_t granules : {1U, 3U, 2U, 1U}) {
    backend.map(at, all[next++]).value();
    at += granules * this->unit;
  }
  backend.set_access(range.first + this->unit, 7 * this->unit, this->read_write).value();
  for (std::size_t i = 1; i < 8; ++i) {
    poke(backend, range.first + i * this->unit, static_cast<std::byte>(i));
  }
  for (std::size_t i = 1; i < 8; ++i) {
    EXPECT_EQ(peek(backend, range.first + i * this->unit), static_cast<std::byte>(i));
  }
  // The two in the middle first, and then what is left on either side.
  backend.unmap(range.first + 2 * this->unit, 5 * this->unit).value();
  EXPECT_EQ(peek(backend, range.first + 7 * this->unit), std::byte{7});
  backend.unmap(range.first + this->unit, this->unit).value();
  backend.unmap(range.first + 7 * this->unit, this->unit).value();
  for (const auto memory : all) backend.release(memory).value();
  backend.free_range(range).value();
  EXPECT_EQ(backend.usage().physical_bytes, 0U);
}

TYPED_TEST_P(vm_backend_conformance, access_is_what_was_given_last_and_none_at_first) {
  if constexpr (host_vm_backend<typename TestFixture::backend_type>) {
    auto& backend = this->subject;
    const auto range = this->reserve(3);
    const auto middle = range.first + this->unit;
    EXPECT_EQ(allowed_at(middle), vm::access::none);
    const auto memory = this->create();
    backend.map(middle, memory).value();
    EXPECT_EQ(allowed_at(middle), vm::access::none);
    for (const auto access : {vm::access::read, vm::access::read_write, vm::access::none}) {
      backend.set_access(middle, this->unit, access).value();
      EXPECT_EQ(allowed_at(middle), access);
      EXPECT_EQ(allowed_at(middle + this->unit - 1), access);
      EXPECT_EQ(allowed_at(middle - 1), vm::access::none);
      EXPECT_EQ(allowed_at(middle + this->unit), vm::access::none);
    }
    backend.set_access(middle, this->unit, this->read_write).value();
    backend.unmap(middle, this->unit).value();
    EXPECT_EQ(allowed_at(middle), vm::access::none);
    // Each alias has its own: sharers may read while the owner writes.
    backend.map(range.first, memory).value();
    backend.map(middle, memory).value();
    backend.set_access(range.first, this->unit, this->read_write).value();
    backend.set_access(middle, this->unit, vm::access::read).value();
    EXPECT_EQ(allowed_at(range.first), vm::access::read_write);
    EXPECT_EQ(allowed_at(middle), vm::access::read);
  }
}

TYPED_TEST_P(vm_backend_conformance, a_backend_may_be_moved_while_everything_is_in_use) {
  const auto range = this->reserve(2);
  const auto memory = this->create();
  this->map(range.first, memory);
  poke(this->subject, range.first, std::byte{3});
  auto moved = std::move(this->subject);
  EXPECT_EQ(peek(moved, range.first), std::byte{3});
  this->subject = std::move(moved);
  EXPECT_EQ(peek(this->subject, range.first), std::byte{3});
  this->subject.unmap(range.first, this->unit).value();
  this->subject.release(memory).value();
  this->subject.free_range(range).value();
  this->subject = TypeParam::make();
  EXPECT_EQ(this->subject.usage().reserved_bytes, 0U);
}

TYPED_TEST_P(vm_backend_conformance, memory_can_be_put_in_the_place_of_other_memory) {
  if constexpr (remapping_vm_backend<typename TestFixture::backend_type>) {
    auto& backend = this->subject;
    const auto range = this->reserve(2);
    const auto one = this->create();
    const auto other = this->create();
    this->map(range.first, one);
    this->map(range.first + this->unit, other);
    poke(backend, range.first, std::byte{1});
    poke(backend, range.first + this->unit, std::byte{2});
    backend.release(one).value();
    backend.remap(range.first, other, vm::access::read).value();
    EXPECT_EQ(peek(backend, range.first), std::byte{2});
    EXPECT_EQ(allowed_at(range.first), vm::access::read);
    EXPECT_EQ(backend.usage().physical_bytes, this->unit) << "nobody had the first any more";
    // Several whole mappings make room for a longer one.
    const auto long_one = this->create(2);
    backend.remap(range.first, long_one, this->read_write).value();
    backend.unmap(range.first, range.bytes).value();
  }
}

TYPED_TEST_P(vm_backend_conformance, mapping_and_opening_may_be_one_step) {
  if constexpr (fusing_vm_backend<typename TestFixture::backend_type>) {
    const auto range = this->reserve(1);
    const auto memory = this->create();
    this->subject.map(range.first, memory, this->read_write).value();
    poke(this->subject, range.first, std::byte{9});
    EXPECT_EQ(peek(this->subject, range.first), std::byte{9});
    this->subject.unmap(range.first, this->unit).value();
  }
}

TYPED_TEST_P(vm_backend_conformance, populating_changes_no_content) {
  if constexpr (prefaulting_vm_backend<typename TestFixture::backend_type>) {
    const auto range = this->reserve(2);
    this->map(range.first, this->create());
    this->map(range.first + this->unit, this->create());
    poke(this->subject, range.first + 5, std::byte{9});
    this->subject.populate(range.first, range.bytes).value();
    EXPECT_EQ(peek(this->subject, range.first + 5), std::byte{9});
  }
}

TYPED_TEST_P(vm_backend_conformance, bytes_move_in_the_order_of_a_stream) {
  if constexpr (copying_vm_backend<typename TestFixture::backend_type>) {
    auto& backend = this->subject;
    const typename TestFixture::backend_type::stream own{};
    const auto range = this->reserve(2);
    this->map(range.first, this->create(2), 2);
    const auto second = range.first + this->unit;
    std::vector<std::byte> sent(1000);
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::byte>(i);
    std::vector<std::byte> got(sent.size());
    backend.fill(range.first, this->unit, std::byte{0xEE}, own).value();
    backend.write(range.first + 17, sent, own).value();
    backend.copy(second + 3, range.first + 17, sent.size(), own).value();
    backend.fill(range.first + 17, sent.size(), std::byte{0}, own).value();
    backend.read(got, second + 3, own).value();
    auto behind = backend.record(own).value();
    backend.follow(own, behind).value();
    auto moved = std::move(behind);
    backend.wait(moved).value();
    EXPECT_TRUE(backend.reached(moved).value());
    EXPECT_EQ(got, sent);
    EXPECT_EQ(peek(backend, range.first + 16), std::byte{0xEE});
    EXPECT_EQ(peek(backend, range.first + 17), std::byte{0});
    EXPECT_EQ(peek(backend, range.first + 17 + sent.size()), std::byte{0xEE});
  }
}

TYPED_TEST_P(vm_backend_conformance, another_process_could_map_the_file_of_memory) {
  if constexpr (exporting_vm_backend<typename TestFixture::backend_type> &&
                host_vm_backend<typename TestFixture::backend_type>) {
    const auto range = this->reserve(3);
    const auto before = this->create();
    const auto memory = this->create(2);
    this->map(range.first, memory, 2);
    poke(this->subject, range.first + this->unit, std::byte{77});
    const auto file = this->subject.export_file(memory).value();
    EXPECT_EQ(file.bytes, 2 * this->unit);
    void* const there = ::mmap(nullptr, file.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.file,
                               static_cast<off_t>(file.offset));
    ASSERT_NE(there, MAP_FAILED);
    ::close(file.file);
    auto* const bytes = static_cast<volatile std::byte*>(there);
    EXPECT_EQ(std::byte{bytes[this->unit]}, std::byte{77});
    bytes[0] = std::byte{78};
    EXPECT_EQ(peek(this->subject, range.first), std::byte{78});
    ::munmap(there, file.bytes);
    this->subject.release(before).value();
  }
}

/// A backend, and a list of what is where in it.
template <class B>
class listed_backend {
 public:
  static constexpr std::size_t places = 24;

  explicit listed_backend(B made) : backend_{std::move(made)} {
    backend_.bind_thread().value();
    range_ = backend_.reserve(places * granule_, granule_).value();
  }

  void create(std::mt19937& rng) {
    const std::size_t granules = 1 + rng() % 3;
    const auto memory = backend_.create(granules * granule_);
    if (memory) {
      pieces_.push_back({*memory, granules, static_cast<std::byte>(rng()), true, 0});
    } else {
      EXPECT_EQ(memory.error(), errc::no_physical);
    }
  }

  // Its content is unspecified until it is written, which takes a mapping.
  void map(std::mt19937& rng) {
    if (pieces_.empty()) return;
    const auto number = rng() % pieces_.size();
    const auto place = rng() % places;
    auto& one = pieces_[number];
    if (!one.named || place + one.granules > places) return;
    for (std::size_t i = 0; i < one.granules; ++i) {
      if (taken_[place + i]) return;
    }
    backend_.map(at(place), one.memory).value();
    backend_.set_access(at(place), one.granules * granule_, vm::access::read_write).value();
    for (std::size_t i = 0; i < one.granules; ++i) {
      taken_[place + i] = true;
      poke(backend_, at(place + i) + i, one.mark);
    }
    mapped_[place] = number;
    ++one.mappings;
  }

  void unmap(std::mt19937& rng) {
    const auto place = rng() % places;
    if (!mapped_[place]) return;
    auto& one = pieces_[*mapped_[place]];
    backend_.unmap(at(place), one.granules * granule_).value();
    for (std::size_t i = 0; i < one.granules; ++i) taken_[place + i] = false;
    mapped_[place].reset();
    --one.mappings;
  }

  void release(std::mt19937& rng) {
    if (pieces_.empty()) return;
    auto& one = pieces_[rng() % pieces_.size()];
    if (one.named) backend_.release(one.memory).value();
    one.named = false;
  }

  // Looks at every piece through every mapping that it has.
  void check() {
    std::size_t physical = 0;
    for (const auto& one : pieces_) {
      if (one.named || one.mappings > 0) physical += one.granules * granule_;
    }
    EXPECT_EQ(backend_.usage().physical_bytes, physical);
    for (std::size_t place = 0; place < places; ++place) {
      if (mapped_[place]) check(place, pieces_[*mapped_[place]]);
    }
  }

 private:
  struct piece {
    typename B::physical memory;
    std::size_t granules;
    std::byte mark;
    bool named;
    std::size_t mappings;
  };

  void check(std::size_t place, const piece& one) {
    for (std::size_t i = 0; i < one.granules; ++i) {
      EXPECT_EQ(peek(backend_, at(place + i) + i), one.mark);
    }
  }
  [[nodiscard]] std::uintptr_t at(std::size_t place) const {
    return range_.first + place * granule_;
  }

  B backend_;
  std::size_t granule_ = backend_.granularity().minimum;
  vm::address_range range_;
  std::vector<piece> pieces_;
  std::array<std::optional<std::size_t>, places> mapped_{};  // by first place
  std::array<bool, places> taken_{};
};

// Random calls, each of which the laws allow.
TYPED_TEST_P(vm_backend_conformance, agrees_with_a_list_of_what_is_where) {
  for_each_seed([](std::mt19937& rng) {
    listed_backend listed{TypeParam::make()};
    for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(step);
      const auto choice = rng() % 10;
      if (choice < 3) {
        listed.create(rng);
      } else if (choice < 6) {
        listed.map(rng);
      } else if (choice < 8) {
        listed.unmap(rng);
      } else {
        listed.release(rng);
      }
      listed.check();
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(
    vm_backend_conformance, sizes_are_multiples_of_a_power_of_two,
    begins_with_nothing_and_can_come_back_to_it, ranges_are_aligned_as_asked_and_apart,
    a_terabyte_of_addresses_costs_no_memory_or_is_refused,
    says_so_when_there_are_not_that_many_addresses,
    says_so_when_memory_has_run_out_and_goes_on_when_it_is_back,
    new_memory_is_zero_where_that_is_promised, what_is_mapped_in_several_places_is_the_same_memory,
    content_stays_when_memory_is_mapped_elsewhere,
    released_memory_lives_as_long_as_something_maps_it,
    several_mappings_can_be_opened_and_unmapped_at_once,
    access_is_what_was_given_last_and_none_at_first,
    a_backend_may_be_moved_while_everything_is_in_use,
    memory_can_be_put_in_the_place_of_other_memory, mapping_and_opening_may_be_one_step,
    populating_changes_no_content, bytes_move_in_the_order_of_a_stream,
    another_process_could_map_the_file_of_memory, agrees_with_a_list_of_what_is_where);

#ifndef NDEBUG
/// What no `vm_backend` puts up with. Instantiate where preconditions are checked.
template <class Make>
class vm_backend_laws : public vm_backend_conformance<Make> {
 protected:
  // A child of this process may have nothing of what is reserved here; one that begins anew has.
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    vm_backend_conformance<Make>::SetUp();
  }
};

TYPED_TEST_SUITE_P(vm_backend_laws);

TYPED_TEST_P(vm_backend_laws, what_they_forbid_is_a_contract_violation) {
  auto& backend = this->subject;
  const auto granule = this->unit;
  const auto range = this->reserve(6);
  const auto one = this->create();
  const auto two = this->create(2);
  backend.map(range.first, one).value();
  backend.map(range.first + granule, two).value();
  const char* const any = "ssertion";
  const auto dies = [&](auto call, const char* what) {
    SCOPED_TRACE(what);
    EXPECT_DEATH(call(), any);
  };
  dies([&] { (void)backend.map(range.first, one); }, "over another mapping");
  dies([&] { (void)backend.map(range.first + 5 * granule, two); }, "beyond the end of a range");
  dies([&] { (void)backend.map(range.end() + 64 * granule, one); }, "where nothing is reserved");
  dies([&] { (void)backend.map(range.first + 4 * granule + 1, one); }, "between granules");
  dies([&] { (void)backend.unmap(range.first + granule, granule); }, "half of a mapping");
  dies([&] { (void)backend.unmap(range.first + 2 * granule, granule); }, "the other half");
  dies([&] { (void)backend.unmap(range.first + 4 * granule, granule); }, "of nothing");
  dies([&] { (void)backend.set_access(range.first, 4 * granule, vm::access::read); }, "with a gap");
  dies([&] { (void)backend.free_range(range); }, "a range where something is mapped");
  dies([&] { (void)backend.free_range({range.first, granule}); }, "a part of a range");
  dies([&] { (void)backend.release(one), (void)backend.release(one); }, "released twice");
  dies([&] { (void)backend.release(one), (void)backend.map(range.first + 4 * granule, one); },
       "mapped after it was released");
  dies([&] { (void)backend.create(granule / 2); }, "a part of a granule");
  dies([&] { (void)backend.reserve(granule, granule + granule / 2); }, "alignment");
}

REGISTER_TYPED_TEST_SUITE_P(vm_backend_laws, what_they_forbid_is_a_contract_violation);
#endif

}  // namespace kvfolio::test
