// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/core/recency_lists.hpp>

namespace kvfolio {

/// Pages from the oldest to the youngest, any of which can be hidden and shown again in its place.
using recency_order = recency_lists<1>;

}  // namespace kvfolio
