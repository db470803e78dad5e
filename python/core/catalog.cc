// What there is of each kind of class, as the tables of C++ say it: Python's classes, their
// signatures, documents and stubs are made of this.
#include "chronicler/layers/catalog.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <span>
#include <string>

#include "bindings.h"
#include "chronicler/model/xlstm.h"
#include "chronicler/tasks/forecaster.h"
#include "chronicler/tasks/text_classifier.h"
#include "chronicler/tasks/text_generator.h"
#include "chronicler/tasks/transcriber.h"
#include "chronicler/tasks/translator.h"
#include "layers/core/described.h"
#include "training/callbacks/callback_catalog.h"
#include "training/losses/loss_catalog.h"
#include "training/metrics/metric_catalog.h"
#include "training/optimizers/optimizer_catalog.h"
#include "training/optimizers/schedule_catalog.h"

namespace chronicler::python {
namespace {

// (name, type, default as text, range, sentence, is_required, is_shared, is_extra, default in
// words)
nb::list rows_of(const FieldTable& table) {
  nb::list rows;
  for (const FieldRow& row : table.rows) {
    rows.append(nb::make_tuple(row.name, row.type, row.value, row.range, row.sentence,
                               row.notes.is_required, row.notes.is_shared, row.notes.is_extra,
                               std::string(row.notes.default_text)));
  }
  return rows;
}

nb::list names_of(std::span<const std::string_view> names) {
  nb::list list;
  for (const std::string_view name : names) list.append(nb::str(name.data(), name.size()));
  return list;
}

nb::tuple entry(std::span<const std::string_view> names, const FieldTable& table) {
  return nb::make_tuple(names_of(names), rows_of(table));
}

template <class Kinds, class Names>
nb::dict entries(const Kinds& kinds, const Names& names) {
  nb::dict classes;
  for (const auto& kind : kinds) {
    // One that is made of functions of C++ has a class of its own in Python, or none.
    if constexpr (requires { kind.from == nullptr; }) {
      if (kind.from == nullptr) continue;
    }
    const FieldTable table = kind.fields == nullptr ? FieldTable() : kind.fields();
    classes[nb::str(kind.class_name.data(), kind.class_name.size())] = entry(names(kind), table);
  }
  return classes;
}

nb::dict described(std::span<const DescribedClass> kinds) {
  nb::dict classes;
  for (const DescribedClass& kind : kinds)
    classes[nb::str(kind.class_name.data(), kind.class_name.size())] =
        entry(kind.names, kind.fields());
  return classes;
}

template <class Options>
nb::tuple options_of() {
  return entry({}, field_table<Options>());
}

// The options of the tasks, and of what a trained one is asked for.
nb::dict task_options() {
  nb::dict all;
  all["Forecaster"] = options_of<tasks::ForecastOptions>();
  all["TextClassifier"] = options_of<tasks::TextClassifierOptions>();
  all["TextGenerator"] = options_of<tasks::TextGeneratorOptions>();
  all["Translator"] = options_of<tasks::TranslatorOptions>();
  all["Transcriber"] = options_of<tasks::TranscriberOptions>();
  all["Forecaster.update"] = options_of<tasks::UpdateOptions>();
  all["TextGenerator.run"] = options_of<tasks::RunOptions>();
  all["TextGenerator.sampling"] = options_of<decoding::SamplingOptions>();
  all["Translator.run"] = options_of<tasks::TranslateOptions>();
  all["Transcriber.run"] = options_of<tasks::TranscribeOptions>();
  return all;
}

// The options of the functions that build whole models.
nb::dict model_options() {
  nb::dict all;
  all["xlstm"] = options_of<models::XlstmOptions>();
  return all;
}

// Of one kind, {class name: (other names, rows)}.
nb::dict catalog(std::string_view kind) {
  const auto none = [](const auto&) { return std::span<const std::string_view>(); };
  const auto all = [](const auto& each) { return std::span<const std::string_view>(each.names); };
  const auto one = [](const auto& each) {
    return std::span<const std::string_view>(&each.name, 1);
  };
  if (kind == "layers") return entries(layer_catalog(), none);
  if (kind == "losses") return entries(loss_catalog(), all);
  if (kind == "metrics") return entries(metric_catalog(), all);
  if (kind == "optimizers") return entries(optimizer_catalog(), one);
  if (kind == "schedules") return entries(schedule_catalog(), none);
  if (kind == "callbacks") return entries(callback_catalog(), none);
  if (kind == "initializers") return described(initializer_classes());
  if (kind == "regularizers") return described(regularizer_classes());
  if (kind == "constraints") return described(constraint_classes());
  if (kind == "tasks") return task_options();
  if (kind == "models") return model_options();
  throw nb::key_error(std::string(kind).c_str());
}

}  // namespace

void bind_catalog(nb::module_& module) { module.def("catalog", &catalog, nb::arg("kind")); }

}  // namespace chronicler::python
