// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include <fmt/format.h>

#include <kvfolio/model/presets.hpp>

#include <CLI/CLI.hpp>
#include <replay/arguments.hpp>

namespace replay {
namespace {

void declare_server(CLI::App& app, serving_options& serving) {
  const CLI::Range any{std::uint32_t{1}, std::uint32_t{1'000'000'000}};
  app.add_option("--pages", serving.pages, "pages in the pool")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1U << 30U}))
      ->capture_default_str();
  app.add_option("--tokens-per-page", serving.tokens_per_page, "tokens in a page")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{65'536}))
      ->capture_default_str();
  app.add_option("--token-bytes", serving.token_bytes, "bytes of KV a token, a multiple of 8")
      ->check(CLI::Range(std::uint32_t{8}, std::uint32_t{1U << 20U}))
      ->check(CLI::Validator(
          [](const std::string& text) {
            return std::stoul(text) % 8 == 0 ? "" : text + " is not a multiple of 8";
          },
          "", "multiple of 8"))
      ->capture_default_str();
  app.add_option("--chunk", serving.chunk, "most prompt tokens that a step computes")
      ->check(any)
      ->capture_default_str();
  app.add_option("--prefill-tps", serving.hardware.prefill_tps,
                 "prompt tokens a second, by the clock")
      ->check(any)
      ->capture_default_str();
  app.add_option("--decode-sps", serving.hardware.decode_sps, "decode steps a second, by the clock")
      ->check(any)
      ->capture_default_str();
  app.add_option("--watermark", serving.watermark,
                 "pages to leave free when a request is admitted beside others")
      ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{1U << 30U}))
      ->capture_default_str();
  using kvfolio::prefix::admission;
  const std::map<std::string, admission> rules{{"first-come", admission::first_come},
                                               {"longest-prefix", admission::longest_prefix},
                                               {"depth-first", admission::depth_first}};
  app.add_option_function<std::string>(
         "--admit", [&serving, rules](const std::string& name) { serving.admit = rules.at(name); },
         "who is admitted first, of the 128 who wait longest")
      ->check(CLI::IsMember(rules))
      ->default_str("first-come");
  app.add_option("--patience", serving.patience,
                 "times that a request may be passed over by later ones")
      ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--max-batch", serving.max_batch, "most requests that run at the same time")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{65'536}))
      ->capture_default_str();
  app.add_option("--samples", serving.samples,
                 "answers to each request, which share its prompt copy-on-write")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{256}))
      ->capture_default_str();
  app.add_option("--remember", serving.remember,
                 "pages that left, to tell why they are missing later")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1U << 30U}))
      ->capture_default_str();
  app.add_flag("--verify", serving.verify,
               "fingerprint every token; check on every reuse, copy, preemption and release");
}

// Of requests that give way.
void declare_tiers(CLI::App& app, arguments& given) {
  auto& tiers = given.serving.tiers;
  app.add_option("--tier", given.tier,
                 "what becomes of requests that give way, separated by commas, or all; side by "
                 "side: none, recompute, swap, auto, split")
      ->capture_default_str();
  app.add_option("--store", tiers.store, "where their pages go: host, file:PATH or redis:PATH")
      ->capture_default_str();
  app.add_option("--store-pages", tiers.pages,
                 "pages that it can hold; four times the pool's if not given")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1U << 30U}));
  app.add_option("--link-gbps", tiers.link_gbps,
                 "10^9 bytes a second to the store and back, by the clock")
      ->check(CLI::Range(1e-3, 1e6))
      ->capture_default_str();
}

