// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::prefix {

/// One set of pages for each possible parent, in which the page whose key begins like another key
/// for longest is found without looking at the others.
///
/// Each set is a crit-bit tree (Morrison, "PATRICIA", Journal of the ACM 15(4), 1968): a branch
/// names the first bit in which the keys on its two sides differ, and whoever walks down by the
/// bits of a key ends at a page that has the most of it in common. Its shape depends on the keys
/// alone. A walk reads as many bits as it meets branches: about log2 of the size of the set, and
/// never more than a key has. No recursion; allocates nothing after construction. Costs 16 bytes
/// per page. One owner thread.
///
/// `Keys`, below, tells the bits: `bits(page, i)` is the `i`-th 32-bit word of a page's key, and
/// `words()` how many there are, the same for all pages of a set. Keys of a set differ.
class sibling_tries {
 public:
  /// Empty sets for `pages` pages, and one more for those without a parent. \throws std::bad_alloc
  explicit sibling_tries(std::size_t pages) : roots_(pages + 1, none), branches_(pages) {
    for (std::uint32_t id = 0; id < branches_.size(); ++id) branches_[id].child[0] = id + 1;
  }

  /// A page of the set of `parent` whose key has no shorter common beginning with `wanted` than any
  /// other has; none if the set is empty. `wanted(i)` is a word of the key, for `i < words`; what
  /// is past them may be anything.
  template <class Wanted>
  [[nodiscard]] std::optional<page_id> closest(std::optional<page_id> parent, const Wanted& wanted,
                                               std::size_t words) const noexcept {
    const auto root = roots_[set_of(parent)];
    if (root == none) return std::nullopt;
    return page_like(root, wanted, words);
  }

  /// Adds `page` to the set of `parent`. Precondition: it is in none, and no page of this one has
  /// its key.
  template <class Keys>
  void insert(std::optional<page_id> parent, page_id page, const Keys& keys) noexcept {
    const auto id = static_cast<std::uint32_t>(page);
    const auto wanted = [&](std::size_t word) noexcept { return keys.word(page, word); };
    auto* const root = &roots_[set_of(parent)];
    if (*root == none) {
      *root = id;
      return;
    }
    const auto bit = first_difference(keys, page, page_like(*root, wanted, keys.words()));
    auto* link = root;
    while (is_branch(*link) && branch_at(*link).bit < bit) {
      link = &branch_at(*link).child[bit_of(wanted, keys.words(), branch_at(*link).bit)];
    }
    const auto fresh = free_;
    free_ = branches_[fresh].child[0];
    const auto side = bit_of(wanted, keys.words(), bit);
    branches_[fresh].bit = bit;
    branches_[fresh].child[side] = id;
    branches_[fresh].child[1 - side] = *link;
    *link = fresh | branch_flag;
  }

  /// Removes `page` from the set of `parent`, if it is there.
  template <class Keys>
  void erase(std::optional<page_id> parent, page_id page, const Keys& keys) noexcept {
    const auto wanted = [&](std::size_t word) noexcept { return keys.word(page, word); };
    auto* link = &roots_[set_of(parent)];
    std::uint32_t* above = nullptr;
    while (is_branch(*link)) {
      above = link;
      link = &branch_at(*link).child[bit_of(wanted, keys.words(), branch_at(*link).bit)];
    }
    if (*link != static_cast<std::uint32_t>(page)) return;
    if (above == nullptr) {
      *link = none;
      return;
    }
    const auto gone = *above & ~branch_flag;
    auto& children = branches_[gone].child;
    *above = children[link == &children[0] ? 1 : 0];
    children[0] = std::exchange(free_, gone);
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint32_t branch_flag = std::uint32_t{1} << 31U;  // else it is a page

  struct branch {
    std::uint32_t bit = 0;  // of the key, the highest of word 0 first
    std::array<std::uint32_t, 2> child{};
  };

  [[nodiscard]] static bool is_branch(std::uint32_t link) noexcept {
    return link != none && (link & branch_flag) != 0;
  }
  [[nodiscard]] branch& branch_at(std::uint32_t link) noexcept {
    return branches_[link & ~branch_flag];
  }

  [[nodiscard]] std::size_t set_of(std::optional<page_id> parent) const noexcept {
    return parent ? to_index(*parent) : roots_.size() - 1;
  }

  template <class Wanted>
  [[nodiscard]] static std::uint32_t bit_of(const Wanted& wanted, std::size_t words,
                                            std::uint32_t bit) noexcept {
    return bit / 32 < words ? (wanted(bit / 32) >> (31 - bit % 32)) & 1U : 0;
  }

  // The page at the end of a walk along `wanted`.
  template <class Wanted>
  [[nodiscard]] page_id page_like(std::uint32_t at, const Wanted& wanted,
                                  std::size_t words) const noexcept {
    while (is_branch(at)) {
      const auto& here = branches_[at & ~branch_flag];
      at = here.child[bit_of(wanted, words, here.bit)];
    }
    return page_id{at};
  }

  template <class Keys>
  [[nodiscard]] static std::uint32_t first_difference(const Keys& keys, page_id one,
                                                      page_id other) noexcept {
    std::uint32_t word = 0;
    while (word < keys.words() && keys.word(one, word) == keys.word(other, word)) ++word;
    KVFOLIO_EXPECTS(word < keys.words());
    auto bit = 32 * word;
    for (auto rest = keys.word(one, word) ^ keys.word(other, word); (rest >> 31U) == 0;
         rest <<= 1U) {
      ++bit;
    }
    return bit;
  }

  std::vector<std::uint32_t> roots_;  // by parent: a page, a branch, or none
  std::vector<branch> branches_;      // those in use, and a list of the free ones
  std::uint32_t free_ = 0;
};

}  // namespace kvfolio::prefix
