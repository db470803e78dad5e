// Operations: what Keras keeps in a graph as nodes without weights: arithmetic, reductions, changes
// of shape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/fields.h"
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

// The options of all operations; each has some of them (operation.cc says which), under Keras's
// names.
struct OperationOptions {
  std::vector<OperationArgument> arguments = {};
  std::vector<std::int64_t> axis = {};
  bool keepdims = false;
  // Of Reshape and BroadcastTo: the new shape, the batch in front, -1 for what is left (Reshape) or
  // stays (BroadcastTo). Of Transpose, which old axis each new one is; of Swapaxes the two; of Tile
  // and Repeat how often.
  std::vector<std::int64_t> sizes = {};
  std::string to = "float32";
  std::vector<Setting> settings = {};
  std::vector<SliceItem> items = {};
  std::string name = {};
  std::string dtype = "float32";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = OperationOptions;
    visit("arguments", &Options::arguments, any_value(),
          "constants among the arguments of the call, symbols elsewhere: {{}, 0.0} is x and 0");
    visit("axis", &Options::axis, number_list(0, Shape::max_rank),
          "axes that it works along; none: the operation's default, of reductions all");
    visit("keepdims", &Options::keepdims, any_value(), "reduced axes stay, with extent 1");
    visit("sizes", &Options::sizes, any_value(),
          "the new shape, the new order of the axes, or how often each is repeated");
    visit("to", &Options::to, any_value(), "type that Cast makes");
    visit("settings", &Options::settings, any_value(), "other options of Keras by name");
    visit("items", &Options::items, any_value(),
          "what stands between the brackets of x[...]; the batch axis is taken whole");
    visit("name", &Options::name, any_value(), "name in its model, and in files",
          FieldNotes{.default_text = "from the class: add_1", .is_shared = true});
    visit("dtype", &Options::dtype, any_value(), "type of the results that are numbers",
          FieldNotes{.is_shared = true});
  }
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
