#include "cli/summary_command.h"

#include <iostream>
#include <memory>

#include "cli/model_options.h"

namespace chronicler::cli {

Command summary_command() {
  return {"summary", "a model as Keras draws it", "  chronicler summary digits.keras\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<ModelOptions>();
            add_model(app, *options);
            return [options] { std::cout << open_model(*options)->summary_text() << '\n'; };
          }};
}

}  // namespace chronicler::cli
