// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>

#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/linux_backend.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/reclamation.hpp>
#include <kvfolio/vm/synchronous_extension.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio {

/// The policies of a contiguous cache in host memory: those of a paged one, of which `memory`,
/// `page_allocator` and `copies` are not asked, because rows of chunks have their own, and these.
struct default_contiguous_policies : default_policies {
  using backend = kvfolio::vm::linux_backend;         ///< who maps
  using layout = kvfolio::vm::per_layer;              ///< what lies where in a sequence
  using reclamation = kvfolio::vm::deferred_reclaim;  ///< what becomes of the mappings of the dead

  template <class Work>
  using extension = kvfolio::vm::synchronous_extension<Work>;  ///< who maps ahead, and when

  /// Makes a backend that has `bytes` of physical memory, in chunks of `chunk_bytes`.
  /// \throws what its constructor does
  [[nodiscard]] static backend make_backend(std::size_t bytes, std::size_t chunk_bytes) {
    return backend{{.capacity = bytes, .granule = chunk_bytes}};
  }
};

/// A bundle of policies for `contiguous_cache`.
// clang-format off
template <class P>
concept contiguous_bundle =
    policy_bundle<P> && vm_backend<typename P::backend> && tensor_layout<typename P::layout> &&
    copying_vm_backend<typename P::backend> && reclamation_rule<typename P::reclamation> &&
    !P::reservation::contiguous;
// clang-format on

}  // namespace kvfolio
