// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/page_lists.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/vm/concept.hpp>

namespace kvfolio::vm {

/// How large a `chunk_pool` is.
struct chunk_pool_config {
  std::size_t chunk_bytes = 0;           ///< a multiple of the backend's granularity
  std::uint32_t rows = 0;                ///< at most so many rows
  std::uint32_t chunks_per_row = 1;      ///< in each of them
  std::uint32_t prefilled = UINT32_MAX;  ///< rows that get memory at once; no more than `rows`
  std::uint32_t low = 0;                 ///< fewer free rows than that are few
  std::uint32_t high = 0;                ///< so many free rows should have memory
};

/// The physical memory of a cache: rows of chunks, named by the ids of the pages that they hold.
///
/// A row has two counts. *Pins* are those to whom its content matters: a sequence, a prefix. Its
/// *mappings* are the places where it can be seen. A row is free when it has neither; one that is
/// only mapped *lingers*, and costs nothing to whoever continues there. A free row is *warm* if it
/// has memory, else *cold*. Rows are handed out warm before cold, and the last that became free
/// first, because caches know it best.
///
/// Kernels take 10 to 100 times as long to provide memory as to map it: `prefilled` rows get theirs
/// in the constructor, `prepare` gives it ahead of need and chunk by chunk, and nothing but `cool`
/// gives it back.
///
/// Costs 24 bytes a row, and a `B::physical` a chunk, allocated once. All members are `noexcept`
/// and O(1), or O(chunks_per_row) where the backend is called. One owner thread. The backend
/// outlives it.
template <vm_backend B>
class chunk_pool {
 public:
  using physical = typename B::physical;  ///< names the memory of a chunk

  /// Makes a pool of memory of `backend`. \throws std::invalid_argument for a bad configuration
  /// \throws bad_result if the backend has not as much memory as is to be prefilled
  /// \throws std::bad_alloc
  chunk_pool(B& backend, const chunk_pool_config& config)
      : backend_{&backend},
        config_{checked(config, backend)},
        records_(config.rows),
        memory_(checked_mul(config.rows, config.chunks_per_row)),
        free_{config.rows, 2} {
    for (std::size_t row = config.rows; row-- > 0;) free_.push_back(to_page(row), cold_list);
    cold_ = config.rows;
    try {
      for (auto row = std::min(config.prefilled, config.rows); row-- > 0;) {
        back(page_id{row}).value();
        move_to_warm(page_id{row});
      }
    } catch (...) {
      give_back_everything();
      throw;
    }
  }
  chunk_pool(const chunk_pool&) = delete;
  chunk_pool& operator=(const chunk_pool&) = delete;
  ~chunk_pool() {
    KVFOLIO_EXPECTS(mappings_ == 0);
    give_back_everything();
  }

  /// How large it is.
  [[nodiscard]] const chunk_pool_config& config() const noexcept { return config_; }
  /// Rows that are free, warm or cold.
  [[nodiscard]] std::size_t free() const noexcept { return warm_ + cold_; }
  /// Rows that are free and have memory.
  [[nodiscard]] std::size_t warm() const noexcept { return warm_; }
  /// Rows that are mapped and not pinned.
  [[nodiscard]] std::size_t lingering() const noexcept { return lingering_; }
  /// Places where rows are mapped.
  [[nodiscard]] std::size_t mappings() const noexcept { return mappings_; }
  /// Rows that are mapped somewhere: fewer than `mappings()` by what is shared.
  [[nodiscard]] std::size_t mapped() const noexcept { return mapped_; }
  /// Chunks that have memory.
  [[nodiscard]] std::size_t chunks_with_memory() const noexcept { return created_; }
  /// Are fewer rows free than `config().low`?
  [[nodiscard]] bool is_low() const noexcept { return free() < config_.low; }
  /// How many pin `row`.
  [[nodiscard]] std::uint32_t pins(page_id row) const noexcept { return at(row).pins; }
  /// In how many places `row` is mapped.
  [[nodiscard]] std::uint32_t mappings(page_id row) const noexcept { return at(row).mappings; }
  /// Has `row` all its memory?
  [[nodiscard]] bool has_memory(page_id row) const noexcept {
    return at(row).chunks == config_.chunks_per_row;
  }
  /// The memory of `row`. Valid until it is cooled. Precondition: `has_memory(row)`.
  [[nodiscard]] std::span<const physical> memory(page_id row) const noexcept {
    KVFOLIO_EXPECTS(has_memory(row));
    return {memory_.data() + to_index(row) * config_.chunks_per_row, config_.chunks_per_row};
  }

