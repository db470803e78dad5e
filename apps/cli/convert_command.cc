#include "cli/convert_command.h"

#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/formats/model_file.h"
#include "cli/output_file.h"

namespace chronicler::cli {

Command convert_command() {
  return {"convert", "a model in another format, which follows from the names",
          "  chronicler convert digits.keras digits.chronicler\n", [](CLI::App& app) -> Job {
            struct Options {
              std::string from;
              std::string to;
            };
            const auto options = std::make_shared<Options>();
            const std::string known = fmt::format("{}", fmt::join(model_file_extensions(), ", "));
            app.add_option("IN", options->from, "the model: " + known)->required();
            app.add_option("OUT", options->to, "the new file: " + known)->required();
            return [options] {
              check_model_output(options->to);
              load_model(options->from)->save(options->to);
            };
          }};
}

}  // namespace chronicler::cli
