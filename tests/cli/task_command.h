// What the tests of a task's command share: a folder, files in it, and training that takes moments.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_run.h"
#include "support/temporary_folder.h"

namespace chronicler::test {

class TaskCommand : public ::testing::Test {
 protected:
  // The command's name, and what `train` is given if a test does not say otherwise.
  TaskCommand(std::string name, std::vector<std::string> train_words, std::string epochs)
      : name_(std::move(name)), train_words_(std::move(train_words)), epochs_(std::move(epochs)) {}

  ProgramRun run(std::vector<std::string> arguments, RunOptions options = {}) const {
    options.folder = folder_.path().string();
    arguments.insert(arguments.begin(), name_);
    return run_chronicler(arguments, options);
  }
  ProgramRun train(const std::vector<std::string>& more = {}, RunOptions options = {}) const {
    std::vector<std::string> arguments{"train"};
    arguments.insert(arguments.end(), train_words_.begin(), train_words_.end());
    const auto is_given = [&](const char* option) {
      return std::find(more.begin(), more.end(), option) != more.end();
    };
    if (!is_given("--epochs") && !is_given("--max-seconds"))
      arguments.insert(arguments.end(), {"--epochs", epochs_});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, options);
  }
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(folder_.path(name), std::ios::binary) << content;
    return name;
  }

  // Examples come before the usage, and the options that all have are there.
  void expect_help(const std::vector<std::string>& commands) const {
    for (const std::string& command : commands) {
      const ProgramRun help = run({command, "--help"});
      EXPECT_EQ(help.status, 0);
      EXPECT_LT(help.out.find("Examples:"), help.out.find("Usage:")) << command;
      for (const char* option : {"--json", "--threads"})
        EXPECT_NE(help.out.find(option), std::string::npos) << command << ' ' << option;
    }
  }

  // Paused after its first epoch and gone on with, training ends with the weights that it has if
  // nobody stops it; each epoch is a line of JSON. Of several networks that are trained one after
  // the other (--networks, as `train` is given), it also pauses between two and amid the second.
  void expect_the_same_after_a_pause(const std::string& model, int epochs, int networks = 1) const {
    const std::vector<std::string> length{"--epochs", std::to_string(epochs), "--quiet",
                                          "--json-epochs"};
    const auto with = [&](std::vector<std::string> more) {
      more.insert(more.end(), length.begin(), length.end());
      return train(more);
    };
    const auto is_kept = [&] {
      return std::filesystem::exists(folder_.path(model + ".checkpoint")) ||
             std::filesystem::exists(folder_.path(model + ".checkpoint.networks"));
    };
    const ProgramRun whole = with({});
    ASSERT_EQ(whole.status, 0) << whole.errors;
    EXPECT_EQ(lines_of_epochs(whole.out), epochs * networks) << whole.out;
    const std::string weights = weights_of(model);
    int done = 0;
    for (const int pause : {1, epochs, epochs + 1}) {
      if (pause >= epochs * networks) continue;
      std::vector<std::string> more{"--stop-after", std::to_string(pause)};
      if (done > 0) more.emplace_back("--resume");
      const ProgramRun paused = with(more);
      EXPECT_EQ(paused.status, 0) << paused.errors;
      EXPECT_EQ(lines_of_epochs(paused.out), pause - done) << paused.out;
      EXPECT_NE(paused.errors.find("--resume goes on"), std::string::npos) << paused.errors;
      EXPECT_EQ(paused.errors.find("nothing to resume"), std::string::npos) << paused.errors;
      EXPECT_TRUE(is_kept());
      done = pause;
    }
    const ProgramRun resumed = with({"--resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.errors;
    EXPECT_EQ(lines_of_epochs(resumed.out), epochs * networks - done) << resumed.out;
    EXPECT_FALSE(is_kept());
    EXPECT_EQ(weights_of(model), weights);
  }

  // Checkpoints as they were before they had a checksum.
  void expect_old_checkpoint_refused(const std::string& model) const {
    for (const char* entry :
         {R"("run":"text 00ff, 1 x 24 units, seed 0","number step":"12")",
          R"("identity":"data and what follows from them 01-2, seed 0","finished":"0")"}) {
      const std::string header =
          std::string(R"({"__metadata__":{)") + entry +
          R"(},"weight/0":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
      std::string bytes(8, '\0');
      bytes[0] = static_cast<char>(header.size());
      file(model + ".checkpoint", bytes + header + std::string(4, '\0'));
      const ProgramRun refused = train({"--resume", "--quiet"});
      EXPECT_EQ(refused.status, 1);
      EXPECT_EQ(refused.errors, "error: cannot load \"" + model +
                                    ".checkpoint\": it has no checksum: an older Chronicler wrote "
                                    "it, or it is damaged\nhint: start anew without --resume\n");
      EXPECT_FALSE(std::filesystem::exists(folder_.path(model)));
    }
    EXPECT_EQ(train({"--quiet", "--epochs", "1"}).status, 0);  // anew
  }

  // --folds measures first, in numbers and as a table; the model is the same as without. `figures`:
  // what is measured. `more`: to train with, in moments.
  void expect_folds(const std::string& model, const std::vector<std::string>& figures,
                    const std::vector<std::string>& more) const {
    const auto with = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), more.begin(), more.end());
      return train(arguments);
    };
    const ProgramRun whole = with({"--quiet", "--json"});
    ASSERT_EQ(whole.status, 0) << whole.errors;
    EXPECT_EQ(whole.out.find("cross_validation"), std::string::npos);
    const std::string weights = weights_of(model);
    const ProgramRun measured = with({"--folds", "2", "--quiet", "--json", "--json-epochs"});
    ASSERT_EQ(measured.status, 0) << measured.errors;
    EXPECT_EQ(measured.errors, whole.errors);
    EXPECT_EQ(measured.out.find(R"({"fold":1,)"), 0U) << measured.out;
    const std::string last =
        measured.out.substr(measured.out.rfind('\n', measured.out.size() - 2) + 1);
    const auto json = nlohmann::json::parse(last)["cross_validation"];
    ASSERT_EQ(json["folds"].size(), 2U) << last;
    for (const std::string& figure : figures) {
      const double first = json["folds"][0][figure];
      const double second = json["folds"][1][figure];
      EXPECT_NEAR(json["mean"][figure], (first + second) / 2.0, 1e-12 * std::abs(first + second));
      EXPECT_NEAR(json["deviation"][figure], std::abs(first - second) / 2.0,
                  1e-9 * std::abs(first + second));
    }
    EXPECT_EQ(weights_of(model), weights);
    const ProgramRun shown = with({"--folds", "3", "--quiet"});
    ASSERT_EQ(shown.status, 0) << shown.errors;
    for (const char* part :
         {"Cross-validation, 3 folds:", "\n  fold 3 ", "\n  mean ", "deviation "})
      EXPECT_NE(shown.out.find(part), std::string::npos) << shown.out;
    for (const char* other : {"--resume", "--stop-after"}) {
      std::vector<std::string> both{"--folds", "2", other};
      if (other == std::string("--stop-after")) both.emplace_back("1");
      const ProgramRun refused = with(both);
      EXPECT_EQ(refused.status, 2);
      EXPECT_EQ(refused.errors,
                std::string("error: a training with --folds cannot be paused or resumed\n"
                            "hint: leave out --folds or ") +
                    other + "\n");
    }
    EXPECT_EQ(with({"--folds", "1"}).status, 2);
    EXPECT_EQ(with({"--folds", "21"}).status, 2);
  }

  // Stopped in a fold it writes no model, and ends as if interrupted.
  void expect_no_model_of_stopped_folds(const std::string& model) const {
    RunOptions soon;
    soon.interrupt_after = 1.5;
    const ProgramRun stopped = train({"--folds", "5", "--epochs", "10000"}, soon);
    EXPECT_EQ(stopped.status, 130) << stopped.errors;
    EXPECT_NE(stopped.errors.find("\nstopped in fold 1 of 5: no model is written\n"),
              std::string::npos)
        << stopped.errors;
    EXPECT_FALSE(std::filesystem::exists(folder_.path(model)));
    EXPECT_FALSE(std::filesystem::exists(folder_.path(model + ".checkpoint")));
  }

  TemporaryFolder folder_;

 private:
  static int lines_of_epochs(const std::string& out) {
    std::istringstream lines(out);
    int count = 0;
    for (std::string line; std::getline(lines, line);)
      count += line.starts_with(R"({"epoch":)") || line.starts_with(R"({"network":)") ? 1 : 0;
    return count;
  }
  // The bytes of the model's tensors.
  std::string weights_of(const std::string& model) const {
    const std::string path = folder_.path("weights.safetensors");
    RunOptions options;
    options.folder = folder_.path().string();
    const ProgramRun converted = run_chronicler({"convert", model, path}, options);
    EXPECT_EQ(converted.status, 0) << converted.errors;
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string name_;
  std::vector<std::string> train_words_;
  std::string epochs_;
};

}  // namespace chronicler::test
