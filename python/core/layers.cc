// Layers, their weights, symbols, and calls of layers at once.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/layers/catalog.h"
#include "chronicler/layers/operation.h"
#include "chronicler/layers/scaling.h"
#include "chronicler/layers/symbol.h"
#include "chronicler/layers/text_vectorization.h"
#include "convert.h"
#include "eager_call.h"
#include "formats/keras/layer_config.h"
#include "formats/keras/operation_config.h"
#include "interpreter_lock.h"
#include "layers/core/settings_json.h"
#include "python_layer.h"
#include "python_training.h"

namespace chronicler::python {
namespace {

using SharedLayer = std::shared_ptr<Layer>;

// A weight of a layer. The layer's object is held as such, so that Python's collector of cycles
// sees it: a layer that is written in Python holds its weights.
struct Weight {
  nb::object owner;
  Layer* layer;
  std::size_t index;

  Parameter& parameter() const {
    ParameterList& all = layer->parameters();
    if (index >= all.size()) throw Error("the weight is no longer there: its layer was built anew");
    return all[index];
  }
};

int visit_weight(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  Py_VISIT(nb::inst_ptr<Weight>(self)->owner.ptr());
  return 0;
}
int clear_weight(PyObject* self) {
  nb::inst_ptr<Weight>(self)->owner.reset();
  return 0;
}
PyType_Slot weight_slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(visit_weight)},
                              {Py_tp_clear, reinterpret_cast<void*>(clear_weight)},
                              {0, nullptr}};

HeldLayers held_layers(const nb::dict& held) {
  HeldLayers layers;
  for (const auto [name, value] : held) {
    std::vector<LayerPtr>& list = layers[nb::cast<std::string>(name)];
    if (nb::isinstance<nb::list>(value)) {
      for (const nb::handle layer : value) list.emplace_back(nb::cast<SharedLayer>(layer));
    } else {
      list.emplace_back(nb::cast<SharedLayer>(value));
    }
  }
  return layers;
}

SharedLayer make_layer_of(const std::string& class_name, nb::handle config, const nb::dict& held) {
  const Json json = to_json(config);
  return layer_with(class_name, {json, class_name}, held_layers(held));
}

std::vector<Symbol> symbols_of(nb::handle list) {
  std::vector<Symbol> symbols;
  if (list.is_none()) return symbols;
  for (const nb::handle symbol : list)
    symbols.push_back(symbol.is_none() ? Symbol() : nb::cast<Symbol>(symbol));
  return symbols;
}

std::vector<Symbol> list_of(const Symbols& symbols) { return {symbols.begin(), symbols.end()}; }

std::vector<Tensor> tensors_of(nb::handle list) {
  std::vector<Tensor> tensors;
  if (list.is_none()) return tensors;
  for (const nb::handle array : list) tensors.push_back(to_optional_tensor(array));
  return tensors;
}

nb::list tuples_of(std::span<const Shape> shapes) {
  nb::list list;
  for (const Shape& shape : shapes) list.append(to_tuple(shape));
  return list;
}

template <class Kind>
Kind described(nb::handle value) {
  if (value.is_none()) return Kind("zeros");
  const Json json = to_json(value);
  return described_at<Kind>({json, "value"});
}
// {"class_name", "config"} of a weight's regularizer or constraint; None if it has none.
template <class Kind>
nb::object config_of(const std::string& kind, const Kind& object) {
  if (!object) return nb::none();
  return to_object(described_to_json("keras." + kind, object.class_name(), object.settings()));
}
template <class Kind>
Kind optional_described(nb::handle value) {
  if (value.is_none()) return Kind();
  const Json json = to_json(value);
  return described_at<Kind>({json, "value"});
}

// An initializer, regularizer or constraint, checked: {"class_name", "config"}.
template <class Kind>
nb::object checked(const std::string& kind, nb::handle value) {
  const Kind object = described<Kind>(value);
  return to_object(described_to_json("keras." + kind, object.class_name(), object.settings()));
}
nb::object described_config(const std::string& kind, nb::handle value) {
  if (kind == "initializers") return checked<Initializer>(kind, value);
  if (kind == "regularizers") return checked<Regularizer>(kind, value);
  return checked<Constraint>(kind, value);
}

nb::object initial_values(nb::handle initializer, nb::handle shape, const std::string& dtype) {
  Tensor values(to_shape(shape), dtype_from_name(dtype));
  described<Initializer>(initializer).fill(values, next_seed());
  return to_array(values);
}
double penalty_of(nb::handle regularizer, nb::handle values) {
  return described<Regularizer>(regularizer).penalty(to_tensor(values));
}
// The slope of the penalty at these values.
nb::object penalty_slope(nb::handle regularizer, nb::handle values) {
  const Tensor at = to_tensor(values);
  Tensor slope(at.shape(), at.dtype());
  described<Regularizer>(regularizer).penalty(at, slope, 1.0);
  return to_array(slope);
}
nb::object constrained(nb::handle constraint, nb::handle values) {
  const Tensor copy = to_tensor(values).clone();
  described<Constraint>(constraint).apply(copy);
  return to_array(copy);
}

void bind_weights(nb::module_& module) {
  nb::class_<Weight>(module, "Weight", nb::type_slots(weight_slots))
      .def_prop_ro("name", [](const Weight& weight) { return weight.parameter().name; })
      .def_prop_ro("shape",
                   [](const Weight& weight) { return to_tuple(weight.parameter().value.shape()); })
      .def_prop_ro("dtype",
                   [](const Weight& weight) {
                     return std::string(name_of(weight.parameter().value.dtype()));
                   })
      .def_prop_ro("array", [](const Weight& weight) { return to_array(weight.parameter().value); })
      .def_prop_ro("trains",
                   [](const Weight& weight) { return weight.layer->trains(weight.index); })
      .def_prop_rw(
          "trainable", [](const Weight& weight) { return weight.parameter().trainable; },
          [](const Weight& weight, bool on) { weight.parameter().trainable = on; })
      .def_prop_ro("regularizer",
                   [](const Weight& weight) {
                     return config_of("regularizers", weight.parameter().regularizer);
                   })
      .def_prop_ro("constraint",
                   [](const Weight& weight) {
                     return config_of("constraints", weight.parameter().constraint);
                   })
      .def_prop_ro("place",
                   [](const Weight& weight) {
                     return reinterpret_cast<std::uintptr_t>(&weight.parameter());
                   })
      .def_prop_ro("path",
                   [](const Weight& weight) { return weight.layer->weight_path(weight.index); })
      .def("set", [](const Weight& weight, nb::handle array) {
        const Tensor value = to_tensor(array).to(weight.parameter().value.dtype());
        copy(value, weight.parameter().value);
      });
}

void bind_symbols(nb::module_& module) {
  nb::class_<Symbol>(module, "Symbol")
      .def_prop_ro("shape", [](const Symbol& symbol) { return to_tuple(symbol.shape()); })
      .def_prop_ro("output", [](const Symbol& symbol) { return symbol.output(); })
      .def_prop_ro("layer", [](const Symbol& symbol) { return SharedLayer(symbol.call().layer); })
      .def_prop_ro("inputs", [](const Symbol& symbol) { return list_of(symbol.call().inputs); })
      .def_prop_ro("outputs",
                   [](const Symbol& symbol) {
                     std::vector<Symbol> all;
                     for (std::size_t i = 0; i < symbol.call().shapes.size(); ++i)
                       all.emplace_back(symbol.shared_call(), i);
                     return all;
                   })
      .def_prop_ro("output_count", [](const Symbol& symbol) { return symbol.call().shapes.size(); })
      .def("__eq__", [](const Symbol& symbol, const Symbol& other) { return symbol == other; })
      .def("__hash__", [](const Symbol& symbol) {
        return std::hash<const void*>()(symbol.shared_call().get()) + symbol.output();
      });
  module.def(
      "input_symbol",
      [](nb::handle shape, std::optional<std::int64_t> batch_size, const std::string& dtype,
         const std::string& name) {
        return Input(
            {.shape = to_shape(shape), .batch_size = batch_size, .dtype = dtype, .name = name});
      },
      nb::arg("shape"), nb::arg("batch_size").none(), nb::arg("dtype"), nb::arg("name"));
  module.def(
      "call_layer",
      [](const SharedLayer& layer, nb::handle inputs, nb::handle states, nb::handle masks,
         bool use_causal_mask, bool return_attention_scores, bool reverse) {
        CallOptions options;
        options.initial_state = symbols_of(states);
        options.mask = symbols_of(masks);
        options.use_causal_mask = use_causal_mask;
        options.return_attention_scores = return_attention_scores;
        options.reverse = reverse;
        return list_of(LayerPtr(layer)(symbols_of(inputs), options));
      },
      nb::arg("layer"), nb::arg("inputs"), nb::arg("states").none(), nb::arg("masks").none(),
      nb::arg("use_causal_mask"), nb::arg("return_attention_scores"), nb::arg("reverse"));
}

void bind_calls(nb::module_& module) {
  nb::class_<EagerCall>(module, "EagerCall")
      .def_prop_ro("outputs", [](const EagerCall& call) { return to_arrays(call.outputs()); })
      .def_prop_ro("masks", [](const EagerCall& call) { return to_arrays(call.masks()); })
      .def_prop_ro("state", [](const EagerCall& call) { return to_arrays(call.state()); })
      .def("backward", [](EagerCall& call, nb::handle gradients) {
        const std::vector<Tensor> given = tensors_of(gradients);
        std::vector<Tensor> found;
        {
          const Unlocked unlocked;
          found = call.backward(given);
        }
        return to_arrays(found);
      });
  module.def(
      "run_layer",
      [](const SharedLayer& layer, nb::handle inputs, nb::handle masks, bool training, bool keep,
         nb::handle state, bool use_causal_mask, bool return_attention_scores, bool reverse) {
        EagerCall::Options options{.training = training,
                                   .keep = keep,
                                   .flags = {use_causal_mask, return_attention_scores, reverse},
                                   .state = clone_state(tensors_of(state))};
        std::vector<Tensor> given = tensors_of(inputs);
        std::vector<Tensor> given_masks = tensors_of(masks);
        const Unlocked unlocked;
        return std::make_unique<EagerCall>(layer, std::move(given), std::move(given_masks),
                                           options);
      },
      nb::arg("layer"), nb::arg("inputs"), nb::arg("masks").none(), nb::arg("training"),
      nb::arg("keep"), nb::arg("state").none(), nb::arg("use_causal_mask"),
      nb::arg("return_attention_scores"), nb::arg("reverse"));
}

// A layer that is written in Python and its object know each other: the collector of cycles must
// see it.
int visit_layer(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  const auto* own = dynamic_cast<const PythonLayer*>(nb::inst_ptr<Layer>(self));
  return own == nullptr ? 0 : own->visit_references(visit, arg);
}
int clear_layer(PyObject* self) {
  if (auto* own = dynamic_cast<PythonLayer*>(nb::inst_ptr<Layer>(self))) own->clear();
  return 0;
}
PyType_Slot layer_slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(visit_layer)},
                             {Py_tp_clear, reinterpret_cast<void*>(clear_layer)},
                             {0, nullptr}};

