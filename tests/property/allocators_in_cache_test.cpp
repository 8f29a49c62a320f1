// SPDX-License-Identifier: Apache-2.0
// Caches whose pages come from other allocators than the default one do what caches do. Tracking
// dies of a page that is taken or released twice.
#include <cstddef>
#include <random>

#include <gtest/gtest.h>

#include "../support/bundles.hpp"
#include "../support/random_steps.hpp"
#include "../support/verb_driver.hpp"

namespace kvfolio::test {
namespace {

template <class Allocator, class Base = plain>
struct with_allocator : Base {
  struct policies : Base::policies {
    using page_allocator = Allocator;
  };
};

template <class Bundle>
class allocators_in_cache : public testing::Test {};
using allocators = testing::Types<with_allocator<page::tracking<page::free_list<>>>,
                                  with_allocator<page::address_ordered, deferred_unbacked>,
                                  with_allocator<page::statistics<page::buddy>, null_page>,
                                  with_allocator<page::thread_caches<page::best_fit>>>;
TYPED_TEST_SUITE(allocators_in_cache, allocators);

TYPED_TEST(allocators_in_cache, agree_with_a_list_of_tokens_a_sequence_after_every_step) {
  for_each_seed([](std::mt19937& rng) {
    const auto choose = [&rng](std::size_t bound) { return std::size_t{rng()} % bound; };
    verb_driver<TypeParam, decltype(choose)> driver{TypeParam::config(), choose};
    drive(driver, 2'000);
  });
}

}  // namespace
}  // namespace kvfolio::test
