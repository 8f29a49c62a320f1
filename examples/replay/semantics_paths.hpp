// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <kvfolio/core/key_index.hpp>

#include "semantics.hpp"

namespace replay {

/// The blocks of a trace as dense numbers in the order of their first occurrence, with the parent
/// of each, so that a replay looks nothing up.
class block_paths {
 public:
  static constexpr std::uint32_t no_block = UINT32_MAX;  ///< the parent of a root

  /// Numbers the ids. \throws std::invalid_argument if an id has two parents
  explicit block_paths(std::span<const block_request> trace) {
    std::size_t references = 0;
    for (const auto& request : trace) references += request.hash_ids.size();
    blocks_.reserve(references);
    kvfolio::key_index numbers{references};
    for (const auto& request : trace) {
      first_.push_back(blocks_.size());
      std::uint32_t parent = no_block;
      for (const auto id : request.hash_ids) parent = add(numbers, id, parent);
    }
    first_.push_back(blocks_.size());
  }

  /// Number of distinct blocks.
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }

  /// The blocks of request `number`, from the root down.
  [[nodiscard]] std::span<const std::uint32_t> path(std::size_t number) const noexcept {
    return std::span{blocks_}.subspan(first_[number], first_[number + 1] - first_[number]);
  }

  /// The block above `block`, or `no_block`.
  [[nodiscard]] std::uint32_t parent(std::uint32_t block) const noexcept { return parents_[block]; }

  /// What the trace calls `block`.
  [[nodiscard]] std::uint64_t id(std::uint32_t block) const noexcept { return ids_[block]; }

 private:
  std::uint32_t add(kvfolio::key_index& numbers, std::uint64_t id, std::uint32_t parent) {
    const kvfolio::content_key key{id};
    const auto known = numbers.find(key);
    const auto block = static_cast<std::uint32_t>(known ? kvfolio::to_index(*known) : ids_.size());
    if (!known) {
      numbers.insert(key, kvfolio::to_page(block));
      ids_.push_back(id);
      parents_.push_back(parent);
    } else if (parents_[block] != parent) {
      throw std::invalid_argument{"hash id " + std::to_string(id) + " comes after " +
                                  name(parents_[block]) + " in one request and " + name(parent) +
                                  " in another; an id stands for a whole prefix, so it has one"
                                  " parent"};
    }
    blocks_.push_back(block);
    return block;
  }

  [[nodiscard]] std::string name(std::uint32_t block) const {
    return block == no_block ? "nothing" : std::to_string(ids_[block]);
  }

  std::vector<std::uint32_t> blocks_;   // of all requests, one after the other
  std::vector<std::size_t> first_;      // in blocks_, by request, and the end
  std::vector<std::uint64_t> ids_;      // by block
  std::vector<std::uint32_t> parents_;  // by block
};

}  // namespace replay
