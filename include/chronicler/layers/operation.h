// Operations: what Keras keeps in a graph as nodes without weights: arithmetic, reductions, changes
// of shape.
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

// An argument of a call: a symbol of the graph, or a constant.
struct OperationArgument {
  OperationArgument() = default;  // a symbol
  // NOLINTBEGIN(google-explicit-constructor)
  OperationArgument(std::nullopt_t /*symbol*/) {}
  // A number takes the type of what it meets, as in Python: ids plus 1 are ids, plus 1.5 numbers.
  OperationArgument(double number);
  OperationArgument(std::int64_t number);
  OperationArgument(int number) : OperationArgument(std::int64_t{number}) {}
  OperationArgument(Tensor constant) : value(std::move(constant)) {}
  // NOLINTEND(google-explicit-constructor)

  bool is_symbol() const { return !value; }
  Tensor value;  // of shape () for a number; empty: a symbol
  bool is_number = false;
};

struct OperationOptions {
  // For each argument of the call, a constant, or nothing where it is a symbol. {{}, 0.0} is x and
  // 0. Shorter than the call's arguments: the rest are symbols.
  std::vector<OperationArgument> arguments = {};
  std::vector<std::int64_t> axis = {};  // empty: the operation's default, of reductions all axes
  bool keepdims = false;                // of reductions
  // Of Reshape and BroadcastTo: the new shape, the batch in front, -1 for what is left (Reshape) or
  // stays (BroadcastTo). Of Transpose, which old axis each new one is; of Swapaxes the two; of Tile
  // and Repeat how often.
  std::vector<std::int64_t> sizes = {};
  std::string to = "float32";          // of Cast
  std::vector<Setting> settings = {};  // other options of Keras by name: {"negative_slope", 0.1}
  std::vector<SliceItem> items = {};   // of GetItem; the batch axis must be taken whole
  std::string name = {};
  std::string dtype = "float32";  // of the results that are numbers
};

// By Keras's class name; operation_names() lists them. Comparisons and logic give truth values,
// which may be masks; no gradient flows through them, nor through whole numbers. The batch axis
// stays in front. fields() visits an operation's options under Keras's names. Throws Error with the
// nearest names for an operation that is not known.
LayerPtr Operation(std::string_view class_name, const OperationOptions& options = {});

// x != value: the mask that an Embedding with mask_zero makes of its ids.
LayerPtr NotEqual(double value);

// The options of an operation; null for any other layer.
const OperationOptions* operation_options(const Layer& layer);
// Which of Keras's modules an operation is in, below keras.src.ops: "numpy", "nn", "core", "math".
std::string_view operation_module(const Layer& operation);
// Whether Keras calls it on one list of tensors.
bool takes_list(const Layer& operation);

// The names that Operation knows.
std::vector<std::string_view> operation_names();

}  // namespace chronicler::layers
