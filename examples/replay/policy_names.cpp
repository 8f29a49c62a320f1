// SPDX-License-Identifier: Apache-2.0
#include "policy_names.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/clock.hpp>
#include <kvfolio/eviction/fifo.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/sieve.hpp>
#include <kvfolio/eviction/w_tinylfu_exact.hpp>

namespace replay {
namespace {

namespace eviction = kvfolio::eviction;

template <class Policy>
any_policy from_pages(const pool_facts& facts) {
  return any_policy{Policy{facts.pages}};
}
template <class Policy>
any_policy with_history(const pool_facts& facts) {
  return any_policy{Policy{facts.pages, facts.history}};
}

struct named_policy {
  std::string_view name;
  any_policy (*make)(const pool_facts& facts);
};

constexpr std::array policies{
    named_policy{"fifo", from_pages<eviction::fifo>},
    named_policy{"lru", from_pages<eviction::lru>},
    named_policy{"clock", from_pages<eviction::clock>},
    named_policy{"sieve", from_pages<eviction::sieve>},
    named_policy{"arc", with_history<eviction::arc>},
    named_policy{"wtinylfu_exact", with_history<eviction::w_tinylfu_exact>},
};

constexpr auto names = [] {
  std::array<std::string_view, policies.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = policies[i].name;
  return all;
}();

}  // namespace

std::span<const std::string_view> policy_names() noexcept {
  return names;
}

std::size_t position_of(std::string_view name, std::span<const std::string_view> names_of_kind,
                        std::string_view kind) {
  const auto found = std::find(names_of_kind.begin(), names_of_kind.end(), name);
  if (found != names_of_kind.end()) return static_cast<std::size_t>(found - names_of_kind.begin());
  std::string message{"there is no "};
  message.append(kind).append(" '").append(name).append("'; there are");
  std::string_view separator = " ";
  for (const auto known : names_of_kind) {
    message.append(separator).append(known);
    separator = ", ";
  }
  throw std::invalid_argument{message};
}

any_policy make_policy(std::string_view name, const pool_facts& facts) {
  return policies[position_of(name, names, "eviction policy")].make(facts);
}

}  // namespace replay
