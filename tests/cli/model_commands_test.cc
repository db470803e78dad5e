// summary, inspect, predict, evaluate, fit and convert, on models that Keras made (tests/golden).
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/texts.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/model/model.h"
#include "cli/program_run.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string golden(const std::string& name, const std::string& file) {
  return (source_dir() / "tests" / "golden" / name / file).string();
}

Json json_of(const std::string& path) { return Json::parse(std::ifstream(path)); }

Words with_inputs(Words words, const std::string& name) {
  if (fs::exists(golden(name, "x.npy"))) {
    words.insert(words.end(), {"--input", golden(name, "x.npy")});
    return words;
  }
  for (const char* file : {"x0.npy", "x1.npy"})
    words.insert(words.end(), {"--input", golden(name, file)});
  return words;
}

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void expect_close(const std::string& got, const std::string& expected, double absolute,
                  double relative) {
  const Tensor a = load_npy(got);
  const Tensor b = load_npy(expected);
  ASSERT_EQ(a.shape(), b.shape());
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const auto value = static_cast<double>(b.as<float>()[i]);
    ASSERT_NEAR(static_cast<double>(a.as<float>()[i]), value, absolute + relative * std::abs(value))
        << "element " << i;
  }
}

class ModelCommands : public testing::TestWithParam<std::string> {};

