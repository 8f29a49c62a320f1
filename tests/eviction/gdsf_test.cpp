// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/gdsf.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::gdsf;

INSTANTIATE_TYPED_TEST_SUITE_P(gdsf, eviction_conformance, gdsf<>);

TEST(gdsf, a_page_that_was_popular_once_ages_as_others_leave) {
  policy_driver<gdsf<>> driver{3};
  driver.insert(page_id{0});
  driver.touch(page_id{0});
  driver.touch(page_id{0});
  driver.insert(page_id{1});
  for (int i = 1; i < 3; ++i) {
    EXPECT_EQ(driver.evict(), page_id{1});
    EXPECT_EQ(driver.policy.level(), i);
    driver.insert(page_id{1});
  }
  EXPECT_EQ(driver.evict(), page_id{0})
      << "three uses long ago are worth no more than one after two victims";
}

// Keys of their own cost.
struct cost_by_key {
  double operator()(const page_access& access) const noexcept { return of(access.key); }
  static double of(content_key key) {
    return 1 + static_cast<double>(static_cast<std::uint64_t>(key) % 5) / 3.0;
  }
};

TEST(gdsf, of_equal_uses_the_dearer_page_stays) {
  policy_driver<gdsf<cost_by_key>> driver{3};
  for (const std::size_t page : {2U, 0U, 1U}) driver.insert(to_page(page));
  for (const std::size_t page : {0U, 1U, 2U}) EXPECT_EQ(driver.evict(), to_page(page));
}

struct naive_gdsf {
  explicit naive_gdsf(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    std::optional<page_id> victim;
    for (const auto page : order) {
      if (eligible(page) && (!victim || priority[page] < priority[*victim])) victim = page;
    }
    if (!victim) return victim;
    level = priority[*victim];
    erase(*victim);
    return victim;
  }
  void insert(page_id page, content_key key) {
    key_of[page] = key;
    uses[page] = 0;
    touch(page);
  }
  void touch(page_id page) {
    move_to_back(order, order, page);
    priority[page] = level + ++uses[page] * cost_by_key::of(key_of[page]);
  }
  void erase(page_id page) { order.remove(page); }

  page_list order;
  std::map<page_id, content_key> key_of;
  std::map<page_id, double> uses;
  std::map<page_id, double> priority;
  double level = 0;
};

TEST(gdsf, agrees_with_priorities_that_are_searched) {
  agrees_with_model<gdsf<cost_by_key>, naive_gdsf>();
}

}  // namespace
}  // namespace kvfolio::test
