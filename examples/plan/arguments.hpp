// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace plan {

/// What a user asks the program for.
struct arguments {
  std::string config;   ///< path of a config.json
  std::string model;    ///< name of a preset
  std::string type;     ///< of weights and cache, instead of the file's
  std::string weights;  ///< block format of the matrices
  std::string kv_type;  ///< of the cache alone

  std::optional<std::uint32_t> tensor;    ///< ranks of each stage
  std::optional<std::uint32_t> pipeline;  ///< stages
  bool expert_parallel = false;           ///< experts whole, on ranks of their own

  std::string split;                          ///< what is to be cut, without a model
  std::string rule = "vllm";                  ///< by whose rule
  std::optional<std::uint32_t> layers;        ///< to cut
  std::optional<std::uint32_t> stages;        ///< to cut them into
  std::vector<double> device_weights;         ///< memory, or speed
  std::vector<double> layer_weights;          ///< costs
  std::optional<std::uint32_t> gpu_layers;    ///< that llama.cpp offloads
  std::optional<std::uint32_t> first_layers;  ///< of Megatron's first stage
  std::optional<std::uint32_t> last_layers;   ///< of its last
  std::uint64_t passes = 1;                   ///< micro-batches, for the optimal rule

  std::string memory;              ///< of one device, "40GB" or "24GiB"
  std::string pool_rule = "vllm";  ///< who sizes the pool
  double fraction = 0.9;           ///< of all memory, or of what is free
  std::uint64_t sequences = 1;     ///< at a time
  std::uint64_t context = 4096;    ///< tokens of each
  std::string overhead = "1GiB";   ///< beside weights, cache and activations

  std::vector<double> fractions;  ///< activations and overhead, of the total, instead of a model's

  std::string devices;                ///< "a100-40g:2,rtx3060-12g:4"
  std::string inside = "25GB/s,5us";  ///< links within a machine
  std::string link = "1GB/s,50us";    ///< links between machines
  std::string workload;               ///< "prompt=1000,output=200,batch=8,rate=2"
  std::string goal = "auto";          ///< latency, throughput, or what the rate asks for
  double efficiency = 0.5;            ///< of the operations that a device can do

  std::string json;  ///< path of a report
  std::string svg;   ///< path of a drawing
};

/// Tells `app` what there is, and to fill `given` when it parses.
void declare(CLI::App& app, arguments& given);

/// \throws CLI::ValidationError if parts of `given` do not go together
void check(const arguments& given);

}  // namespace plan
