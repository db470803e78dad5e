#include "cli/model_options.h"

#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/runtime.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/model/compilation.h"
#include "chronicler/training/fit.h"
#include "cli/arrays.h"
#include "cli/command.h"
#include "cli/common_options.h"

namespace chronicler::cli {
namespace {

std::vector<Tensor> read_arrays(const std::vector<std::string>& paths, std::string_view option,
                                std::string_view kind, const std::vector<std::string>& names,
                                const std::string& model) {
  if (paths.size() != names.size()) {
    throw UsageError(fmt::format("\"{}\" has {} {}{} ({}), got {} {}", model, names.size(), kind,
                                 names.size() == 1 ? "" : "s", listed(names), paths.size(), option),
                     fmt::format("give {} once for each {}, in that order", option, kind));
  }
  std::vector<Tensor> arrays;
  for (const std::string& path : paths) arrays.push_back(read_array(path));
  return arrays;
}

}  // namespace

void add_model(CLI::App& app, ModelOptions& options) {
  app.add_option("MODEL", options.model,
                 fmt::format("a file: {}", fmt::join(model_file_extensions(), ", ")))
      ->required();
}

void add_model_and_inputs(CLI::App& app, ModelOptions& options) {
  add_model(app, options);
  app.add_option("--input", options.inputs, "an .npy file for each of the model's inputs, in order")
      ->type_name("X.NPY")
      ->allow_extra_args(false)
      ->required();
  app.add_option("--batch-size", options.batch_size, "samples at a time (32)")
      ->type_name("N")
      ->check(whole_number(1, std::numeric_limits<std::int64_t>::max()));
  add_threads(app, options.threads);
}

void add_targets(CLI::App& app, ModelOptions& options) {
  app.add_option("--target", options.targets, "an .npy file for each output, in order")
      ->type_name("Y.NPY")
      ->allow_extra_args(false)
      ->required();
}

void add_loss_and_metrics(CLI::App& app, CompileWords& words) {
  app.add_option("--loss", words.loss, "instead of what the model was compiled with: mse, ...")
      ->type_name("NAME");
  app.add_option("--metric", words.metrics, "with --loss, any number of them: accuracy, mae, ...")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

void add_optimizer(CLI::App& app, CompileWords& words) {
  app.add_option("--optimizer", words.optimizer, "with --loss: adam, sgd, ... (rmsprop)")
      ->type_name("NAME");
  app.add_option("--learning-rate", words.learning_rate, "instead of the optimizer's")
      ->type_name("X")
      ->check(number_above_0());
}

std::unique_ptr<Model> open_model(const ModelOptions& options) {
  if (options.threads != 0) set_threads(options.threads);
  std::unique_ptr<Model> model = load_model(options.model);
  // A command's sequences begin at their beginning: Keras, whose files hold no states, agrees.
  model->reset_states();
  return model;
}

std::vector<Tensor> read_inputs(const ModelOptions& options, const Model& model) {
  return read_arrays(options.inputs, "--input", "input", model.input_names(), options.model);
}

std::vector<Tensor> read_targets(const ModelOptions& options, const Model& model) {
  return read_arrays(options.targets, "--target", "output", model.output_names(), options.model);
}

void compile_if_asked(Model& model, const ModelOptions& options, const CompileWords& words) {
  if (!words.loss.empty()) {
    CompileOptions compile;
    compile.loss = words.loss;
    if (!words.optimizer.empty()) compile.optimizer = words.optimizer;
    for (const std::string& metric : words.metrics) compile.metrics.emplace_back(metric);
    model.compile(compile);
  } else if (!words.metrics.empty() || !words.optimizer.empty()) {
    throw UsageError("--metric and --optimizer need a --loss", "give all that compile is to know");
  } else if (!model.compilation()) {
    throw UsageError(fmt::format("\"{}\" was saved without a loss", options.model),
                     "give one: --loss mse, or categorical_crossentropy");
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace chronicler::cli
