// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/vm/concept.hpp>

namespace kvfolio::detail {

/// Looks into the mappings of sequences: recounts what they keep, and hashes it.
template <class Mapping>
class mapping_audit {
 public:
  explicit mapping_audit(const Mapping& mapping) noexcept : mapping_{mapping} {}

  template <class Tables, class ForEachAlive>
  [[nodiscard]] const char* broken_invariant(const Tables& tables, ForEachAlive alive) const {
    const char* broken = nullptr;
    if (!mapping_.rows_.check_invariants()) broken = "the rows of chunks are miscounted";
    std::vector<bool> seen(map().config().slots);
    alive([&](std::uint32_t row, std::size_t pages) {
      const auto slot = mapping_.slot_of_[row];
      if (mapping_.slots_.is_free(slot) || seen[slot])
        broken = "a sequence has no addresses of its own";
      seen[slot] = true;
      if (map().mapped(slot) < pages) {
        broken = "a page of a sequence is not mapped";
        return;
      }
      for (std::uint32_t place = 0; place < pages; ++place) {
        const auto page = tables.at(row, place);
        const auto shown = *map().at(slot, place);
        if (shown.row != page) broken = "a sequence shows another page than it has";
        if (shown.allowed == vm::access::none) broken = "a page of a sequence cannot be read";
        if (mapping_.rows_.pins(page) != 1) broken = "a page in use is free memory";
      }
    });
    for (std::uint32_t slot = 0; slot < seen.size(); ++slot) {
      if (seen[slot] == mapping_.slots_.is_free(slot)) broken = "addresses are taken by nobody";
    }
    return broken != nullptr ? broken : broken_writer();
  }

  [[nodiscard]] std::uint64_t digest(std::uint64_t hash) const noexcept {
    const auto feed = [&hash](std::uint64_t word) { hash = mix_bits(hash * 31 + word); };
    for (std::uint32_t slot = 0; slot < map().config().slots; ++slot) {
      feed(mapping_.slots_.is_free(slot) ? 1 : 0);
      feed(static_cast<std::uint64_t>(mapping_.slots_.used_until(slot)));
      feed(map().mapped(slot));
      for (std::uint32_t place = 0; place < map().mapped(slot); ++place) {
        feed(to_index(map().at(slot, place)->row));
      }
    }
    mapping_.slots_.for_each_retired(feed);
    for (const auto slot : mapping_.slot_of_) feed(slot);
    feed(static_cast<std::uint64_t>(mapping_.step_));
    feed(static_cast<std::uint64_t>(mapping_.completed_));
    return hash;
  }

 private:
  [[nodiscard]] const auto& map() const noexcept { return mapping_.map_; }

  [[nodiscard]] const char* broken_writer() const {
    using writer = typename Mapping::writer;
    const char* broken = nullptr;
    for (std::uint32_t slot = 0; slot < map().config().slots; ++slot) {
      for (std::uint32_t place = 0; place < map().mapped(slot); ++place) {
        const auto shown = map().at(slot, place);
        if (!shown) return "there is a hole in what is mapped";
        if (!mapping_.slots_.is_free(slot) && shown->allowed == vm::access::read_write &&
            mapping_.writers_[to_index(shown->row)] != writer{slot, place}) {
          broken = "a page can be written at two places";
        }
      }
    }
    return broken;
  }

  const Mapping& mapping_;
};

}  // namespace kvfolio::detail
