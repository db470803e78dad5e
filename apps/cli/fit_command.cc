#include "cli/fit_command.h"

#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"
#include "cli/common_options.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/output_file.h"

namespace chronicler::cli {
namespace {

struct Options : ModelOptions {
  CompileWords compile;
  std::int64_t epochs = 1;
  double validation_split = 0.0;
  bool no_shuffle = false;
  bool quiet = false;
  std::int64_t seed = 0;
  std::string history;
  std::string output;
};

std::string history_json(const History& history) {
  nlohmann::ordered_json json;
  for (const auto& [key, values] : history.history) json[key] = values;
  return json.dump() + "\n";
}

// What follows a loss that is NaN is NaN, too.
CallbackPtr stop_at_nan(Model& model) {
  return callbacks::LambdaCallback({.on_train_batch_end = [&model](std::int64_t, Logs& logs) {
    const auto loss = logs.find("loss");
    if (loss != logs.end() && !std::isfinite(loss->second)) model.stop_training = true;
  }});
}

void run(const Options& options) {
  check_model_output(options.output);
  if (!options.history.empty()) check_output_file(options.history);
  set_random_seed(static_cast<std::uint64_t>(options.seed));
  const std::unique_ptr<Model> model = open_model(options);
  compile_if_asked(*model, options, options.compile);

  FitOptions fit{.batch_size = options.batch_size,
                 .epochs = options.epochs,
                 .verbose = options.quiet ? 0 : 1,
                 .callbacks = {stop_on_interrupt()},
                 .validation_split = options.validation_split,
                 .shuffle = !options.no_shuffle};
  if (const double rate = options.compile.learning_rate; rate > 0.0) {
    fit.callbacks.push_back(
        callbacks::LearningRateScheduler([rate](std::int64_t, double) { return rate; }));
  }
  fit.callbacks.push_back(stop_at_nan(*model));
  History history;
  const std::vector<Tensor> x = read_inputs(options, *model);
  const std::vector<Tensor> y = read_targets(options, *model);
  run_compiled("--loss mse --optimizer adam", [&] { history = model->fit(x, y, fit); });
  if (!history.not_finite.empty()) {
    throw Error(fmt::format("training has become NaN {}", history.not_finite),
                "use a smaller --learning-rate, scale the data, or look at them");
  }
  model->save(options.output);
  if (!options.history.empty()) {
    const std::string text = history_json(history);
    if (options.history == "-") {
      std::cout << text;
    } else {
      write_file_atomically(options.history, text);
    }
  }
  if (interrupted()) {
    std::cerr << fmt::format("\nstopped in epoch {} of {}; \"{}\" holds what was learnt until then",
                             history.epoch.size(), options.epochs, options.output);
    stop_if_interrupted();
  }
}

}  // namespace

Command fit_command() {
  return {"fit", "continues training a model, from where its file left off",
          "  chronicler fit digits.keras --input x.npy --target y.npy --epochs 10 --output "
          "trained.keras\n"
          "  chronicler fit new.keras --input x.npy --target y.npy --loss mse --optimizer adam "
          "--output n.keras\n",
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
            add_seed(app, options->seed);
            add_loss_and_metrics(app, options->compile);
            add_optimizer(app, options->compile);
            app.add_option("--history", options->history, "losses and metrics by epoch, as JSON")
                ->type_name("FILE");
            app.add_option("--output", options->output, "the trained model")
                ->type_name("MODEL")
                ->required();
            app.add_flag("--quiet", options->quiet, "no progress bars")->disable_flag_override();
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli
