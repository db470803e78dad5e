#include "cli/summary_command.h"

#include <iostream>
#include <memory>

#include "chronicler/formats/model_file.h"
#include "cli/model_options.h"

namespace chronicler::cli {

Command summary_command() {
  return {"summary", "a model as Keras draws it",
          "  chronicler summary digits.keras\n"
          "  chronicler summary architecture.json\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<ModelOptions>();
            add_model(app, *options);
            return [options] {
              const bool is_whole = content_of(options->model) != ModelFileContent::architecture;
              const std::unique_ptr<Model> model =
                  is_whole ? open_model(*options) : load_architecture(options->model);
              std::cout << model->summary_text() << '\n';
            };
          }};
}

}  // namespace chronicler::cli
