#include "cli/predict_command.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chronicler/training/fit.h"
#include "cli/arrays.h"
#include "cli/interrupt.h"
#include "cli/model_options.h"
#include "cli/output_file.h"

namespace chronicler::cli {
namespace {

struct Options : ModelOptions {
  std::vector<std::string> outputs;
  std::int64_t steps_at_a_time = 0;
};

// Whether results go to their file as they are computed: those of long inputs.
bool writes_in_parts(const Options& options, const std::vector<Tensor>& inputs) {
  constexpr std::size_t large = std::size_t{64} << 20U;
  const bool is_file = options.outputs.size() == 1 && options.outputs[0].ends_with(".npy");
  return is_file && std::any_of(inputs.begin(), inputs.end(),
                                [](const Tensor& input) { return input.bytes() >= large; });
}

void run(const Options& options) {
  for (const std::string& path : options.outputs) check_output_file(path);
  const std::unique_ptr<Model> model = open_model(options);
  const std::vector<std::string> names = model->output_names();
  if (options.outputs.size() != names.size()) {
    throw UsageError(fmt::format("\"{}\" has {} outputs ({}), got {} --output", options.model,
                                 names.size(), listed(names), options.outputs.size()),
                     "give --output once for each, in that order");
  }
  const std::vector<Tensor> inputs = read_inputs(options, *model);
  PredictOptions how{.batch_size = options.batch_size, .steps_at_a_time = options.steps_at_a_time};
  if (writes_in_parts(options, inputs)) {
    how.output = options.outputs[0];
    model->predict(inputs, how);
    return;
  }
  const std::vector<Tensor> answers = model->predict(inputs, how);
  stop_if_interrupted();
  for (std::size_t i = 0; i < answers.size(); ++i) write_array(options.outputs[i], answers[i]);
}

}  // namespace

Command predict_command() {
  return {"predict", "what a model answers, as .npy files",
          "  chronicler predict digits.keras --input x.npy --output answers.npy\n"
          "  chronicler predict translate.keras --input french.npy --input english.npy --output "
          "p.npy\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            add_model_and_inputs(app, *options);
            add_steps_at_a_time(app, options->steps_at_a_time);
            app.add_option("--output", options->outputs, "a file for each of the model's outputs")
                ->type_name("OUT.NPY")
                ->allow_extra_args(false)
                ->required();
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli
