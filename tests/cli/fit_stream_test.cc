// fit-stream: a model that learns along one sequence.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "cli/program_run.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

using Words = std::vector<std::string>;

// A network that was never compiled, and a wave whose next value it is to say.
Words wave(const TemporaryFolder& folder, const LayerPtr& recurrent) {
  constexpr std::int64_t steps = 3000;
  Tensor x({steps, 1});
  Tensor y({steps, 1});
  for (std::int64_t t = 0; t < steps; ++t) {
    x.as<float>()[t] = static_cast<float>(std::sin(0.3 * static_cast<double>(t)));
    y.as<float>()[t] = static_cast<float>(std::sin(0.3 * static_cast<double>(t + 1)));
  }
  save_npy(folder.path("x.npy"), x);
  save_npy(folder.path("y.npy"), y);
  const Sequential model({layers::Input(Shape{None, 1}), recurrent, layers::Dense({.units = 1})});
  model.save(folder.path("new.keras"));
  return {"fit-stream", folder.path("new.keras"), "--input",  folder.path("x.npy"),
          "--target",   folder.path("y.npy"),     "--output", folder.path("trained.keras")};
}

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(FitStreamCommand, LearnsAlongASequence) {
  const TemporaryFolder folder;
  const Words words = wave(folder, layers::GRU({.units = 8, .return_sequences = true}));
  const ProgramRun run =
      run_chronicler(words + Words{"--loss", "mse", "--optimizer", "adam", "--learning-rate",
                                   "0.01", "--quiet", "--history", "-"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<double> loss = nlohmann::json::parse(run.out)["loss"];
  ASSERT_EQ(loss.size(), 3U);  // one for every 1,000 steps
  EXPECT_LT(loss[2], loss[0]);
  EXPECT_LT(loss[2], 0.05 * 0.5);  // of the wave's own variance
  const auto before = load_model(folder.path("new.keras"))->get_weights();
  const auto after = load_model(folder.path("trained.keras"))->get_weights();
  EXPECT_FALSE(same_bits(before.front(), after.front()));
}

TEST(FitStreamCommand, RefusesWhatCannotLearnSo) {
  const TemporaryFolder folder;
  const Words words =
      wave(folder, layers::Bidirectional(layers::LSTM({.units = 3, .return_sequences = true})));
  EXPECT_EQ(run_chronicler(words).status, 2) << "no loss";
  const ProgramRun run = run_chronicler(words + Words{"--loss", "mse"});
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.errors.find("Bidirectional"), std::string::npos) << run.errors;
}

}  // namespace
}  // namespace chronicler::test
