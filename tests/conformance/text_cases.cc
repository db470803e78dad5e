#include "chronicler/layers/layers.h"
#include "conformance/more_cases.h"

namespace chronicler::test {

void add_text_layers(std::vector<LayerCase>& cases) {
  using layers::TextVectorization;
  using layers::TextVectorizationOptions;
  const auto add = [&](const char* name, TextVectorizationOptions options) {
    LayerCase c{
        "TextVectorization", name, [options] { return TextVectorization(options); }, {5, 12}, ""};
    c.ids = 1;
    c.texts = true;
    cases.push_back(std::move(c));
  };
  const std::vector<std::string> vocabulary{"a", "d", "b", "f"};
  add("plain", {.output_sequence_length = 6, .vocabulary = vocabulary});
  add("count", {.output_mode = "count", .vocabulary = vocabulary});
  add("multi_hot", {.max_tokens = 9,
                    .output_mode = "multi_hot",
                    .pad_to_max_tokens = true,
                    .vocabulary = vocabulary});
  add("tf_idf", {.output_mode = "tf_idf", .vocabulary = vocabulary, .idf_weights = {1, 2, 0.5, 3}});
  add("ngrams", {.ngrams = 2, .output_sequence_length = 6, .vocabulary = {"a", "a b", "b a"}});
  add("runs", {.ngrams = {2, 3}, .output_sequence_length = 6, .vocabulary = {"a b", "a b a"}});
  add("characters", {.standardize = std::nullopt,
                     .split = "character",
                     .output_sequence_length = 15,
                     .vocabulary = {"a", " ", "c"}});
  add("whole", {.split = std::nullopt, .output_mode = "count", .vocabulary = {"a", "b"}});
  add("every_option", {.max_tokens = 12,
                       .standardize = "lower",
                       .split = "character",
                       .ngrams = {1, 2},
                       .output_mode = "tf_idf",
                       .pad_to_max_tokens = true,
                       .vocabulary = {"[UNK]", "a", "b", "a b"},
                       .idf_weights = {0.25, 1, 2, 3},
                       .adapted = true,
                       .name = "renamed",
                       .trainable = false,
                       .dtype = "float64"});
}

}  // namespace chronicler::test
