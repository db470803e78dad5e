// Runs the real program, as a user would.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace chronicler::test {

struct ProgramRun {
  int status = -1;     // as a shell sees it: 128 + the signal that ended it
  std::string out;     // standard output
  std::string errors;  // standard error
};

struct RunOptions {
  std::map<std::string, std::string> environment = {};  // added to the test's own
  std::string folder = {};                              // to run in; empty: where the test runs
  std::string input = {};        // a file in the folder for standard input; empty: the test's own
  double interrupt_after = 0.0;  // seconds until SIGINT; 0: none
  bool terminal = false;         // both outputs are one terminal, in `out`
  bool closed_output = false;    // nobody reads standard output, and SIGPIPE is ignored
};

// chronicler ARGUMENTS...
ProgramRun run_chronicler(const std::vector<std::string>& arguments,
                          const RunOptions& options = {});

}  // namespace chronicler::test
