// Every option of every class away from its default: each such model survives its file; and for
// scripts/test-with-keras
//
//   CHRONICLER_OPTIONS_OUT=FOLDER     it goes there, with its data and with what it predicts and
//                                     learns here; FOLDER/models.json lists them
//   CHRONICLER_OPTIONS_BACK=FOLDER    what Keras has made of them is read and compared
#include "conformance/option_models.h"

#include <cstdlib>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/training/fit.h"
#include "conformance/exchange.h"
#include "conformance/keras_differences.h"
#include "formats/keras/keras_file.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

std::optional<std::filesystem::path> folder_from(const char* variable) {
  const char* given = std::getenv(variable);
  if (given == nullptr) return {};
  return std::filesystem::path(given);
}

std::vector<Tensor> predicted(const MadeModel& made) {
  made.model->reset_states();
  return made.model->predict(made.x, {.batch_size = made.batch_size});
}

TensorList weight_of(const MadeModel& made) {
  if (!made.weight) return {};
  return made.weight;
}

// ---- for Keras

// Trains the model on the way.
void write_for_keras(const MadeModel& made, const std::filesystem::path& path, Json& entry) {
  const auto file = [&](const char* extension) { return path.string() + extension; };
  made.model->save(file(".keras"));
  Exchange arrays{{{"x", made.x}, {"y", made.y}, {"predict", predicted(made)}}, {}};
  if (made.weight) arrays.lists["weight"] = {made.weight};
  made.model->reset_states();
  const Results results = made.model->evaluate(
      made.x, made.y,
      {.batch_size = made.batch_size, .verbose = 0, .sample_weight = weight_of(made)});
  for (std::size_t i = 0; i < results.names.size(); ++i)
    entry["evaluate"][results.names[i]] = results.values[i];
  for (const auto& [name, list] : results.lists) entry["evaluate"][name] = list;
  made.model->reset_states();
  const History history = made.model->fit(made.x, made.y,
                                          {.batch_size = made.batch_size,
                                           .epochs = made.epochs,
                                           .verbose = 0,
                                           .shuffle = false,
                                           .sample_weight = weight_of(made)});
  for (const auto& [name, values] : history.history) entry["history"][name] = values;
  entry["epochs"] = made.epochs;
  entry["batch_size"] = made.batch_size;
  arrays.lists["trained"] = predicted(made);
  write_exchange(file(".safetensors"), arrays);
}

// ---- here

void expect_survival(const MadeModel& made) {
  const std::vector<Tensor> expected = predicted(made);
  const std::unique_ptr<Model> loaded =
      make_model(read_keras(write_keras(describe_model(*made.model))));
  loaded->reset_states();
  const std::vector<Tensor> got = loaded->predict(made.x, {.batch_size = made.batch_size});
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(same_bits(got[i], expected[i])) << i;
  // Compiled as before: the file of what was read is the file that was read.
  ASSERT_TRUE(loaded->compilation());
  EXPECT_EQ(loaded->compilation()->config, made.model->compilation()->config);
}

class Options : public testing::TestWithParam<std::string> {};

TEST_P(Options, SurviveTheirFiles) {
  const auto out = folder_from("CHRONICLER_OPTIONS_OUT");
  Json list = Json::array();
  Json classes = Json::object();
  std::set<std::string> names;
  for (const OptionModel& model : option_models(GetParam())) {
    SCOPED_TRACE(model.kind + " " + model.title());
    EXPECT_TRUE(names.insert(model.file_name()).second) << "there twice";
    const KeptDifference* kept =
        kept_difference(model.kind, model.class_name, model.title_in_class());
    Json entry{{"kind", model.kind},
               {"class", model.class_name},
               {"in_class", model.title_in_class()},
               {"file", model.file_name()},
               {"random", model.random},
               {"own", model.own}};
    if (!classes.contains(model.class_name))
      classes[model.class_name] = option_names(model.kind, model.class_name);
    try {
      const MadeModel made = model.make();
      expect_survival(made);
      if (out) write_for_keras(made, *out / model.file_name(), entry);
    } catch (const Error& error) {
      entry["refused"] = error.what();
      EXPECT_NE(kept, nullptr) << error.what();
    }
    list.push_back(std::move(entry));
  }
  EXPECT_FALSE(names.empty());
  if (out)
    write_bytes(*out / (GetParam() + ".json"),
                Json{{"models", list}, {"classes", classes}}.dump(1));
}

