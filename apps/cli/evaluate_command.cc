#include "cli/evaluate_command.h"

#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/training/fit.h"
#include "cli/model_options.h"

namespace chronicler::cli {
namespace {

struct Options : ModelOptions {
  CompileWords compile;
  std::int64_t steps_at_a_time = 0;
  bool json = false;
};

void run(const Options& options) {
  const std::unique_ptr<Model> model = open_model(options);
  compile_if_asked(*model, options, options.compile);
  Results results;
  const std::vector<Tensor> x = read_inputs(options, *model);
  const std::vector<Tensor> y = read_targets(options, *model);
  run_compiled("--loss mse", [&] {
    results = model->evaluate(x, y,
                              {.batch_size = options.batch_size,
                               .verbose = 0,
                               .steps_at_a_time = options.steps_at_a_time});
  });
  if (!results.not_finite.empty()) {
    throw Error(fmt::format("the model cannot be judged: {}", results.not_finite),
                "look at its weights with chronicler inspect, and at the data");
  }
  if (options.json) {
    nlohmann::ordered_json json;
    for (std::size_t i = 0; i < results.names.size(); ++i)
      json[results.names[i]] = results.values[i];
    std::cout << json.dump() << '\n';
    return;
  }
  for (std::size_t i = 0; i < results.names.size(); ++i)
    std::cout << fmt::format("{}: {:.6g}\n", results.names[i], results.values[i]);
}

}  // namespace

Command evaluate_command() {
  return {
      "evaluate", "loss and metrics of a model on data",
      "  chronicler evaluate digits.keras --input x.npy --target y.npy\n"
      "  chronicler evaluate digits.keras --input x.npy --target y.npy --loss mse --metric mae\n",
      [](CLI::App& app) -> Job {
        const auto options = std::make_shared<Options>();
        add_model_and_inputs(app, *options);
        add_targets(app, *options);
        add_steps_at_a_time(app, options->steps_at_a_time);
        add_loss_and_metrics(app, options->compile);
        app.add_flag("--json", options->json, "one JSON object")->disable_flag_override();
        return [options] { run(*options); };
      }};
}

}  // namespace chronicler::cli
