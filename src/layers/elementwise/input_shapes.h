// The shapes of a layer's inputs, before a call and in it.
#pragma once

#include <span>
#include <string>

#include "chronicler/base/shape.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

inline const Shape& shape_of(const Shape& shape) { return shape; }
inline const Shape& shape_of(const Value& value) { return value.data.shape(); }

template <class Input>
std::string listed(std::span<const Input> inputs) {
  std::string text;
  for (const Input& input : inputs)
    text += (text.empty() ? "" : " and ") + shape_of(input).to_string();
  return text;
}

// A shape without its last axis, that of the features: where masks have truth values.
inline Shape places_of(const Shape& shape) {
  Shape places;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) places.append(shape[axis]);
  return places;
}

}  // namespace chronicler
