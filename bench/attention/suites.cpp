// SPDX-License-Identifier: Apache-2.0
#include "suites.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#ifdef ATTENTION_GGML
#include "ggml_attention.hpp"
#endif
#ifdef ATTENTION_OPENBLAS
#include "openblas.hpp"
#endif
#include <attention/decode.hpp>
#include <attention/prefill.hpp>

namespace attention::bench {
namespace {

using kv::model::token_order;
using enum figure::kind;

constexpr std::size_t arena_bytes = std::size_t{512} << 20U;
constexpr std::size_t cold_bytes = std::size_t{128} << 20U;
constexpr std::size_t most_query_tokens = 512;

geometry grouped(std::uint32_t query_heads, std::uint32_t kv_heads,
                 kv::dtype type = kv::dtype::f16) {
  return {.type = type,
          .query_heads = query_heads,
          .kv_heads = kv_heads,
          .key_dim = 128,
          .value_dim = 128};
}

// Of the cache: bytes that every token adds.
std::size_t token_bytes(const geometry& shape) {
  const bool latent = shape.key_dim != shape.value_dim;
  const auto elements = latent ? shape.key_dim : shape.key_dim + shape.value_dim;
  return (std::size_t{elements} * kv::bits_of(shape.type) / 8 +
          (shape.type == kv::dtype::i8 ? 4 : 0)) *
         shape.kv_heads;
}

std::string text_of(shape_of_batch batch) {
  return batch.tokens % 1'024 == 0 ? fmt::format("{} x {}k", batch.sequences, batch.tokens / 1'024)
                                   : fmt::format("{} x {}", batch.sequences, batch.tokens);
}

}  // namespace

suites::suites(std::size_t shrink, [[maybe_unused]] int threads)
    : shrink_{shrink},
#ifdef ATTENTION_GGML
      threads_{threads},
#endif
      memory_{arena_bytes / shrink + (std::size_t{1} << 20U)},
      queries_(most_query_tokens * 32 * 128),
      output_(queries_.size()) {
  std::mt19937 rng{1};
  std::normal_distribution<float> normal;
  std::generate(queries_.begin(), queries_.end(), [&] { return normal(rng); });
}

shape_of_batch suites::shrunk(shape_of_batch batch) const {
  return {batch.sequences, std::max<std::size_t>(1, batch.tokens / shrink_)};
}

kv::model::cache_shape suites::layers_of(const geometry& shape, shape_of_batch batch) const {
  const auto of_layer = token_bytes(shape) * batch.sequences * batch.tokens;
  const auto layers =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, cold_bytes / shrink_ / of_layer));
  if (shape.key_dim != shape.value_dim) {
    return kv::model::latent(layers, shape.value_dim, shape.key_dim - shape.value_dim, shape.type);
  }
  const auto plain = kv::model::grouped_query(layers, shape.kv_heads, shape.key_dim, shape.type);
  return shape.type == kv::dtype::i8 ? kv::model::with_scales(plain, 4) : plain;
}

std::size_t suites::add(const std::string& name, const geometry& shape, shape_of_batch batch,
                        std::function<void(std::size_t)> run) {
  const auto tokens = static_cast<double>(batch.sequences * batch.tokens);
  all_.push_back({.name = name,
                  .bytes = tokens * static_cast<double>(token_bytes(shape)),
                  .flops = tokens * 2 * shape.query_heads * (shape.key_dim + shape.value_dim),
                  .run = std::move(run)});
  return all_.size() - 1;
}

std::size_t suites::add_paged(const std::string& name, const geometry& shape, shape_of_batch batch,
                              std::uint32_t tokens_per_page, token_order order) {
  batch = shrunk(batch);
  auto from = std::make_shared<paged_batch>(memory_, layers_of(shape, batch), batch,
                                            tokens_per_page, order);
  return add(name, shape, batch, [this, from, shape, batch](std::size_t call) {
    const auto heads = batch.sequences * shape.query_heads;
    decode(from->layer(call), shape, std::span{queries_}.first(heads * shape.key_dim),
           std::span{output_}.first(heads * shape.value_dim));
  });
}

std::size_t suites::add_plain(const std::string& name, const geometry& shape, shape_of_batch batch,
                              token_order order) {
  batch = shrunk(batch);
  auto from = std::make_shared<contiguous_batch>(memory_, layers_of(shape, batch), batch, order);
  return add(name, shape, batch, [this, from, shape, batch](std::size_t call) {
    const auto heads = batch.sequences * shape.query_heads;
    decode(from->layer(call), shape, std::span{queries_}.first(heads * shape.key_dim),
           std::span{output_}.first(heads * shape.value_dim));
  });
}

