// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/store.hpp>

namespace replay {

/// A store that is chosen when the program runs: so a replay is compiled once, and not once a
/// store. Costs an indirect call an operation.
class any_store {
 public:
  /// Makes a `Store` of `made_of`. \throws what its constructor throws
  template <class Store, class... MadeOf>
  [[nodiscard]] static any_store of(MadeOf&&... made_of) {
    return any_store{std::make_unique<holder<Store>>(std::forward<MadeOf>(made_of)...)};
  }

  [[nodiscard]] std::size_t page_bytes() const noexcept { return held_->page_bytes(); }
  [[nodiscard]] kvfolio::result<void> put(const kvfolio::tier::store_key& key,
                                          std::span<const std::byte> bytes) noexcept {
    const kvfolio::tier::store_write one{key, bytes};
    return held_->put_many({&one, 1});
  }
  [[nodiscard]] bool get(const kvfolio::tier::store_key& key, std::span<std::byte> out) noexcept {
    kvfolio::tier::store_read one{key, out};
    return held_->get_many({&one, 1}) == 1;
  }
  [[nodiscard]] bool contains(const kvfolio::tier::store_key& key) noexcept {
    return held_->contains(key);
  }
  bool erase(const kvfolio::tier::store_key& key) noexcept { return held_->erase(key); }
  [[nodiscard]] kvfolio::result<void> put_many(
      std::span<const kvfolio::tier::store_write> writes) noexcept {
    return held_->put_many(writes);
  }
  std::size_t get_many(std::span<kvfolio::tier::store_read> reads) noexcept {
    return held_->get_many(reads);
  }
  [[nodiscard]] kvfolio::tier::store_usage usage() noexcept { return held_->usage(); }

 private:
  struct interface {
    interface() = default;
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;
    [[nodiscard]] virtual std::size_t page_bytes() const noexcept = 0;
    [[nodiscard]] virtual bool contains(const kvfolio::tier::store_key& key) noexcept = 0;
    virtual bool erase(const kvfolio::tier::store_key& key) noexcept = 0;
    [[nodiscard]] virtual kvfolio::result<void> put_many(
        std::span<const kvfolio::tier::store_write> writes) noexcept = 0;
    virtual std::size_t get_many(std::span<kvfolio::tier::store_read> reads) noexcept = 0;
    [[nodiscard]] virtual kvfolio::tier::store_usage usage() noexcept = 0;
  };

  template <class Store>
  struct holder final : interface {
    template <class... MadeOf>
    explicit holder(MadeOf&&... made_of) : store(std::forward<MadeOf>(made_of)...) {}
    [[nodiscard]] std::size_t page_bytes() const noexcept override { return store.page_bytes(); }
    [[nodiscard]] bool contains(const kvfolio::tier::store_key& key) noexcept override {
      return store.contains(key);
    }
    bool erase(const kvfolio::tier::store_key& key) noexcept override { return store.erase(key); }
    [[nodiscard]] kvfolio::result<void> put_many(
        std::span<const kvfolio::tier::store_write> writes) noexcept override {
      return store.put_many(writes);
    }
    std::size_t get_many(std::span<kvfolio::tier::store_read> reads) noexcept override {
      return store.get_many(reads);
    }
    [[nodiscard]] kvfolio::tier::store_usage usage() noexcept override { return store.usage(); }
    Store store;
  };

  explicit any_store(std::unique_ptr<interface> held) : held_{std::move(held)} {}

  std::unique_ptr<interface> held_;
};

static_assert(kvfolio::tier::page_store<any_store>);

}  // namespace replay