  /// Hands out a free row with one pin; `nullopt` when there is none. It may be cold: `back` it.
  [[nodiscard]] std::optional<page_id> take() noexcept {
    auto row = free_.back(warm_list);
    if (!row) row = free_.back(cold_list);
    if (row) claim(*row);
    return row;
  }
  /// Gives `row` its first pin: for who numbers rows himself, and who continues where it lingers.
  /// Precondition: `pins(row) == 0`.
  void claim(page_id row) noexcept {
    auto& record = at(row);
    KVFOLIO_EXPECTS(record.pins == 0);
    if (record.mappings == 0) {
      leave_free(row);
    } else {
      --lingering_;
    }
    record.pins = 1;
  }
  /// Pins `row` once more. Precondition: it is pinned.
  void pin(page_id row) noexcept {
    KVFOLIO_EXPECTS(pins(row) != 0);
    ++at(row).pins;
  }
  /// Takes a pin of `row` back, and says whether it was the last. Precondition: it is pinned.
  bool unpin(page_id row) noexcept {
    auto& record = at(row);
    KVFOLIO_EXPECTS(record.pins != 0);
    if (--record.pins != 0) return false;
    if (record.mappings == 0) {
      enter_free(row);
    } else {
      ++lingering_;
    }
    return true;
  }

  /// Notes that `row` is mapped in one more place. Precondition: it has memory, and is not free.
  void note_mapping(page_id row) noexcept {
    auto& record = at(row);
    KVFOLIO_EXPECTS(has_memory(row) && (record.pins != 0 || record.mappings != 0));
    mapped_ += record.mappings++ == 0 ? 1 : 0;
    ++mappings_;
  }
  /// Notes that `row` is mapped in one place less; it may be free now. Precondition: it is mapped.
  void note_unmapping(page_id row) noexcept {
    auto& record = at(row);
    KVFOLIO_EXPECTS(record.mappings != 0);
    --mappings_;
    if (--record.mappings != 0) return;
    --mapped_;
    if (record.pins != 0) return;
    --lingering_;
    enter_free(row);
  }

  /// Gives `row`, which is pinned, the memory that it lacks, or returns the backend's error and
  /// changes nothing.
  [[nodiscard]] result<void> back(page_id row) noexcept {
    const auto before = at(row).chunks;
    while (!has_memory(row)) {
      if (auto created = create_chunk(row); !created) {
        give_back(row, before);
        return created;
      }
    }
    return {};
  }

  /// Gives one chunk to a cold row if fewer than `config().high` rows are warm, and says whether it
  /// did: for times when nothing else is to be done.
  [[nodiscard]] result<bool> prepare() noexcept {
    if (warm_ >= config_.high || cold_ == 0) return false;
    const auto row = *free_.back(cold_list);
    if (auto created = create_chunk(row); !created) return created.error();
    if (has_memory(row)) move_to_warm(row);
    return true;
  }

  /// Gives back the memory of at most `rows` warm rows, those that were free for longest first, and
  /// returns how many they were.
  std::size_t cool(std::size_t rows) noexcept {
    std::size_t done = 0;
    for (; done < rows && warm_ != 0; ++done) {
      const auto row = *free_.front(warm_list);
      leave_free(row);
      give_back(row, 0);
      enter_free(row);
    }
    return done;
  }

