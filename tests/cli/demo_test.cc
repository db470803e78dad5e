// chronicler demo, as its users and the scripts run it.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/formats/model_file.h"
#include "chronicler/model/model.h"
#include "cli/program_run.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& item : object.items()) keys.insert(item.key());
  return keys;
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

// What the names of the demo's models end in: Keras's own format, if this build has it.
std::string model_ending() {
  for (const std::string_view extension : model_file_extensions()) {
    if (extension == ".keras") return ".keras";
  }
  return ".chronicler";
}

// A shortened run, shared by the tests that look at what it leaves.
struct QuickRun {
  TemporaryFolder folder;
  fs::path output = fs::path(folder.path()) / "results";
  ProgramRun run = run_chronicler({"demo", "--quick", "--json", "-o", output.string()});
};
const QuickRun& quick_run() {
  static const QuickRun run;
  return run;
}

TEST(Demo, PrintsOneObjectOfNumbers) {
  const ProgramRun& run = quick_run().run;
  ASSERT_EQ(run.status, 0) << run.errors;
  const Json json = Json::parse(run.out);
  EXPECT_EQ(keys_of(json), (std::set<std::string>{"models", "forecast", "files"}));
  std::set<std::string> runs;
  for (const Json& model : json["models"]) {
    EXPECT_EQ(keys_of(model), (std::set<std::string>{"name", "task", "test_accuracy", "seconds"}));
    runs.insert(model["name"].get<std::string>() + " " + model["task"].get<std::string>());
    EXPECT_GE(model["test_accuracy"].get<double>(), 0.0);
    EXPECT_LE(model["test_accuracy"].get<double>(), 1.0);
    EXPECT_GT(model["seconds"].get<double>(), 0.0);
  }
  EXPECT_EQ(runs, (std::set<std::string>{"SimpleRNN digit", "LSTM digit",
                                         "SimpleRNN digit_then_noise", "LSTM digit_then_noise"}));
  EXPECT_EQ(keys_of(json["forecast"]),
            (std::set<std::string>{"lstm", "repeat_last", "seasonal_naive", "linear_ar"}));
  for (const Json& error : json["forecast"]) EXPECT_GT(error.get<double>(), 0.0);
  // Simple forecasts do not depend on training.
  EXPECT_NEAR(json["forecast"]["repeat_last"].get<double>(), 32.3, 0.1);
  EXPECT_NEAR(json["forecast"]["seasonal_naive"].get<double>(), 45.3, 0.1);
}

TEST(Demo, TellsItsStoryOnStandardErrorIfTheOutputIsJson) {
  const std::string& story = quick_run().run.errors;
  for (const char* part : {"Model: \"digit_lstm\"", "Total params: 52,618", "epoch  2/2",
                           "test accuracy", "steps back", "linear autoregression", "report.html"}) {
    EXPECT_TRUE(contains(story, part)) << part;
  }
  EXPECT_FALSE(contains(story, "\x1b"));
}

TEST(Demo, LeavesWhatItListsAndNothingElse) {
  const QuickRun& quick = quick_run();
  const Json json = Json::parse(quick.run.out);
  std::set<std::string> listed;
  for (const Json& file : json["files"]) {
    const fs::path path = file.get<std::string>();
    EXPECT_TRUE(fs::is_regular_file(path)) << path;
    EXPECT_EQ(path.parent_path(), quick.output);
    listed.insert(path.filename());
  }
  EXPECT_EQ(names_in(quick.output), listed);
  const std::string ending = model_ending();
  EXPECT_EQ(listed, (std::set<std::string>{"digit_simple_rnn" + ending, "digit_lstm" + ending,
                                           "digit_then_noise_simple_rnn" + ending,
                                           "digit_then_noise_lstm" + ending,
                                           "sunspots_lstm" + ending, "report.html"}));
}

TEST(Demo, ItsModelsRun) {
  const fs::path folder = quick_run().output;
  const std::unique_ptr<Model> digits =
      load_model((folder / ("digit_then_noise_lstm" + model_ending())).string());
  EXPECT_EQ(digits->predict(Tensor({2, 28, 9})).shape(), (Shape{2, 10}));
  const std::unique_ptr<Model> sunspots =
      load_model((folder / ("sunspots_lstm" + model_ending())).string());
  EXPECT_EQ(sunspots->predict(Tensor({3, 96, 1})).shape(), (Shape{3, 12}));
}

TEST(Demo, ItsPageStandsAlone) {
  const std::string page = contents_of(quick_run().output / "report.html");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_LT(page.size(), 3U << 20U);
  for (const char* reach : {"http:", "https:", "<script", "<link", "<img", "url(", "@import"})
    EXPECT_FALSE(contains(page, reach)) << reach;
  for (const char* part : {"Loss: digit alone", "Loss: digit, then 20 rows of noise",
                           "The gradient that reaches each earlier step", "seasonal naive",
                           "forecasts of the next twelve", "<svg", "chronicler demo --seed 1"}) {
    EXPECT_TRUE(contains(page, part)) << part;
  }
}

