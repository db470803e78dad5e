// Layers that learn from data before training: Normalization and TextVectorization.
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings.h"
#include "chronicler/layers/scaling.h"
#include "chronicler/layers/text_vectorization.h"
#include "convert.h"

namespace chronicler::python {

void bind_adapting(nb::module_& module) {
  module.def(
      "adapt_numbers",
      [](Layer& layer, nb::handle data) {
        const Tensor numbers = to_tensor(data);
        const nb::gil_scoped_release others_may_run;
        layers::adapt(layer, numbers);
      },
      nb::arg("layer"), nb::arg("data"));
  module.def(
      "adapt_texts",
      [](Layer& layer, const std::vector<std::string>& texts) {
        const nb::gil_scoped_release others_may_run;
        layers::adapt(layer, texts);
      },
      nb::arg("layer"), nb::arg("texts"));
  module.def("vocabulary", &layers::get_vocabulary, nb::arg("layer"), nb::arg("special_tokens"));
  module.def(
      "set_vocabulary",
      [](Layer& layer, const std::vector<std::string>& vocabulary, nb::handle idf_weights) {
        NumberArray weights;
        if (!idf_weights.is_none()) weights = nb::cast<std::vector<double>>(idf_weights);
        layers::set_vocabulary(layer, vocabulary, weights);
      },
      nb::arg("layer"), nb::arg("vocabulary"), nb::arg("idf_weights").none());
}

}  // namespace chronicler::python
