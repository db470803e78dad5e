// TextVectorization: from texts to ids or to counts of words, as Keras's layer of that name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::data {

// Keras's names, order and defaults.
struct TextVectorizationOptions {
  std::optional<std::int64_t> max_tokens = {};  // size of the vocabulary, special tokens counted
  // "lower_and_strip_punctuation", "lower", "strip_punctuation"; none: texts are left as they are.
  // Only ASCII letters become lower case.
  std::optional<std::string> standardize = "lower_and_strip_punctuation";
  std::optional<std::string> split = "whitespace";  // or "character"; none: a text is one token
  std::optional<std::int64_t> ngrams = {};          // also runs of 2 ... n tokens
  std::string output_mode = "int";                  // "multi_hot", "count", "tf_idf"
  std::optional<std::int64_t> output_sequence_length = {};  // of "int": cut or padded with 0
  bool pad_to_max_tokens = false;                           // other modes are max_tokens wide
  std::vector<std::string> vocabulary = {};                 // instead of adapt()
  std::vector<double> idf_weights = {};                     // of the vocabulary; for "tf_idf"
};

class TextVectorization {
 public:
  // Throws Error for an option that means nothing.
  explicit TextVectorization(TextVectorizationOptions options = {});

  // Learns the vocabulary, and for tf_idf in how many texts a token is: ln(1 + N / (1 + texts)).
  // The most frequent tokens come first; of equally frequent ones the greater by bytes.
  void adapt(const std::vector<std::string>& texts);

  // "int": (N, T) int32, 0 is padding and 1 an unknown token. Other modes: (N, size of the
  // vocabulary) float32, where 0 is an unknown token. Throws Error without a vocabulary.
  Tensor operator()(const std::vector<std::string>& texts) const;

  // With the special tokens: "" and "[UNK]" before the others for "int", else "[UNK]".
  std::vector<std::string> get_vocabulary(bool include_special_tokens = true) const;
  std::int64_t vocabulary_size() const;
  const std::vector<double>& idf_weights() const { return idf_weights_; }  // "[UNK]" included
  const TextVectorizationOptions& options() const { return options_; }

  // What a text is cut into.
  std::vector<std::string> tokens(std::string_view text) const;

 private:
  std::int64_t special_count() const { return options_.output_mode == "int" ? 2 : 1; }
  std::int64_t unknown() const { return special_count() - 1; }
  std::int64_t id_of(const std::string& token) const;
  void set_vocabulary(std::vector<std::string> vocabulary);
  void weigh(std::vector<double> weights);
  Tensor ids(const std::vector<std::vector<std::string>>& texts) const;
  Tensor counts(const std::vector<std::vector<std::string>>& texts) const;

  TextVectorizationOptions options_;
  std::vector<std::string> vocabulary_;  // without special tokens
  std::map<std::string, std::int64_t> ids_;
  std::vector<double> idf_weights_;
};

}  // namespace chronicler::data
