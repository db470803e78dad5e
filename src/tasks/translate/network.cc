#include "tasks/translate/network.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"
#include "tasks/shared/joined_networks.h"

namespace chronicler::tasks {
namespace {

constexpr const char* attention_name = "attention";
constexpr std::array<const char*, 4> start_names{"start_h1", "start_c1", "start_h2", "start_c2"};

Symbol ids_input(const char* name) {
  return Input({.shape = {None}, .dtype = "int32", .name = name});
}

}  // namespace

TranslationLayers TranslationLayers::make(std::int64_t vocabulary, const TranslatorOptions& options,
                                          const std::string& prefix) {
  const std::int64_t units = options.units;
  const double dropout = options.dropout.value_or(0.0);
  TranslationLayers all;
  all.prefix = prefix;
  all.table =
      layers::ReversibleEmbedding({.input_dim = vocabulary,
                                   .output_dim = options.embedding,
                                   .embeddings_initializer = initializers::RandomUniform(-0.3, 0.3),
                                   .mask_zero = true,
                                   .name = prefix + "pieces"});
  const auto dropout_layer = [&](const char* name) {
    return layers::Dropout({.rate = dropout, .name = prefix + name});
  };
  all.source_dropout = dropout_layer("source_dropout");
  all.target_dropout = dropout_layer("target_dropout");
  all.encoded_dropout = dropout_layer("encoded_dropout");
  all.written_dropout = dropout_layer("written_dropout");
  for (std::int64_t i = 1; i <= options.layers; ++i) {
    all.encoder.push_back(layers::Bidirectional(
        {.layer = layers::LSTM(
             {.units = units, .return_sequences = true, .return_state = i == options.layers}),
         .name = fmt::format("{}encoder_{}", prefix, i)}));
  }
  for (const char* name : start_names)
    all.starts.push_back(
        layers::Dense({.units = units, .activation = "tanh", .name = prefix + name}));
  const auto decoder = [&](const char* name) {
    return layers::LSTM(
        {.units = units, .return_sequences = true, .return_state = true, .name = prefix + name});
  };
  all.first = decoder("decoder_1");
  all.second = decoder("decoder_2");
  all.question =
      layers::Dense({.units = 2 * units, .use_bias = false, .name = prefix + "question"});
  all.attention = options.attention == "additive"
                      ? layers::AdditiveAttention({.name = prefix + attention_name})
                      : layers::Attention({.name = prefix + attention_name});
  all.answer =
      layers::Dense({.units = options.embedding, .activation = "tanh", .name = prefix + "answer"});
  return all;
}

std::vector<TranslationLayers> TranslationLayers::of(const Model& model) {
  const auto count =
      std::count_if(model.layers().begin(), model.layers().end(),
                    [](const LayerPtr& layer) { return layer->name().ends_with(attention_name); });
  std::vector<TranslationLayers> networks;
  const std::size_t size = std::max<std::size_t>(1, static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < size; ++i) networks.push_back(of(model, branch_prefix(i, size)));
  return networks;
}

TranslationLayers TranslationLayers::of(const Model& model, const std::string& prefix) {
  TranslationLayers all;
  all.prefix = prefix;
  const auto layer = [&](const char* name) { return model.get_layer(prefix + name); };
  all.table = layer("pieces");
  all.source_dropout = layer("source_dropout");
  all.target_dropout = layer("target_dropout");
  all.encoded_dropout = layer("encoded_dropout");
  all.written_dropout = layer("written_dropout");
  all.encoder.push_back(layer("encoder_1"));
  for (const LayerPtr& each : model.layers()) {
    if (each->name() == fmt::format("{}encoder_{}", prefix, all.encoder.size() + 1))
      all.encoder.push_back(each);
  }
  for (const char* name : start_names) all.starts.push_back(layer(name));
  all.first = layer("decoder_1");
  all.second = layer("decoder_2");
  all.question = layer("question");
  all.attention = layer(attention_name);
  all.answer = layer("answer");
  return all;
}

TranslationLayers::Encoded TranslationLayers::read(const Symbol& source) const {
  Symbol x = source_dropout(table(source));
  Symbols read;
  for (const LayerPtr& layer : encoder) {
    read = layer(x);
    x = read[0];
  }
  const Symbol hidden = layers::Concatenate({.name = prefix + "read_h"})({read[1], read[3]});
  const Symbol cell = layers::Concatenate({.name = prefix + "read_c"})({read[2], read[4]});
  std::vector<Symbol> states;
  for (std::size_t i = 0; i < starts.size(); ++i)
    states.push_back(starts[i](i % 2 == 0 ? hidden : cell));
  return {encoded_dropout(x), states};
}

TranslationLayers::Written TranslationLayers::write(const Symbol& target, const Encoded& encoded,
                                                    bool with_weights) const {
  const Symbols& from = encoded.states;
  const Symbols one = first(target_dropout(table(target)), {.initial_state = {from[0], from[1]}});
  const Symbols found =
      attention({question(one[0]), encoded.values}, {.return_attention_scores = with_weights});
  const Symbol& context = found[0];
  const Symbols two = second(layers::Concatenate({.name = prefix + "seen"})({one[0], context}),
                             {.initial_state = {from[2], from[3]}});
  const Symbol all = layers::Concatenate({.name = prefix + "written"})({two[0], context});
  return {written_dropout(answer(all)),
          with_weights ? found[1] : Symbol(),
          {one[1], one[2], two[1], two[2]}};
}

Functional TranslationLayers::whole_model(std::span<const TranslationLayers> networks) {
  const Symbol source = ids_input("source");
  const Symbol target = ids_input("target");
  std::vector<Symbol> scores;
  std::vector<Symbol> weights;
  for (const TranslationLayers& network : networks) {
    const Written written = network.write(target, network.read(source), true);
    scores.push_back(network.table(written.vectors, {.reverse = true}));
    weights.push_back(written.weights);
  }
  if (networks.size() == 1)
    return Functional({source, target}, {scores[0], weights[0]}, "translator");
  return Functional({source, target},
                    {layers::Average({.name = "mean_scores"})(scores),
                     layers::Average({.name = "mean_weights"})(weights)},
                    "translator");
}

Functional TranslationLayers::learner() const {
  const Symbol source = ids_input("source");
  const Symbol target = ids_input("target");
  return Functional({source, target}, {write(target, read(source), false).vectors}, "learner");
}

Functional TranslationLayers::reader() const {
  const Symbol source = ids_input("source");
  const Encoded encoded = read(source);
  std::vector<Symbol> outputs{encoded.values};
  outputs.insert(outputs.end(), encoded.states.begin(), encoded.states.end());
  return Functional({source}, outputs, "reader");
}

Functional TranslationLayers::writer() const {
  const std::int64_t units = starts[0]->parameters()[0].value.shape()[1];
  const Symbol target = ids_input("target");
  const Symbol values = Input({.shape = {None, 2 * units}, .name = "values"});
  std::vector<Symbol> states;
  for (const char* name : {"h1", "c1", "h2", "c2"})
    states.push_back(Input({.shape = {units}, .name = name}));
  const Written written = write(target, {values, states}, true);
  std::vector<Symbol> inputs{target, values};
  inputs.insert(inputs.end(), states.begin(), states.end());
  std::vector<Symbol> outputs{table(written.vectors, {.reverse = true}), written.weights};
  outputs.insert(outputs.end(), written.states.begin(), written.states.end());
  return Functional(inputs, outputs, "writer");
}

}  // namespace chronicler::tasks
