// The parts of the extension module, each bound by its own file.
#pragma once

#include <nanobind/nanobind.h>

namespace chronicler::python {

namespace nb = nanobind;

void bind_catalog(nb::module_& module);
void bind_layers(nb::module_& module);
void bind_adapting(nb::module_& module);
void bind_products(nb::module_& module);
void bind_training(nb::module_& module);
void bind_models(nb::module_& module);
void bind_model_makers(nb::module_& module);
void bind_streams(nb::module_& module);
void bind_forecast_task(nb::module_& module);
void bind_text_tasks(nb::module_& module);
void bind_speech_task(nb::module_& module);
void bind_insight(nb::module_& module);
void bind_timing(nb::module_& module);
void bind_mapped_files(nb::module_& module);

}  // namespace chronicler::python
