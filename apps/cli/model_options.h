// What the commands on model files share: their options, and the reading of what these name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "chronicler/model/model.h"
#include "chronicler/training/fit_options.h"

namespace chronicler::cli {

struct ModelOptions {
  std::string model;
  std::vector<std::string> inputs;   // .npy files, in the order of the model's inputs
  std::vector<std::string> targets;  // and of its outputs
  std::int64_t batch_size = 32;
  int threads = 0;
};

// MODEL
void add_model(CLI::App& app, ModelOptions& options);
// --input x.npy ... --threads N
void add_inputs(CLI::App& app, ModelOptions& options);
// MODEL --input x.npy ... --batch-size N --threads N
void add_model_and_inputs(CLI::App& app, ModelOptions& options);
// --steps-at-a-time N
void add_steps_at_a_time(CLI::App& app, std::int64_t& steps);
// --bptt STEPS[:STRIDE]
void add_bptt(CLI::App& app, Bptt& bptt);
// --target y.npy ...
void add_targets(CLI::App& app, ModelOptions& options);

// How models that are not compiled, or are to be compiled anew, learn and are judged.
struct CompileWords {
  std::vector<std::string> losses;        // "mse", or "OUTPUT=mse" for each output
  std::vector<std::string> loss_weights;  // "OUTPUT=0.5"
  std::string optimizer;
  double learning_rate = 0.0;        // 0: the optimizer's own
  std::vector<std::string> metrics;  // "mae" for all outputs, or "OUTPUT=mae"
};
// --loss NAME --loss-weight OUTPUT=X --metric NAME ...
void add_loss_and_metrics(CLI::App& app, CompileWords& words);
// --optimizer NAME --learning-rate X
void add_optimizer(CLI::App& app, CompileWords& words);

// The model, with the number of threads set. Throws Error.
std::unique_ptr<Model> open_model(const ModelOptions& options);
// The arrays. Throws UsageError if they are not as many as the model's inputs or outputs.
std::vector<Tensor> read_inputs(const ModelOptions& options, const Model& model);
std::vector<Tensor> read_targets(const ModelOptions& options, const Model& model);
// Compiles the model if a loss is given. Throws UsageError if it is not compiled and none is.
void compile_if_asked(Model& model, const ModelOptions& options, const CompileWords& words);

// Runs what needs a compiled model. Errors of the library that say what to call say what to type.
void run_compiled(const std::string& options_to_give, const std::function<void()>& job);

// "x" and "y": 2 inputs.
std::string listed(const std::vector<std::string>& names);

}  // namespace chronicler::cli
