// Operations of TensorFlow in graphs of Keras 2, as the operations of Keras 3.
#pragma once

#include <string_view>

#include "base/json.h"

namespace chronicler {

// What one call of a layer passes, tensors in Keras 3's form.
struct OldCall {
  Json arguments = Json::array();
  Json keywords = Json::object();
  bool takes_list = false;  // the arguments are one list of tensors
};

// TFOpLambda, SlicingOpLambda and TensorFlowOpLayer.
bool is_old_operation(std::string_view class_name);

// Makes the layer's object that of Keras 3's operation, and returns its call: {"args", "kwargs"}.
// An operation that has no equal keeps its name, and is refused by it.
Json renew_operation(Json& layer, const OldCall& call);

}  // namespace chronicler
