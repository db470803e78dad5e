// What fit and fit-stream leave behind: the trained model and the history of its training.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "chronicler/training/fit.h"

namespace chronicler::cli {

struct FitOutputs {
  std::string history;
  std::string output;
  bool quiet = false;
};

// --history FILE --output MODEL --quiet. `what` is in the history, "losses and metrics by epoch".
void add_fit_outputs(CLI::App& app, FitOutputs& outputs, const std::string& what);
// Throws Error unless the files can be written.
void check_fit_outputs(const FitOutputs& outputs);
// Throws Error, and writes nothing, if the training has become NaN.
void write_fit_outputs(const FitOutputs& outputs, const Model& model, const History& history);

// --learning-rate: the optimizer's rate in every epoch; null for 0, the optimizer's own.
CallbackPtr fixed_learning_rate(double rate);

}  // namespace chronicler::cli
