#include "cli/convert_command.h"

#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/formats/safetensors_file.h"
#include "cli/output_file.h"

namespace chronicler::cli {

namespace {

constexpr const char* safetensors = ".safetensors";

struct Options {
  std::string from;
  std::string to;
  std::string like;
  std::string names = "keras";
};

void check_options(const Options& options) {
  const bool from_weights = options.from.ends_with(safetensors);
  if (from_weights && options.like.empty()) {
    throw Error(fmt::format("\"{}\" holds weights without a model", options.from),
                "give a model with the same layers by --like");
  }
  if (!from_weights && !options.like.empty())
    throw Error("--like is for weights without a model, IN has one of its own");
  if (!options.to.ends_with(safetensors)) check_model_output(options.to);
}

void convert(const Options& options) {
  check_options(options);
  const bool from_weights = options.from.ends_with(safetensors);
  const std::unique_ptr<Model> model = load_model(from_weights ? options.like : options.from);
  if (from_weights) load_safetensors(*model, options.from);
  if (options.to.ends_with(safetensors)) {
    save_safetensors(*model, options.to, {.names = options.names});
  } else {
    model->save(options.to);
  }
}

}  // namespace

Command convert_command() {
  return {"convert", "a model in another format, which follows from the names",
          "  chronicler convert digits.keras digits.chronicler\n"
          "  chronicler convert digits.keras digits.safetensors --names pytorch\n"
          "  chronicler convert trained.safetensors trained.keras --like digits.keras\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            const std::string known =
                fmt::format("{}, {}", fmt::join(model_file_extensions(), ", "), safetensors);
            app.add_option("IN", options->from, "the model: " + known)->required();
            app.add_option("OUT", options->to, "the new file: " + known)->required();
            app.add_option("--like", options->like,
                           "the model that the weights of a .safetensors file belong to");
            app.add_option("--names", options->names,
                           "of the weights in a .safetensors file: keras or pytorch")
                ->check(CLI::IsMember({"keras", "pytorch"}));
            return [options] { convert(*options); };
          }};
}

}  // namespace chronicler::cli
