// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <kvfolio/model/capacity.hpp>

#include <nlohmann/json.hpp>
#include <offload/comparison.hpp>

namespace offload {

namespace kt = kvfolio::tier;
using nlohmann::ordered_json;

namespace {

// Milliseconds in four digits, or that there is no room.
std::string in_milliseconds(kt::seconds time) {
  if (time == kt::explanation::impossible) return "no room";
  return fmt::format("{:.4g}", time.value() * 1e3);
}

ordered_json seconds_or_null(kt::seconds time) {
  return time == kt::explanation::impossible ? ordered_json{} : ordered_json(time.value());
}

}  // namespace

std::vector<row> compare(const question& asked) {
  const auto kept = cached_layers(asked.of.model, asked.kv_type);
  std::vector<row> rows;
  for (const auto tokens : asked.lengths) {
    kvfolio::departure leaving;
    leaving.tokens = tokens;
    leaving.tokens_per_page = asked.tokens_per_page;
    const auto pages = leaving.pages();
    // Layers with a window have less to move: their part is spread over all pages.
    const auto bytes = kvfolio::model::sequence_bytes(
        kept, tokens, {.tokens_per_page = asked.tokens_per_page, .batched_tokens = 1});
    leaving.page_bytes = kvfolio::ceil_div(bytes, pages);
    const auto copies = std::ceil(asked.copies_per_page * static_cast<double>(pages));
    leaving.copies = static_cast<std::uint64_t>(copies);
    leaving.free_bytes = asked.store_bytes;
    leaving.waits_until_out = asked.waits_until_out;
    rows.push_back({leaving, kt::explain(asked.costs, leaving)});
  }
  return rows;
}

std::string name_of(kt::way_back best) {
  switch (best) {
    case kt::way_back::recompute: return "recompute";
    case kt::way_back::swap: return "swap";
    case kt::way_back::split: return "split";
  }
  return "";
}

std::string table(const question& asked, const std::vector<row>& rows) {
  const auto& costs = asked.costs;
  auto text = fmt::format(
      "{}: {:.4g} TFLOPS reached, {:.4g} GB/s in, {:.4g} GB/s out, {:.3g} us a copy\n"
      "{:>9} {:>10} {:>11} {:>11} {:>11} {:>10} {:>14}  {}\n",
      asked.name, costs.computing.linear.value() / 1e12, costs.in.bandwidth.value() / 1e9,
      costs.out.bandwidth.value() / 1e9, costs.in.each_copy.value() * 1e6, "tokens", "MB",
      "compute, ms", "swap, ms", "split, ms", "computed", "swap above GB/s", "best");
  for (const auto& [leaving, why] : rows) {
    text += fmt::format("{:>9} {:>10.1f} {:>11} {:>11} {:>11} {:>10} {:>15.3g}  {}\n",
                        leaving.tokens, static_cast<double>(leaving.bytes_behind(0)) / 1e6,
                        in_milliseconds(why.recompute), in_milliseconds(why.swap),
                        in_milliseconds(why.split), why.split_tokens, why.break_even.value() / 1e9,
                        name_of(why.best));
  }
  return text;
}

std::string json(const question& asked, const std::vector<row>& rows) {
  const auto& costs = asked.costs;
  ordered_json out;
  out["model"] = asked.name;
  out["flops_per_token"] = costs.work.each_token.value();
  out["flops_per_second"] = costs.computing.linear.value();
  out["bytes_per_second_in"] = costs.in.bandwidth.value();
  out["bytes_per_second_out"] = costs.out.bandwidth.value();
  out["seconds_per_copy"] = costs.in.each_copy.value();
  out["rows"] = ordered_json::array();
  for (const auto& [leaving, why] : rows) {
    ordered_json each;
    each["tokens"] = leaving.tokens;
    each["bytes"] = leaving.bytes_behind(0);
    each["recompute_seconds"] = why.recompute.value();
    each["swap_seconds"] = seconds_or_null(why.swap);
    each["split_seconds"] = seconds_or_null(why.split);
    each["split_tokens"] = why.split_tokens;
    each["break_even_bytes_per_second"] =
        std::isinf(why.break_even.value()) ? ordered_json{} : ordered_json(why.break_even.value());
    each["best"] = name_of(why.best);
    each["tokens_to_recompute"] = why.tokens_to_recompute();
    out["rows"].push_back(each);
  }
  return out.dump(2) + "\n";
}

}  // namespace offload
