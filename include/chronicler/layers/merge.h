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
LayerPtr Add(const MergeOptions& options = {});
LayerPtr Subtract(const MergeOptions& options = {});
LayerPtr Multiply(const MergeOptions& options = {});
LayerPtr Average(const MergeOptions& options = {});
LayerPtr Maximum(const MergeOptions& options = {});
LayerPtr Minimum(const MergeOptions& options = {});

}  // namespace chronicler::layers
