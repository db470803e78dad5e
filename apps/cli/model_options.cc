#include "cli/model_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
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
                                const std::string& model, Tensor (*read)(const std::string& path)) {
  if (paths.size() != names.size()) {
    throw UsageError(fmt::format("\"{}\" has {} {}{} ({}), got {} {}", model, names.size(), kind,
                                 names.size() == 1 ? "" : "s", listed(names), paths.size(), option),
                     fmt::format("give {} once for each {}, in that order", option, kind));
  }
  std::vector<Tensor> arrays;
  for (const std::string& path : paths) arrays.push_back(read(path));
  return arrays;
}

// "a=mse": what an option says of one output; without a name in front, of all of them.
struct OfOutput {
  std::string output;
  std::string value;
};

OfOutput of_output(const std::string& word, const std::vector<std::string>& outputs) {
  const std::size_t at = word.find('=');
  if (at == std::string::npos) return {{}, word};
  OfOutput own{word.substr(0, at), word.substr(at + 1)};
  if (std::find(outputs.begin(), outputs.end(), own.output) == outputs.end()) {
    const std::vector<std::string_view> known(outputs.begin(), outputs.end());
    unknown_name("output", own.output, known);
  }
  return own;
}

std::int64_t steps_of(std::string_view digits, const std::string& word) {
  std::int64_t steps = 0;
  const auto [stopped, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), steps);
  if (failure == std::errc() && stopped == digits.data() + digits.size() && steps >= 1)
    return steps;
  throw UsageError(fmt::format("--bptt needs whole numbers of at least 1, got \"{}\"", word),
                   "for instance --bptt 256, or --bptt 256:64");
}

// "256" or "256:64".
Bptt bptt_of(const std::string& word) {
  const std::size_t at = word.find(':');
  Bptt bptt{steps_of(std::string_view(word).substr(0, at), word)};
  if (at != std::string::npos) bptt.stride = steps_of(std::string_view(word).substr(at + 1), word);
  if (bptt.stride <= bptt.steps) return bptt;
  throw UsageError(fmt::format("--bptt needs a stride of at most the steps, got \"{}\"", word),
                   "for instance --bptt 256:64");
}

// "0.5" of --loss-weight OUTPUT=0.5.
double weight_of(const std::string& word) {
  double weight = 0.0;
  const char* const end = word.data() + word.size();
  const auto [stopped, failure] = std::from_chars(word.data(), end, weight);
  if (failure == std::errc() && stopped == end && std::isfinite(weight)) return weight;
  throw UsageError(fmt::format("--loss-weight needs a number, got \"{}\"", word),
                   "for instance --loss-weight OUTPUT=0.5");
}

void take_losses(const CompileWords& words, const std::vector<std::string>& outputs,
                 CompileOptions& compile) {
  for (const std::string& word : words.losses) {
    const OfOutput loss = of_output(word, outputs);
    const bool is_second =
        loss.output.empty() ? words.losses.size() > 1 : compile.losses.count(loss.output) > 0;
    if (is_second) {
      throw UsageError(
          fmt::format("--loss {} is one too many", word),
          fmt::format(
              "give one --loss NAME for all outputs, or --loss OUTPUT=NAME once for each of {}",
              listed(outputs)));
    }
    if (loss.output.empty() || outputs.size() == 1) {
      compile.loss = loss.value;
    } else {
      compile.losses[loss.output] = loss.value;
    }
  }
  for (const std::string& word : words.loss_weights) {
    const OfOutput weight = of_output(word, outputs);
    for (const std::string& output : outputs) {
      if (weight.output.empty() || weight.output == output)
        compile.loss_weights[output] = weight_of(weight.value);
    }
  }
}

}  // namespace

void add_model(CLI::App& app, ModelOptions& options) {
  app.add_option("MODEL", options.model,
                 fmt::format("a file: {}, .h5", fmt::join(model_file_extensions(), ", ")))
      ->required();
}

