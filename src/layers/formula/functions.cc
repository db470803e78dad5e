#include "layers/formula/functions.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace chronicler::formula {
namespace {

constexpr std::array<Function, 8> others{{
    {"abs", 1, "without the sign"},
    {"cos", 1, "cosine"},
    {"log", 1, "natural logarithm"},
    {"max", 2, "the larger of two"},
    {"min", 2, "the smaller of two"},
    {"sin", 1, "sine"},
    {"sqrt", 1, "square root"},
    {"square", 1, "times itself"},
}};

std::vector<Function> all_functions() {
  std::vector<Function> all(others.begin(), others.end());
  for (const std::string_view name : kernels::activation_names()) {
    const kernels::Activation activation = *kernels::activation_from_name(name);
    if (kernels::is_rowwise(activation) || activation == kernels::Activation::linear) continue;
    all.push_back({name, 1, {}, true, activation});
  }
  for (const std::string_view alias : {"exp", "hard_swish", "swish"})
    all.push_back({alias, 1, {}, true, *kernels::activation_from_name(alias)});
  std::sort(all.begin(), all.end(),
            [](const Function& a, const Function& b) { return a.name < b.name; });
  return all;
}

}  // namespace

std::span<const Function> functions() {
  static const std::vector<Function> all = all_functions();
  return all;
}

const Function* find_function(std::string_view name) {
  for (const Function& each : functions()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::string_view function_list() {
  static const std::string list = [] {
    std::string names;
    for (const Function& each : functions()) {
      if (!names.empty()) names += ", ";
      names += each.name;
    }
    return names;
  }();
  return list;
}

}  // namespace chronicler::formula
