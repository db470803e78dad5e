// How Keras 1 and 2 say that a model is trained, in the words and the order of Keras 3.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace chronicler {

// The training_config of an .h5 file, or the compile_config of a .keras file of Keras 2, as Keras 3
// would write it; what is as there already stays. `decay` becomes a schedule, InverseTimeDecay,
// which is the same. Optimizers that compute otherwise than today's of their name keep
// `is_legacy_optimizer`. `outputs` are those of a model of Keras 1 or 2 that has several: it begins
// the names of metrics with theirs, and one list of metrics is for each of them. Throws Error
// unless it is an object.
Json renewed_training(Json config, const std::vector<std::string>& outputs = {});

// The names of the outputs of a model, by its object; none for a chain, which has one.
std::vector<std::string> output_names_in(const Json& model);

// Metrics by names are what an .h5 file says, but Keras 3 makes objects of them when it reads one,
// so that "mae" is called "mean_absolute_error" from then on. (In .keras files it stays "mae".)
Json with_metrics_by_class(Json config);

// As Keras 3 reads it: classes by their names, with the module of each, functions by theirs;
// without that an optimizer moves weights as Keras 2.10 did.
Json training_for_keras3(Json config);

}  // namespace chronicler
