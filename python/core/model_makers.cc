// How models come to be: of layers, of a graph, of files, of the options of a builder.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/model/functional.h"
#include "chronicler/model/model.h"
#include "chronicler/model/xlstm.h"
#include "convert.h"
#include "formats/keras/model_config.h"
#include "model/model_layer.h"
#include "model_handle.h"
#include "task_options.h"

namespace chronicler::python {
namespace {

using SharedLayer = std::shared_ptr<Layer>;

std::vector<LayerPtr> layers_of(nb::handle list) {
  std::vector<LayerPtr> layers;
  for (const nb::handle layer : list) layers.emplace_back(nb::cast<SharedLayer>(layer));
  return layers;
}

}  // namespace

void bind_model_makers(nb::module_& module) {
  module.def("sequential", [](nb::handle layers, const std::string& name) {
    return handle_of(std::make_shared<Sequential>(layers_of(layers), name));
  });
  module.def("functional", [](const std::vector<Symbol>& inputs, const std::vector<Symbol>& outputs,
                              const std::string& name) {
    return handle_of(std::make_shared<Functional>(Symbols(inputs), Symbols(outputs), name));
  });
  module.def("load_model", [](const std::string& path) { return handle_of(load_model(path)); });
  module.def("load_architecture",
             [](const std::string& path) { return handle_of(load_architecture(path)); });
  module.def("model_at", [](nb::handle config) {
    const Json json = to_json(config);
    return handle_of(model_at({json, "model"}));
  });
  module.def("model_within", [](const SharedLayer& layer) -> std::optional<ModelHandle> {
    const Model* const within = model_of(*layer);
    if (within == nullptr) return std::nullopt;
    // The layer holds the model, and lives as long as this.
    return handle_of({layer, const_cast<Model*>(within)});
  });
  module.def("xlstm", [](const nb::dict& given) {
    models::XlstmOptions options;
    take_options(given, options);
    return handle_of(std::make_shared<Functional>(models::xlstm(options)));
  });
}

}  // namespace chronicler::python
