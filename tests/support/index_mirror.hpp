// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/observe/fan_out.hpp>
#include <kvfolio/observe/notify.hpp>

namespace kvfolio::test {

/// What an indexed page stands for: a realm, and all tokens up to the page's end.
struct indexed_prefix {
  realm_words realm{};
  std::vector<token_id> tokens;
  friend auto operator<=>(const indexed_prefix&, const indexed_prefix&) = default;
};

/// Rebuilds from events alone what a cache has indexed, as a router of requests would.
class index_mirror
    : public ignore<event::page_fault, event::page_copied, event::page_freed, event::forked,
                    event::page_hit, event::prompt_matched, event::invalidated, event::failed> {
 public:
  struct entry {
    std::optional<page_id> parent;
    indexed_prefix prefix;
    std::size_t children = 0;
  };

  using ignore::on;
  void on(const event::page_indexed& event) noexcept {
    entry made{.parent = event.parent, .prefix = {event.realm, {}}};
    if (event.parent) {
      const auto before = entries_.find(*event.parent);
      if (before == entries_.end()) return say("a page was indexed after one that is not");
      made.prefix.tokens = before->second.prefix.tokens;
      ++before->second.children;
    }
    made.prefix.tokens.insert(made.prefix.tokens.end(), event.tokens.begin(), event.tokens.end());
    if (!entries_.emplace(event.page, std::move(made)).second) say("a page was indexed twice");
  }
  void on(const event::page_withdrawn& event) noexcept { remove(event.page); }
  void on(const event::page_evicted& event) noexcept { remove(event.page); }

  /// What is indexed, by page.
  [[nodiscard]] const std::map<page_id, entry>& entries() const noexcept { return entries_; }
  /// What was removed so far, in order.
  [[nodiscard]] const std::vector<std::pair<page_id, indexed_prefix>>& removed() const noexcept {
    return removed_;
  }
  /// Which event could not be: nullptr, if all could.
  [[nodiscard]] const char* complaint() const noexcept { return complaint_; }
  /// Does an indexed page name `page` as its parent?
  [[nodiscard]] bool has_children(page_id page) const {
    const auto found = entries_.find(page);
    return found != entries_.end() && found->second.children != 0;
  }
  /// Where `wanted` is indexed.
  [[nodiscard]] std::optional<page_id> find(const indexed_prefix& wanted) const {
    for (const auto& [page, each] : entries_) {
      if (each.prefix == wanted) return page;
    }
    return std::nullopt;
  }

 private:
  void say(const char* complaint) noexcept { complaint_ = complaint; }
  void remove(page_id page) noexcept {
    const auto found = entries_.find(page);
    if (found == entries_.end()) return say("a page was removed that is not indexed");
    if (found->second.children != 0) return say("a page was removed before its children");
    if (const auto parent = found->second.parent) --entries_.at(*parent).children;
    removed_.emplace_back(page, std::move(found->second.prefix));
    entries_.erase(found);
  }

  std::map<page_id, entry> entries_;
  std::vector<std::pair<page_id, indexed_prefix>> removed_;
  const char* complaint_ = nullptr;
};

/// A bundle whose observer counts, and mirrors the index.
template <class Policies>
struct mirrored : Policies {
  using observer = fan_out<counting_observer, index_mirror>;
};

}  // namespace kvfolio::test
