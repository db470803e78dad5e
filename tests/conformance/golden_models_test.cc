// Models that Keras made (tests/golden/README.md): what they predict, and what training makes of
// them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/losses.h"
#include "chronicler/training/optimizers/adam.h"
#include "conformance/exchange.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

std::filesystem::path golden_dir() { return source_dir() / "tests" / "golden"; }

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_dir())) {
    if (std::filesystem::exists(entry.path() / "predict.npy"))
      names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void expect_close(const Tensor& got, const Tensor& expected, Tolerance tolerance) {
  ASSERT_EQ(got.shape().to_string(), expected.shape().to_string());
  const Tensor a = got.to(DType::float64);
  const Tensor b = expected.to(DType::float64);
  int failures = 0;
  for (std::int64_t i = 0; i < a.size() && failures < 3; ++i) {
    if (agree(a.as<double>()[i], b.as<double>()[i], tolerance)) continue;
    ++failures;
    ADD_FAILURE() << "element " << i << ": " << a.as<double>()[i] << ", Keras has "
                  << b.as<double>()[i];
  }
}

class GoldenModel : public testing::TestWithParam<std::string> {
 protected:
  static std::string path(const std::string& name) {
    return (golden_dir() / GetParam() / name).string();
  }
  static nlohmann::json json(const std::string& name) {
    return nlohmann::json::parse(std::ifstream(path(name)));
  }
  static Tensor array(const std::string& name) { return load_npy(path(name)); }
  static std::vector<Tensor> inputs() {
    if (std::filesystem::exists(path("x.npy"))) return {array("x.npy")};
    std::vector<Tensor> arrays;
    for (int i = 0; std::filesystem::exists(path(fmt::format("x{}.npy", i))); ++i)
      arrays.push_back(array(fmt::format("x{}.npy", i)));
    return arrays;
  }

  static Tensor predict(Model& model, const std::vector<Tensor>& x) {
    model.reset_states();
    return model.predict(x, {.batch_size = batch_size}).front();
  }
  static History fit(Model& model, const std::vector<Tensor>& x, const Tensor& y,
                     const FitOptions& options) {
    model.reset_states();
    return model.fit(x, y, options);
  }
  static constexpr std::int64_t batch_size = 4;
};

// Keras leaves the delta of Huber out of its files; whoever loads one must compile again.
void compile_again_if_needed(const std::string& name, Model& model) {
  if (name != "loss_huber") return;
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}),
                 .loss = losses::Huber({.delta = 0.5}),
                 .metrics = {"mae"}});
}

TEST_P(GoldenModel, PredictsEvaluatesAndTrainsAsInKeras) {
  const std::vector<Tensor> x = inputs();
  const Tensor y = array("y.npy");
  const std::unique_ptr<Model> model = load_model(path("model.keras"));
  compile_again_if_needed(GetParam(), *model);
  {
    SCOPED_TRACE("predict");
    expect_close(predict(*model, x), array("predict.npy"), tolerances::predict);
  }
  model->reset_states();
  const Results results = model->evaluate(x, y, {.batch_size = batch_size, .verbose = 0});
  const nlohmann::json evaluated = json("evaluate.json");
  for (const auto& [name, value] : evaluated.items()) {
    EXPECT_TRUE(agree(results[name], value.get<double>(), tolerances::evaluate))
        << "evaluate: " << name << " is " << results[name] << ", Keras has " << value;
  }
  const History history =
      fit(*model, x, y, {.batch_size = batch_size, .epochs = 3, .verbose = 0, .shuffle = false});
  const nlohmann::json epochs = json("history.json");
  for (const auto& [name, values] : epochs.items()) {
    ASSERT_TRUE(history.history.contains(name)) << name;
    for (std::size_t epoch = 0; epoch < values.size(); ++epoch) {
      const double got = history.history.at(name).at(epoch);
      EXPECT_TRUE(agree(got, values[epoch].get<double>(), tolerances::history))
          << "epoch " << epoch << ": " << name << " is " << got << ", Keras has " << values[epoch];
    }
  }
  {
    SCOPED_TRACE("predict after training");
    expect_close(predict(*model, x), array("trained.npy"), tolerances::trained);
  }
}

// Where saved models go: to stay there for scripts/test-with-keras, or nowhere for long.
class SaveFolder {
 public:
  SaveFolder() {
    if (const char* given = std::getenv("CHRONICLER_GOLDEN_OUT")) kept_ = given;
  }
  std::string path(const std::string& name) const {
    return kept_.empty() ? temporary_.path(name) : (kept_ / name).string();
  }

 private:
  TemporaryFolder temporary_;
  std::filesystem::path kept_;
};

void expect_same_weights(const Model& a, const Model& b) {
  const std::vector<Tensor> first = a.get_weights();
  const std::vector<Tensor> second = b.get_weights();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(same_bits(first[i], second[i])) << i;
}

// Saved by Chronicler and loaded again, before and after training, nothing has changed; and
// training goes on as if there had been no file.
TEST_P(GoldenModel, SurvivesItsFile) {
  const SaveFolder folder;
  const std::vector<Tensor> x = inputs();
  const Tensor y = array("y.npy");
  const FitOptions one_epoch{.batch_size = batch_size, .epochs = 1, .verbose = 0, .shuffle = false};

  const std::unique_ptr<Model> model = load_model(path("model.keras"));
  const std::string file = folder.path(GetParam() + ".keras");
  model->save(file);
  const std::unique_ptr<Model> loaded = load_model(file);
  expect_same_weights(*model, *loaded);
  EXPECT_TRUE(same_bits(predict(*model, x).view(), predict(*loaded, x).view()));

  fit(*model, x, y, one_epoch);
  const std::string trained_file = folder.path(GetParam() + ".trained.keras");
  model->save(trained_file);
  const std::unique_ptr<Model> trained = load_model(trained_file);
  expect_same_weights(*model, *trained);
  save_npy(folder.path(GetParam() + ".trained.npy"), predict(*trained, x));

  model->reset_states();
  fit(*model, x, y, one_epoch);
  fit(*trained, x, y, one_epoch);
  expect_same_weights(*model, *trained);
}

INSTANTIATE_TEST_SUITE_P(Keras, GoldenModel, testing::ValuesIn(folders()),
                         [](const auto& folder) { return folder.param; });

}  // namespace
}  // namespace chronicler::test
