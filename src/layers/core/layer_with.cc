#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

thread_local int drafts = 0;

}  // namespace

Draft::Draft() { ++drafts; }
Draft::~Draft() { --drafts; }

void complete(Layer& layer) {
  if (drafts > 0) return;
  if (layer.name().empty()) layer.set_name(unique_name(layer.class_name()));
  layer.validate();
}

}  // namespace chronicler
