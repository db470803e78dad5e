// The layers of a translator, and the models that they are put together to: one for the file, one
// to train, and two to write with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/model/functional.h"
#include "chronicler/tasks/translator.h"

namespace chronicler::tasks {

struct TranslationLayers {
  LayerPtr table;
  LayerPtr source_dropout, target_dropout, encoded_dropout, written_dropout;
  std::vector<LayerPtr> encoder;  // the last one gives its states
  std::vector<LayerPtr> starts;   // from the encoder's last states to h and c of both LSTMs
  LayerPtr first, second;         // the decoder's LSTMs
  LayerPtr question, attention, answer;

  std::string prefix;  // of their names, where there are several networks

  static TranslationLayers make(std::int64_t vocabulary, const TranslatorOptions& options,
                                const std::string& prefix = {});
  // Those of a whole model, of each of its networks. Throws Error if one is missing.
  static std::vector<TranslationLayers> of(const Model& model);

  // source (B, S), target (B, T) beginning with the start: scores (B, T, pieces) of what follows,
  // and attention (B, T, S). Of several networks the means.
  static Functional whole_model(std::span<const TranslationLayers> networks);
  // Up to the vectors (B, T, embedding) that the table makes scores of.
  Functional learner() const;
  // source (B, S) to values (B, S, 2 units), and h and c of both LSTMs.
  Functional reader() const;
  // target (B, 1), values, h and c, h and c: scores (B, 1, pieces), attention (B, 1, S), states.
  Functional writer() const;

 private:
  struct Encoded {
    Symbol values;
    Symbols states;
  };
  struct Written {
    Symbol vectors;
    Symbol weights;
    Symbols states;
  };
  static TranslationLayers of(const Model& model, const std::string& prefix);
  Encoded read(const Symbol& source) const;
  Written write(const Symbol& target, const Encoded& encoded, bool with_weights) const;
};

}  // namespace chronicler::tasks
