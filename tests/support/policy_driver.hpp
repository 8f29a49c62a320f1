// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::test {

/// Drives a policy as a pool would: numbers the accesses, keeps the set of eligible pages, and
/// tells a policy that wants to know when it changes.
template <eviction_policy P>
class policy_driver {
 public:
  explicit policy_driver(std::size_t pages) : policy_driver{pages, P(pages)} {}
  policy_driver(std::size_t pages, P made)
      : policy{std::move(made)}, tracked_{pages}, eligible_{pages} {}

  [[nodiscard]] bool tracks(page_id page) const { return tracked_.contains(to_index(page)); }
  [[nodiscard]] bool is_eligible(page_id page) const { return eligible_.contains(to_index(page)); }
  [[nodiscard]] bool any_eligible() const { return eligible_.next(0).has_value(); }

  /// An access to `key`.
  [[nodiscard]] page_access access(content_key key) {
    ++accesses_;
    return {.key = key, .access = accesses_, .request = accesses_};
  }
  /// An access to the key that is `page` itself.
  [[nodiscard]] page_access access(page_id page) { return access(content_key{to_index(page)}); }

  void insert(page_id page, const page_access& access) {
    policy.insert(page, access);
    tracked_.insert(to_index(page));
    eligible_.insert(to_index(page));
  }
  void insert(page_id page) {
    const auto wanted = access(page);
    policy.miss(wanted);
    insert(page, wanted);
  }
  void insert_oldest(page_id page) requires frontier_aware<P> {
    policy.insert_oldest(page);
    tracked_.insert(to_index(page));
    eligible_.insert(to_index(page));
  }
  void touch(page_id page) { policy.touch(page, access(page)); }
  void erase(page_id page) {
    policy.erase(page);
    tracked_.erase(to_index(page));
    eligible_.erase(to_index(page));
  }
  void set_eligible(page_id page, bool eligible) {
    if (is_eligible(page) == eligible) return;
    eligible ? eligible_.insert(to_index(page)) : eligible_.erase(to_index(page));
    if constexpr (eligibility_aware<P>) eligible ? policy.resume(page) : policy.suspend(page);
  }
  std::optional<page_id> evict(const page_access& access) {
    const auto victim = policy.evict(access, page_set{eligible_.words()});
    if (victim) {
      last_victim_was_eligible = is_eligible(*victim);
      tracked_.erase(to_index(*victim));
      eligible_.erase(to_index(*victim));
    }
    return victim;
  }
  std::optional<page_id> evict() { return evict(access(page_id{})); }

  P policy;
  bool last_victim_was_eligible = false;

 private:
  bitmap tracked_;
  bitmap eligible_;
  std::uint64_t accesses_ = 0;
};

}  // namespace kvfolio::test
