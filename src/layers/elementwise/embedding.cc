#include "chronicler/layers/embedding.h"

#include "layers/core/kinds.h"
#include "layers/elementwise/embedding_layer.h"

namespace chronicler {

LayerPtr layers::Embedding(const EmbeddingOptions& options) {
  return make_valid<EmbeddingLayer>(options);
}
LayerPtr make_embedding() { return std::make_shared<EmbeddingLayer>(layers::EmbeddingOptions{}); }

}  // namespace chronicler