void bind_layer_class(nb::module_& module) {
  nb::class_<Layer>(module, "Layer", nb::type_slots(layer_slots))
      .def_prop_ro("class_name", [](const Layer& layer) { return std::string(layer.class_name()); })
      .def_prop_rw(
          "name", [](const Layer& layer) { return layer.name(); },
          [](Layer& layer, const std::string& name) { layer.set_name(name); })
      .def_prop_rw("trainable", &Layer::trainable, &Layer::set_trainable)
      .def_prop_ro("dtype", [](const Layer& layer) { return std::string(name_of(layer.dtype())); })
      .def("set_dtype",
           [](Layer& layer, const std::string& name) { layer.set_dtype(dtype_from_name(name)); })
      .def_prop_ro("built", &Layer::built)
      .def_prop_ro("stateful", &Layer::stateful)
      .def_prop_ro("supports_masking", &Layer::supports_masking)
      .def_prop_ro("takes_ids", &Layer::takes_ids)
      .def_prop_ro("takes_texts", &Layer::takes_texts)
      .def_prop_ro("is_operation", &Layer::is_operation)
      .def_prop_ro("state_count", &Layer::state_size)
      .def_prop_ro("build_shapes",
                   [](const Layer& layer) { return tuples_of(layer.build_shapes()); })
      .def_prop_ro("address",
                   [](const Layer& layer) { return reinterpret_cast<std::uintptr_t>(&layer); })
      .def("build", [](Layer& layer, nb::handle shapes) { layer.build(to_shapes(shapes)); })
      .def("initial_state",
           [](const Layer& layer, std::int64_t batch) {
             return to_arrays(layer.initial_state(batch));
           })
      .def("output_shapes",
           [](const Layer& layer, nb::handle shapes) {
             return tuples_of(layer.output_shapes(to_shapes(shapes)));
           })
      .def("call_shapes",
           [](const Layer& layer, nb::handle shapes, bool causal, bool scores, bool reverse) {
             return tuples_of(layer.call_shapes(to_shapes(shapes), {causal, scores, reverse}));
           })
      .def_prop_ro("weights",
                   [](nb::handle_t<Layer> self) {
                     auto& layer = nb::cast<Layer&>(self);
                     nb::list weights;
                     for (std::size_t i = 0; i < layer.parameters().size(); ++i)
                       weights.append(nb::cast(Weight{nb::borrow(self), &layer, i}));
                     return weights;
                   })
      .def_prop_ro("sublayers",
                   [](const Layer& layer) {
                     nb::list list;
                     for (const Layer::Sublayer& held : layer.sublayers())
                       list.append(nb::make_tuple(held.path, SharedLayer(held.layer)));
                     return list;
                   })
      .def_prop_ro("config", [](Layer& layer) { return to_object(layer_to_json(layer)); })
      .def_prop_ro("activity_regularizer",
                   [](const Layer& layer) -> nb::object {
                     return config_of("regularizers", layer.activity_regularizer());
                   })
      // Where the seed of its random numbers is, which layers share that are one inside; None for a
      // layer that draws none.
      .def_prop_ro("seed_address",
                   [](Layer& layer) -> nb::object {
                     const std::uint64_t* seed = layer.seed_place();
                     if (seed == nullptr) return nb::none();
                     return nb::int_(reinterpret_cast<std::uintptr_t>(seed));
                   })
      .def_prop_rw(
          "seed", [](Layer& layer) { return *layer.seed_place(); },
          [](Layer& layer, std::uint64_t seed) { *layer.seed_place() = seed; })
      .def("clone", [](const Layer& layer) { return SharedLayer(layer.clone()); })
      .def_prop_ro("own_object",
                   [](const SharedLayer& layer) -> nb::object {
                     const auto* own = dynamic_cast<const PythonLayer*>(layer.get());
                     return own == nullptr ? nb::none() : nb::object(own->object());
                   })
      .def(
          "make_weight",
          [](Layer& layer, const std::string& name, nb::handle shape, nb::handle initializer,
             nb::handle regularizer, nb::handle constraint, bool trainable) {
            dynamic_cast<PythonLayer&>(layer).make_weight(
                name, to_shape(shape), described<Initializer>(initializer),
                optional_described<Regularizer>(regularizer),
                optional_described<Constraint>(constraint), trainable);
          },
          nb::arg("name"), nb::arg("shape"), nb::arg("initializer").none(),
          nb::arg("regularizer").none(), nb::arg("constraint").none(), nb::arg("trainable"))
      .def("hold_layer", [](Layer& layer, const std::string& path, const SharedLayer& held) {
        dynamic_cast<PythonLayer&>(layer).hold_layer(path, held);
      });
}

}  // namespace

void bind_layers(nb::module_& module) {
  bind_layer_class(module);
  bind_weights(module);
  bind_symbols(module);
  bind_calls(module);
  module.def("make_layer", &make_layer_of, nb::arg("class_name"), nb::arg("config"),
             nb::arg("held"));
  module.def("layer_at", [](nb::handle object) {
    const Json json = to_json(object);
    return SharedLayer(layer_at({json, "layer"}));
  });
  module.def("operation_at", [](nb::handle object) {
    const Json json = to_json(object);
    return SharedLayer(operation_at({json, "operation"}));
  });
  module.def("operation_names", [] {
    std::vector<std::string> names;
    for (const std::string_view name : layers::operation_names()) names.emplace_back(name);
    return names;
  });
  module.def("own_layer", [](const nb::object& object, const std::string& class_name) {
    return SharedLayer(std::make_shared<PythonLayer>(object, class_name));
  });
  module.def("set_own_layer_maker", [](nb::object maker) {
    const auto held = std::make_shared<HeldObject>(std::move(maker));
    set_own_layer_maker([held](const Json& json) -> LayerPtr {
      const Locked lock;
      const nb::object made = (**held)(to_object(json));
      return made.is_none() ? LayerPtr() : LayerPtr(nb::cast<SharedLayer>(made));
    });
  });
  module.def("unique_name", [](const std::string& class_name) { return unique_name(class_name); });
  module.def("snake_case", [](const std::string& class_name) { return snake_case(class_name); });
  module.def("clear_session", &clear_session);
  module.def("described_config", &described_config);
  module.def("initial_values", &initial_values);
  module.def("penalty_of", &penalty_of);
  module.def("penalty_slope", &penalty_slope);
  module.def("constrained", &constrained);
}

}  // namespace chronicler::python
