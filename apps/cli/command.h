// What a command of the program is.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "chronicler/base/error.h"

namespace chronicler::cli {

// What the command line asked for; runs after all of it was read. Throws Error (status 1) or
// UsageError (status 2).
using Job = std::function<void()>;

// One pair of files x_command.{h,cc}, and one line in commands.cc. A command that holds others
// (forecast: train, run, backtest) has no options of its own.
struct Command {
  std::string_view name;
  std::string_view summary;   // one line, for the list of commands
  std::string_view examples;  // lines, each a command and what it does; --help shows them first
  // Adds the command's options, and returns what to do with them. The options live in the job.
  Job (*describe)(CLI::App& options) = nullptr;
  std::vector<Command> commands = {};
};

// Options that contradict each other, or lack one another, in a way that CLI11 cannot see.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace chronicler::cli
