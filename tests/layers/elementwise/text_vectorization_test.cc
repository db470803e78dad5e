// Tokens and vocabularies as Keras has them
// (tests/golden/text_vectorization/make_text_vectorization.py).
#include "chronicler/layers/text_vectorization.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/json.h"
#include "chronicler/base/texts.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"
#include "support/source_dir.h"

namespace chronicler {
namespace {

using layers::adapt;
using layers::get_vocabulary;
using layers::set_vocabulary;
using layers::TextVectorization;
using layers::TextVectorizationOptions;
using test::error_of;
using test::numbers;
using Values = std::vector<double>;
using Texts = std::vector<std::string>;

const Texts texts{"The cat, the mat.", "A CAT!", "Code-x dog"};

// What the layer gives for these texts.
Tensor vectorized(const LayerPtr& layer, const Texts& given) {
  return Sequential({layers::Input({.dtype = "string"}), layer})(text_tensor(given));
}

// ---- as Keras

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

Texts texts_of(const Json& list) {
  Texts all;
  for (const Json& text : list) all.push_back(from_hex(text));
  return all;
}

TextVectorizationOptions options_of(const Json& json) {
  TextVectorizationOptions options;
  const auto text = [&](const char* name, std::optional<std::string>& option) {
    if (!json.contains(name)) return;
    option.reset();
    if (json[name].is_string()) option = json[name].get<std::string>();
  };
  text("standardize", options.standardize);
  text("split", options.split);
  if (json.contains("ngrams") && json["ngrams"].is_array())
    options.ngrams = json["ngrams"].get<Values>();
  if (json.contains("ngrams") && json["ngrams"].is_number())
    options.ngrams = json["ngrams"].get<double>();
  options.output_mode = json.value("output_mode", "int");
  options.pad_to_max_tokens = json.value("pad_to_max_tokens", false);
  if (json.contains("max_tokens")) options.max_tokens = json["max_tokens"].get<std::int64_t>();
  if (json.contains("output_sequence_length"))
    options.output_sequence_length = json["output_sequence_length"].get<std::int64_t>();
  return options;
}

TEST(TextVectorization, CutsAndCountsAsKeras) {
  std::ifstream file(test::source_dir() / "tests/golden/text_vectorization/cases.json");
  const Json golden = Json::parse(file);
  const Texts all = texts_of(golden["texts"]);
  for (const Json& each : golden["cases"]) {
    SCOPED_TRACE(each["options"].dump());
    const LayerPtr layer = TextVectorization(options_of(each["options"]));
    adapt(*layer, texts_of(golden["adapt"]));
    EXPECT_EQ(get_vocabulary(*layer, false), texts_of(each["vocabulary"]));
    const Tensor y = vectorized(layer, all);
    const auto width = each["width"].get<std::int64_t>();
    ASSERT_EQ(y.shape(), (Shape{static_cast<std::int64_t>(all.size()), width}));
    const Values values = numbers(y);
    for (std::size_t row = 0; row < all.size(); ++row) {
      Values expected = each["rows"][row].get<Values>();
      expected.resize(static_cast<std::size_t>(width));
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(values[row * expected.size() + i], expected[i], 1e-6 * (1 + expected[i]))
            << "text " << row << ", place " << i;
    }
  }
}

// ---- vocabularies

TEST(TextVectorization, OrdersByCountThenBackwards) {
  const LayerPtr layer = TextVectorization();
  adapt(*layer, texts);
  EXPECT_EQ(get_vocabulary(*layer), (Texts{"", "[UNK]", "the", "cat", "mat", "dog", "codex", "a"}));
  const Tensor ids = vectorized(layer, {"the bird", "cat a dog"});
  EXPECT_EQ(ids.dtype(), DType::int32);
  EXPECT_EQ(ids.shape(), (Shape{2, 3}));
  EXPECT_EQ(numbers(ids), (Values{2, 1, 0, 3, 7, 5}));
}

TEST(TextVectorization, TakesAVocabularyWithAndWithoutSpecialTokens) {
  const LayerPtr learnt = TextVectorization();
  adapt(*learnt, texts);
  for (const bool special : {true, false}) {
    const LayerPtr given = TextVectorization({.vocabulary = get_vocabulary(*learnt, special)});
    EXPECT_EQ(get_vocabulary(*given), get_vocabulary(*learnt));
    EXPECT_EQ(numbers(vectorized(given, texts)), numbers(vectorized(learnt, texts)));
  }
  const LayerPtr set = TextVectorization({.output_mode = "tf_idf"});
  set_vocabulary(*set, {"a", "b"}, {0.5, 1.5});
  EXPECT_EQ(numbers(vectorized(set, {"a a z"})), (Values{1.0, 1.0, 0.0}));
  set_vocabulary(*set, {"[UNK]", "a", "b"}, {3.0, 0.5, 1.5});  // with a weight of the unknown
  EXPECT_EQ(numbers(vectorized(set, {"a a z"})), (Values{3.0, 1.0, 0.0}));
}

TEST(TextVectorization, IsAFirstLayer) {
  const LayerPtr words = TextVectorization({.vocabulary = {"a", "b"}});
  Sequential model({words, layers::Embedding({.input_dim = 4, .output_dim = 3, .mask_zero = true}),
                    layers::GRU({.units = 2})});
  // Without an Input the first texts decide, whose length is none of later ones.
  const Tensor one = model.predict(text_tensor(Texts{"a b"}));
  EXPECT_EQ(one.shape(), (Shape{1, 2}));
  EXPECT_EQ(model.predict(text_tensor(Texts{"a b a b a b", "b"})).shape(), (Shape{2, 2}));
}

// ---- errors

TEST(TextVectorization, RefusesWhatMeansNothing) {
  const auto error = [](const TextVectorizationOptions& options) {
    return error_of([&] { TextVectorization(options); });
  };
  const auto says = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(error({.vocabulary = {"a", "a"}}), "\"a\" is twice in the vocabulary");
  says(error({.vocabulary = {"a", ""}}), "\"\" is in the vocabulary, which stands for padding");
  says(error({.max_tokens = 3, .vocabulary = {"a", "b"}}), "has 4 tokens");
  says(error({.max_tokens = 1}), "max_tokens must be from 2 to");
  says(error({.output_mode = "counts"}), "\"count\"");
  says(error({.ngrams = 1.5}), "ngrams must be a whole number");
  says(error({.ngrams = {2, 0}}), "got [2, 0]");
  says(error({.output_mode = "count", .output_sequence_length = 3}), "is of output_mode \"int\"");
  says(error({.output_mode = "count", .pad_to_max_tokens = true}), "needs max_tokens");
  says(error({.output_mode = "tf_idf", .vocabulary = {"a"}}),
       "0 idf_weights for a vocabulary of 1");
  says(error({.vocabulary = {"a"}, .idf_weights = {1.0}}), "are of output_mode \"tf_idf\"");
  says(error({.encoding = "latin-1"}), "encoding");
}

TEST(TextVectorization, RefusesOtherData) {
  const auto says = [](const auto& job, const std::string& part) {
    const std::string message = error_of(job);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  const LayerPtr empty = TextVectorization();
  says([&] { vectorized(empty, {"a"}); },
       "has no vocabulary yet: call adapt(layer, texts), or give one");
  says([&] { adapt(*empty, Texts{"", "!"}); }, "no tokens to adapt to");
  const LayerPtr given = TextVectorization({.vocabulary = {"a"}});
  says([&] { adapt(*given, texts); }, "its vocabulary was given");
  says([&] { vectorized(given, {"", "!"}); }, "no text of a batch has a token");
  Sequential model({layers::Input({.dtype = "string"}), given});
  says([&] { model.predict(Tensor({2, 3})); }, "is texts, got float32: give text_tensor(texts)");
  Sequential of_numbers({layers::Input({3, 2}), layers::GRU({.units = 1})});
  says([&] { of_numbers.predict(text_tensor(texts)); }, "is numbers, got string");
  says([&] { adapt(*layers::Dense({.units = 1}), texts); }, "has no vocabulary");
  says([&] { layers::Input({.shape = {3}, .dtype = "string"}); }, "texts come one in a row");
  // A model that was built for the size of a vocabulary.
  const LayerPtr counted = TextVectorization({.output_mode = "count"});
  adapt(*counted, texts);
  Sequential built({layers::Input({.dtype = "string"}), counted, layers::Dense({.units = 1})});
  says([&] { adapt(*counted, Texts{"one two"}); }, "built for a vocabulary of 7, got 3");
  EXPECT_EQ(get_vocabulary(*counted).size(), 7U);
}

}  // namespace
}  // namespace chronicler
