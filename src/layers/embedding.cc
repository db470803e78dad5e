#include "chronicler/layers/embedding.h"

#include "layers/embedding_layer.h"
#include "layers/kinds.h"

namespace chronicler {

LayerPtr layers::Embedding(const EmbeddingOptions& options) {
  return make_valid<EmbeddingLayer>(options);
}
LayerPtr make_embedding() { return std::make_shared<EmbeddingLayer>(layers::EmbeddingOptions{}); }

}  // namespace chronicler
