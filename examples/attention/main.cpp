// SPDX-License-Identifier: Apache-2.0
// Decodes or prefills with attention over a paged cache, and compares with double precision.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <attention/report.hpp>
#include <attention/requests.hpp>
#include <attention/run.hpp>
#include <replay/trace_reader.hpp>
#include <support/output.hpp>

namespace {

namespace kv = kvfolio;

constexpr int too_large_error = 1;
constexpr int bad_input = 2;

struct arguments {
  attention::job job;
  std::string json;
  std::string svg;
};

void declare(CLI::App& app, arguments& given) {
  auto& job = given.job;
  const auto number = [&](const char* name, std::uint32_t& value, const char* text,
                          std::uint32_t most) {
    app.add_option(name, value, text)->check(CLI::Range(1U, most))->capture_default_str();
  };
  number("--sequences", job.sequences, "in the batch; every second is a fork of the one before",
         4'096);
  number("--tokens", job.tokens, "of the longest sequence", 1U << 20U);
  number("--layers", job.layers, "of the cache", 1'024);
  number("--query-heads", job.query_heads, "of a layer; a multiple of --kv-heads", 1'024);
  number("--kv-heads", job.kv_heads, "of a layer", 1'024);
  number("--head-dim", job.head_dim, "elements of a key, and of a value", 4'096);
  number("--tokens-per-page", job.tokens_per_page, "in a page", 65'536);
  number("--repetitions", job.repetitions, "of the step; the median time is reported", 10'000);
  number("--new-tokens", job.fresh, "of each sequence, with queries: 1 decodes, more prefill",
         1U << 20U);
  app.add_option("--latent", job.latent_dim,
                 "elements of --head-dim that are the value: of a "
                 "latent cache, which has one KV head")
      ->check(CLI::Range(1U, 4'096U));
  app.add_option("--window", job.window, "newest tokens that are seen; 0: all")
      ->capture_default_str();
  app.add_option("--sinks", job.sinks, "first tokens that are seen besides a window")
      ->capture_default_str();
  app.add_option("--trace", job.trace,
                 "file of requests, as replay reads it: the batch is the "
                 "first --sequences, cut after --tokens")
      ->check(CLI::ExistingFile);
  app.add_option("--dtype", job.type, "of the cache: f32, f16, bf16 or i8")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, kv::dtype>{{"f32", kv::dtype::f32},
                                                                   {"f16", kv::dtype::f16},
                                                                   {"bf16", kv::dtype::bf16},
                                                                   {"i8", kv::dtype::i8}}));
  app.add_option("--order", job.order, "inside a page: head_major or token_major")
      ->transform(CLI::CheckedTransformer(std::map<std::string, kv::model::token_order>{
          {"head_major", kv::model::token_order::head_major},
          {"token_major", kv::model::token_order::token_major}}));
  app.add_flag("--persistent", job.persistent, "page tables are trees, not arrays");
  app.add_flag("--padded", job.padded, "export them padded, not in compressed rows");
  app.add_option("--threads", job.threads, "at most; 0: as many as there are processors")
      ->check(CLI::Range(0, 1'024))
      ->capture_default_str();
  app.add_option("--seed", job.seed, "of the random keys, values and queries")
      ->capture_default_str();
  app.add_option("--json", given.json, "write the figures to this file; - for stdout alone");
  app.add_option("--svg", given.svg, "draw the error of every sequence into this file");
}

// The batch. Checks what depends on more than one option.
std::vector<attention::request> requests_of(const attention::job& job) {
  if (job.query_heads % job.kv_heads != 0) {
    throw std::invalid_argument("--query-heads must be a multiple of --kv-heads, " +
                                std::to_string(job.kv_heads));
  }
  if (job.tokens < job.sequences) {
    throw std::invalid_argument("--tokens must be at least --sequences, so that none is empty");
  }
  if (job.latent_dim > job.head_dim) {
    throw std::invalid_argument("--latent must be at most --head-dim, " +
                                std::to_string(job.head_dim));
  }
  if (job.latent_dim != 0 && job.type == kv::dtype::i8) {
    throw std::invalid_argument("--latent is for f32, f16 and bf16");
  }
  if (job.trace.empty()) return attention::growing_requests(job.sequences, job.tokens);
  return attention::requests_of(replay::load_trace(job.trace), job.sequences, job.tokens);
}

int run(const arguments& given) {
  const auto& job = given.job;
  const auto seen = attention::run(job, requests_of(job));
  if (given.json != "-") std::fputs(attention::as_table(job, seen).c_str(), stdout);
  if (!given.json.empty()) support::write_text(given.json, attention::as_json(job, seen));
  if (!given.svg.empty()) support::write_text(given.svg, attention::draw(seen));
  if (attention::accurate(seen)) return 0;
  std::fputs("attention: the error is too large\n", stderr);
  return too_large_error;
}

}  // namespace

int main(int argc, char** argv) {
  arguments given;
  CLI::App app{
      "Decodes or prefills with attention over a paged cache, in parallel, and compares the "
      "result with double precision and the speed with that of reading memory. Exit status: 0, 1 "
      "if the error is too large, 2 for bad "
      "input.",
      "attention"};
  try {
    declare(app, given);
    app.parse(argc, argv);
    return run(given);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  } catch (const std::bad_alloc&) {
    std::fputs("attention: not enough memory; lower --tokens or --sequences\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "attention: %s\n", error.what());
  }
  return bad_input;
}