void suites::expect_alike(std::size_t one, std::size_t other, std::size_t size, float most) {
  all_[one].run(0);
  const std::vector<float> ours(output_.begin(),
                                output_.begin() + static_cast<std::ptrdiff_t>(size));
  all_[other].run(0);
  for (std::size_t i = 0; i < size; ++i) {
    if (std::abs(ours[i] - output_[i]) <= most) continue;
    throw std::runtime_error(fmt::format("{} has {} where {} has {}", all_[other].name, output_[i],
                                         all_[one].name, ours[i]));
  }
}

void suites::ask(std::string name, figure::kind what, std::vector<std::size_t> who,
                 std::vector<std::size_t> whom, bar held_to) {
  figures_.push_back({std::move(name), what, std::move(who), std::move(whom), held_to});
}

void suites::add_decode() {
  const auto shape = grouped(32, 8);
  std::vector<std::size_t> page_16;
  std::vector<std::size_t> page_64;
  std::vector<std::size_t> by_token;
  std::vector<std::size_t> plain;
  constexpr std::size_t k = 1'024;
  for (const auto batch : {shape_of_batch{1, k},
                           {1, 4 * k},
                           {1, 16 * k},
                           {1, 32 * k},
                           {8, k},
                           {8, 4 * k},
                           {8, 16 * k}}) {
    const auto name = "decode: " + text_of(batch);
    const bool large = batch.sequences * batch.tokens >= 16 * k;
    const bar paged_bar = large                                       ? bar{0.85, 0.70}
                          : batch.tokens == k && batch.sequences == 1 ? bar{0.60, 0.40}
                                                                      : bar{0.70, 0.55};
    const bar plain_bar = large ? bar{0.92, 0.78} : bar{};
    page_16.push_back(add_paged(name + ", page 16", shape, batch, 16, token_order::head_major));
    page_64.push_back(add_paged(name + ", page 64", shape, batch, 64, token_order::head_major));
    by_token.push_back(
        add_paged(name + ", page 16 token-major", shape, batch, 16, token_order::token_major));
    plain.push_back(add_plain(name + ", contiguous", shape, batch, token_order::head_major));
    ask(name + ", page 16 / read", of_read, {page_16.back()}, {}, paged_bar);
    ask(name + ", page 64 / read", of_read, {page_64.back()}, {}, plain_bar);
    ask(name + ", contiguous / read", of_read, {plain.back()}, {}, plain_bar);
    ask(name + ", contiguous / FMA peak", of_compute, {plain.back()}, {});
#ifdef ATTENTION_GGML
    const auto real = shrunk(batch);
    auto from = std::make_shared<contiguous_batch>(memory_, layers_of(shape, real), real,
                                                   token_order::head_major);
    auto theirs = std::make_shared<ggml_attention>(shape, real, threads_);
    const auto ggml = add(name + ", ggml", shape, real, [this, from, theirs](std::size_t call) {
      theirs->run(from->layer(call), queries_, output_);
    });
    ask(name + ", times faster than ggml", times_faster, {plain.back()}, {ggml},
        batch.tokens >= 16 * k ? bar{4, 3} : bar{4, 2.3});
    expect_alike(plain.back(), ggml, batch.sequences * shape.query_heads * shape.value_dim, 0.01F);
#endif
  }
  ask("decode: page 16 to contiguous, median", times_slower, page_16, plain, {1.08, 1.18, true});
  ask("decode: page 64 to contiguous, median", times_slower, page_64, plain, {1.02, 1.08, true});
  ask("decode: page 16, token-major to head-major, median", times_slower, by_token, page_16,
      {1.10, 1.35, true});
}

