// Files that Keras 2 and Keras 3 made (tests/golden/legacy/make_legacy.py).
#include "formats/keras/legacy_file.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/training/fit.h"
#include "formats/bytes.h"
#include "formats/hdf5/hdf5_writer.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

class LegacyFile : public testing::TestWithParam<std::string> {
 protected:
  static std::string path(const std::string& ending) {
    return (test::source_dir() / "tests/golden/legacy" / (GetParam() + ending)).string();
  }
  static std::vector<Tensor> inputs() {
    std::vector<Tensor> inputs{load_npy(path("_x0.npy"))};
    if (std::filesystem::exists(path("_x1.npy"))) inputs.push_back(load_npy(path("_x1.npy")));
    return inputs;
  }
};

TEST_P(LegacyFile, PredictsAsInKeras) {
  const std::unique_ptr<Model> model = load_model(path(".h5"));
  const Tensor expected = load_npy(path("_y.npy"));
  EXPECT_TRUE(test::close_to(model->predict(inputs()).front(), expected, 1e-5));
}

TEST_P(LegacyFile, IsRefusedWhenCut) {
  const std::string whole = read_file(path(".h5"));
  for (std::size_t size = 0; size < whole.size(); size += 97)
    EXPECT_NE(test::error_of([&] { make_model(read_legacy(whole.substr(0, size))); }), "no error")
        << size;
}

INSTANTIATE_TEST_SUITE_P(Keras, LegacyFile,
                         testing::Values("stack_keras2", "stack_keras3", "translator_keras2",
                                         "translator_keras3", "old_keras2", "cudnn_keras2"),
                         [](const auto& name) { return name.param; });

class LegacyOptimizer : public testing::TestWithParam<std::string> {};

TEST_P(LegacyOptimizer, GoesOnWhereKerasStopped) {
  const std::string file =
      (test::source_dir() / "tests/golden/legacy" / (GetParam() + ".h5")).string();
  const std::unique_ptr<Model> model = load_model(file);
  const auto compilation = model->compilation();
  ASSERT_TRUE(compilation.has_value());
  ASSERT_FALSE(compilation->optimizer_variables.empty());
  EXPECT_EQ(*compilation->optimizer_variables.front().as<double>(), 1.0);
  const Tensor x = load_npy(file.substr(0, file.size() - 3) + "_x0.npy");
  Tensor y(Shape{4, 3});
  for (int row = 0; row < 4; ++row) y.as<float>()[row * 3] = 1.0F;
  model->fit(x, y, {.epochs = 1, .verbose = 0});
  EXPECT_EQ(*model->compilation()->optimizer_variables.front().as<double>(), 2.0);
}

INSTANTIATE_TEST_SUITE_P(Keras, LegacyOptimizer, testing::Values("stack_keras2", "stack_keras3"),
                         [](const auto& name) { return name.param; });

// Keras 3 makes objects of the names that an .h5 file has; "mae" is mean_absolute_error from then
// on.
TEST(LegacyMetrics, AreCalledByTheirClasses) {
  const auto path = [](const std::string& ending) {
    return (test::source_dir() / "tests/golden/legacy/metrics_keras3").string() + ending;
  };
  const auto expect_results = [&](const std::string& file) {
    const Json expected = parse_json(read_file(path(".json")), "metrics");
    const std::unique_ptr<Model> model = load_model(file);
    const Results results = model->evaluate(load_npy(path("_x0.npy")), load_npy(path("_y.npy")));
    EXPECT_EQ(results.names.size(), expected.size());
    for (const auto& [name, json] : expected.items()) {
      const double value = json.get<double>();
      EXPECT_NEAR(results[name], value, 1e-5 * std::abs(value)) << name;
    }
  };
  expect_results(path(".h5"));
  const test::TemporaryFolder folder;  // what is written anew, without being trained
  const std::string again = folder.path("again.chronicler");
  load_model(path(".h5"))->save(again);
  expect_results(again);
}

TEST(LegacyErrors, WeightsAloneAreNoModel) {
  EXPECT_NE(test::error_of([] { read_legacy(write_hdf5({})); }).find("neither a model nor weights"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