TEST(Demo, GivesTheSameBitsForTheSameSeedAndAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const fs::path again = fs::path(folder.path()) / "again";
  const fs::path other = fs::path(folder.path()) / "other";
  ASSERT_EQ(run_chronicler({"demo", "--quick", "--threads", "3", "-o", again.string()}).status, 0);
  ASSERT_EQ(run_chronicler({"demo", "--quick", "--seed", "2", "-o", other.string()}).status, 0);
  for (const std::string& name : names_in(quick_run().output)) {
    if (!name.ends_with(model_ending())) continue;
    const std::string first = contents_of(quick_run().output / name);
    EXPECT_TRUE(first == contents_of(again / name)) << name;
    EXPECT_FALSE(first == contents_of(other / name)) << name;
  }
}

TEST(Demo, DrawsKerasBarsOnATerminal) {
  const TemporaryFolder folder;
  const ProgramRun run =
      run_chronicler({"demo", "--quick"}, {.environment = {{"TERM", "xterm"}, {"NO_COLOR", "1"}},
                                           .folder = folder.path(),
                                           .terminal = true});
  EXPECT_EQ(run.status, 0);
  EXPECT_TRUE(contains(run.out, "Epoch 2/2"));
  EXPECT_TRUE(contains(run.out, "43/43 ━━━━━━━━━━━━━━━━━━━━ "));
  EXPECT_FALSE(contains(run.out, "\x1b"));
  EXPECT_TRUE(fs::is_regular_file(fs::path(folder.path()) / "demo" / "report.html"));
}

TEST(Demo, RefusesAFolderItCannotWriteToBeforeItTrains) {
  const TemporaryFolder folder;
  const fs::path file = fs::path(folder.path()) / "file";
  std::ofstream(file) << "mine";
  for (const fs::path& output : {file, file / "below"}) {
    const ProgramRun run = run_chronicler({"demo", "-o", output.string()});
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.errors, "error: cannot make the folder \"" + output.string() +
                              "\": Not a directory\nhint: choose another one with -o FOLDER\n");
  }
  EXPECT_EQ(contents_of(file), "mine");
}

TEST(Demo, SaysWhereItsDataShouldBe) {
  const TemporaryFolder folder;
  std::ofstream(fs::path(folder.path()) / "digits.csv") << "p0,label\n3,7\n";
  const fs::path output = fs::path(folder.path()) / "results";
  const ProgramRun run = run_chronicler({"demo", "-o", output.string()},
                                        {.environment = {{"CHRONICLER_DATA_DIR", folder.path()}}});
  EXPECT_EQ(run.status, 1);
  EXPECT_TRUE(contains(run.errors, "error: ")) << run.errors;
  EXPECT_TRUE(contains(run.errors, "\"p1\"")) << run.errors;
  EXPECT_FALSE(fs::exists(output));
}

TEST(Demo, LeavesNothingWhenInterrupted) {
  const TemporaryFolder folder;
  const fs::path output = fs::path(folder.path()) / "results";
  const ProgramRun run = run_chronicler({"demo", "-o", output.string()}, {.interrupt_after = 1.0});
  EXPECT_EQ(run.status, 130);
  EXPECT_TRUE(contains(run.errors, "interrupted")) << run.errors;
  EXPECT_FALSE(fs::exists(output));
}

// The whole of it: what README.md and the issue promise.
TEST(Demo, ReachesItsNumbers) {
  const TemporaryFolder folder;
  const ProgramRun run = run_chronicler({"demo", "--json"}, {.folder = folder.path()});
  ASSERT_EQ(run.status, 0) << run.errors;
  std::map<std::string, double> accuracy;
  const Json json = Json::parse(run.out);
  for (const Json& model : json["models"]) {
    accuracy[model["name"].get<std::string>() + " " + model["task"].get<std::string>()] =
        model["test_accuracy"].get<double>();
  }
  EXPECT_GE(accuracy["SimpleRNN digit"], 0.90);
  EXPECT_GE(accuracy["LSTM digit"], 0.90);
  EXPECT_TRUE(contains(run.errors, "the SimpleRNN is no worse"));
  EXPECT_GE(accuracy["LSTM digit_then_noise"], 0.82);
  EXPECT_GE(accuracy["LSTM digit_then_noise"], accuracy["SimpleRNN digit_then_noise"] + 0.2);
  EXPECT_LT(json["forecast"]["lstm"].get<double>(), json["forecast"]["repeat_last"].get<double>());
  EXPECT_TRUE(fs::is_regular_file(fs::path(folder.path()) / "demo" / "report.html"));
}

}  // namespace
}  // namespace chronicler::test
