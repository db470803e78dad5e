// Models: making, training and running them.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batches.h"
#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/model/functional.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/fit_stream.h"
#include "convert.h"
#include "formats/keras/model_config.h"
#include "interpreter_lock.h"
#include "loss_handle.h"
#include "model/model_internals.h"
#include "model/model_layer.h"
#include "model_handle.h"
#include "python_training.h"
#include "training/trainer.h"

namespace chronicler::python {
namespace {

using SharedLayer = std::shared_ptr<Layer>;

nb::list tuples_of(const std::vector<Shape>& shapes) {
  nb::list list;
  for (const Shape& shape : shapes) list.append(to_tuple(shape));
  return list;
}

nb::dict dict_of(const Results& results) {
  nb::dict dict;
  for (std::size_t i = 0; i < results.names.size(); ++i) {
    const std::string& name = results.names[i];
    const auto list = results.lists.find(name);
    if (list == results.lists.end()) {
      dict[name.c_str()] = results.values[i];
    } else {
      dict[name.c_str()] = list->second;
    }
  }
  return dict;
}

std::vector<CallbackPtr> callbacks_of(nb::handle list) {
  std::vector<CallbackPtr> callbacks;
  for (const nb::handle callback : list) callbacks.push_back(nb::cast<CallbackPtr>(callback));
  callbacks.push_back(std::make_shared<SignalCallback>());
  return callbacks;
}

template <class Value>
void take(const nb::dict& options, const char* name, Value& value) {
  if (options.contains(name) && !nb::object(options[name]).is_none())
    value = nb::cast<Value>(options[name]);
}
template <class Value>
void take(const nb::dict& options, const char* name, std::optional<Value>& value) {
  if (options.contains(name) && !nb::object(options[name]).is_none())
    value = nb::cast<Value>(options[name]);
}

OptionalValidation validation_of(nb::handle given) {
  if (given.is_none()) return {};
  if (!nb::isinstance<nb::tuple>(given)) return to_dataset(given);
  return {to_tensors(given[0]), to_tensors(given[1]), to_tensors(given[2])};
}

FitOptions fit_options_of(const nb::dict& options) {
  FitOptions fit;
  take(options, "batch_size", fit.batch_size);
  take(options, "epochs", fit.epochs);
  take(options, "verbose", fit.verbose);
  fit.callbacks = callbacks_of(options["callbacks"]);
  take(options, "validation_split", fit.validation_split);
  if (options.contains("validation_data"))
    fit.validation_data = validation_of(options["validation_data"]);
  take(options, "shuffle", fit.shuffle);
  take(options, "class_weight", fit.class_weight);
  if (options.contains("sample_weight")) fit.sample_weight = to_tensors(options["sample_weight"]);
  take(options, "initial_epoch", fit.initial_epoch);
  take(options, "steps_per_epoch", fit.steps_per_epoch);
  take(options, "validation_steps", fit.validation_steps);
  take(options, "validation_batch_size", fit.validation_batch_size);
  take(options, "validation_freq", fit.validation_freq);
  take(options, "max_seconds", fit.max_seconds);
  take(options, "max_epochs", fit.max_epochs);
  take(options, "seed", fit.seed);
  take(options, "memory_budget", fit.memory_budget);
  if (options.contains("bptt") && !nb::object(options["bptt"]).is_none()) {
    const auto [steps, stride] = nb::cast<std::pair<std::int64_t, std::int64_t>>(options["bptt"]);
    fit.bptt = {steps, stride};
  }
  return fit;
}

nb::object history_of(const History& history) {
  nb::dict all;
  for (const auto& [key, values] : history.history) all[key.c_str()] = values;
  return nb::make_tuple(history.epoch, all, history.not_finite, history.params.steps);
}

nb::object run_fit(const ModelHandle& handle, nb::handle x, nb::handle y, const nb::dict& given) {
  const FitOptions options = fit_options_of(given);
  History history;
  Model& model = *handle.model;
  if (is_batches(x)) {
    const Dataset data = to_dataset(x);
    history = handle.alone([&] { return model.fit(data, options); });
  } else if (nb::isinstance<nb::list>(x) && is_list_of_arrays(x)) {
    const SequenceList sequences = to_sequences(x);
    if (is_list_of_arrays(y)) {
      const SequenceList targets = to_sequences(y);
      history = handle.alone([&] { return model.fit(sequences, targets, options); });
    } else {
      const TensorList targets = to_tensors(y);
      history = handle.alone([&] { return model.fit(sequences, targets, options); });
    }
  } else {
    const TensorList inputs = to_tensors(x);
    const TensorList targets = to_tensors(y);
    history = handle.alone([&] { return model.fit(inputs, targets, options); });
  }
  return history_of(history);
}

nb::object run_fit_stream(const ModelHandle& handle, nb::handle x, nb::handle y,
                          const nb::dict& given) {
  FitStreamOptions options;
  take(given, "update_every", options.update_every);
  take(given, "new_sequences", options.new_sequences);
  take(given, "report_every", options.report_every);
  take(given, "max_seconds", options.max_seconds);
  take(given, "verbose", options.verbose);
  options.callbacks = callbacks_of(given["callbacks"]);
  Model& model = *handle.model;
  History history;
  if (is_batches(x)) {
    const Dataset data = to_dataset(x);
    history = handle.alone([&] { return model.fit_stream(data, options); });
  } else {
    const Tensor inputs = to_tensor(x);
    const Tensor targets = to_tensor(y);
    history = handle.alone([&] { return model.fit_stream(inputs, targets, options); });
  }
  return history_of(history);
}

nb::object run_evaluate(const ModelHandle& handle, nb::handle x, nb::handle y,
                        const nb::dict& given) {
  EvaluateOptions options;
  take(given, "batch_size", options.batch_size);
  take(given, "verbose", options.verbose);
  take(given, "steps", options.steps);
  take(given, "steps_at_a_time", options.steps_at_a_time);
  if (given.contains("sample_weight")) options.sample_weight = to_tensors(given["sample_weight"]);
  options.callbacks = callbacks_of(given["callbacks"]);
  Model& model = *handle.model;
  Results results;
  if (is_batches(x)) {
    const Dataset data = to_dataset(x);
    results = handle.alone([&] { return model.evaluate(data, options); });
  } else if (is_list_of_arrays(x)) {
    const SequenceList sequences = to_sequences(x);
    if (is_list_of_arrays(y)) {
      const SequenceList targets = to_sequences(y);
      results = handle.alone([&] { return model.evaluate(sequences, targets, options); });
    } else {
      const TensorList targets = to_tensors(y);
      results = handle.alone([&] { return model.evaluate(sequences, targets, options); });
    }
  } else {
    const TensorList inputs = to_tensors(x);
    const TensorList targets = to_tensors(y);
    results = handle.alone([&] { return model.evaluate(inputs, targets, options); });
  }
  return nb::make_tuple(dict_of(results), results.not_finite);
}

nb::list run_predict(const ModelHandle& handle, nb::handle x, const nb::dict& given) {
  PredictOptions options;
  take(given, "batch_size", options.batch_size);
  take(given, "verbose", options.verbose);
  take(given, "steps", options.steps);
  take(given, "steps_at_a_time", options.steps_at_a_time);
  take(given, "output", options.output);
  options.callbacks = callbacks_of(given["callbacks"]);
  Model& model = *handle.model;
  std::vector<Tensor> outputs;
  if (is_batches(x)) {
    const Dataset data = to_dataset(x);
    outputs = handle.alone([&] { return model.predict(data, options); });
  } else if (is_list_of_arrays(x)) {
    const SequenceList sequences = to_sequences(x);
    outputs = handle.alone([&] { return model.predict(sequences, options); });
  } else {
    const TensorList inputs = to_tensors(x);
    outputs = handle.alone(
        [&] { return model.predict(std::vector<Tensor>(inputs.begin(), inputs.end()), options); });
  }
  return to_arrays(outputs);
}

// One array through a model of one input and one output, without options: the quick way.
nb::object predict_one(const ModelHandle& handle, nb::handle x) {
  const Tensor input = to_tensor(x);
  Tensor output;
  {
    const Unlocked unlocked;
    const std::lock_guard lock(*handle.mutex);
    output = handle.model->predict(input);
  }
  return to_array(output);
}

LossOption loss_option(nb::handle given) {
  if (given.is_none()) return {};
  if (nb::isinstance<nb::str>(given)) return nb::cast<std::string>(given);
  return nb::cast<LossHandle&>(given).loss;
}

std::vector<MetricOption> metric_options(nb::handle list) {
  std::vector<MetricOption> options;
  for (const nb::handle metric : list) {
    if (nb::isinstance<nb::str>(metric)) {
      options.emplace_back(nb::cast<std::string>(metric));
    } else {
      options.emplace_back(nb::cast<MetricPtr>(metric));
    }
  }
  return options;
}

void compile(const ModelHandle& handle, const nb::dict& given) {
  CompileOptions options;
  options.optimizer = nb::cast<OptimizerPtr>(given["optimizer"]);
  options.loss = loss_option(given["loss"]);
  for (const auto [name, loss] : nb::cast<nb::dict>(given["losses"]))
    options.losses[nb::cast<std::string>(name)] = loss_option(loss);
  options.loss_weights = nb::cast<std::map<std::string, double>>(given["loss_weights"]);
  options.metrics = metric_options(given["metrics"]);
  options.weighted_metrics = metric_options(given["weighted_metrics"]);
  for (const auto [name, list] : nb::cast<nb::dict>(given["output_metrics"]))
    options.output_metrics[nb::cast<std::string>(name)] = metric_options(list);
  for (const auto [name, list] : nb::cast<nb::dict>(given["output_weighted_metrics"]))
    options.output_weighted_metrics[nb::cast<std::string>(name)] = metric_options(list);
  handle.model->compile(options);
}

// The same once more, for a model from a file, whose optimizer keeps what it had gathered.
void compile_again(const ModelHandle& handle, const nb::dict& given) {
  const auto before = handle.model->compilation();
  compile(handle, given);
  if (before && !before->optimizer_variables.empty())
    ModelInternals::restore_optimizer(*handle.model, before->optimizer_variables);
}

nb::object compilation_of(const ModelHandle& handle) {
  const auto compilation = handle.model->compilation();
  if (!compilation) return nb::none();
  return to_object(parse_json(compilation->config, "compile_config"));
}

std::vector<Tensor> tensors_of(nb::handle arrays) {
  std::vector<Tensor> tensors;
  for (const nb::handle array : arrays) tensors.push_back(to_optional_tensor(array));
  return tensors;
}

template <class Run>
nb::object on_batch(const ModelHandle& handle, nb::handle x, nb::handle y, nb::handle weight,
                    const Run& run) {
  const TensorList inputs = to_tensors(x);
  const TensorList targets = to_tensors(y);
  const TensorList weights = to_tensors(weight);
  return dict_of(handle.alone([&] { return run(*handle.model, inputs, targets, weights); }));
}

// One stateful layer begins anew; others of the model carry on.
void reset_layer(const ModelHandle& handle, const SharedLayer& layer) {
  Model& model = *handle.model;
  if (!model.built()) return;
  const auto& nodes = ModelInternals::network(model).nodes();
  std::vector<State>& states = ModelInternals::execution(model).states();
  for (std::size_t i = 0; i < std::min(nodes.size(), states.size()); ++i) {
    if (nodes[i].layer.get() != layer.get()) continue;
    for (Tensor& state : states[i]) state.fill(0.0);
  }
}

using Class = nb::class_<ModelHandle>;

void bind_structure(Class& model) {
  model.def_prop_ro("name", [](const ModelHandle& handle) { return handle.model->name(); })
      .def_prop_ro(
          "class_name",
          [](const ModelHandle& handle) { return std::string(handle.model->class_name()); })
      .def_prop_ro("address",
                   [](const ModelHandle& handle) {
                     return reinterpret_cast<std::uintptr_t>(handle.model.get());
                   })
      .def_prop_ro("layers",
                   [](const ModelHandle& handle) {
                     std::vector<SharedLayer> layers(handle.model->layers().begin(),
                                                     handle.model->layers().end());
                     return layers;
                   })
      .def_prop_ro("built", [](const ModelHandle& handle) { return handle.model->built(); })
      .def_prop_ro(
          "input_shapes",
          [](const ModelHandle& handle) { return tuples_of(handle.model->input_shapes()); })
      .def_prop_ro(
          "output_shapes",
          [](const ModelHandle& handle) { return tuples_of(handle.model->output_shapes()); })
      .def_prop_ro("input_names",
                   [](const ModelHandle& handle) { return handle.model->input_names(); })
      .def_prop_ro("output_names",
                   [](const ModelHandle& handle) { return handle.model->output_names(); })
      .def_prop_ro("input_layer",
                   [](const ModelHandle& handle) -> SharedLayer {
                     const auto* chain = dynamic_cast<const Sequential*>(handle.model.get());
                     return chain == nullptr ? LayerPtr() : chain->input();
                   })
      .def_prop_ro("inputs",
                   [](const ModelHandle& handle) {
                     const auto* graph = dynamic_cast<const Functional*>(handle.model.get());
                     return graph == nullptr ? std::vector<Symbol>()
                                             : std::vector<Symbol>(graph->inputs().begin(),
                                                                   graph->inputs().end());
                   })
      .def_prop_ro("outputs",
                   [](const ModelHandle& handle) {
                     const auto* graph = dynamic_cast<const Functional*>(handle.model.get());
                     return graph == nullptr ? std::vector<Symbol>()
                                             : std::vector<Symbol>(graph->outputs().begin(),
                                                                   graph->outputs().end());
                   })
      .def("add",
           [](const ModelHandle& handle, const SharedLayer& layer) {
             dynamic_cast<Sequential&>(*handle.model).add(layer);
           })
      .def("pop", [](const ModelHandle& handle) { dynamic_cast<Sequential&>(*handle.model).pop(); })
      .def("build", [](const ModelHandle& handle,
                       nb::handle shape) { handle.model->build(to_shape(shape)); })
      .def("as_layer",
           [](const ModelHandle& handle) { return SharedLayer(handle.model->as_layer()); })
      .def("on_symbols",
           [](const ModelHandle& handle, const std::vector<Symbol>& inputs) {
             const Symbols outputs = (*handle.model)(Symbols(inputs));
             return std::vector<Symbol>(outputs.begin(), outputs.end());
           })
      .def("clone",
           [](const ModelHandle& handle) {
             return handle_of(ModelInternals::cloned_model(*handle.model));
           })
      .def(
          "summary_text",
          [](const ModelHandle& handle, std::optional<std::int64_t> line_length,
             bool show_trainable) {
            return handle.model->summary_text(
                {.line_length = line_length, .show_trainable = show_trainable});
          },
          nb::arg("line_length").none(), nb::arg("show_trainable"))
      .def_prop_ro("config", [](const ModelHandle& handle) {
        return to_object(model_to_json(*handle.model));
      });
}

void bind_weights(Class& model) {
  model
      .def_prop_ro("weights",
                   [](const ModelHandle& handle) { return to_arrays(handle.model->get_weights()); })
      .def("set_weights", [](const ModelHandle& handle,
                             nb::handle arrays) { handle.model->set_weights(tensors_of(arrays)); })
      .def_prop_ro("count_params",
                   [](const ModelHandle& handle) { return handle.model->count_params(); })
      .def_prop_ro("count_trainable",
                   [](const ModelHandle& handle) { return handle.model->count_trainable_params(); })
      .def("reset_states", [](const ModelHandle& handle) { handle.model->reset_states(); })
      .def("reset_layer", &reset_layer)
      .def_prop_ro("states",
                   [](const ModelHandle& handle) {
                     nb::list all;
                     for (const State& state : handle.model->carried_states())
                       all.append(to_arrays(state));
                     return all;
                   })
      .def("save",
           [](const ModelHandle& handle, const std::string& path) { handle.model->save(path); })
      .def("save_weights", [](const ModelHandle& handle,
                              const std::string& path) { handle.model->save_weights(path); })
      .def("load_weights", [](const ModelHandle& handle,
                              const std::string& path) { handle.model->load_weights(path); })
      .def_prop_rw(
          "assets",
          [](const ModelHandle& handle) {
            nb::dict assets;
            for (const auto& [name, bytes] : handle.model->assets())
              assets[name.c_str()] = nb::bytes(bytes.data(), bytes.size());
            return assets;
          },
          [](const ModelHandle& handle, const nb::dict& assets) {
            Assets taken;
            for (const auto [name, bytes] : assets) {
              const auto held = nb::cast<nb::bytes>(bytes);
              taken[nb::cast<std::string>(name)] = std::string(held.c_str(), held.size());
            }
            handle.model->assets() = std::move(taken);
          });
}

void bind_running(Class& model) {
  model.def("compile", &compile)
      .def("compile_again", &compile_again)
      .def("fit", &run_fit, nb::arg("x"), nb::arg("y").none(), nb::arg("options"))
      .def("fit_stream", &run_fit_stream, nb::arg("x"), nb::arg("y").none(), nb::arg("options"))
      .def("evaluate", &run_evaluate, nb::arg("x"), nb::arg("y").none(), nb::arg("options"))
      .def("predict", &run_predict)
      .def("predict_one", &predict_one)
      .def("call",
           [](const ModelHandle& handle, nb::handle x, bool training) {
             const std::vector<Tensor> inputs = tensors_of(x);
             return to_arrays(handle.alone([&] { return (*handle.model)(inputs, training); }));
           })
      .def(
          "train_on_batch",
          [](const ModelHandle& handle, nb::handle x, nb::handle y, nb::handle weight) {
            return on_batch(handle, x, y, weight, [](Model& one, const auto&... data) {
              return one.train_on_batch(data...);
            });
          },
          nb::arg("x"), nb::arg("y").none(), nb::arg("weight").none())
      .def(
          "test_on_batch",
          [](const ModelHandle& handle, nb::handle x, nb::handle y, nb::handle weight) {
            return on_batch(handle, x, y, weight, [](Model& one, const auto&... data) {
              return one.test_on_batch(data...);
            });
          },
          nb::arg("x"), nb::arg("y").none(), nb::arg("weight").none())
      .def_prop_rw(
          "stop_training", [](const ModelHandle& handle) { return handle.model->stop_training; },
          [](const ModelHandle& handle, bool stop) { handle.model->stop_training = stop; })
      .def_prop_ro("compilation", &compilation_of)
      .def_prop_ro("optimizer",
                   [](const ModelHandle& handle) {
                     return trainer_of(*handle.model, "use the optimizer of")
                         .options()
                         .optimizer.optimizer();
                   })
      .def_prop_ro("results", [](const ModelHandle& handle) {
        return dict_of(trainer_of(*handle.model, "read the metrics of").results());
      });
}

}  // namespace

void bind_models(nb::module_& module) {
  Class model(module, "Model");
  bind_structure(model);
  bind_weights(model);
  bind_running(model);
}

}  // namespace chronicler::python
