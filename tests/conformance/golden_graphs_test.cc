// Models that Keras drew at random (tests/golden/random_graphs.py) in tests/golden/graphs: what
// they predict, what evaluate says, what an epoch of training makes of them. With
//
//   CHRONICLER_GRAPHS=FOLDER
//
// those of that folder instead, each saved again as NAME.saved.keras for Keras to look at, and what
// differs in FOLDER/chronicler.json: for scripts/test-with-keras.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/training/fit.h"
#include "conformance/exchange.h"
#include "support/source_dir.h"

namespace chronicler::test {
namespace {

using Path = std::filesystem::path;

std::vector<Path> graphs_in(const Path& folder) {
  std::vector<Path> stems;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    Path path = entry.path();
    if (path.extension() == ".safetensors") stems.push_back(path.replace_extension());
  }
  std::sort(stems.begin(), stems.end());
  return stems;
}

Path with_extension(const Path& stem, const char* extension) { return stem.string() + extension; }

// The first thing that is not as in Keras; empty if all is.
std::string difference_of(const Path& stem, bool save) {
  const Exchange kept = read_exchange(with_extension(stem, ".safetensors"));
  const std::vector<Tensor> x = kept.list("x");
  const std::vector<Tensor> y = kept.list("y");
  const std::int64_t batch_size = std::stoll(kept.metadata.at("batch_size"));
  const std::unique_ptr<Model> model = load_model(with_extension(stem, ".keras").string());
  if (save) model->save(with_extension(stem, ".saved.keras").string());

  const auto predicted = [&] { return model->predict(x, {.batch_size = batch_size}); };
  std::string told = difference("predict", predicted(), kept.list("predict"), tolerances::predict);
  if (!told.empty()) return told;
  const Results results = model->evaluate(x, y, {.batch_size = batch_size, .verbose = 0});
  const Json evaluated = parse_json(kept.metadata.at("evaluate"), "evaluate");
  for (const auto& [name, value] : evaluated.items()) {
    if (!agree(results[name], value.get<double>(), tolerances::evaluate)) {
      return fmt::format("evaluate: {} is {}, Keras has {}", name, results[name], value.dump());
    }
  }
  const History history =
      model->fit(x, y, {.batch_size = batch_size, .epochs = 1, .verbose = 0, .shuffle = false});
  const Json epochs = parse_json(kept.metadata.at("history"), "history");
  for (const auto& [name, values] : epochs.items()) {
    const double got = history[name].front();
    if (!agree(got, values.at(0).get<double>(), tolerances::history)) {
      return fmt::format("fit: {} is {}, Keras has {}", name, got, values.at(0).dump());
    }
  }
  return difference("after training", predicted(), kept.list("trained"), tolerances::trained);
}

std::string told_of(const Path& stem, bool save) {
  try {
    return difference_of(stem, save);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(GoldenGraphs, AreAsInKeras) {
  const char* given = std::getenv("CHRONICLER_GRAPHS");
  const Path folder = given != nullptr ? Path(given) : source_dir() / "tests/golden/graphs";
  Json failures = Json::object();
  const std::vector<Path> stems = graphs_in(folder);
  EXPECT_FALSE(stems.empty()) << folder;
  for (const Path& stem : stems) {
    const std::string told = told_of(stem, given != nullptr);
    if (!told.empty()) failures[stem.filename().string()] = told;
  }
  if (given == nullptr) {
    EXPECT_TRUE(failures.empty()) << failures.dump(1);
  } else {
    write_bytes(folder / "chronicler.json", failures.dump(1));
  }
}

}  // namespace
}  // namespace chronicler::test
