// Where .keras files keep the vocabulary that a TextVectorization layer has learnt: not in its
// configuration but in assets, each twice as Keras writes them, and its weights beside those of the
// model. Between reading and writing both are options in the configuration.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "formats/model_spec.h"
#include "formats/named_tensor.h"

namespace chronicler {

// By their paths in the archive, as those of tensors renewed if they are old:
// "assets/layers/text_vectorization/vocabulary.txt".
using VocabularyFiles = std::map<std::string, std::string>;

bool is_vocabulary_file(std::string_view member);

// Takes the weights of vocabularies away from those of a model.
void drop_vocabularies(NamedTensors& weights);

// Puts what the files and weights hold into the configuration of the model's layers, and takes the
// weights of vocabularies away from the others.
void put_vocabularies(const VocabularyFiles& files, NamedTensors& weights, Json& model);

// The weights of vocabularies that Keras 2 lists in .h5 files beside those of other layers; the
// configuration has them, too.
void drop_vocabularies(Json& model, std::vector<LayerWeights>& weights);

// The other way. A vocabulary that was given, or that its file could not hold, stays where it is.
VocabularyFiles take_vocabularies(Json& model, NamedTensors& weights);

}  // namespace chronicler
