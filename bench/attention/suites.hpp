// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "contest.hpp"
#include "memory.hpp"
#include "report.hpp"

namespace attention::bench {

/// The contenders, and what is asked about them. Keeps alive what they read and write.
class suites {
 public:
  /// Of contexts that are `shrink` times shorter than the real ones, for tests; for baselines that
  /// have threads of their own, `threads`.
  suites(std::size_t shrink, int threads);

  /// In the order of their turns.
  [[nodiscard]] const std::vector<contender>& contenders() const noexcept { return all_; }
  [[nodiscard]] const std::vector<figure>& figures() const noexcept { return figures_; }

  /// The usual shapes, in the usual layouts.
  void add_decode();
  /// Pages of 8 to 256 tokens, and ways to lay them out.
  void add_pages();
  /// Multi-head, grouped, multi-query and latent attention.
  void add_heads();
  /// Other element types.
  void add_types();
  /// Causal queries behind a cached context.
  void add_prefill();
  /// A prefix that the batch shares.
  void add_cascade();

 private:
  // A batch of `count` layers that no cache of the processor holds together.
  [[nodiscard]] kv::model::cache_shape layers_of(const geometry& shape, shape_of_batch batch) const;
  [[nodiscard]] shape_of_batch shrunk(shape_of_batch batch) const;
  std::size_t add_paged(const std::string& name, const geometry& shape, shape_of_batch batch,
                        std::uint32_t tokens_per_page, kv::model::token_order order);
  std::size_t add_plain(const std::string& name, const geometry& shape, shape_of_batch batch,
                        kv::model::token_order order);
  std::size_t add(const std::string& name, const geometry& shape, shape_of_batch batch,
                  std::function<void(std::size_t)> run);
  // Throws std::runtime_error unless two contenders write the same numbers, but for an error of
  // `most`: without, a comparison of their speed is void.
  void expect_alike(std::size_t one, std::size_t other, std::size_t size, float most);
  void ask(std::string name, figure::kind what, std::vector<std::size_t> who,
           std::vector<std::size_t> whom, bar held_to = {});

  std::size_t shrink_;
#ifdef ATTENTION_GGML
  int threads_;
#endif
  memory memory_;
  std::vector<float> queries_;
  std::vector<float> output_;
  std::vector<contender> all_;
  std::vector<figure> figures_;
};

}  // namespace attention::bench