// What an outside checker would do with a model of Keras's, through files alone.
TEST_P(ModelCommands, DoWithAModelOfKerasWhatKerasDoes) {
  const std::string name = GetParam();
  const TemporaryFolder folder;
  const std::string model = golden(name, "model.keras");
  const std::string trained = folder.path("trained.keras");

  ProgramRun run = run_chronicler(with_inputs({"predict", model}, name) +
                                  Words{"--output", folder.path("out.npy"), "--batch-size", "4"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(run.out, "");
  expect_close(folder.path("out.npy"), golden(name, "predict.npy"), 1e-5, 1e-4);

  run = run_chronicler(with_inputs({"evaluate", model}, name) +
                       Words{"--target", golden(name, "y.npy"), "--json", "--batch-size", "4"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const Json evaluated = json_of(golden(name, "evaluate.json"));
  for (const auto& [key, value] : evaluated.items()) {
    EXPECT_NEAR(Json::parse(run.out).at(key).get<double>(), value.get<double>(),
                1e-6 + 1e-5 * std::abs(value.get<double>()));
  }

  run = run_chronicler(with_inputs({"fit", model}, name) +
                       Words{"--target", golden(name, "y.npy"), "--epochs", "3", "--batch-size",
                             "4", "--no-shuffle", "--history", folder.path("history.json"),
                             "--output", trained});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_TRUE(contains(run.out, "Epoch 3/3 - "));
  const Json epochs = json_of(golden(name, "history.json"));
  const Json history = json_of(folder.path("history.json"));
  for (const auto& [key, values] : epochs.items()) {
    ASSERT_EQ(history.at(key).size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto expected = values[i].get<double>();
      EXPECT_NEAR(history.at(key)[i].get<double>(), expected, 1e-6 + 1e-4 * std::abs(expected));
    }
  }

  run = run_chronicler(with_inputs({"predict", trained}, name) +
                       Words{"--output", folder.path("again.npy"), "--batch-size", "4"});
  ASSERT_EQ(run.status, 0) << run.errors;
  expect_close(folder.path("again.npy"), golden(name, "trained.npy"), 1e-4, 1e-3);
}

std::string name_of_case(const testing::TestParamInfo<std::string>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(Golden, ModelCommands,
                         testing::Values("lstm_sequences", "gru_reset_before",
                                         "encoder_decoder_lstm", "simple_rnn_stateful", "texts",
                                         "texts_and_numbers"),
                         name_of_case);

// ---- texts, one a line

std::string lines_of(const std::string& array, const std::string& line_end) {
  const Tensor texts = load_npy(array);
  std::string lines;
  for (std::int64_t row = 0; row < texts.shape()[0]; ++row)
    lines += std::string(text_at(texts, row)) + line_end;
  return lines;
}

TEST(Texts, AreTheLinesOfAFile) {
  const TemporaryFolder folder;
  const std::string model = golden("texts", "model.keras");
  for (const char* line_end : {"\n", "\r\n"}) {
    const std::string path = folder.path("texts.txt");
    std::ofstream(path, std::ios::binary) << lines_of(golden("texts", "x.npy"), line_end);
    ProgramRun run = run_chronicler({"predict", model, "--input", path, "--batch-size", "4",
                                     "--output", folder.path("out.npy")});
    ASSERT_EQ(run.status, 0) << run.errors;
    expect_close(folder.path("out.npy"), golden("texts", "predict.npy"), 1e-5, 1e-4);
    run = run_chronicler(
        {"evaluate", model, "--input", path, "--target", golden("texts", "y.npy"), "--json"});
    EXPECT_EQ(run.status, 0) << run.errors;
    run = run_chronicler({"fit", model, "--input", path, "--target", golden("texts", "y.npy"),
                          "--quiet", "--output", folder.path("trained.keras")});
    EXPECT_EQ(run.status, 0) << run.errors;
  }
}

TEST(Texts, AreRefusedWhereNumbersBelong) {
  const TemporaryFolder folder;
  const auto error = [&](const Words& words) {
    const ProgramRun run = run_chronicler(words + Words{"--output", folder.path("out.npy")});
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(std::count(run.errors.begin(), run.errors.end(), '\n'), 2) << run.errors;
    return run.errors;
  };
  const std::string path = folder.path("texts.txt");
  std::ofstream(path) << "a b\n";
  EXPECT_TRUE(contains(error({"predict", golden("lstm_last", "model.keras"), "--input", path}),
                       "is numbers, got string"));
  const std::string texts = golden("texts", "model.keras");
  EXPECT_TRUE(contains(error({"predict", texts, "--input", golden("lstm_last", "x.npy")}),
                       "is texts, got float32"));
  std::ofstream(path, std::ios::binary) << "caf\xE9\n";
  EXPECT_TRUE(contains(error({"predict", texts, "--input", path}), "UTF-8"));
  std::ofstream(path, std::ios::binary) << "";
  EXPECT_TRUE(contains(error({"predict", texts, "--input", path}), "is empty"));
  std::ofstream(path) << "\n!\n";
  EXPECT_TRUE(
      contains(error({"predict", texts, "--input", path}), "no text of a batch has a token"));
}

// ---- the other commands, on one model

const std::string& lstm() {
  static const std::string path = golden("lstm_sequences", "model.keras");
  return path;
}

TEST(SummaryCommand, DrawsTheModel) {
  const ProgramRun run = run_chronicler({"summary", lstm()});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(run.out, load_model(lstm())->summary_text() + "\n");
}

TEST(InspectCommand, TellsShapesAndSpreadOfTheWeights) {
  const ProgramRun run = run_chronicler({"inspect", lstm(), "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const Json json = Json::parse(run.out);
  const std::unique_ptr<Model> model = load_model(lstm());
  EXPECT_EQ(json["parameters"].get<std::int64_t>(), model->count_params());
  EXPECT_EQ(json["layers"].size(), model->layers().size());
  EXPECT_TRUE(json.contains("compiled"));
  std::size_t weights = 0;
  for (const Json& layer : json["layers"]) {
    for (const Json& weight : layer["weights"]) {
      ++weights;
      EXPECT_LE(weight["min"].get<double>(), weight["mean"].get<double>());
      EXPECT_LE(weight["mean"].get<double>(), weight["max"].get<double>());
      EXPECT_EQ(weight["not_finite"], 0);
    }
  }
  EXPECT_EQ(weights, model->get_weights().size());

  const ProgramRun words = run_chronicler({"inspect", lstm()});
  EXPECT_EQ(words.status, 0);
  for (const char* part : {"inputs: ", "outputs: ", "compiled: {", "kernel", "recurrent_kernel"})
    EXPECT_TRUE(contains(words.out, part)) << part;
}

TEST(ConvertCommand, GoesThereAndBack) {
  const TemporaryFolder folder;
  const std::string there = folder.path("there.chronicler");
  const std::string back = folder.path("back.keras");
  ASSERT_EQ(run_chronicler({"convert", lstm(), there}).status, 0);
  ASSERT_EQ(run_chronicler({"convert", there, back}).status, 0);
  const std::vector<Tensor> before = load_model(lstm())->get_weights();
  const std::vector<Tensor> after = load_model(back)->get_weights();
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(same_bits(before[i], after[i]));
}

TEST(ConvertCommand, TakesWeightsToPyTorchAndBack) {
  const TemporaryFolder folder;
  const std::string weights = folder.path("weights.safetensors");
  const std::string back = folder.path("back.keras");
  ASSERT_EQ(run_chronicler({"convert", lstm(), weights, "--names", "pytorch"}).status, 0);
  ASSERT_EQ(run_chronicler({"convert", weights, back, "--like", lstm()}).status, 0);
  const std::vector<Tensor> before = load_model(lstm())->get_weights();
  const std::vector<Tensor> after = load_model(back)->get_weights();
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(same_bits(before[i], after[i]));
  const ProgramRun alone = run_chronicler({"convert", weights, back});
  EXPECT_EQ(alone.status, 1);
  EXPECT_TRUE(contains(alone.errors, "holds weights without a model")) << alone.errors;
}

TEST(PredictCommand, WritesToStandardOutput) {
  const ProgramRun run = run_chronicler(
      {"predict", lstm(), "--input", golden("lstm_sequences", "x.npy"), "--output", "-"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(read_npy(run.out).shape(), load_npy(golden("lstm_sequences", "predict.npy")).shape());
}

// A model as it is made, without a loss.
std::string fresh_model(const TemporaryFolder& folder) {
  Sequential model(
      {layers::LSTM({.units = 4, .input_shape = {5, 2}}), layers::Dense({.units = 1})});
  model.save(folder.path("fresh.keras"));
  save_npy(folder.path("x.npy"), noise({40, 5, 2}, 1));
  save_npy(folder.path("y.npy"), noise({40, 1}, 2));
  return folder.path("fresh.keras");
}

TEST(FitCommand, CompilesAFreshModel) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  const Words data{"--input", folder.path("x.npy"), "--target", folder.path("y.npy")};
  const ProgramRun run =
      run_chronicler(Words{"fit", model} + data +
                     Words{"--loss", "mse", "--metric", "mae", "--optimizer", "adam",
                           "--learning-rate", "0.01", "--epochs", "4", "--validation-split", "0.25",
                           "--quiet", "--history", "-", "--output", folder.path("trained.keras")});
  ASSERT_EQ(run.status, 0) << run.errors;
  const Json history = Json::parse(run.out);
  for (const char* key : {"loss", "mae", "val_loss", "val_mae"}) EXPECT_EQ(history[key].size(), 4U);
  EXPECT_LT(history["loss"][3].get<double>(), history["loss"][0].get<double>());
  // It is compiled now.
  EXPECT_EQ(run_chronicler(Words{"evaluate", folder.path("trained.keras")} + data).status, 0);
}

// Its output "a" says a number, "b" a class.
std::string two_outputs(const TemporaryFolder& folder) {
  const Symbol take = Input({.shape = {2}});
  const Symbols a = layers::Dense({.units = 1, .name = "a"})(take);
  const Symbols b = layers::Dense({.units = 1, .activation = "sigmoid", .name = "b"})(take);
  Functional(take, Symbols{a[0], b[0]}).save(folder.path("two.keras"));
  save_npy(folder.path("x.npy"), noise({12, 2}, 1));
  save_npy(folder.path("a.npy"), noise({12, 1}, 2));
  const Tensor bits({12, 1});
  for (std::int64_t i = 0; i < 12; ++i) bits.as<float>()[i] = i % 3 == 0 ? 1.0F : 0.0F;
  save_npy(folder.path("b.npy"), bits);
  return folder.path("two.keras");
}

TEST(FitCommand, TakesALossForEachOutput) {
  const TemporaryFolder folder;
  const std::string model = two_outputs(folder);
  const Words data{"--input",  folder.path("x.npy"), "--target", folder.path("a.npy"),
                   "--target", folder.path("b.npy")};
  const Words losses{"--loss",        "a=mse",     "--loss",   "b=binary_crossentropy",
                     "--loss-weight", "b=0.5",     "--metric", "a=mae",
                     "--metric",      "b=accuracy"};
  const ProgramRun run =
      run_chronicler(Words{"fit", model} + data + losses +
                     Words{"--quiet", "--history", "-", "--output", folder.path("t.keras")});
  ASSERT_EQ(run.status, 0) << run.errors;
  const Json history = Json::parse(run.out);
  for (const char* key : {"loss", "a_loss", "b_loss", "a_mae", "b_accuracy"})
    EXPECT_TRUE(history.contains(key)) << key;
  EXPECT_EQ(history.size(), 5U);
  EXPECT_NEAR(history["loss"][0].get<double>(),
              history["a_loss"][0].get<double>() + 0.5 * history["b_loss"][0].get<double>(), 1e-6);

  const ProgramRun judged = run_chronicler(Words{"evaluate", model, "--json"} + data + losses);
  ASSERT_EQ(judged.status, 0) << judged.errors;
  EXPECT_EQ(Json::parse(judged.out).size(), 5U);
}

TEST(FitCommand, RepeatsItselfForTheSameSeed) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  const auto trained = [&](const std::string& seed, const std::string& name) {
    EXPECT_EQ(run_chronicler({"fit", model, "--input", folder.path("x.npy"), "--target",
                              folder.path("y.npy"), "--loss", "mse", "--seed", seed, "--output",
                              folder.path(name)})
                  .status,
              0);
    return load_model(folder.path(name))->get_weights().front();
  };
  const Tensor first = trained("1", "a.keras");
  EXPECT_TRUE(same_bits(first, trained("1", "b.keras")));
  EXPECT_FALSE(same_bits(first, trained("2", "c.keras")));
}

TEST(FitCommand, CallsTheBudgetByItsName) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  const ProgramRun run = run_chronicler({"fit", model, "--input", folder.path("x.npy"), "--target",
                                         folder.path("y.npy"), "--loss", "mse", "--memory-budget",
                                         "lots", "--output", folder.path("o.keras")});
  EXPECT_TRUE(run.errors.starts_with("error: --memory-budget must be a number of bytes, got "))
      << run.errors;
}

TEST(FitCommand, LearnsTheSameWithinAMemoryBudget) {
  const TemporaryFolder folder;
  Sequential model({layers::LSTM({.units = 4, .name = "memory", .input_shape = {600, 2}}),
                    layers::Dense({.units = 1})});
  model.save(folder.path("fresh.keras"));
  save_npy(folder.path("x.npy"), noise({2, 600, 2}, 1));
  save_npy(folder.path("y.npy"), noise({2, 1}, 2));
  const auto fit = [&](const Words& more, const std::string& name) {
    return run_chronicler(Words{"fit", folder.path("fresh.keras"), "--input", folder.path("x.npy"),
                                "--target", folder.path("y.npy"), "--loss", "mse", "--output",
                                folder.path(name)} +
                          more);
  };
  EXPECT_EQ(fit({}, "whole.keras").status, 0);
  const ProgramRun run = fit({"--memory-budget", "40KB"}, "some.keras");
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_TRUE(contains(run.out, "memory: keeps states before ")) << run.out;
  const auto weights = [&](const std::string& name) {
    return load_model(folder.path(name))->get_weights().front();
  };
  EXPECT_TRUE(same_bits(weights("whole.keras"), weights("some.keras")));
  const ProgramRun small = fit({"--memory-budget", "1KB"}, "none.keras");
  EXPECT_EQ(small.status, 1);
  EXPECT_TRUE(
      contains(small.errors, "error: --memory-budget 1.0KB cannot hold a batch of (2, 600, 2)"))
      << small.errors;
}

TEST(FitCommand, KeepsWhatWasLearntWhenInterrupted) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  const ProgramRun run = run_chronicler(
      {"fit", model, "--input", folder.path("x.npy"), "--target", folder.path("y.npy"), "--loss",
       "mse", "--epochs", "1000000", "--output", folder.path("trained.keras")},
      {.interrupt_after = 0.5});
  EXPECT_EQ(run.status, 130);
  EXPECT_TRUE(contains(run.errors, "holds what was learnt until then")) << run.errors;
  EXPECT_FALSE(same_bits(load_model(folder.path("trained.keras"))->get_weights().front(),
                         load_model(model)->get_weights().front()));
}

// ---- wrong input

void expect_error(const Words& words, int status, const std::string& error,
                  const std::string& hint) {
  const ProgramRun run = run_chronicler(words);
  EXPECT_EQ(run.status, status);
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(contains(run.errors, "error: ") && contains(run.errors, error)) << run.errors;
  EXPECT_TRUE(contains(run.errors, "\nhint: ") && contains(run.errors, hint)) << run.errors;
}

TEST(ModelCommandErrors, CountInputsAndOutputs) {
  const TemporaryFolder folder;
  const std::string x = golden("encoder_decoder_lstm", "x0.npy");
  const std::string model = golden("encoder_decoder_lstm", "model.keras");
  const std::string out = folder.path("out.npy");
  expect_error({"predict", model, "--input", x, "--output", out}, 2, "has 2 inputs (",
               "give --input once for each input, in that order");
  expect_error({"predict", lstm(), "--input", x, "--output", out, "--output", out}, 2,
               "got 2 --output", "once for each");
  expect_error({"predict", lstm(), "--output", out}, 2, "--input is required", "predict --help");
  expect_error({"predict", "--input", x, "--output", out}, 2, "MODEL is required", "--help");
  EXPECT_FALSE(fs::exists(out));
}

TEST(ModelCommandErrors, LookAtTheOutputFirst) {
  const TemporaryFolder folder;
  const Words data{"--input", golden("lstm_sequences", "x.npy"), "--target",
                   golden("lstm_sequences", "y.npy")};
  expect_error(Words{"fit", lstm()} + data + Words{"--output", folder.path("none/t.keras")}, 1,
               "No such file or directory", "create its folder first");
  expect_error(Words{"fit", lstm()} + data + Words{"--output", folder.path("t.kears")}, 1,
               "cannot write a model to", "its name must end in ");
  expect_error({"convert", lstm(), folder.path("t.bin")}, 1, "cannot write a model to", ".keras");
}

TEST(ModelCommandErrors, WantALoss) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  const Words data{"--input", folder.path("x.npy"), "--target", folder.path("y.npy")};
  expect_error(Words{"evaluate", model} + data, 2, "was saved without a loss", "--loss mse");
  expect_error(Words{"evaluate", model} + data + Words{"--metric", "mae"}, 2, "need a --loss",
               "compile");
  expect_error(Words{"evaluate", model} + data + Words{"--loss", "hubre"}, 1, "\"hubre\"", "huber");
}

TEST(ModelCommandErrors, NameTheOutputsOfLosses) {
  const TemporaryFolder folder;
  const std::string model = two_outputs(folder);
  const Words all = Words{"evaluate", model} + Words{"--input",  folder.path("x.npy"),
                                                     "--target", folder.path("a.npy"),
                                                     "--target", folder.path("b.npy")};
  expect_error(all + Words{"--loss", "c=mse"}, 1, "unknown output \"c\"", "a");
  expect_error(all + Words{"--loss", "mse", "--loss", "mae"}, 2, "one too many",
               "--loss OUTPUT=NAME");
  expect_error(all + Words{"--loss", "a=mse", "--loss", "a=mae"}, 2, "a=mae is one too many",
               "\"a\", \"b\"");
  expect_error(all + Words{"--loss", "mse", "--loss-weight", "a=many"}, 2, "needs a number",
               "--loss-weight OUTPUT=0.5");
  expect_error(all + Words{"--loss", "a=hubre"}, 1, "\"hubre\"", "huber");
}

// Not a file with numbers that are none, and status 0.
TEST(ModelCommandErrors, SayWhereTrainingBecameNaN) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  const Words data{"--input", folder.path("x.npy"), "--target", folder.path("y.npy"), "--loss",
                   "mse"};
  const std::string trained = folder.path("trained.keras");
  expect_error(Words{"fit", model} + data +
                   Words{"--optimizer", "sgd", "--learning-rate", "1e30", "--epochs", "1000000",
                         "--quiet", "--output", trained},
               1, "training has become NaN at batch 2 of 2 in epoch 1: the loss is",
               "--learning-rate");
  EXPECT_FALSE(fs::exists(trained));

  const std::unique_ptr<Model> spoilt = load_model(model);
  std::vector<Tensor> weights = spoilt->get_weights();
  weights.front().fill(std::nan(""));
  spoilt->set_weights(weights);
  spoilt->save(trained);
  expect_error(Words{"evaluate", trained} + data, 1,
               "the model cannot be judged: the loss is nan, and weight", "inspect");
}

TEST(ModelCommandErrors, NameTheFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("bad.keras")) << "not a zip";
  std::ofstream(folder.path("bad.npy")) << "not an array";
  for (const Words& words :
       {Words{"summary", folder.path("bad.keras")}, Words{"inspect", folder.path("missing.keras")},
        Words{"predict", lstm(), "--input", folder.path("bad.npy"), "--output",
              folder.path("out.npy")}}) {
    const ProgramRun run = run_chronicler(words);
    EXPECT_EQ(run.status, 1);
    EXPECT_TRUE(contains(run.errors, folder.path().string())) << run.errors;
  }
}

TEST(ModelCommandErrors, TellWhatDataDoesNotFit) {
  const TemporaryFolder folder;
  const std::string model = fresh_model(folder);
  save_npy(folder.path("wide.npy"), noise({4, 5, 3}, 1));
  expect_error(
      {"predict", model, "--input", folder.path("wide.npy"), "--output", folder.path("out.npy")}, 1,
      "(4, 5, 3)", "");
  EXPECT_FALSE(fs::exists(folder.path("out.npy")));
}

// ---- weights and architectures alone (tests/golden/weights)

TEST(ConvertCommand, PutsWeightsIntoAModel) {
  const TemporaryFolder folder;
  const std::string out = folder.path("m.keras");
  for (const Words& words : {Words{golden("weights", "keras2_layers.h5"), out, "--architecture",
                                   golden("weights", "keras2.json")},
                             Words{golden("weights", "keras3.weights.h5"), out, "--architecture",
                                   golden("weights", "keras3.json")},
                             Words{golden("weights", "keras2.weights.h5"), out, "--like", out}}) {
    const ProgramRun run = run_chronicler(Words{"convert"} + words);
    ASSERT_EQ(run.status, 0) << run.errors;
    EXPECT_EQ(run.errors, "");
    ASSERT_EQ(run_chronicler({"predict", out, "--input", golden("weights", "x.npy"), "--output",
                              folder.path("y.npy")})
                  .status,
              0);
    expect_close(folder.path("y.npy"), golden("weights", "y.npy"), 1e-6, 0.0);
  }
  const ProgramRun renamed =
      run_chronicler({"convert", golden("weights", "other_names.h5"), out, "--like", out});
  EXPECT_EQ(renamed.status, 0) << renamed.errors;
  EXPECT_TRUE(contains(renamed.errors, "note: 3 of the file's layers are called otherwise"))
      << renamed.errors;
  // And back into weights alone.
  ASSERT_EQ(run_chronicler({"convert", out, folder.path("w.weights.h5")}).status, 0);
  EXPECT_EQ(run_chronicler({"convert", folder.path("w.weights.h5"), out, "--like", out}).status, 0);
}

TEST(ConvertCommand, SaysWhatAFileAloneIsFor) {
  const TemporaryFolder folder;
  const std::string out = folder.path("m.keras");
  const std::string weights = golden("weights", "keras2_layers.h5");
  const std::string json = golden("weights", "keras2.json");
  const auto errors = [](const Words& words) {
    const ProgramRun run = run_chronicler(words);
    EXPECT_EQ(run.status, 1) << run.out;
    return run.errors;
  };
  EXPECT_TRUE(contains(errors({"convert", weights, out}), "holds weights without a model"));
  EXPECT_TRUE(contains(errors({"convert", weights, out}), "--architecture"));
  EXPECT_TRUE(
      contains(errors({"convert", json, out}), "the architecture of a model, without weights"));
  EXPECT_TRUE(contains(errors({"convert", golden("lstm_last", "model.keras"), out, "--like",
                               golden("lstm_last", "model.keras")}),
                       "holds a model of its own"));
  EXPECT_TRUE(contains(errors({"summary", weights}), "holds weights without a model"));
  EXPECT_TRUE(contains(errors({"predict", weights, "--input", golden("weights", "x.npy"),
                               "--output", folder.path("y.npy")}),
                       "--like MODEL"));
  EXPECT_EQ(run_chronicler({"convert", weights, out, "--like", out, "--architecture", json}).status,
            2);
}

TEST(InspectCommand, TellsWhatFilesAloneHold) {
  const ProgramRun weights = run_chronicler({"inspect", golden("weights", "keras3.weights.h5")});
  ASSERT_EQ(weights.status, 0) << weights.errors;
  EXPECT_TRUE(contains(weights.out, "weights without a model, 31 arrays")) << weights.out;
  EXPECT_TRUE(contains(weights.out, "layers/bidirectional/forward_layer/cell/vars/0"));
  EXPECT_TRUE(contains(weights.out, "--like MODEL"));
  const ProgramRun json = run_chronicler({"inspect", golden("weights", "keras2.json"), "--json"});
  ASSERT_EQ(json.status, 0) << json.errors;
  EXPECT_EQ(Json::parse(json.out)["content"], "architecture");
  const ProgramRun summary = run_chronicler({"summary", golden("weights", "keras2.json")});
  EXPECT_EQ(summary.status, 0) << summary.errors;
  EXPECT_TRUE(contains(summary.out, "both_ways (Bidirectional)")) << summary.out;
}

// ---- arrays of strangers

TEST(EvaluateCommand, TakesTruthValuesAsTargets) {
  const TemporaryFolder folder;
  const Tensor y = load_npy(golden("loss_binary", "y.npy"));
  save_npy(folder.path("f.npy"), y.to(DType::boolean).to(DType::float32));
  save_npy(folder.path("b.npy"), y.to(DType::boolean));
  const auto evaluated = [&](const std::string& target) {
    const ProgramRun run = run_chronicler(
        with_inputs({"evaluate", golden("loss_binary", "model.keras"), "--json"}, "loss_binary") +
        Words{"--target", target});
    EXPECT_EQ(run.status, 0) << run.errors;
    return run.out;
  };
  EXPECT_EQ(evaluated(folder.path("b.npy")), evaluated(folder.path("f.npy")));
}

}  // namespace
}  // namespace chronicler::test
