// Keras's compile_config: what compile was given, as JSON in model files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chronicler/training/compile.h"

namespace chronicler {

// `outputs` are the names of the model's outputs: for models with several, losses and metrics go by
// them.
std::string compile_config_text(const CompileOptions& options,
                                const std::vector<std::string>& outputs);
// Whether it says with what optimizer the model was compiled.
bool names_optimizer(std::string_view text);
// Throws Error, naming the place, for what is not known here. Metrics only look on: those that are
// not known, often of their author's own, are left out, and why goes to `left_out`.
CompileOptions compile_options_from(std::string_view text, const std::vector<std::string>& outputs,
                                    std::vector<std::string>* left_out = nullptr);

}  // namespace chronicler
