// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include <kvfolio/core/retention_hint.hpp>
#include <kvfolio/core/retention_range.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/key_scope.hpp>

namespace kvfolio {

/// What travels with a request, beside its prompt.
struct request_options {
  key_scope scope{};                    ///< whose pages it may share
  retention_hint retention{};           ///< advice to the eviction policy
  session_id session{};                 ///< the conversation that it belongs to
  std::span<const media_span> media{};  ///< of the prompt; must outlive the sequence and its forks
  std::span<const retention_range> ranges{};  ///< advice for some tokens; likewise
};

}  // namespace kvfolio
