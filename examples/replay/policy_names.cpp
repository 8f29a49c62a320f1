// SPDX-License-Identifier: Apache-2.0
#include "policy_names.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include <kvfolio/eviction/admitting.hpp>
#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/clock.hpp>
#include <kvfolio/eviction/expiring.hpp>
#include <kvfolio/eviction/fifo.hpp>
#include <kvfolio/eviction/gdsf.hpp>
#include <kvfolio/eviction/grouping.hpp>
#include <kvfolio/eviction/hinted_lru.hpp>
#include <kvfolio/eviction/lfu.hpp>
#include <kvfolio/eviction/lirs.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/lru_k.hpp>
#include <kvfolio/eviction/pinning.hpp>
#include <kvfolio/eviction/priority.hpp>
#include <kvfolio/eviction/random.hpp>
#include <kvfolio/eviction/reuse_rate.hpp>
#include <kvfolio/eviction/s3_fifo.hpp>
#include <kvfolio/eviction/sieve.hpp>
#include <kvfolio/eviction/slru.hpp>
#include <kvfolio/eviction/tf_lru.hpp>
#include <kvfolio/eviction/two_q.hpp>
#include <kvfolio/eviction/w_tinylfu.hpp>
#include <kvfolio/eviction/w_tinylfu_exact.hpp>
#include <kvfolio/eviction/walru.hpp>

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

any_policy slru_4(const pool_facts& facts) {
  const auto quarter = facts.pages / 4;
  return any_policy{eviction::slru<4>{
      facts.pages, {quarter, quarter, quarter, quarter}, eviction::slru_entry::lowest_with_room}};
}
any_policy slru_1_4(const pool_facts& facts) {
  return any_policy{eviction::slru<2>{
      facts.pages, {facts.pages / 5, 4 * facts.pages / 5}, eviction::slru_entry::lowest_with_room}};
}
any_policy reuse_rate(const pool_facts& facts) {
  return any_policy{eviction::reuse_rate{facts.pages, facts.history, facts.page_tokens}};
}
any_policy tf_lru(const pool_facts& facts) {
  return any_policy{eviction::tf_lru{facts.pages, facts.page_tokens}};
}
any_policy walru_2_4(const pool_facts& facts) {
  return any_policy{
      eviction::walru{facts.pages, facts.page_tokens, {.first_turn = 2, .long_turn = 4}}};
}
any_policy walru_3_6(const pool_facts& facts) {
  return any_policy{eviction::walru{facts.pages, facts.page_tokens}};
}

struct named_policy {
  std::string_view name;
  any_policy (*make)(const pool_facts& facts);
};

constexpr std::array policies{
    named_policy{"fifo", from_pages<eviction::fifo>},
    named_policy{"lru", from_pages<eviction::lru>},
    named_policy{"lfu", from_pages<eviction::lfu>},
    named_policy{"clock", from_pages<eviction::clock>},
    named_policy{"sieve", from_pages<eviction::sieve>},
    named_policy{"2q", with_history<eviction::two_q>},
    named_policy{"slru2", from_pages<eviction::slru<>>},
    named_policy{"slru_lcs_4", slru_4},
    named_policy{"slru_lcs_1_4", slru_1_4},
    named_policy{"arc", with_history<eviction::arc>},
    named_policy{"s3fifo", with_history<eviction::s3_fifo>},
    named_policy{"wtinylfu_exact", with_history<eviction::w_tinylfu_exact>},
    named_policy{"lru2", with_history<eviction::lru_k<2>>},
    named_policy{"gdsf_unit", from_pages<eviction::gdsf<>>},
    named_policy{"gdsf_depth", from_pages<eviction::gdsf<eviction::depth_cost>>},
    named_policy{"tf_lru", tf_lru},
    named_policy{"walru_2_4", walru_2_4},
    named_policy{"walru_3_6", walru_3_6},
    named_policy{"wtinylfu", with_history<eviction::w_tinylfu>},
    named_policy{"lirs", with_history<eviction::lirs>},
    named_policy{"priority", from_pages<eviction::priority>},
    named_policy{"hinted_lru", from_pages<eviction::hinted_lru>},
    named_policy{"random", from_pages<eviction::random>},
    named_policy{"auto", reuse_rate},
};

template <template <class> class Adaptor>
any_policy adapt(const pool_facts& facts, any_policy policy) {
  return any_policy{Adaptor<any_policy>{facts.pages, std::move(policy)}};
}
any_policy admit(const pool_facts& facts, any_policy policy) {
  return any_policy{eviction::admitting<any_policy>{
      facts.pages, std::move(policy), eviction::wanted_before{facts.pages, facts.history}}};
}
any_policy pin(const pool_facts& facts, any_policy policy) {
  return any_policy{eviction::pinning<any_policy>{facts.pages, facts.pages / 2, std::move(policy)}};
}

struct named_adaptor {
  std::string_view name;
  any_policy (*adapt)(const pool_facts& facts, any_policy policy);
};

constexpr std::array adaptors{
    named_adaptor{"admitting", admit},
    named_adaptor{"expiring", adapt<eviction::expiring>},
    named_adaptor{"grouping", adapt<eviction::grouping>},
    named_adaptor{"pinning", pin},
};

template <class Named, std::size_t Count>
constexpr auto names_of(const std::array<Named, Count>& all) {
  std::array<std::string_view, Count> names;
  for (std::size_t i = 0; i < Count; ++i) names[i] = all[i].name;
  return names;
}
constexpr auto names = names_of(policies);
constexpr auto adaptor_names = names_of(adaptors);

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

void check_policy(std::string_view name) {
  for (auto colon = name.find(':'); colon != std::string_view::npos; colon = name.find(':')) {
    static_cast<void>(position_of(name.substr(0, colon), adaptor_names, "eviction adaptor"));
    name.remove_prefix(colon + 1);
  }
  static_cast<void>(position_of(name, names, "eviction policy"));
}

any_policy make_policy(std::string_view name, const pool_facts& facts) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) {
    return policies[position_of(name, names, "eviction policy")].make(facts);
  }
  const auto outer = position_of(name.substr(0, colon), adaptor_names, "eviction adaptor");
  return adaptors[outer].adapt(facts, make_policy(name.substr(colon + 1), facts));
}

}  // namespace replay