  /// Do the counts agree? O(rows). For tests.
  [[nodiscard]] bool check_invariants() const noexcept {
    std::size_t warm_rows = 0;
    std::size_t cold_rows = 0;
    std::size_t lingering_rows = 0;
    std::size_t mapped_rows = 0;
    std::size_t all_mappings = 0;
    std::size_t created = 0;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const auto& record = records_[i];
      const bool is_free = record.pins == 0 && record.mappings == 0;
      if (free_.contains(to_page(i)) != is_free) return false;
      warm_rows += is_free && has_memory(to_page(i)) ? 1 : 0;
      cold_rows += is_free && !has_memory(to_page(i)) ? 1 : 0;
      lingering_rows += record.pins == 0 && record.mappings != 0 ? 1 : 0;
      mapped_rows += record.mappings != 0 ? 1 : 0;
      all_mappings += record.mappings;
      created += record.chunks;
    }
    return warm_rows == warm_ && cold_rows == cold_ && lingering_rows == lingering_ &&
           mapped_rows == mapped_ && all_mappings == mappings_ && created == created_;
  }

 private:
  struct row_record {
    std::uint32_t pins = 0;
    std::uint32_t mappings = 0;
    std::uint32_t chunks = 0;  // that have memory: the first so many
  };
  static constexpr std::size_t warm_list = 0;
  static constexpr std::size_t cold_list = 1;

  static const chunk_pool_config& checked(const chunk_pool_config& config, const B& backend) {
    const auto minimum = backend.granularity().minimum;
    if (config.chunk_bytes == 0 || config.chunk_bytes % minimum != 0) {
      throw std::invalid_argument(
          "kvfolio: chunk_bytes is not a multiple of the backend's granularity; 65536 and 2097152 "
          "are usual");
    }
    if (config.rows == 0 || config.chunks_per_row == 0) {
      throw std::invalid_argument("kvfolio: a chunk pool needs rows, and chunks in each of them");
    }
    return config;
  }

  [[nodiscard]] row_record& at(page_id row) noexcept {
    KVFOLIO_EXPECTS(to_index(row) < records_.size());
    return records_[to_index(row)];
  }
  [[nodiscard]] const row_record& at(page_id row) const noexcept {
    KVFOLIO_EXPECTS(to_index(row) < records_.size());
    return records_[to_index(row)];
  }

  void enter_free(page_id row) noexcept {
    const bool is_warm = has_memory(row);
    free_.push_back(row, is_warm ? warm_list : cold_list);
    ++(is_warm ? warm_ : cold_);
  }
  void leave_free(page_id row) noexcept {
    free_.erase(row);
    --(has_memory(row) ? warm_ : cold_);
  }
  // The row has been given its memory while it was in the list of cold ones.
  void move_to_warm(page_id row) noexcept {
    free_.erase(row);
    --cold_;
    enter_free(row);
  }

  [[nodiscard]] result<void> create_chunk(page_id row) noexcept {
    const auto created = backend_->create(config_.chunk_bytes);
    if (!created) return created.error();
    memory_[to_index(row) * config_.chunks_per_row + at(row).chunks++] = *created;
    ++created_;
    return {};
  }
  // Gives back all but the first `kept` chunks.
  void give_back(page_id row, std::uint32_t kept) noexcept {
    auto& record = at(row);
    while (record.chunks > kept) {
      // Fails only together with the device, whose memory is lost then.
      (void)backend_->release(memory_[to_index(row) * config_.chunks_per_row + --record.chunks]);
      --created_;
    }
  }
  void give_back_everything() noexcept {
    for (std::size_t row = 0; row < records_.size(); ++row) give_back(to_page(row), 0);
  }

  B* backend_;
  chunk_pool_config config_;
  std::vector<row_record> records_;  // by row
  std::vector<physical> memory_;     // by row, and chunk in it
  page_lists free_;                  // warm and cold
  std::size_t warm_ = 0;
  std::size_t cold_ = 0;
  std::size_t lingering_ = 0;
  std::size_t mapped_ = 0;
  std::size_t mappings_ = 0;
  std::size_t created_ = 0;  // chunks of all rows
};

}  // namespace kvfolio::vm