// Of the systems that map memory, and of links.
void declare_mapping(CLI::App& app, mapping_options& mapping) {
  app.add_option("--model", mapping.model,
                 "whose keys and values vattention and vtensor map, and links move, 16 bits an "
                 "element")
      ->capture_default_str();
  app.add_option("--chunk-kib", mapping.chunk_kib,
                 "KiB of the chunks that they map, a power of two; devices have 2048")
      ->check(CLI::Range(std::uint32_t{4}, std::uint32_t{1U << 20U}))
      ->check(CLI::Validator(
          [](const std::string& text) {
            return std::has_single_bit(std::stoul(text)) ? "" : text + " is not a power of two";
          },
          "", "power of two"))
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--extension",
         [&mapping](const std::string& name) { mapping.background = name == "background"; },
         "when they map: in the step that needs it, or beside the one before")
      ->check(CLI::IsMember({"sync", "background"}))
      ->default_str("sync");
  const auto takes = [&app](const char* name, nanoseconds& call, const char* what) {
    app.add_option_function<double>(
           name, [&call](double us) { call = static_cast<nanoseconds>(std::llround(us * 1'000)); },
           what)
        ->check(CLI::Range(0.0, 1e6))
        ->default_str(fmt::format("{:g}", static_cast<double>(call) / 1'000));
  };
  takes("--map-us", mapping.calls.map, "microseconds to map a chunk");
  takes("--access-us", mapping.calls.access, "microseconds to make a span of chunks accessible");
  takes("--unmap-us", mapping.calls.unmap, "microseconds to unmap a span of chunks");
}

}  // namespace

void declare(CLI::App& app, arguments& given) {
  auto* const trace =
      app.add_option("trace,--trace", given.trace,
                     "Azure CSV, Mooncake or Bailian JSONL; without it, a built-in sample");
  app.add_option("--tokens-per-hash", given.tokens_per_hash,
                 "tokens that one hash id stands for; inferred if not given")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1'000'000'000}));
  declare_server(app, given.serving);
  declare_tiers(app, given);
  declare_mapping(app, given.serving.mapping);
  app.add_option("--system", given.system,
                 "systems to serve by, separated by commas, or all; side by side: "
                 "fastertransformer, orca_max, orca_pow2, orca_oracle, paged, vattention, vtensor")
      ->capture_default_str();
  auto* const eviction =
      app.add_option("--eviction", given.eviction,
                     "policies to serve by, if paged, separated by commas, or all; side by side; "
                     "adaptor:policy adapts one")
          ->capture_default_str();
  app.add_flag("--no-reuse", given.no_reuse, "never find a prompt's beginning again")
      ->excludes(eviction);
  app.add_option("--invalidate-every", given.invalidate_every,
                 "seconds by the clock after which the model changes, again and again")
      ->check(CLI::Range(1e-3, 1e9));
  app.add_option("--json", given.json, "write the report as JSON to this file; - for stdout");
  app.add_option("--svg", given.svg, "draw the run over time to this file; - for stdout");

  auto* const plan =
      app.add_option("--plan", given.plan,
                     "serve as a rank of this plan, which plan --json wrote: bytes of "
                     "a token, and pages unless they are given");
  app.add_option("--rank", given.rank, "which of its ranks")->needs(plan);
  app.get_option("--pages")->each([&given](const std::string&) { given.pages_given = true; });
  plan->excludes(app.get_option("--token-bytes"));

  auto* const semantics = app.add_option(
      "--semantics", given.semantics,
      "replay block ids without a clock, with exact counts: plain, A-L, A-U, A-N or B-L");
  auto* const capacity = app.add_option("--capacity", given.capacity, "blocks, for --semantics")
                             ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1U << 29U}))
                             ->needs(semantics);
  semantics->needs(capacity);
  app.add_option(
         "--hints", given.hints,
         "for --semantics, tell policies of each request whether its session goes on, right "
         "70 times of 100; equal seeds are wrong alike")
      ->needs(semantics);

  auto* const generate =
      app.add_option("--generate", given.generate,
                     "make up so many requests of a chat service, as a Mooncake trace")
          ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000'000}))
          ->excludes(trace)
          ->excludes(semantics);
  auto* const output =
      app.add_option("--output", given.output, "file for them; - for stdout")->needs(generate);
  generate->needs(output);
  app.add_option("--seed", given.seed, "of --generate; equal seeds make equal traces")
      ->needs(generate)
      ->capture_default_str();
}

void check(const arguments& given) {
  static_cast<void>(kvfolio::model::preset_named(given.serving.mapping.model));
  if (given.tier != "none" && given.no_reuse) {
    throw CLI::ValidationError("--tier brings back what --no-reuse never finds; take one of them");
  }
  const bool without_tiers = given.tier == "all" || given.tier.find("none") != std::string::npos;
  if (!without_tiers && given.system != "paged") {
    throw CLI::ValidationError(
        "tiers serve by pages alone; add none to --tier to see --system beside them");
  }
  if (given.json == "-" && given.svg == "-") {
    throw CLI::ValidationError("--json and --svg cannot both go to stdout; name a file for one");
  }
  if (!given.semantics.empty() && !given.svg.empty()) {
    throw CLI::ValidationError("--semantics knows no time; nothing can be drawn with --svg");
  }
}

}  // namespace replay
