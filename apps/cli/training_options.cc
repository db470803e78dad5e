#include "cli/training_options.h"

#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/interrupt.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace chronicler::cli {

void add_output(CLI::App& app, TrainingOptions& options) {
  app.add_option("-o,--output", options.output, "the trained model")
      ->type_name("MODEL")
      ->required();
}

void add_program_options(CLI::App& app, TrainingOptions& options, const std::string& what_quiet) {
  app.get_option("--max-seconds")->excludes(app.get_option("--epochs"));
  app.add_option(
         "--folds", options.folds,
         "first measures by cross-validation: K more trainings, each as long as this one, "
         "each tested on a K-th that it has not learnt from; not with --resume, --stop-after")
      ->type_name("K")
      ->check(whole_number(2, 20));
  app.add_flag("--resume", options.resume, "goes on where the same command was interrupted")
      ->disable_flag_override();
  add_threads(app, options.threads);
  app.add_flag("--quiet", options.quiet, what_quiet)->disable_flag_override();
  app.add_flag("--json", options.json, "the results as JSON")->disable_flag_override();
  app.add_flag_callback(
         "--json-epochs", [&options] { options.json = options.json_epochs = true; },
         "--json, and before the results a line of JSON for each epoch")
      ->disable_flag_override();
}

void check_folds(const TrainingOptions& options, bool is_paused) {
  if (options.folds == 0 || (!options.resume && !is_paused)) return;
  throw UsageError(
      "a training with --folds cannot be paused or resumed",
      fmt::format("leave out --folds or {}", options.resume ? "--resume" : "--stop-after"));
}

void begin_training(const TrainingOptions& options) {
  check_model_output(options.output);
  if (options.threads != 0) set_threads(options.threads);
}

void say_if_nothing_is_resumed(const std::string& checkpoint) {
  if (std::filesystem::exists(checkpoint) ||
      std::filesystem::exists(tasks::finished_networks_file(checkpoint)))
    return;
  std::cerr << fmt::format("nothing to resume, there is no \"{}\": begins anew\n", checkpoint);
}

TrainingDisplay::TrainingDisplay(const TrainingOptions& options, ValidationText validation,
                                 std::string items)
    : json_epochs_(options.json_epochs),
      validation_(std::move(validation)),
      items_(std::move(items)),
      line_(options.quiet) {}

tasks::TaskProgressFunction TrainingDisplay::progress() {
  return [this](const tasks::TaskProgress& progress) {
    show(progress);
    return !interrupted();
  };
}

void TrainingDisplay::show(const tasks::TaskProgress& now) {
  std::string text;
  if (now.folds > 0) text += fmt::format("fold {}/{}  ", now.fold, now.folds);
  if (now.networks > 1) text += fmt::format("network {}/{}  ", now.network, now.networks);
  text += fmt::format("epoch {:.2f}  loss {:.3f}", now.epochs, now.loss);
  if (now.validation) text += fmt::format("  validation {}", validation_(*now.validation));
  if (!items_.empty())
    text += fmt::format("  {} {}/s", with_commas(static_cast<std::int64_t>(now.items_per_second)),
                        items_);
  text += fmt::format("  {} left", duration_text(now.seconds_left));
  double share =
      (static_cast<double>(now.network - 1) + now.share) / static_cast<double>(now.networks);
  if (now.folds > 0)
    share = (static_cast<double>(now.fold - 1) + share) / static_cast<double>(now.folds);
  line_.update(share, text);
  if (!json_epochs_ || !now.is_epoch) return;
  nlohmann::ordered_json json;
  if (now.folds > 0) json["fold"] = now.fold;
  if (now.networks > 1) json["network"] = now.network;
  json["epoch"] = now.epochs;
  json["loss"] = now.loss;
  json["validation"] = now.validation ? nlohmann::ordered_json(*now.validation) : nullptr;
  json["is_best"] = now.is_best;
  json["learning_rate"] = now.learning_rate;
  json["seconds"] = now.seconds;
  std::cout << json.dump() << std::endl;
}

void end_stopped_training(const TrainingOptions& options, double epochs) {
  std::cerr << fmt::format(
      "\nstopped after {:.2f} epochs; \"{}\" holds what was learnt, the same command with "
      "--resume{} goes on\n",
      epochs, options.output, options.folds > 0 ? " and without --folds" : "");
  stop_if_interrupted();
}

std::string training_length(double max_seconds, double epochs) {
  if (max_seconds > 0.0) return duration_text(max_seconds) + " of training";
  constexpr double many = 100.0;  // a fraction no longer says anything
  return epochs < many ? fmt::format("{:.3g} epochs", epochs)
                       : fmt::format("{:.0f} epochs", epochs);
}

}  // namespace chronicler::cli
