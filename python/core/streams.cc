// Live streams: one step in, one step out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/model/stream.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "live_stream.h"
#include "model_handle.h"

namespace chronicler::python {
namespace {

nb::list state_of(const LiveStream& live) {
  nb::list all;
  for (const State& state : live.stream().state()) all.append(to_arrays(state));
  return all;
}

void set_state(LiveStream& live, nb::handle states) {
  std::vector<State> all;
  for (const nb::handle state : states) {
    State& one = all.emplace_back();
    for (const nb::handle array : state) one.push_back(to_tensor(array).clone());
  }
  live.stream().set_state(all);
}

}  // namespace

void bind_streams(nb::module_& module) {
  nb::class_<LiveStream>(module, "Stream")
      .def(nb::init<const ModelHandle&, const std::string&>())
      .def(nb::init<const LiveStream&>())
      .def("step", &LiveStream::step_into, nb::arg("x"), nb::arg("out").noconvert())
      .def("step", &LiveStream::step, nb::arg("x"))
      .def(
          "step",
          [](LiveStream& live, nb::handle x, const std::optional<StepOutput>& out) -> nb::object {
            const nb::object array = nb::module_::import_("chronicler.data").attr("step_input")(x);
            const auto given = nb::cast<StepInput>(array);
            if (!out) return live.step(given);
            live.step_into(given, *out);
            return nb::none();
          },
          nb::arg("x"), nb::arg("out").none() = nb::none())
      .def_prop_ro("features", [](const LiveStream& live) { return live.stream().features(); })
      .def_prop_ro("outputs", [](const LiveStream& live) { return live.stream().outputs(); })
      .def("reset", [](LiveStream& live) { live.stream().reset(); })
      .def("take_weights", [](LiveStream& live) { live.stream().take_weights(); })
      .def_prop_rw("_state", &state_of, &set_state);
}

}  // namespace chronicler::python
