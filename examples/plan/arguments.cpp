// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <plan/arguments.hpp>

namespace plan {

void declare(CLI::App& app, arguments& given) {
  const CLI::Range count{std::uint32_t{1}, std::uint32_t{65'536}};
  auto* const config =
      app.add_option("--config", given.config, "config.json of a model, as on Hugging Face");
  auto* const model = app.add_option("--model", given.model, "a well-known model, llama-3-8b say")
                          ->excludes(config);
  app.add_option("--dtype", given.type, "of weights and cache, instead of the file's: bf16, ...");
  app.add_option("--weights", given.weights,
                 "format of the matrices: q4_0, q4_k, q8_0, mxfp4, nf4, fp8, ...");
  app.add_option("--kv-dtype", given.kv_type, "of the cache alone");
  app.add_option("--tp", given.tensor, "ranks that share each layer")->check(count);
  app.add_option("--pp", given.pipeline, "stages of consecutive layers")->check(count);
  app.add_flag("--ep", given.expert_parallel, "experts whole, on one of the --tp ranks each");

  auto* const split = app.add_option("--split", given.split, "cut without a model: pipeline")
                          ->check(CLI::IsMember({"pipeline"}))
                          ->excludes(config)
                          ->excludes(model);
  app.add_option(
         "--rule", given.rule,
         "whose rule cuts layers: vllm, trtllm, megatron, deepspeed, llamacpp, exo, optimal")
      ->check(
          CLI::IsMember({"vllm", "trtllm", "megatron", "deepspeed", "llamacpp", "exo", "optimal"}))
      ->capture_default_str();
  auto* const layers = app.add_option("--layers", given.layers, "layers to cut")
                           ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{65'536}))
                           ->needs(split);
  auto* const stages = app.add_option("--stages", given.stages, "stages to cut them into")
                           ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{65'536}))
                           ->needs(split);
  split->needs(layers)->needs(stages);
  app.add_option("--device-weights", given.device_weights,
                 "memory or speed of each device, separated by commas")
      ->delimiter(',');
  app.add_option("--layer-weights", given.layer_weights, "cost of each layer, separated by commas")
      ->delimiter(',');
  app.add_option("--gpu-layers", given.gpu_layers,
                 "layers that llama.cpp offloads, and the output");
  app.add_option("--first-layers", given.first_layers, "layers of Megatron's first stage");
  app.add_option("--last-layers", given.last_layers, "layers of Megatron's last stage");
  app.add_option("--passes", given.passes, "micro-batches that the optimal rule is for")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));

  auto* const memory =
      app.add_option("--memory", given.memory, "of each device: 40GB, or 24GiB, which is more");
  app.add_option("--pool", given.pool_rule,
                 "who sizes the pool: vllm (of all memory), trtllm (of what is free)")
      ->check(CLI::IsMember({"vllm", "trtllm"}))
      ->needs(memory)
      ->capture_default_str();
  app.add_option("--fraction", given.fraction, "of memory that the pool's rule takes")
      ->needs(memory)
      ->capture_default_str();
  app.add_option("--sequences", given.sequences, "that run at the same time")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--context", given.context, "tokens of each sequence")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000'000}))
      ->capture_default_str();
  app.add_option("--overhead", given.overhead, "beside weights, cache and activations")

      ->capture_default_str();
  app.add_option("--fractions", given.fractions,
                 "activations and overhead as parts of the total, 0.1,0.2 say")
      ->delimiter(',')
      ->expected(2)
      ->needs(memory);
  auto* const devices =
      app.add_option("--devices", given.devices,
                     "plan for machines of such devices: a100-40g:2,rtx3060-12g:4")
          ->excludes(split);
  app.add_option("--inside", given.inside, "links within a machine")->capture_default_str();
  app.add_option("--link", given.link, "links between machines")->capture_default_str();
  app.add_option("--workload", given.workload, "prompt=1000,output=200,batch=8,rate=2")
      ->needs(devices);
  app.add_option("--goal", given.goal, "latency, throughput, or auto: latency if the rate allows")
      ->check(CLI::IsMember({"latency", "throughput", "auto"}))
      ->needs(devices)
      ->capture_default_str();
  app.add_option("--efficiency", given.efficiency, "part of a device's operations that is reached")
      ->check(CLI::Range(1e-3, 1.0))
      ->capture_default_str();
  app.add_option("--svg", given.svg, "draw who holds what to this file; - for stdout")
      ->needs(devices);
  app.add_option("--json", given.json, "write the report as JSON to this file; - for stdout");
}

void check(const arguments& given) {
  if (given.config.empty() && given.model.empty() && given.split.empty()) {
    throw CLI::ValidationError("name a model: --model llama-3-8b, or --config FILE; or --split");
  }
  if (given.json == "-" && given.svg == "-") {
    throw CLI::ValidationError("--json and --svg cannot both go to stdout; name a file for one");
  }
}

}  // namespace plan
