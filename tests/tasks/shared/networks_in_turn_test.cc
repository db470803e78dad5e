#include "tasks/shared/networks_in_turn.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "model/tensor_file.h"
#include "support/conformance.h"
#include "support/damaged_files.h"
#include "support/temporary_folder.h"

namespace chronicler::tasks {
namespace {

using test::error_of;
using test::noise;

constexpr std::int64_t networks = 3;
constexpr std::int64_t batches = 5;
constexpr double epochs = 2.0;
using Weights = std::vector<std::vector<Tensor>>;

Sequential network_of(std::int64_t number) {
  set_random_seed(static_cast<std::uint64_t>(number));
  Sequential model({layers::Dense({.units = 3, .activation = "tanh", .input_shape = Shape{2}}),
                    layers::Dropout({.rate = 0.2}), layers::Dense({.units = 1})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.1}), .loss = "mse"});
  return model;
}

struct Trained {
  Weights weights;
  bool is_finished = true;
  double epochs = 0.0;
};

// As a task does it. `pause_at`: after so many batches of all.
Trained train_all(const TaskRun& common, std::int64_t pause_at = -1) {
  const Dataset data =
      Dataset::from_tensors(noise({20, 2}, 1), noise({20, 1}, 2)).shuffle().batch(4);
  std::int64_t step = 0;
  TaskRun run_of_all = common;
  run_of_all.report_seconds = 0.0;
  run_of_all.progress = [&](const TaskProgress& now) {
    EXPECT_EQ(now.networks, networks);
    if (!now.is_epoch) ++step;
    return step != pause_at;
  };
  NetworksInTurn turn(run_of_all, networks);
  Trained trained;
  for (std::int64_t n = 0; n < networks && trained.is_finished; ++n) {
    Sequential network = network_of(n);
    if (!turn.take_finished(network)) {
      trained.is_finished = !turn.pauses();
      if (!trained.is_finished) break;
      TaskRun run = turn.next();
      run.learning_rate = callbacks::warm_cosine({.learning_rate = 0.1});
      run.epochs = epochs;
      run.seed = static_cast<std::uint64_t>(n);
      run.validate = [&] {
        const auto error = static_cast<double>(network.get_weights().back().as<float>()[0]);
        return Validation{error, error};
      };
      trained.is_finished = turn.train(network, data, run).is_finished;
    }
    trained.weights.push_back(network.get_weights());
  }
  trained.epochs = turn.epochs();
  if (trained.is_finished) turn.remove();
  return trained;
}

void expect_same(const Weights& a, const Weights& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t n = 0; n < a.size(); ++n) {
    for (std::size_t i = 0; i < a[n].size(); ++i)
      EXPECT_TRUE(test::same_bits(a[n][i], b[n][i])) << n << ' ' << i;
  }
}

TEST(NetworksInTurn, GoOnFromAnyBatch) {
  const Trained whole = train_all({});
  EXPECT_TRUE(whole.is_finished);
  EXPECT_EQ(whole.epochs, networks * epochs);
  const test::TemporaryFolder folder;
  TaskRun run;
  run.checkpoint = folder.path("checkpoint");
  constexpr std::int64_t all = networks * batches * static_cast<std::int64_t>(epochs);
  for (std::int64_t pause_at = 1; pause_at < all; ++pause_at) {
    run.resume = false;
    const Trained part = train_all(run, pause_at);
    run.resume = true;
    const Trained rest = train_all(run);
    EXPECT_TRUE(rest.is_finished) << pause_at;
    expect_same(rest.weights, whole.weights);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << pause_at;
  }
}

TEST(NetworksInTurn, PauseAfterEpochsOfAllTogether) {
  const Trained whole = train_all({});
  const test::TemporaryFolder folder;
  TaskRun run;
  run.checkpoint = folder.path("checkpoint");
  for (std::int64_t stop_after = 1; stop_after < 6; ++stop_after) {
    run.stop_after = stop_after;
    const Trained part = train_all(run);
    EXPECT_FALSE(part.is_finished) << stop_after;
    EXPECT_EQ(part.epochs, static_cast<double>(stop_after));
    EXPECT_EQ(part.weights.size(), static_cast<std::size_t>((stop_after + 1) / 2));
    run.resume = true;
    train_all(run);  // it went as far before: nothing is lost
  }
  run.stop_after = {};
  expect_same(train_all(run).weights, whole.weights);
}

