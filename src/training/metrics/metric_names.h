// The names of metrics in files.
#pragma once

#include <string_view>

#include "chronicler/training/loss.h"
#include "chronicler/training/metric.h"

namespace chronicler {

// Null for a name that Keras reads. For any other that metrics::get() knows, the metric that it
// stands for, called so; of "crossentropy" the one that goes with the loss, which may be null.
MetricPtr metric_to_write(std::string_view name, const Loss* loss);

}  // namespace chronicler
