// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>
#include <kvfolio/prefix/none.hpp>
#include <kvfolio/vm/page_major.hpp>
#include <kvfolio/vm/token_sliced.hpp>

#include "model_vm_backend.hpp"

namespace kvfolio::test {

/// Two layers of two heads of 16 elements: 64 bytes of keys and as many of values in a token and
/// layer, so that 4 KiB hold 64 tokens of one tensor.
inline constexpr model::cache_shape small_shape = model::grouped_query(2, 2, 16, dtype::f16);

/// On the host, a tensor for the keys and one for the values of each layer.
struct by_layer : default_contiguous_policies {
  static constexpr const char* name = "per_layer";
};
/// On the host, one for all keys and one for all values; nothing stays mapped.
struct sliced_eagerly : default_contiguous_policies {
  using layout = vm::token_sliced;
  using reclamation = vm::eager_reclaim;
  static constexpr const char* name = "token_sliced_eager";
};
/// On a device that dies of whatever is not allowed, in blocks.
struct on_a_device : default_contiguous_policies {
  using backend = model_vm_backend;
  using layout = vm::page_major<8>;
  static constexpr const char* name = "device_page_major";
  [[nodiscard]] static backend make_backend(std::size_t bytes, std::size_t chunk_bytes) {
    return backend{{.granule = chunk_bytes, .max_physical_bytes = bytes}};
  }
};
/// The same, where nothing is found again.
struct on_a_device_without_reuse : on_a_device {
  using layout = vm::per_layer;
  using prefix_index = prefix::none;
  static constexpr const char* name = "device_without_reuse";
};

using contiguous_bundles =
    testing::Types<by_layer, sliced_eagerly, on_a_device, on_a_device_without_reuse>;

/// Names a bundle in test reports.
struct name_of_bundle {
  template <class Bundle>
  static std::string GetName(int /*index*/) {
    return Bundle::name;
  }
};

/// `rows` rows of chunks of 4 KiB, which one sequence may have all.
template <class Bundle>
[[nodiscard]] contiguous_config config_of_rows(std::size_t rows) {
  const typename Bundle::layout places{small_shape, 4096};
  return {.shape = small_shape,
          .max_tokens = rows * places.tokens_per_row(),
          .max_sequences = 8,
          .bytes = rows * vm::chunks_per_row(places) * 4096,
          .chunk_bytes = 4096,
          .key_seed = 1};
}

}  // namespace kvfolio::test
