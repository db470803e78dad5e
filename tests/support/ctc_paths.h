// CTC by its definition: every path there is.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::test {

using Labels = std::vector<std::int64_t>;

// Calls visit(path, p) for each path, a class for each step.
template <class Visit>
void visit_paths(const Tensor& scores, const Visit& visit) {
  const std::int64_t steps = scores.shape()[0];
  const std::int64_t classes = scores.shape()[1];
  std::int64_t count = 1;
  for (std::int64_t t = 0; t < steps; ++t) count *= classes;
  for (std::int64_t number = 0; number < count; ++number) {
    Labels path;
    double probability = 1.0;
    std::int64_t rest = number;
    for (std::int64_t t = 0; t < steps; ++t, rest /= classes) {
      double total = 0.0;
      for (std::int64_t k = 0; k < classes; ++k)
        total += std::exp(double{scores.as<float>()[t * classes + k]});
      path.push_back(rest % classes);
      probability *= std::exp(double{scores.as<float>()[t * classes + path.back()]}) / total;
    }
    visit(path, probability);
  }
}

// Repeats merged, blanks dropped.
inline Labels spelt(const Labels& path, std::int64_t blank) {
  Labels labels;
  for (std::size_t t = 0; t < path.size(); ++t) {
    if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) labels.push_back(path[t]);
  }
  return labels;
}

// p of every text that a path spells.
inline std::map<Labels, double> probabilities_of_all(const Tensor& scores, std::int64_t blank = 0) {
  std::map<Labels, double> all;
  visit_paths(scores, [&](const Labels& path, double probability) {
    all[spelt(path, blank)] += probability;
  });
  return all;
}

}  // namespace chronicler::test
