// Every kind of layer there is, in one table: files, documentation and the conformance suite
// iterate over it.
#pragma once

#include <span>
#include <string_view>

#include "chronicler/base/field_table.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

struct LayerKind {
  std::string_view class_name;  // Keras's, where it has one
  // A layer with default options, not yet valid where an option has no default (units): a reader
  // sets the options through visit_config and then calls validate().
  LayerPtr (*make)();
  // Its options in Keras's order.
  FieldTable (*fields)();
  // Whose class it is in files; empty: Keras's own. Another's is registered there as
  // "package>class_name", so that Keras says what it lacks.
  std::string_view package = {};
};

std::span<const LayerKind> layer_catalog();
// Null for a class that is not in it.
const LayerKind* find_layer_kind(std::string_view class_name);

// A default layer of that class; Error with the nearest names for an unknown one.
LayerPtr make_layer(std::string_view class_name);

// Visits name, trainable and dtype, which all layers share, and then the layer's own fields.
void visit_config(Layer& layer, FieldVisitor& visitor);

}  // namespace chronicler
