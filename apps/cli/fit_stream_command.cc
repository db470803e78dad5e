#include "cli/fit_stream_command.h"

#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/fit_stream.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/fit_outputs.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"

namespace chronicler::cli {
namespace {

struct Options : ModelOptions {
  CompileWords compile;
  FitStreamOptions stream;
  FitOutputs outputs;
  std::int64_t seed = 0;
};

void run(const Options& options) {
  check_fit_outputs(options.outputs);
  set_random_seed(static_cast<std::uint64_t>(options.seed));
  const std::unique_ptr<Model> model = open_model(options);
  compile_if_asked(*model, options, options.compile);
  FitStreamOptions stream = options.stream;
  stream.verbose = options.outputs.quiet ? 0 : 1;
  stream.callbacks = {stop_on_interrupt()};
  if (const CallbackPtr rate = fixed_learning_rate(options.compile.learning_rate))
    stream.callbacks.push_back(rate);
  const std::vector<Tensor> x = read_inputs(options, *model);
  const std::vector<Tensor> y = read_targets(options, *model);
  History history;
  run_compiled("--loss mse --optimizer adam",
               [&] { history = model->fit_stream(x[0], y[0], stream); });
  write_fit_outputs(options.outputs, *model, history);
  if (!interrupted()) return;
  std::cerr << fmt::format("\nstopped; \"{}\" holds what was learnt until then",
                           options.outputs.output);
  stop_if_interrupted();
}

}  // namespace

Command fit_stream_command() {
  return {"fit-stream", "learns along one sequence step by step, as its samples arrive",
          "  chronicler fit-stream pump.keras --input x.npy --target y.npy --output now.keras\n"
          "  chronicler fit-stream new.keras --input x.npy --target y.npy --loss mse --optimizer "
          "sgd --learning-rate 0.01 --output n.keras\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            add_model(app, *options);
            add_inputs(app, *options);
            add_targets(app, *options);
            add_fields(app, options->stream, {"verbose", "new_sequences"});
            add_seed(app, options->seed);
            add_loss_and_metrics(app, options->compile);
            add_optimizer(app, options->compile);
            add_fit_outputs(app, options->outputs,
                            "losses and metrics of every --report-every steps");
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli
