// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include <fmt/format.h>

#include <attention/run.hpp>
#include <nlohmann/json.hpp>
#include <support/svg.hpp>

namespace attention {

/// Error that the kernel may have: what a sum in f32 costs, with room. Storage as f16 does not
/// count, as the reference reads the same rounded numbers.
inline constexpr double allowed_error = 2e-6;

/// Is the error small enough? Not, if it is not a number.
[[nodiscard]] inline bool accurate(const outcome& seen) {
  return seen.error.relative_rms <= allowed_error;
}

/// What the command line calls a type.
[[nodiscard]] constexpr const char* name_of(kv::dtype type) noexcept {
  switch (type) {
    case kv::dtype::f32: return "f32";
    case kv::dtype::f16: return "f16";
    case kv::dtype::bf16: return "bf16";
    default: return "i8";
  }
}

/// Returns the figures as a table for people.
[[nodiscard]] inline std::string as_table(const job& job, const outcome& seen) {
  const auto bytes_per_second = static_cast<double>(seen.bytes) / seen.seconds;
  return fmt::format(
      "sequences                 {}, {} tokens, {} layers\n"
      "heads                     {} query, {} KV, {} elements\n"
      "pages                     {} in the tables, {} in memory\n"
      "largest error             {:.2e}\n"
      "relative RMS error        {:.2e}, {} {:.0e}\n"
      "step                      {:.3f} ms on {} threads, {} kernels\n"
      "{}{:.0f} tokens/s\n"
      "read                      {:.2f} GB/s of KV; the machine read {:.2f} GB/s meanwhile\n"
      "fraction                  {:.2f} of what the machine can read\n",
      seen.lengths.size(), seen.tokens, job.layers, job.query_heads, job.kv_heads, job.head_dim,
      seen.table_pages, seen.pages, seen.error.largest, seen.error.relative_rms,
      accurate(seen) ? "below" : "ABOVE", allowed_error, seen.seconds * 1e3, seen.threads,
      seen.kernels, job.fresh == 1 ? "decoded                   " : "prefilled                 ",
      static_cast<double>(seen.queries) / seen.seconds, bytes_per_second / 1e9,
      seen.read_bandwidth / 1e9, seen.fraction);
}

/// Returns the figures as JSON, with the keys below. Bytes and seconds are those of one step.
[[nodiscard]] inline std::string as_json(const job& job, const outcome& seen) {
  const nlohmann::ordered_json all{
      {"sequences", seen.lengths.size()},
      {"tokens", seen.tokens},
      {"trace", job.trace},
      {"new_tokens", job.fresh},
      {"layers", job.layers},
      {"query_heads", job.query_heads},
      {"kv_heads", job.kv_heads},
      {"head_dim", job.head_dim},
      {"latent_dim", job.latent_dim},
      {"window", job.window},
      {"sinks", job.sinks},
      {"dtype", name_of(job.type)},
      {"order", job.order == kv::model::token_order::head_major ? "head_major" : "token_major"},
      {"tokens_per_page", job.tokens_per_page},
      {"table", job.persistent ? "persistent" : "flat"},
      {"export", job.padded ? "padded" : "csr"},
      {"threads", seen.threads},
      {"kernels", seen.kernels},
      {"repetitions", job.repetitions},
      {"seed", job.seed},
      {"table_pages", seen.table_pages},
      {"pages", seen.pages},
      {"max_error", seen.error.largest},
      {"relative_rms_error", seen.error.relative_rms},
      {"allowed_relative_rms_error", allowed_error},
      {"accurate", accurate(seen)},
      {"seconds", seen.seconds},
      {"bytes", seen.bytes},
      {"tokens_per_second", static_cast<double>(seen.queries) / seen.seconds},
      {"bytes_per_second", static_cast<double>(seen.bytes) / seen.seconds},
      {"machine_read_bytes_per_second", seen.read_bandwidth},
      {"fraction_of_read_bandwidth", seen.fraction}};
  return all.dump(2) + "\n";
}

/// Draws the error of every sequence, and the one that is allowed, as an SVG file.
[[nodiscard]] inline std::string draw(const outcome& seen) {
  constexpr double left = 70;
  constexpr double bottom = 260;
  constexpr double height = 190;
  const auto count = static_cast<double>(seen.errors.size());
  const auto step = std::clamp(700 / count, 2.0, 60.0);
  const auto right = left + step * count;
  const auto scale = height / std::max(seen.error.relative_rms, allowed_error);
  support::svg drawing{right + 130, bottom + 50, "Error of the attention"};
  drawing.text({left, 28}, "Relative RMS error by sequence, against double precision", 15,
               support::anchor::start, true);
  for (std::size_t i = 0; i < seen.errors.size(); ++i) {
    const auto x = left + step * static_cast<double>(i);
    const auto tall = seen.errors[i] * scale;
    drawing.rect({x + step * 0.1, bottom - tall}, step * 0.8, tall, "#4477aa");
    if (step < 30) continue;
    drawing.text({x + step / 2, bottom - tall - 4}, fmt::format("{:.1e}", seen.errors[i]), 10,
                 support::anchor::middle);
    drawing.text({x + step / 2, bottom + 16}, std::to_string(seen.lengths[i]), 11,
                 support::anchor::middle);
  }
  drawing.line({left, bottom}, {right, bottom}, "#222");
  drawing.line({left, bottom - allowed_error * scale}, {right, bottom - allowed_error * scale},
               "#cc3311", true);
  drawing.text({right + 6, bottom - allowed_error * scale + 4},
               fmt::format("allowed: {:.0e}", allowed_error), 11);
  drawing.text({(left + right) / 2, bottom + 36}, "tokens of the sequence", 11,
               support::anchor::middle);
  return drawing.file();
}

}  // namespace attention
