#include "cli/demo/demo_command.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/runtime.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/insight/text_plot.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/data_files.h"
#include "cli/demo/digits.h"
#include "cli/demo/memory.h"
#include "cli/demo/page.h"
#include "cli/demo/story.h"
#include "cli/demo/sunspots.h"
#include "cli/interrupt.h"
#include "cli/output_folder.h"
#include "cli/table.h"

namespace chronicler::cli {
namespace {

struct Options {
  std::string folder = "demo";
  std::int64_t seed = 1;
  int threads = 0;  // 0: the library's own choice
  bool json = false;
  bool quick = false;
};

constexpr std::int64_t quick_epochs = 2;

std::string command_of(const Options& options) {
  return fmt::format("chronicler demo --seed {}{}", options.seed, options.quick ? " --quick" : "");
}

demo::DigitTask shortened(demo::DigitTask task, const Options& options) {
  if (options.quick) task.epochs = quick_epochs;
  return task;
}

demo::Results run_story(const Options& options, const demo::Story& story) {
  const demo::Digits digits = demo::read_digits(data_file("digits.csv"));
  const std::filesystem::path sunspots = data_file("sunspots.csv");
  const auto seed = static_cast<std::uint64_t>(options.seed);
  demo::Results results;
  results.test_images = digits.pixels.shape()[0] - demo::training_images;

  story.heading(1, "Handwritten digits, read row by row");
  results.digit = demo::train_on(shortened(demo::digit(), options), digits, seed, story);
  story.say(demo::digit_verdict(results.digit, results.test_images));

  story.heading(2, "The same networks; the answer is asked after 20 rows of noise");
  results.digit_then_noise =
      demo::train_on(shortened(demo::digit_then_noise(), options), digits, seed, story);
  story.say(demo::digit_verdict(results.digit_then_noise, results.test_images));
  std::vector<demo::TrainedModel> models = results.digit;
  models.insert(models.end(), results.digit_then_noise.begin(), results.digit_then_noise.end());
  story.out << '\n' << to_text(demo::model_table(models));

  story.heading(3, "Why: the gradient on its way back");
  results.memory = demo::measure_memory(results.digit, digits, seed);
  results.noise_memory = demo::measure_memory(results.digit_then_noise, digits, seed);
  story.out << insight::to_text(demo::memory_chart(results.memory, demo::Layers::lowest),
                                {.width = 78, .color = is_colored(story.out)})
            << '\n';
  story.say(demo::memory_verdict(results.memory));

  story.heading(4, "Sunspots, twelve months ahead");
  results.sunspots =
      demo::forecast_sunspots(sunspots, options.quick ? quick_epochs : 100, seed, story);
  story.out << to_text(demo::sunspot_table(results.sunspots)) << '\n';
  story.say(demo::sunspot_verdict(results.sunspots));
  return results;
}

// Keras's own format, if this build has it.
std::string model_extension() {
  const auto known = model_file_extensions();
  const bool keras = std::find(known.begin(), known.end(), ".keras") != known.end();
  return keras ? ".keras" : std::string(known.front());
}

// Every trained model, then the page.
std::vector<std::string> write_files(const demo::Results& results, const Options& options,
                                     const OutputFolder& folder) {
  std::vector<std::string> files;
  const auto save = [&](const Sequential& model) {
    files.push_back(folder.file(model.name() + model_extension()).string());
    model.save(files.back());
  };
  for (const auto* task : {&results.digit, &results.digit_then_noise}) {
    for (const demo::TrainedModel& trained : *task) save(*trained.model);
  }
  save(*results.sunspots.model);
  files.push_back(folder.file("report.html").string());
  demo::make_page(results, command_of(options)).write(files.back());
  return files;
}

void run(const Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  const OutputFolder folder(options.folder);
  const demo::Story story{options.json ? std::cerr : std::cout,
                          !options.json && is_terminal(std::cout)};
  const demo::Results results = run_story(options, story);
  stop_if_interrupted();
  const std::vector<std::string> files = write_files(results, options, folder);

  story.heading(5, "To look at, and to go on with");
  for (const std::string& file : files) story.out << "  " << file << '\n';
  story.out << "\nOpen " << files.back() << " in a browser.\n";
  if (options.json) std::cout << demo::to_json(results, files);
}

}  // namespace

Command demo_command() {
  return {"demo", "what a network remembers, in a minute",
          "  chronicler demo                      train, measure, forecast; results go to demo/\n"
          "  chronicler demo -o results --json    the same numbers for a program\n"
          "  chronicler demo --seed 7             other weights and other noise\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            app.add_option("-o,--output", options->folder, "where the results go (demo)")
                ->type_name("FOLDER");
            add_seed(app, options->seed);
            add_threads(app, options->threads);
            app.add_flag("--json", options->json,
                         "the numbers as one JSON object; the story goes to standard error")
                ->disable_flag_override();
            app.add_flag("--quick", options->quick, "two epochs each: shows that everything works")
                ->disable_flag_override();
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli
