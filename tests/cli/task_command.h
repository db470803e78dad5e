// What the tests of a task's command share: a folder, files in it, and training that takes moments.
#pragma once

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

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
    if (std::find(more.begin(), more.end(), "--epochs") == more.end())
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
      for (const char* option : {"--json", "--seed", "--threads"})
        EXPECT_NE(help.out.find(option), std::string::npos) << command << ' ' << option;
    }
  }

  TemporaryFolder folder_;

 private:
  std::string name_;
  std::vector<std::string> train_words_;
  std::string epochs_;
};

}  // namespace chronicler::test
