// The network of a forecaster: a recurrent layer, beside a linear path that starts as the linear
// baseline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "chronicler/model/functional.h"
#include "tasks/shared/ridge.h"

namespace chronicler::tasks {

struct NetworkShape {
  std::int64_t steps_width = 1;
  std::int64_t lags_width = 1;
  std::int64_t horizon = 1;
  std::int64_t quantiles = 0;
  std::string cell = "lstm";  // of one_of_cells()
  std::int64_t units = 32;
  std::int64_t layers = 1;
  double dropout = 0.0;
  bool linear_learns = false;  // or stays as it starts, which of a short series is better
};

// steps (B, T, steps_width) and lags (B, T, lags_width) to (B, T, (1 + quantiles) H): for each step
// the mean, then the quantiles, of H changes. Layers are called `prefix` and their part.
Functional make_forecast_network(const NetworkShape& shape, const std::string& prefix);

// The linear path becomes this map, and the quantiles' heads start at `offsets` (quantiles, H) from
// it; the recurrent layer says nothing yet.
void start_from(Functional& network, const std::string& prefix, const LinearMap& map,
                const std::vector<double>& offsets);

// One network that answers with the mean of these, which have one shape; copies of their weights.
Functional average_of(const std::vector<Functional*>& networks, const NetworkShape& shape);

// What the recurrent layers of such a network put out, in the order in which they run.
std::vector<Symbol> recurrent_outputs(const Functional& network);

}  // namespace chronicler::tasks
