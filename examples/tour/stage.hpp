// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/prefix/none.hpp>

namespace tour {

namespace kv = kvfolio;

/// The policies of the cache on the stage: the default ones, counted, and without prefix reuse, so
/// that a page that nobody needs is free.
struct counted : kv::default_policies {
  using prefix_index = kv::prefix::none;
  using observer = kv::counting_observer;
};

using cache = kv::paged_cache<counted>;

/// A conversation, or a branch of one. Its tokens are words, so that one can read along.
struct speaker {
  cache::sequence kv;              ///< where the words are kept
  std::vector<std::string> words;  ///< which they are
};

/// The owners of each page at one moment, by name; none for a free page.
struct snapshot {
  std::string title;                             ///< of the scene
  std::vector<std::vector<std::string>> owners;  ///< by page
};

/// Where the tour happens: a small cache, its speakers, and what the audience sees of them.
class stage {
 public:
  static constexpr std::uint32_t tokens_per_page = 4;

  /// An empty cache of `pages` pages.
  explicit stage(std::uint32_t pages)
      : memory{{.shape = kv::model::grouped_query(1, 1, 2, kv::dtype::f16),
                .tokens_per_page = tokens_per_page,
                .pages = pages,
                .max_sequences = 8}} {}

  cache memory;                             ///< of all speakers
  std::map<std::string, speaker> speakers;  ///< by name

  /// Begins a scene.
  void scene(const std::string& title) {
    ++scenes_;
    fmt::print("\n{}. {}\n\n", scenes_, title);
    title_ = fmt::format("{}. {}", scenes_, title);
  }

  /// Says something, in lines of readable length.
  static void say(const std::string& text) {
    std::istringstream words{text};
    std::size_t column = 0;
    for (std::string word; words >> word; column += word.size() + 1) {
      if (column + word.size() > 90) {
        fmt::print("\n");
        column = 0;
      }
      fmt::print("{}{}", column == 0 ? "   " : " ", word);
    }
    fmt::print("\n");
  }

  /// Shows every speaker's page table and the pool, and keeps a snapshot of it.
  void show() {
    std::vector<std::size_t> widths;  // of the columns of the page tables
    for (const auto& [name, who] : speakers) {
      widths.resize(std::max(widths.size(), who.kv.page_count()));
      for (std::size_t index = 0; index < who.kv.page_count(); ++index) {
        widths[index] = std::max(widths[index], page_words(who, index).size());
      }
    }
    fmt::print("\n");
    for (const auto& [name, who] : speakers) {
      fmt::print("   {:<6}", name);
      for (std::size_t index = 0; index < who.kv.page_count(); ++index) {
        fmt::print("| {}: {:<{}} ", kv::to_index(who.kv.page_at(index)), page_words(who, index),
                   widths[index]);
      }
      fmt::print("|\n");
    }
    snapshot now{title_, owners()};
    fmt::print("   {:<6}", "pool");
    for (const auto& names : now.owners) fmt::print("[{:<3}]", initials(names));
    fmt::print("  {} of {} pages free\n", memory.statistics().free_pages, memory.config().pages);
    snapshots_.push_back(std::move(now));
  }

  /// All that was shown.
  [[nodiscard]] const std::vector<snapshot>& snapshots() const { return snapshots_; }

 private:
  // The words in a page; a dot is a position that is not used.
  [[nodiscard]] static std::string page_words(const speaker& who, std::size_t index) {
    std::string text;
    for (auto at = index * tokens_per_page; at < (index + 1) * tokens_per_page; ++at) {
      text += (text.empty() ? "" : " ") + (at < who.kv.length() ? who.words[at] : ".");
    }
    return text;
  }

  [[nodiscard]] static std::string initials(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += name.front();
    return text;
  }

  [[nodiscard]] std::vector<std::vector<std::string>> owners() const {
    std::vector<std::vector<std::string>> all(memory.config().pages);
    for (const auto& [name, who] : speakers) {
      for (const auto page : who.kv.page_table()) all[kv::to_index(page)].push_back(name);
    }
    return all;
  }

  std::vector<snapshot> snapshots_;
  std::string title_;
  int scenes_ = 0;
};

}  // namespace tour
