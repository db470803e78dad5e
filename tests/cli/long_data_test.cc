// fit, evaluate, predict and convert on long sequences in files.
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "cli/program_run.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

std::string long_model(const TemporaryFolder& folder) {
  set_random_seed(1);
  Sequential model({layers::Input(Shape{None, 3}),
                    layers::GRU({.units = 4, .return_sequences = true}),
                    layers::Dense({.units = 2})});
  const std::string path = folder.path("long.keras");
  model.save(path);
  return path;
}

TEST(LongData, IsLearntJudgedAndPredictedInParts) {
  const TemporaryFolder folder;
  const std::string model = long_model(folder);
  const std::string x = folder.path("x.npy");
  const std::string y = folder.path("y.npy");
  save_npy(x, noise({1, 3000, 3}, 1));
  save_npy(y, noise({1, 3000, 2}, 2));
  const std::string trained = folder.path("trained.keras");
  ASSERT_EQ(
      run_chronicler({"fit", model, "--input", x, "--target", y, "--loss", "mse", "--optimizer",
                      "adam", "--bptt", "100:50", "--quiet", "--output", trained})
          .status,
      0);
  const auto own = load_model(model);
  own->compile({.optimizer = "adam", .loss = "mse"});
  set_random_seed(0);
  own->fit(load_npy(x), load_npy(y), {.verbose = 0, .bptt = {100, 50}});
  EXPECT_TRUE(same_bits(load_model(trained)->get_weights()[0], own->get_weights()[0]));

  const std::string p = folder.path("p.npy");
  ASSERT_EQ(
      run_chronicler({"predict", trained, "--input", x, "--output", p, "--steps-at-a-time", "77"})
          .status,
      0);
  EXPECT_TRUE(same_bits(load_npy(p), own->predict(load_npy(x))));
  const ProgramRun whole = run_chronicler({"evaluate", trained, "--input", x, "--target", y});
  const ProgramRun parts =
      run_chronicler({"evaluate", trained, "--input", x, "--target", y, "--steps-at-a-time", "77"});
  EXPECT_EQ(whole.out, parts.out);

  for (const auto& [word, message] :
       {std::pair<std::string, std::string>{"0", "whole numbers of at least 1, got \"0\""},
        {"5:6", "a stride of at most the steps, got \"5:6\""},
        {"a", "got \"a\""},
        {"4000", "bptt steps must be at most the 3000 steps of x, got 4000"}}) {
    const ProgramRun run =
        run_chronicler({"fit", model, "--input", x, "--target", y, "--loss", "mse", "--optimizer",
                        "adam", "--bptt", word, "--output", trained});
    EXPECT_NE(run.status, 0);
    EXPECT_NE(run.errors.find(message), std::string::npos) << run.errors;
  }
}

TEST(LongData, IsConvertedOnce) {
  const TemporaryFolder folder;
  const std::string csv = folder.path("data.csv");
  const std::string npy = folder.path("data.npy");
  std::ofstream(csv) << "time,load,heat\n1,2.5,3\n2,3.5,\n";
  const ProgramRun gap = run_chronicler({"convert", csv, npy});
  EXPECT_EQ(gap.status, 1);
  EXPECT_NE(gap.errors.find("data.csv:3: column \"heat\""), std::string::npos) << gap.errors;
  ASSERT_EQ(run_chronicler({"convert", csv, npy, "--columns", "load,time", "--sequence"}).status,
            0);
  const Tensor both = load_npy(npy);
  EXPECT_EQ(both.shape(), Shape({1, 2, 2}));
  EXPECT_EQ(both.as<float>()[2], 3.5F);
  ASSERT_EQ(run_chronicler({"convert", csv, npy, "--missing", "nan", "--dtype", "float64"}).status,
            0);
  EXPECT_EQ(load_npy(npy).shape(), Shape({2, 3}));
  const std::string floats = folder.path("floats.npy");
  ASSERT_EQ(run_chronicler({"convert", npy, floats}).status, 0);
  EXPECT_EQ(load_npy(floats).dtype(), DType::float32);
  EXPECT_NE(run_chronicler({"convert", csv, folder.path("data.keras")}).status, 0);
}

}  // namespace
}  // namespace chronicler::test
