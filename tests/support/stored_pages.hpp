// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/tier/store.hpp>

namespace kvfolio::test {

/// The key of page `name`.
inline tier::store_key key_of(std::uint64_t name) {
  return {{mix_bits(name), name}};
}

/// Writes what page `key` holds: bytes that depend on all of the key, and on where they are.
inline void fill_page(const tier::store_key& key, std::span<std::byte> page) {
  auto state = mix_bits(key.words[0]) + key.words[1];
  for (std::size_t at = 0; at < page.size(); at += sizeof(state)) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    std::memcpy(page.data() + at, &state, std::min(sizeof(state), page.size() - at));
  }
}

/// What page `key` holds.
inline std::vector<std::byte> page_of(const tier::store_key& key, std::size_t bytes) {
  std::vector<std::byte> page(bytes);
  fill_page(key, page);
  return page;
}

/// What a store says of a page.
enum class found { miss, right, wrong };

/// Gets page `key`, into bytes that were not it.
template <tier::page_store Store>
found look_up(Store& store, const tier::store_key& key) {
  std::vector<std::byte> out(store.page_bytes(), std::byte{0x5a});
  if (!store.get(key, out)) return found::miss;
  return out == page_of(key, out.size()) ? found::right : found::wrong;
}

/// Puts page `key`.
template <tier::page_store Store>
result<void> put_page(Store& store, const tier::store_key& key) {
  return store.put(key, page_of(key, store.page_bytes()));
}

}  // namespace kvfolio::test
