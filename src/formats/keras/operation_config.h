// Operations in the graph of a Functional model (keras.ops): nodes of their own in Keras's files,
// with constants among their arguments.
#pragma once

#include <vector>

#include "base/json.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/operation.h"

namespace chronicler {

bool is_operation(const JsonPlace& object);
// A symbol of the graph, or a list of them.
bool is_tensor(const JsonPlace& place);
// The tensors among the arguments of an operation come before its constants, or between them; the
// second argument of GetItem holds none.
bool is_get_item(std::string_view class_name);
// An operation is a layer here, with the constants among its arguments and its axes as options.
LayerPtr operation_at(const JsonPlace& object);
Json operation_to_json(Layer& operation);
// The arguments of an operation: its tensors with the constants in their places.
Json with_constants(Json tensors, const Layer& operation, const layers::OperationOptions& options);

}  // namespace chronicler