TEST(NetworksInTurn, ShareTheirTime) {
  TaskRun run;
  run.max_seconds = 3.0;
  const NetworksInTurn turn(run, networks);
  EXPECT_EQ(turn.next().max_seconds, 1.0);
}

TEST(NetworksInTurn, BeginAnewWithoutResume) {
  const test::TemporaryFolder folder;
  TaskRun run;
  run.checkpoint = folder.path("checkpoint");
  train_all(run, 2 * batches + 3);
  ASSERT_TRUE(std::filesystem::exists(finished_networks_file(run.checkpoint)));
  const NetworksInTurn turn(run, networks);
  EXPECT_FALSE(std::filesystem::exists(finished_networks_file(run.checkpoint)));
}

// A folder of the user's is not removed in place of a checkpoint, not even an empty one.
TEST(NetworksInTurn, LeaveFoldersAlone) {
  const test::TemporaryFolder folder;
  TaskRun run;
  run.checkpoint = folder.path("checkpoint");
  for (const std::string& path : {run.checkpoint, finished_networks_file(run.checkpoint)}) {
    std::filesystem::create_directory(path);
    EXPECT_EQ(test::error_of([&] { train_all(run, 2 * batches); }),
              "\"" + path +
                  "\" is a folder: a checkpoint is to be written there: move the folder, or write "
                  "the model to another place");
    EXPECT_TRUE(std::filesystem::is_directory(path));
    std::filesystem::remove(path);
  }
}

TEST(NetworksInTurn, RefuseWhatIsNotTheirs) {
  const test::TemporaryFolder folder;
  TaskRun run;
  run.checkpoint = folder.path("checkpoint");
  run.identity = {{"units", "3"}};
  train_all(run, 2 * batches + 3);
  run.resume = true;
  const std::string path = finished_networks_file(run.checkpoint);
  TaskRun other = run;
  other.identity = {{"units", "4"}};
  EXPECT_EQ(error_of([&] { NetworksInTurn(other, networks); }),
            "\"" + path +
                "\" is of another run (units 3), this one is units 4: give the same data and "
                "options as then, or start anew without the file");
  EXPECT_NE(error_of([&] { NetworksInTurn(run, networks + 1); }).find("(networks 3)"),
            std::string::npos);
  const TensorFile whole = load_tensors(path);
  const auto refuses = [&](auto&& damage) {
    TensorFile file = whole;
    damage(file);
    save_tensors(path, file);
    EXPECT_NE(error_of([&] { train_all(run); }), "");
  };
  refuses([](TensorFile& file) { file.metadata["finished"] = "3"; });
  refuses([](TensorFile& file) { file.metadata["finished"] = "-1"; });
  refuses([](TensorFile& file) { file.metadata["finished"] = "2"; });
  refuses([](TensorFile& file) { file.metadata.erase("finished"); });
  refuses([](TensorFile& file) { file.metadata.erase("run"); });
  refuses([](TensorFile& file) { file.tensors.pop_back(); });
  refuses([](TensorFile& file) { file.tensors.clear(); });
  refuses([](TensorFile& file) {
    for (auto& [name, tensor] : file.tensors) tensor = Tensor({2}, DType::int32);
  });
  save_tensors(path, whole);
  test::expect_refused_where_damaged(path, 29, [&] { NetworksInTurn(run, networks); });
}

TEST(NetworksInTurn, AreOneResultTogether) {
  TaskRunResult first{true, 3.0, 1.0, 0.5, 10.0, 7.0};
  TaskRunResult second{true, 4.0, 2.0, 1.5, 20.0, 9.0};
  const TaskRunResult all = together({first, second}, 2);
  EXPECT_TRUE(all.is_finished);
  EXPECT_EQ(all.epochs, 7.0);
  EXPECT_EQ(all.best_epoch, 1.5);
  EXPECT_EQ(all.best_error, 1.0);
  EXPECT_EQ(all.seconds, 30.0);
  EXPECT_FALSE(together({first, second}, 3).is_finished);
  second.is_finished = false;
  EXPECT_FALSE(together({first, second}, 2).is_finished);
  EXPECT_EQ(network_seed(5, 0), 5U);
  EXPECT_NE(network_seed(5, 1), network_seed(5, 2));
}

}  // namespace
}  // namespace chronicler::tasks
