#include "training/memory_budget.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/option_error.h"
#include "model/kept_nodes.h"

namespace chronicler {
namespace {

[[noreturn]] void unreadable(std::string_view text) {
  throw OptionError(fmt::format("{{memory_budget}} must be a number of bytes, got \"{}\"", text),
                    "for instance \"64MB\", \"1.5GB\", \"800KB\" or 64000000");
}

double unit_of(std::string_view unit, std::string_view text) {
  std::string small;
  for (const char c : unit) small += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  static constexpr std::array<std::pair<std::string_view, double>, 12> units{{{"", 1.0},
                                                                              {"b", 1.0},
                                                                              {"k", 1e3},
                                                                              {"kb", 1e3},
                                                                              {"kib", 1024.0},
                                                                              {"m", 1e6},
                                                                              {"mb", 1e6},
                                                                              {"mib", 1048576.0},
                                                                              {"g", 1e9},
                                                                              {"gb", 1e9},
                                                                              {"gib", 1073741824.0},
                                                                              {"tb", 1e12}}};
  for (const auto& [name, size] : units) {
    if (name == small) return size;
  }
  unreadable(text);
}

// What the smallest plan of all nodes needs, and what keeping everything does.
struct Needs {
  std::int64_t values;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

Needs needs_of(const Network& network, const std::vector<Shape>& inputs,
               const std::vector<KeptNode>& nodes) {
  Needs needs{value_bytes(network, inputs)};
  for (const KeptNode& node : nodes) {
    needs.least += node.least();
    needs.most += node.most();
  }
  return needs;
}

std::string plan_text(const Network& network, const KeptNode& node, std::int64_t bytes) {
  const std::string& name = network.nodes()[node.node].layer->name();
  const KeepPlan plan = node.plan(bytes);
  if (plan.keeps_all()) {
    return fmt::format("  {}: keeps all {} steps, {}\n", name, plan.steps,
                       bytes_text(plan.bytes(node.kept)));
  }
  return fmt::format(
      "  {}: keeps states before {} of {} steps and {} steps whole, {}; a step runs "
      "forward {:.2f} times\n",
      name, plan.slots, plan.steps, plan.room(), bytes_text(plan.bytes(node.kept)),
      plan.forward_runs());
}

}  // namespace

std::int64_t bytes_from(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  std::string_view rest = text;
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  while (!rest.empty() && is_space(rest.back())) rest.remove_suffix(1);
  double number = 0.0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (failed != std::errc()) unreadable(text);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  const double bytes = number * unit_of(rest, text);
  constexpr double most = 1e15;
  if (!(bytes >= 1.0 && bytes <= most)) unreadable(text);
  return static_cast<std::int64_t>(bytes);
}

std::string bytes_text(std::int64_t bytes) {
  static constexpr std::array units{"B", "KB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000.0 && unit + 1 < units.size(); ++unit) size /= 1000.0;
  return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.1f}{}", size, units[unit]);
}

MemoryBudget::MemoryBudget(std::int64_t bytes, std::function<void(const std::string&)> report)
    : bytes_(bytes), report_(std::move(report)) {}

std::span<const std::int64_t> MemoryBudget::shares(const Network& network,
                                                   std::span<const Value> inputs) {
  const bool is_known = std::equal(
      inputs.begin(), inputs.end(), shapes_.begin(), shapes_.end(),
      [](const Value& input, const Shape& shape) { return input.data.shape() == shape; });
  if (!is_known) {
    shapes_.clear();
    std::vector<Shape> shapes;
    for (const Value& input : inputs) shapes.push_back(input.data.shape());
    plan(network, shapes);
    shapes_ = std::move(shapes);
  }
  return shares_;
}

void MemoryBudget::plan(const Network& network, const std::vector<Shape>& inputs) {
  const std::vector<KeptNode> nodes = kept_nodes(network, inputs);
  const Needs needs = needs_of(network, inputs, nodes);
  if (needs.values + needs.least > bytes_) {
    // Rounded up: what the message says must do.
    const std::int64_t thousands = (needs.values + needs.least + 999) / 1000;
    throw OptionError(
        fmt::format(
            "{{memory_budget}} {} cannot hold a batch of {}: it needs {}KB, {} for the outputs "
            "of the layers and their gradients and {} for what recurrent layers keep at "
            "least",
            bytes_text(bytes_), inputs.front().to_string(), thousands, bytes_text(needs.values),
            bytes_text(needs.least)),
        fmt::format("give \"{}KB\" or more, smaller batches or shorter sequences", thousands));
  }
  shares_.clear();
  if (needs.values + needs.most > bytes_)
    shares_ = share_out(network, nodes, bytes_ - needs.values);
  if (!report_) return;
  std::string text =
      fmt::format("memory budget {}, a batch of {}: {} for outputs and gradients\n",
                  bytes_text(bytes_), inputs.front().to_string(), bytes_text(needs.values));
  for (const KeptNode& node : nodes)
    text += plan_text(network, node, shares_.empty() ? node.most() : shares_[node.node]);
  std::exchange(report_, {})(text);
}

}  // namespace chronicler
