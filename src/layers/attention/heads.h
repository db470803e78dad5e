// Which layers are attentions of several heads: they take query, value and key one by one, and a
// mask of which values each query sees.
#pragma once

#include "chronicler/layers/layer.h"

namespace chronicler {

inline bool has_heads(const Layer& layer) {
  return layer.class_name() == "MultiHeadAttention" || layer.class_name() == "GroupQueryAttention";
}

// Keras's MultiHeadAttention takes the masks off the tensors that it is called on, its
// GroupQueryAttention does not.
inline bool takes_masks_off(const Layer& layer) {
  return layer.class_name() == "MultiHeadAttention";
}

}  // namespace chronicler
