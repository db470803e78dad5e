// TextVectorization: from texts to ids of words, or to counts of them. First layer of a model whose
// Input has the dtype "string".
//
//   LayerPtr words = layers::TextVectorization({.max_tokens = 10'000});
//   layers::adapt(*words, texts);
//   Sequential model({layers::Input({.dtype = "string"}), words, layers::Embedding(...), ...});
//   model.predict(text_tensor(texts));
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chronicler/base/number_array.h"
#include "chronicler/base/texts.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct TextVectorizationOptions {
  std::optional<std::int64_t> max_tokens = {};
  std::optional<std::string> standardize = "lower_and_strip_punctuation";
  std::optional<std::string> split = "whitespace";
  NumberArray ngrams = {};
  std::string output_mode = "int";
  std::optional<std::int64_t> output_sequence_length = {};
  bool pad_to_max_tokens = false;
  std::vector<std::string> vocabulary = {};
  NumberArray idf_weights = {};
  std::string encoding = "utf-8";
  bool adapted = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TextVectorizationOptions;
    constexpr double most_tokens = 1 << 24;
    visit("max_tokens", &Options::max_tokens, between(2, most_tokens),
          "largest size of the vocabulary, the special tokens counted");
    visit("standardize", &Options::standardize,
          one_of({"lower_and_strip_punctuation", "lower", "strip_punctuation"}),
          "what is done to a text first, if anything; only ASCII becomes lower case or is "
          "punctuation");
    visit("split", &Options::split, one_of({"whitespace", "character"}),
          "where a text is cut into tokens; none: it is one");
    visit("ngrams", &Options::ngrams, any_value(),
          "runs of tokens instead of each: their lengths, or one number for all lengths up to it");
    visit("output_mode", &Options::output_mode, one_of({"int", "multi_hot", "count", "tf_idf"}),
          "int: ids (0 is padding, 1 unknown); of each token: multi_hot if it is there, count how "
          "often, tf_idf that by weight");
    visit("output_sequence_length", &Options::output_sequence_length, between(1, most_steps),
          "of int: so many ids, cut or padded; none: as many as the longest of a batch has");
    visit("pad_to_max_tokens", &Options::pad_to_max_tokens, any_value(),
          "other modes than int: max_tokens wide, however small the vocabulary is");
    visit("vocabulary", &Options::vocabulary, any_value(),
          "the tokens, instead of those that adapt() finds; the special ones may stand in front");
    visit("idf_weights", &Options::idf_weights, any_value(),
          "of tf_idf: the weight of each token of the vocabulary that is given");
    visit("encoding", &Options::encoding, one_of({"utf-8"}), "of the texts");
    visit("adapted", &Options::adapted, any_value(),
          "the vocabulary was found by adapt(), which may find another one", {.is_extra = true});
    visit_shared_fields<Options>(visit);
  }
};
LayerPtr TextVectorization(const TextVectorizationOptions& options = {});

// Learns the vocabulary from texts: the most frequent tokens come first, of equally frequent ones
// the greater by bytes; for tf_idf also the weights, ln(1 + texts / (1 + texts with the token)).
// Throws Error for another layer, and if a vocabulary was given.
void adapt(Layer& text_vectorization, std::span<const std::string> texts);
// With the special tokens: "" (padding) and "[UNK]" in front for int, else "[UNK]".
std::vector<std::string> get_vocabulary(Layer& text_vectorization,
                                        bool include_special_tokens = true);
void set_vocabulary(Layer& text_vectorization, const std::vector<std::string>& vocabulary,
                    const NumberArray& idf_weights = {});

}  // namespace chronicler::layers
