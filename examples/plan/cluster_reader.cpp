// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <plan/cluster_reader.hpp>
#include <plan/sizes.hpp>

namespace plan {
namespace {

namespace kp = kvfolio::partition;

struct known_device {
  std::string_view name;
  double gigabytes;
  double teraflops;  // dense, 16 bit, by the makers' pages
  double bandwidth;  // GB/s
};

constexpr std::array known_devices{
    known_device{"h100-80g", 80, 989, 3350},  known_device{"a100-80g", 80, 312, 2039},
    known_device{"a100-40g", 40, 312, 1555},  known_device{"v100-32g", 32, 125, 900},
    known_device{"v100-16g", 16, 125, 900},   known_device{"l4-24g", 24, 121, 300},
    known_device{"t4-16g", 16, 65, 320},      known_device{"rtx4090-24g", 24, 165, 1008},
    known_device{"rtx3090-24g", 24, 71, 936}, known_device{"rtx3060-12g", 12, 25.5, 360},
};

std::vector<std::string_view> pieces(std::string_view text, char separator) {
  std::vector<std::string_view> all;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(separator);
    all.push_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return all;
}

[[noreturn]] void refuse(std::string_view text, std::string_view expected) {
  throw std::invalid_argument(fmt::format("\"{}\" is no {}", text, expected));
}

// The number that `text` begins with, which must end in `unit`.
double number_before(std::string_view text, std::string_view unit, std::string_view expected) {
  double value = 0;
  if (!text.ends_with(unit)) refuse(text, expected);
  const auto digits = text.substr(0, text.size() - unit.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || !(value >= 0) ||
      value > 1e18) {
    refuse(text, expected);
  }
  return value;
}

std::uint64_t whole_number(std::string_view text, std::string_view expected) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > 1'000'000'000'000) {
    refuse(text, expected);
  }
  return value;
}

kp::device device_named(std::string_view text, double efficiency) {
  std::string known;
  for (const auto& each : known_devices) {
    if (each.name == text) {
      return {std::string{each.name}, static_cast<std::uint64_t>(each.gigabytes * 1e9),
              each.teraflops * 1e12 * efficiency, each.bandwidth * 1e9};
    }
    known.append(known.empty() ? "" : ", ").append(each.name);
  }
  const auto parts = pieces(text, '@');
  if (parts.size() != 3) {
    throw std::invalid_argument(fmt::format(
        "no device is called {}; there are {}, or write 24GB@80TFLOPS@900GB/s", text, known));
  }
  return {std::string{text}, parse_bytes(std::string{parts[0]}),
          number_before(parts[1], "TFLOPS", "power; write 80TFLOPS") * 1e12 * efficiency,
          number_before(parts[2], "GB/s", "bandwidth; write 900GB/s") * 1e9};
}

kp::link link_of(std::string_view text) {
  const auto parts = pieces(text, ',');
  constexpr std::string_view expected = "link; write 25GB/s,10us";
  if (parts.size() != 2) refuse(text, expected);
  const kp::link made{number_before(parts[0], "GB/s", expected) * 1e9,
                      number_before(parts[1], "us", expected) / 1e6};
  if (made.bandwidth == 0) refuse(text, expected);
  return made;
}

}  // namespace

kp::cluster parse_cluster(const std::string& devices, const std::string& inside,
                          const std::string& between, double efficiency) {
  std::vector<kp::device> all;
  std::vector<std::size_t> machine;
  std::size_t machines = 0;
  for (const auto item : pieces(devices, ',')) {
    const auto colon = item.rfind(':');
    const auto count = colon == std::string_view::npos
                           ? 1
                           : whole_number(item.substr(colon + 1), "number of devices");
    if (count == 0 || all.size() + count > 1024) refuse(item, "number of devices from 1 to 1024");
    all.insert(all.end(), count, device_named(item.substr(0, colon), efficiency));
    machine.resize(all.size(), machines++);
  }
  const auto near = link_of(inside);
  kp::cluster made{std::move(all), link_of(between)};
  for (std::size_t i = 0; i < machine.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (machine[i] == machine[j]) made.connect(i, j, near);
    }
  }
  return made;
}

kp::workload parse_workload(const std::string& text) {
  kp::workload made;
  if (text.empty()) return made;
  for (const auto item : pieces(text, ',')) {
    const auto equals = item.find('=');
    const auto name = item.substr(0, equals);
    const auto value = equals == std::string_view::npos ? "" : item.substr(equals + 1);
    if (name == "prompt") {
      made.prompt = whole_number(value, "number of tokens");
    } else if (name == "output") {
      made.output = whole_number(value, "number of tokens");
    } else if (name == "batch") {
      made.batch = whole_number(value, "number of requests");
    } else if (name == "rate") {
      made.rate = number_before(value, "", "rate; write 2.5, requests a second");
    } else {
      refuse(item, "part of a workload; write prompt=1000,output=200,batch=8,rate=2");
    }
  }
  return made;
}

}  // namespace plan
