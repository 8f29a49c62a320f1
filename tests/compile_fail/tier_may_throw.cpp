// expect: constraints not satisfied
// expect: tier_policy
// expect: tokens_to_recompute
#include <kvfolio/tier/concept.hpp>

#ifndef CORRECTED
constexpr bool never_throws = false;
#else
constexpr bool never_throws = true;
#endif

struct moody {
  std::uint64_t tokens_to_recompute(const kvfolio::departure& leaving) const
      noexcept(never_throws) {
    return leaving.tokens;
  }
};
template <kvfolio::tier_policy Tier>
std::uint64_t ask(const Tier& tier) {
  return tier.tokens_to_recompute({});
}
std::uint64_t answer = ask(moody{});
