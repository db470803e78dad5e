#include "cli/translate/beam_options.h"

#include "cli/common_options.h"

namespace chronicler::cli::translate {

void add_beam(CLI::App& app, tasks::TranslateOptions& options) {
  app.add_option("--beam", options.beam, "hypotheses that are followed (5)")
      ->type_name("N")
      ->check(whole_number(1, 100));
  app.add_option("--length-penalty", options.length_penalty,
                 "0 prefers short translations, 1 the best mean (1)")
      ->type_name("X")
      ->check(number_from(0.0, 5.0));
}

}  // namespace chronicler::cli::translate
