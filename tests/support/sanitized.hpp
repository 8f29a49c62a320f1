// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace kvfolio::test {

/// Does the address sanitizer look on? Then tests take fewer steps, and running out of memory ends
/// the program instead of throwing.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer) != 0;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace kvfolio::test
