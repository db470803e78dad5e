#include "chronicler/layers/embedding.h"

#include "layers/core/layer_with.h"
#include "layers/elementwise/embedding_layer.h"

namespace chronicler {

LayerPtr layers::Embedding(const EmbeddingOptions& options) {
  return make_valid<EmbeddingLayer>(options);
}

}  // namespace chronicler
