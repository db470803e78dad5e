// Reshape, Permute and RepeatVector: the same numbers in another order or shape.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct ReshapeOptions {
  std::vector<std::int64_t> target_shape = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ReshapeOptions;
    visit("target_shape", &Options::target_shape, number_list(0, Shape::max_rank, at_least(-1)),
          "shape of a sample; one extent may be -1: what is left");
    visit_shared_fields<Options>(visit);
  }
};
// The numbers of each sample in another shape: (B, ...) to (B, *target_shape).
LayerPtr Reshape(const ReshapeOptions& options);

struct PermuteOptions {
  std::vector<std::int64_t> dims = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = PermuteOptions;
    visit("dims", &Options::dims, number_list(0, Shape::max_rank, at_least(1)),
          "which axis each new one was, counted from 1");
    visit_shared_fields<Options>(visit);
  }
};
// The axes of each sample in another order.
LayerPtr Permute(const PermuteOptions& options);

struct RepeatVectorOptions {
  std::int64_t n = 0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RepeatVectorOptions;
    visit("n", &Options::n, at_least(1), "steps of the output", {.is_required = true});
    visit_shared_fields<Options>(visit);
  }
};
// A vector at each of n steps: (B, F) to (B, n, F).
LayerPtr RepeatVector(const RepeatVectorOptions& options);
LayerPtr RepeatVector(std::int64_t n);

}  // namespace chronicler::layers
