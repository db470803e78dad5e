#include "cli/fit_outputs.h"

#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "cli/output_file.h"

namespace chronicler::cli {
namespace {

std::string history_json(const History& history) {
  nlohmann::ordered_json json;
  for (const auto& [key, values] : history.history) json[key] = values;
  return json.dump() + "\n";
}

}  // namespace

void add_fit_outputs(CLI::App& app, FitOutputs& outputs, const std::string& what) {
  app.add_option("--history", outputs.history, what + ", as JSON")->type_name("FILE");
  app.add_option("--output", outputs.output, "the trained model")->type_name("MODEL")->required();
  app.add_flag("--quiet", outputs.quiet, "no progress bars")->disable_flag_override();
}

void check_fit_outputs(const FitOutputs& outputs) {
  check_model_output(outputs.output);
  if (!outputs.history.empty()) check_output_file(outputs.history);
}

void write_fit_outputs(const FitOutputs& outputs, const Model& model, const History& history) {
  if (!history.not_finite.empty()) {
    throw Error(fmt::format("training has become NaN {}", history.not_finite),
                "use a smaller --learning-rate, scale the data, or look at them");
  }
  model.save(outputs.output);
  if (outputs.history.empty()) return;
  const std::string text = history_json(history);
  if (outputs.history == "-") {
    std::cout << text;
  } else {
    write_file_atomically(outputs.history, text);
  }
}

CallbackPtr fixed_learning_rate(double rate) {
  if (rate <= 0.0) return nullptr;
  return callbacks::LearningRateScheduler([rate](std::int64_t, double) { return rate; });
}

}  // namespace chronicler::cli
