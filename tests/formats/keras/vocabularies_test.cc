// Models of texts in files, those of Keras (tests/golden/texts) and our own.
#include "formats/keras/vocabularies.h"

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "formats/archive.h"
#include "formats/bytes.h"
#include "formats/keras/keras_file.h"
#include "formats/model_spec.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using layers::adapt;
using layers::get_vocabulary;
using Texts = std::vector<std::string>;

const Texts texts{"the cat the mat", "a dog", "the dog"};

Sequential model_of(const LayerPtr& words) {
  Sequential model({layers::Input({.dtype = "string"}), words});
  if (words->output_shapes(std::vector<Shape>{{None, None}})[0][1] == None)
    model.add(layers::Embedding({.input_dim = 12, .output_dim = 2, .mask_zero = true}));
  model.add(layers::Dense({.units = 1, .name = "out"}));
  return model;
}

LayerPtr learnt(const layers::TextVectorizationOptions& options) {
  const LayerPtr words = layers::TextVectorization(options);
  adapt(*words, texts);
  return words;
}

std::vector<ArchiveMember> members_of(const Model& model) {
  return read_archive(write_keras(describe_model(model)), [](std::string_view) { return true; });
}

std::string member(const std::vector<ArchiveMember>& members, const std::string& name) {
  for (const ArchiveMember& one : members) {
    if (one.name == name) return one.bytes;
  }
  return "none";
}

TEST(Vocabularies, AreWhereKerasKeepsThem) {
  if (!archives_are_available()) return;
  const auto members = members_of(model_of(learnt({.name = "words"})));
  const std::string expected = "\n[UNK]\nthe\ndog\nmat\ncat\na";
  for (const char* place : {"", "_lookup_layer/"}) {
    EXPECT_EQ(member(members,
                     std::string("assets/layers/text_vectorization/") + place + "vocabulary.txt"),
              expected);
  }
  const Json config = parse_json(member(members, "config.json"), "config");
  const Json& input = config["config"]["layers"][0]["config"];
  EXPECT_EQ(input["dtype"], "string");
  EXPECT_EQ(input["batch_shape"], Json::parse("[null]"));
  EXPECT_EQ(config["config"]["build_input_shape"], Json::parse("[null]"));
  const Json& words = config["config"]["layers"][1]["config"];
  EXPECT_TRUE(words["vocabulary"].is_null());
  EXPECT_EQ(words["vocabulary_size"], 7);
  EXPECT_FALSE(words.contains("adapted"));
  EXPECT_TRUE(words["ngrams"].is_null());
  // One that was given is an option.
  const auto given = members_of(model_of(layers::TextVectorization({.vocabulary = {"a"}})));
  EXPECT_EQ(given.size(), 3U);
}

TEST(Vocabularies, ComeBackInEveryFormat) {
  const test::TemporaryFolder folder;
  const std::vector<layers::TextVectorizationOptions> all{
      {},
      {.ngrams = 2, .output_sequence_length = 4},
      {.ngrams = {1, 3}, .output_mode = "count"},
      {.max_tokens = 9, .output_mode = "tf_idf", .pad_to_max_tokens = true},
      {.output_mode = "tf_idf"},
      {.split = "character", .output_mode = "multi_hot"}};
  for (const layers::TextVectorizationOptions& options : all) {
    const LayerPtr words = learnt(options);
    Sequential model = model_of(words);
    const Tensor x = text_tensor(Texts{"the dog", "bird cat"});
    for (const std::string_view extension : model_file_extensions()) {
      if (extension == ".keras" && !archives_are_available()) continue;
      const std::string path = folder.path("model" + std::string(extension));
      model.save(path);
      const std::unique_ptr<Model> again = load_model(path);
      EXPECT_EQ(get_vocabulary(*again->layers()[0]), get_vocabulary(*words));
      EXPECT_TRUE(test::same_bits(again->predict(x), model.predict(x))) << path;
      // It may be adapted anew, unless Keras's format could not keep it as one that was learnt.
      if (extension == ".keras" && options.pad_to_max_tokens) continue;
      EXPECT_EQ(test::error_of([&] { adapt(*again->layers()[0], texts); }), "no error");
    }
  }
}

