// expect: constraints not satisfied
// expect: tier_policy
// expect: tokens_to_recompute
#include <kvfolio/tier/concept.hpp>

struct moody {
#ifndef CORRECTED
  std::uint64_t tokens_to_recompute(const kvfolio::departure& leaving) const {
#else
  std::uint64_t tokens_to_recompute(const kvfolio::departure& leaving) const noexcept {
#endif
    return leaving.tokens;
  }
};
template <kvfolio::tier_policy Tier>
std::uint64_t ask(const Tier& tier) {
  return tier.tokens_to_recompute({});
}
std::uint64_t answer = ask(moody{});