void suites::add_pages() {
  const auto shape = grouped(32, 8);
  const shape_of_batch batch{1, 16 * 1'024};
  const auto plain = add_plain("pages: contiguous", shape, batch, token_order::head_major);
  for (const std::uint32_t tokens : {8U, 16U, 32U, 64U, 128U, 256U}) {
    const auto name = fmt::format("pages: {} tokens", tokens);
    const auto who = add_paged(name, shape, batch, tokens, token_order::head_major);
    ask(name + " to contiguous", times_slower, {who}, {plain});
  }
  const auto plain_by_token =
      add_plain("pages: contiguous, token-major", shape, batch, token_order::token_major);
  ask("pages: contiguous, token-major to head-major", times_slower, {plain_by_token}, {plain});
}

void suites::add_heads() {
  const shape_of_batch batch{1, 16 * 1'024};
  for (const auto& [name, shape] :
       {std::pair{"group 1", grouped(8, 8)}, std::pair{"group 4", grouped(32, 8)},
        std::pair{"group 8", grouped(64, 8)}, std::pair{"group 32", grouped(32, 1)}}) {
    const auto who =
        add_paged(fmt::format("heads: {}", name), shape, batch, 16, token_order::head_major);
    ask(fmt::format("heads: {} / read", name), of_read, {who}, {});
    ask(fmt::format("heads: {} / FMA peak", name), of_compute, {who}, {});
  }
  const geometry latent{
      .type = kv::dtype::bf16, .query_heads = 128, .kv_heads = 1, .key_dim = 576, .value_dim = 512};
  const auto who =
      add_paged("heads: latent, 128 of 576", latent, batch, 64, token_order::head_major);
  ask("heads: latent / FMA peak", of_compute, {who}, {});
}

void suites::add_types() {
  const shape_of_batch batch{1, 16 * 1'024};
  const auto f16 = add_paged("types: f16", grouped(32, 8), batch, 16, token_order::head_major);
  for (const auto& [name, type] :
       {std::pair{"f32", kv::dtype::f32}, std::pair{"bf16", kv::dtype::bf16},
        std::pair{"i8", kv::dtype::i8}}) {
    const auto who = add_paged(fmt::format("types: {}", name), grouped(32, 8, type), batch, 16,
                               token_order::head_major);
    ask(fmt::format("types: {} / read", name), of_read, {who}, {});
    ask(fmt::format("types: {} to f16, in time", name), times_slower, {who}, {f16});
  }
}

void suites::add_prefill() {
  const auto shape = grouped(32, 8);
  for (const std::size_t context : {512U, 1'024U, 2'048U, 4'096U}) {
    const auto batch = shrunk({1, context});
    const auto fresh = std::min(batch.tokens, most_query_tokens);
    const auto name = fmt::format("prefill: 512 of {}", context);
    const auto cached = static_cast<double>(batch.tokens - fresh);
    const auto visible =
        static_cast<double>(fresh) * (cached + (static_cast<double>(fresh) + 1) / 2);
    const auto finish = [&](std::size_t who) {
      all_[who].flops = visible * 2 * shape.query_heads * (shape.key_dim + shape.value_dim);
      return who;
    };
    const auto size = fresh * shape.query_heads * shape.key_dim;
    const auto attend = [this, shape, fresh, size](const auto& from) {
      prefill(from, shape, {&fresh, 1}, std::span{queries_}.first(size),
              std::span{output_}.first(size));
    };
    auto pages = std::make_shared<paged_batch>(memory_, layers_of(shape, batch), batch, 16U,
                                               token_order::head_major);
    auto plain = std::make_shared<contiguous_batch>(memory_, layers_of(shape, batch), batch,
                                                    token_order::head_major);
    const auto paged = finish(add(name + ", page 16", shape, batch,
                                  [=](std::size_t call) { attend(pages->layer(call)); }));
    const auto whole = finish(add(name + ", contiguous", shape, batch,
                                  [=](std::size_t call) { attend(plain->layer(call)); }));
    ask(name + ", page 16 / FMA peak", of_compute, {paged}, {},
        context >= 1'024 ? bar{0.80, 0.68} : bar{});
    ask(name + ", page 16 to contiguous", times_slower, {paged}, {whole});
#ifdef ATTENTION_OPENBLAS
    const auto blas = finish(add(name + ", OpenBLAS", shape, batch, [=, this](std::size_t call) {
      openblas_prefill(plain->layer(call), shape, fresh, std::span{queries_}.first(size),
                       std::span{output_}.first(size));
    }));
    ask(name + ", times faster than OpenBLAS", times_faster, {paged}, {blas}, {1.2, 1.0});
    expect_alike(whole, blas, size, 1e-5F);
#endif
  }
}

void suites::add_cascade() {
  const auto shared = shrunk({8, 8 * 1'024});
  const auto whole = shape_of_batch{8, shared.tokens + 256 / shrink_};
  for (const auto& [name, shape, held_to] : {std::tuple{"grouped", grouped(32, 8), bar{2.2, 1.6}},
                                             std::tuple{"multi-head", grouped(8, 8), bar{4, 3}}}) {
    auto cache = layers_of(shape, whole);
    cache.layers = 1;
    auto from = std::make_shared<paged_batch>(memory_, cache, whole, 16U, token_order::head_major);
    from->share(shared.tokens);
    const auto heads = whole.sequences * shape.query_heads;
    const auto attend = [=, this, shape = shape](std::span<const shared_prefix> prefixes) {
      decode(from->layer(0), shape, std::span{queries_}.first(heads * shape.key_dim),
             std::span{output_}.first(heads * shape.value_dim), prefixes);
    };
    const auto separate = add(fmt::format("cascade: {}, separate", name), shape, whole,
                              [attend](std::size_t) { attend({}); });
    const auto together = add(fmt::format("cascade: {}", name), shape, whole, [=](std::size_t) {
      const shared_prefix prefix{.first_row = 0, .rows = 8, .tokens = shared.tokens};
      attend({&prefix, 1});
    });
    all_[together].bytes = static_cast<double>(shared.tokens + 8 * (whole.tokens - shared.tokens)) *
                           static_cast<double>(token_bytes(shape));
    ask(fmt::format("cascade: {}, times faster than separate", name), times_faster, {together},
        {separate}, held_to);
    ask(fmt::format("cascade: {} / FMA peak", name), of_compute, {together}, {});
  }
}

}  // namespace attention::bench
