// Operations: what Keras keeps in a graph as nodes without weights, mostly arithmetic on masks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// One of the things between the brackets of x[...], as in NumPy.
struct SliceItem {
  enum class Kind : std::uint8_t { range, index, ellipsis, new_axis };
  Kind kind = Kind::range;
  std::optional<std::int64_t> start = {};  // of a range; of an index, the place
  std::optional<std::int64_t> stop = {};
  std::optional<std::int64_t> step = {};
};

struct OperationOptions {
  // For each argument of the call: a number, or nothing where it is a symbol. {{}, 0.0} is x and 0.
  // Shorter than the call's arguments: the rest are symbols.
  std::vector<std::optional<double>> arguments = {};
  std::vector<std::int64_t> axis = {};  // of Any, All, ExpandDims and Concatenate; empty: all axes
  bool keepdims = false;                // of Any and All
  std::vector<SliceItem> items = {};    // of GetItem; the batch axis must be taken whole
  std::string name = {};
  std::string dtype = "float32";  // of the results that are numbers
};

// By Keras's class name: NotEqual, Equal, Greater, Less, LogicalAnd, LogicalOr, LogicalNot, Any,
// All (these give truth values, which may be masks), ZerosLike, OnesLike, ExpandDims, Concatenate,
// ConvertToTensor, Add, Subtract, Multiply, GetItem. No gradient flows through an operation on
// truth values. Throws Error with the nearest names for another one.
LayerPtr Operation(std::string_view class_name, const OperationOptions& options = {});

// x != value: the mask that an Embedding with mask_zero makes of its ids.
LayerPtr NotEqual(double value);

// The options of an operation; null for any other layer.
const OperationOptions* operation_options(const Layer& layer);

// The names that Operation knows.
std::vector<std::string_view> operation_names();

}  // namespace chronicler::layers
