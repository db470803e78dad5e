#include "cli/fit_command.h"

#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"
#include "cli/common_options.h"
#include "cli/fit_outputs.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"

namespace chronicler::cli {
namespace {

struct Options : ModelOptions {
  CompileWords compile;
  FitOutputs outputs;
  std::int64_t epochs = 1;
  double validation_split = 0.0;
  bool no_shuffle = false;
  std::int64_t seed = 0;
  std::string memory_budget;
  Bptt bptt;
};

// What follows a loss that is NaN is NaN, too.
CallbackPtr stop_at_nan(Model& model) {
  return callbacks::LambdaCallback({.on_train_batch_end = [&model](std::int64_t, Logs& logs) {
    const auto loss = logs.find("loss");
    if (loss != logs.end() && !std::isfinite(loss->second)) model.stop_training = true;
  }});
}

void run(const Options& options) {
  check_fit_outputs(options.outputs);
  set_random_seed(static_cast<std::uint64_t>(options.seed));
  const std::unique_ptr<Model> model = open_model(options);
  compile_if_asked(*model, options, options.compile);

  FitOptions fit{.batch_size = options.batch_size,
                 .epochs = options.epochs,
                 .verbose = options.outputs.quiet ? 0 : 1,
                 .callbacks = {stop_on_interrupt()},
                 .validation_split = options.validation_split,
                 .shuffle = !options.no_shuffle,
                 .bptt = options.bptt};
  fit.memory_budget = options.memory_budget;
  if (const CallbackPtr rate = fixed_learning_rate(options.compile.learning_rate))
    fit.callbacks.push_back(rate);
  fit.callbacks.push_back(stop_at_nan(*model));
  History history;
  const std::vector<Tensor> x = read_inputs(options, *model);
  const std::vector<Tensor> y = read_targets(options, *model);
  run_compiled("--loss mse --optimizer adam", [&] { history = model->fit(x, y, fit); });
  write_fit_outputs(options.outputs, *model, history);
  if (interrupted()) {
    std::cerr << fmt::format("\nstopped in epoch {} of {}; \"{}\" holds what was learnt until then",
                             history.epoch.size(), options.epochs, options.outputs.output);
    stop_if_interrupted();
  }
}

}  // namespace

Command fit_command() {
  return {"fit", "continues training a model, from where its file left off",
          "  chronicler fit digits.keras --input x.npy --target y.npy --epochs 10 --output "
          "trained.keras\n"
          "  chronicler fit new.keras --input x.npy --target y.npy --loss mse --optimizer adam "
          "--output n.keras\n"
          "  chronicler fit long.keras --input x.npy --target y.npy --bptt 256 --output l.keras\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            add_model_and_inputs(app, *options);
            add_targets(app, *options);
            app.add_option("--epochs", options->epochs, "how often to go over the data (1)")
                ->type_name("N")
                ->check(whole_number(1, std::numeric_limits<std::int64_t>::max()));
            app.add_flag("--no-shuffle", options->no_shuffle, "samples in the order of the files")
                ->disable_flag_override();
            app.add_option("--validation-split", options->validation_split,
                           "share of the samples, the last ones, that validates (0)")
                ->type_name("X")
                ->check(number_from(0.0, 1.0));
            app.add_option("--memory-budget", options->memory_budget,
                           "what a batch may keep for the way back, for instance 64MB; recurrent "
                           "layers compute again what does not fit, to the same bits")
                ->type_name("SIZE");
            add_seed(app, options->seed);
            add_bptt(app, options->bptt);
            add_loss_and_metrics(app, options->compile);
            add_optimizer(app, options->compile);
            add_fit_outputs(app, options->outputs, "losses and metrics by epoch");
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli
