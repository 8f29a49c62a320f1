// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <kvfolio/prefix/concept.hpp>

namespace kvfolio::test {

/// What every prefix index does, as a map from all that a page stands for to the page.
class naive_index {
 public:
  explicit naive_index(std::size_t per_page) : per_page_{per_page} {}

  /// All that must be equal for a page to be found: the realm, the tokens up to the page's end, and
  /// the media that overlap any of its pages.
  struct content {
    realm_words realm{};
    std::vector<token_id> tokens;
    std::vector<std::vector<std::uint64_t>> media;  // by page: first token, length, digest of each
    friend bool operator<(const content& a, const content& b) {
      return std::tie(a.realm, a.tokens, a.media) < std::tie(b.realm, b.tokens, b.media);
    }
  };

  [[nodiscard]] content content_of(const prefix_realm& realm, std::span<const token_id> tokens,
                                   std::size_t pages) const {
    content made{realm.words(), {}, {}};
    made.tokens.assign(tokens.data(), tokens.data() + pages * per_page_);
    for (std::size_t page = 0; page < pages; ++page) {
      auto& here = made.media.emplace_back();
      for (const auto& span : realm.media) {
        if (span.first_token >= (page + 1) * per_page_) continue;
        if (span.first_token + span.tokens <= page * per_page_) continue;
        here.insert(here.end(), {span.first_token, span.tokens, span.digest[0], span.digest[1]});
      }
    }
    return made;
  }

  [[nodiscard]] std::optional<page_id> find(const content& wanted) const {
    const auto found = pages_.find(wanted);
    if (found == pages_.end()) return std::nullopt;
    return found->second;
  }
  void insert(content made, page_id page, std::optional<page_id> parent) {
    if (parent) ++children_[*parent];
    parents_[page] = parent;
    contents_[page] = made;
    pages_.emplace(std::move(made), page);
  }
  void erase(page_id page) {
    if (const auto parent = parents_.at(page)) --children_[*parent];
    pages_.erase(contents_.at(page));
    contents_.erase(page);
    parents_.erase(page);
  }
  [[nodiscard]] std::vector<page_id> leaves() const {
    std::vector<page_id> found;
    for (const auto& [page, parent] : parents_) {
      const auto children = children_.find(page);
      if (children == children_.end() || children->second == 0) found.push_back(page);
    }
    return found;
  }
  [[nodiscard]] const std::map<page_id, std::optional<page_id>>& parents() const {
    return parents_;
  }

 private:
  std::size_t per_page_;
  std::map<content, page_id> pages_;
  std::map<page_id, content> contents_;
  std::map<page_id, std::optional<page_id>> parents_;
  std::map<page_id, std::size_t> children_;
};

}  // namespace kvfolio::test
