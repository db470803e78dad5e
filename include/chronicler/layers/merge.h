// One output of several inputs, number by number: sum, product, mean, largest.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct MergeOptions {
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_shared_fields<MergeOptions>(visit);
  }
};
// Number by number over two inputs or more (Subtract: exactly two), of one shape or with extents of
// 1 that are repeated. A step counts if it does in any input; without a mask on one of them all do.
LayerPtr Add(const MergeOptions& options = {});       // the sum of the inputs
LayerPtr Subtract(const MergeOptions& options = {});  // the first input less the second
LayerPtr Multiply(const MergeOptions& options = {});  // the product of the inputs
LayerPtr Average(const MergeOptions& options = {});   // the mean of the inputs
LayerPtr Maximum(const MergeOptions& options = {});   // the largest of the inputs
LayerPtr Minimum(const MergeOptions& options = {});   // the smallest of the inputs

}  // namespace chronicler::layers