TEST(KeptDifferences, AreOfClassesThatExist) {
  Json list = Json::array();
  for (const KeptDifference& kept : kept_differences()) {
    EXPECT_TRUE(kept.class_name == "*" || kept.kind == "callbacks" ||
                !option_names(kept.kind, kept.class_name).empty())
        << kept.kind << " " << kept.class_name;
    list.push_back({{"kind", kept.kind},
                    {"class", kept.class_name},
                    {"models", kept.models},
                    {"shows", kept.shows}});
  }
  if (const auto out = folder_from("CHRONICLER_OPTIONS_OUT"))
    write_bytes(*out / "differences.json", list.dump(1));
}

TEST(KeptDifferences, AreFoundByPattern) {
  EXPECT_TRUE(is_like("axis=1.sequences", "axis=*"));
  EXPECT_TRUE(is_like("mask", "mask"));
  EXPECT_FALSE(is_like("masks", "mask"));
  EXPECT_FALSE(is_like("", "a*"));
  EXPECT_TRUE(is_like("", "*"));
}

INSTANTIATE_TEST_SUITE_P(Keras, Options, testing::ValuesIn([] {
                           const auto kinds = option_kinds();
                           return std::vector<std::string>(kinds.begin(), kinds.end());
                         }()),
                         [](const auto& kind) { return kind.param; });

// ---- back from Keras

// The bytes of texts, which other programs' files hold as numbers.
Tensor as_texts(const Tensor& bytes) {
  const Tensor codes = bytes.to(DType::int32);
  Tensor texts(codes.shape(), DType::text);
  for (std::int64_t i = 0; i < codes.size(); ++i)
    texts.as<char>()[i] = static_cast<char>(codes.as<std::int32_t>()[i]);
  return texts;
}

std::vector<Tensor> inputs_of(const Model& model, std::vector<Tensor> x) {
  const std::vector<std::string> names = model.input_names();
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (const LayerPtr& layer : model.layers()) {
      if (layer->name() == names[i] && layer->dtype() == DType::text) x[i] = as_texts(x[i]);
    }
  }
  return x;
}

// What Keras has trained and saved predicts here what it predicts there.
std::string told_of(const std::filesystem::path& stem, std::int64_t batch_size) {
  const auto file = [&](const char* extension) { return stem.string() + extension; };
  const Exchange arrays = read_exchange(file(".back.safetensors"));
  const std::unique_ptr<Model> model = load_model(file(".back.keras"));
  model->reset_states();
  const std::vector<Tensor> got =
      model->predict(inputs_of(*model, arrays.list("x")), {.batch_size = batch_size});
  return difference("predict", got, arrays.list("predict"), tolerances::predict);
}

TEST(OptionsOfKeras, ComeBack) {
  const auto folder = folder_from("CHRONICLER_OPTIONS_BACK");
  if (!folder) return;  // there is nothing without Keras
  const Json list = parse_json(read_bytes(*folder / "back.json"), "back.json");
  Json results = Json::object();
  for (const auto& [file, batch_size] : list.items()) {
    try {
      results[file] = told_of(*folder / file, batch_size.get<std::int64_t>());
    } catch (const Error& error) {
      results[file] = error.what();
    }
  }
  write_bytes(*folder / "came_back.json", results.dump(1));
}

}  // namespace
}  // namespace chronicler::test
