// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/lru.hpp>

namespace replay {

/// An eviction policy that is chosen when the program runs: so a replay is compiled once, and not
/// once a policy. Costs an indirect call an operation.
class any_policy {
 public:
  /// LRU, as one must be.
  explicit any_policy(std::size_t pages) : any_policy{kvfolio::eviction::lru{pages}} {}

  /// Decides as `policy` does: an `eviction_policy`, but that it need not be made from a number of
  /// pages.
  template <class Policy>
  requires(!std::same_as<Policy, any_policy> &&
           !std::convertible_to<Policy, std::size_t>) explicit any_policy(Policy policy)
      : held_{std::make_unique<holder<Policy>>(std::move(policy))} {}

  void miss(const kvfolio::page_access& access) noexcept { held_->miss(access); }
  [[nodiscard]] std::optional<kvfolio::page_id> evict(const kvfolio::page_access& access,
                                                      kvfolio::page_set eligible) noexcept {
    return held_->evict(access, eligible);
  }
  void insert(kvfolio::page_id page, const kvfolio::page_access& access) noexcept {
    held_->insert(page, access);
  }
  void touch(kvfolio::page_id page, const kvfolio::page_access& access) noexcept {
    held_->touch(page, access);
  }
  void erase(kvfolio::page_id page) noexcept { held_->erase(page); }
  void suspend(kvfolio::page_id page) noexcept { held_->suspend(page); }
  void resume(kvfolio::page_id page) noexcept { held_->resume(page); }
  [[nodiscard]] std::size_t size() const noexcept { return held_->size(); }

 private:
  struct interface {
    interface() = default;
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;
    virtual void miss(const kvfolio::page_access& access) noexcept = 0;
    virtual std::optional<kvfolio::page_id> evict(const kvfolio::page_access& access,
                                                  kvfolio::page_set eligible) noexcept = 0;
    virtual void insert(kvfolio::page_id page, const kvfolio::page_access& access) noexcept = 0;
    virtual void touch(kvfolio::page_id page, const kvfolio::page_access& access) noexcept = 0;
    virtual void erase(kvfolio::page_id page) noexcept = 0;
    virtual void suspend(kvfolio::page_id page) noexcept = 0;
    virtual void resume(kvfolio::page_id page) noexcept = 0;
    [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  };

  template <class Policy>
  struct holder final : interface {
    explicit holder(Policy&& made) : policy{std::move(made)} {}
    void miss(const kvfolio::page_access& access) noexcept override { policy.miss(access); }
    std::optional<kvfolio::page_id> evict(const kvfolio::page_access& access,
                                          kvfolio::page_set eligible) noexcept override {
      return policy.evict(access, eligible);
    }
    void insert(kvfolio::page_id page, const kvfolio::page_access& access) noexcept override {
      policy.insert(page, access);
    }
    void touch(kvfolio::page_id page, const kvfolio::page_access& access) noexcept override {
      policy.touch(page, access);
    }
    void erase(kvfolio::page_id page) noexcept override { policy.erase(page); }
    void suspend(kvfolio::page_id page) noexcept override {
      if constexpr (is_aware) policy.suspend(page);
    }
    void resume(kvfolio::page_id page) noexcept override {
      if constexpr (is_aware) policy.resume(page);
    }
    [[nodiscard]] std::size_t size() const noexcept override { return policy.size(); }
    static constexpr bool is_aware = requires(Policy & aware, kvfolio::page_id page) {
      aware.suspend(page);
    };
    Policy policy;
  };

  std::unique_ptr<interface> held_;
};

static_assert(kvfolio::eligibility_aware<any_policy>);

}  // namespace replay