void add_inputs(CLI::App& app, ModelOptions& options) {
  app.add_option(
         "--input", options.inputs,
         "a file for each of the model's inputs, in order: .npy; of texts also .txt, one text a "
         "line")
      ->type_name("X.NPY")
      ->allow_extra_args(false)
      ->required();
  add_threads(app, options.threads);
}

void add_model_and_inputs(CLI::App& app, ModelOptions& options) {
  add_model(app, options);
  add_inputs(app, options);
  app.add_option("--batch-size", options.batch_size, "samples at a time (32)")
      ->type_name("N")
      ->check(whole_number(1, std::numeric_limits<std::int64_t>::max()));
}

void add_steps_at_a_time(CLI::App& app, std::int64_t& steps) {
  app.add_option("--steps-at-a-time", steps,
                 "long sequences run part by part, states carried (whole; of large .npy files what "
                 "a few MB hold)")
      ->type_name("N")
      ->check(whole_number(1, std::numeric_limits<std::int64_t>::max()));
}

void add_bptt(CLI::App& app, Bptt& bptt) {
  app.add_option_function<std::string>(
         "--bptt", [&bptt](const std::string& word) { bptt = bptt_of(word); },
         "truncated backpropagation: sequences are learnt in parts of so many steps, states "
         "carried; STEPS:STRIDE begins a part every STRIDE steps")
      ->type_name("STEPS");
}

void add_targets(CLI::App& app, ModelOptions& options) {
  app.add_option("--target", options.targets, "an .npy file for each output, in order")
      ->type_name("Y.NPY")
      ->allow_extra_args(false)
      ->required();
}

void add_loss_and_metrics(CLI::App& app, CompileWords& words) {
  app.add_option("--loss", words.losses,
                 "instead of what the model was compiled with: mse, ...; OUTPUT=NAME for each of "
                 "several outputs")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--loss-weight", words.loss_weights, "of an output in the sum of the losses (1)")
      ->type_name("OUTPUT=X")
      ->allow_extra_args(false);
  app.add_option("--metric", words.metrics,
                 "with --loss, any number of them: accuracy, mae, ...; OUTPUT=NAME for one output")
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
  return read_arrays(options.inputs, "--input", "input", model.input_names(), options.model,
                     read_input);
}

std::vector<Tensor> read_targets(const ModelOptions& options, const Model& model) {
  return read_arrays(options.targets, "--target", "output", model.output_names(), options.model,
                     read_array);
}

void compile_if_asked(Model& model, const ModelOptions& options, const CompileWords& words) {
  if (!words.losses.empty()) {
    const std::vector<std::string> outputs = model.output_names();
    CompileOptions compile;
    take_losses(words, outputs, compile);
    if (!words.optimizer.empty()) compile.optimizer = words.optimizer;
    for (const std::string& word : words.metrics) {
      const OfOutput metric = of_output(word, outputs);
      (metric.output.empty() ? compile.metrics : compile.output_metrics[metric.output])
          .emplace_back(metric.value);
    }
    model.compile(compile);
  } else if (!words.metrics.empty() || !words.optimizer.empty() || !words.loss_weights.empty()) {
    throw UsageError("--metric, --loss-weight and --optimizer need a --loss",
                     "give all that compile is to know");
  } else if (!model.compilation()) {
    throw UsageError(fmt::format("\"{}\" was saved without a loss", options.model),
                     "give one: --loss mse, or categorical_crossentropy");
  }
}

void run_compiled(const std::string& options_to_give, const std::function<void()>& job) {
  try {
    job();
  } catch (const CompileError& error) {
    throw Error(error.message(), "give " + options_to_give);
  } catch (const Error& error) {
    constexpr std::string_view called = "batch_size that divides";
    std::string hint = error.hint();
    const std::size_t at = hint.find(called);
    if (at == std::string::npos) throw;
    hint.replace(at, called.size(), "--batch-size that divides");
    throw Error(error.message(), hint.substr(0, hint.find(", or call ")));
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace chronicler::cli
