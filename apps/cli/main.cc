// chronicler: the command line. Commands are listed in commands.cc.
#include "cli/program.h"

int main(int argc, char** argv) { return chronicler::cli::run_program(argc, argv); }
