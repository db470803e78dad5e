// From a command line to an exit status.
#pragma once

namespace chronicler::cli {

// 0: done; 1: it failed; 2: the command line was wrong; 130: interrupted. Errors are printed on
// standard error, in one sentence and a hint.
int run_program(int argc, char** argv);

}  // namespace chronicler::cli