TEST(Vocabularies, OfModelsInModelsHaveTheirPlaces) {
  if (!archives_are_available()) return;
  const Symbol x = Input({.shape = {}, .dtype = "string", .name = "x"});
  const LayerPtr inner = model_of(learnt({.output_mode = "count"})).as_layer();
  const Symbol counts = learnt({.max_tokens = 4, .output_mode = "count"})(x);
  const Symbol more = learnt({.max_tokens = 3, .output_mode = "count"})(x);
  Functional model({x}, {layers::Concatenate({.axis = -1})({inner(x), counts, more})});
  const auto members = members_of(model);
  EXPECT_EQ(member(members, "assets/layers/sequential/layers/text_vectorization/vocabulary.txt"),
            "[UNK]\nthe\ndog\nmat\ncat\na");
  Texts own;
  for (const char* name : {"text_vectorization", "text_vectorization_1"})
    own.push_back(member(members, std::string("assets/layers/") + name + "/vocabulary.txt"));
  std::sort(own.begin(), own.end());
  EXPECT_EQ(own, (Texts{"[UNK]\nthe\ndog", "[UNK]\nthe\ndog\nmat"}));
  const std::unique_ptr<Model> again = make_model(read_keras(write_keras(describe_model(model))));
  const Tensor given = text_tensor(Texts{"the dog", "bird cat"});
  EXPECT_TRUE(test::same_bits(again->predict(given), model.predict(given)));
}

// Keras reads lines as Python does: a token with a line break in it would become two.
TEST(Vocabularies, ThatFilesOfLinesCannotHoldAreOptions) {
  if (!archives_are_available()) return;
  const LayerPtr words = layers::TextVectorization({.split = "character"});
  adapt(*words, Texts{"a\nb", "a b"});
  const auto members = members_of(model_of(words));
  EXPECT_EQ(members.size(), 3U);
  const std::unique_ptr<Model> again =
      make_model(read_keras(write_keras(describe_model(model_of(words)))));
  EXPECT_EQ(get_vocabulary(*again->layers()[0]), get_vocabulary(*words));
}

TEST(Vocabularies, ThatAreMissingAreTold) {
  if (!archives_are_available()) return;
  std::vector<ArchiveMember> members = members_of(model_of(learnt({})));
  std::erase_if(members, [](const ArchiveMember& one) { return is_vocabulary_file(one.name); });
  const std::unique_ptr<Model> model = make_model(read_keras(write_archive(members)));
  const std::string error = test::error_of([&] { model->predict(text_tensor(texts)); });
  EXPECT_NE(error.find("has no vocabulary yet"), std::string::npos) << error;
}

TEST(Vocabularies, OfFunctionsOfTheAuthorsAreRefusedByName) {
  ModelSpec spec = describe_model(model_of(learnt({})));
  Json& words = spec.model["config"]["layers"][1]["config"];
  const Json function = {{"class_name", "function"}, {"config", "my_standardize"}};
  for (const char* option : {"standardize", "split"}) {
    const Json before = words[option];
    words[option] = function;
    const std::string error = test::error_of([&] { make_model(spec); });
    EXPECT_NE(error.find("is a function of the author's own, \"my_standardize\""),
              std::string::npos)
        << error;
    words[option] = before;
  }
  for (const char* option : {"sparse", "ragged"}) {
    words[option] = true;
    const std::string error = test::error_of([&] { make_model(spec); });
    EXPECT_NE(error.find("tensors are not supported"), std::string::npos) << error;
    words[option] = false;
  }
  EXPECT_EQ(test::error_of([&] { make_model(spec); }), "no error");
}

}  // namespace
}  // namespace chronicler
