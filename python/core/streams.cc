// Live streams: one step in, one step out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/model/stream.h"
#include "convert.h"
#include "model_handle.h"

namespace chronicler::python {
namespace {

using Input = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using Output = nb::ndarray<float, nb::c_contig, nb::device::cpu>;

[[noreturn]] void wrong_size(const char* what, std::size_t got, std::int64_t expected) {
  throw nb::value_error((std::string(what) + " must hold " + std::to_string(expected) +
                         " numbers, got " + std::to_string(got))
                            .c_str());
}

void step_into(Stream& stream, const Input& x, const Output& out) {
  if (static_cast<std::int64_t>(x.size()) != stream.features())
    wrong_size("x", x.size(), stream.features());
  if (static_cast<std::int64_t>(out.size()) != stream.outputs())
    wrong_size("out", out.size(), stream.outputs());
  stream.step({x.data(), x.size()}, {out.data(), out.size()});
}

nb::object step(Stream& stream, const Input& x) {
  if (static_cast<std::int64_t>(x.size()) != stream.features())
    wrong_size("x", x.size(), stream.features());
  Tensor result(Shape{stream.outputs()});
  stream.step({x.data(), x.size()}, result.span<float>());
  return to_array(result);
}

nb::list state_of(const Stream& stream) {
  nb::list all;
  for (const State& state : stream.state()) all.append(to_arrays(state));
  return all;
}

void set_state(Stream& stream, nb::handle states) {
  std::vector<State> all;
  for (const nb::handle state : states) {
    State& one = all.emplace_back();
    for (const nb::handle array : state) one.push_back(to_tensor(array).clone());
  }
  stream.set_state(all);
}

}  // namespace

void bind_streams(nb::module_& module) {
  nb::class_<Stream>(module, "Stream")
      .def("step", &step_into, nb::arg("x"), nb::arg("out"))
      .def("step", &step, nb::arg("x"))
      .def_prop_ro("features", &Stream::features)
      .def_prop_ro("outputs", &Stream::outputs)
      .def("reset", &Stream::reset)
      .def("take_weights", &Stream::take_weights)
      .def("copy", [](const Stream& stream) { return Stream(stream); })
      .def_prop_rw("state", &state_of, &set_state);
  module.def("stream", [](const ModelHandle& handle, const std::string& weights) {
    return handle.model->stream({.weights = weights});
  });
}

}  // namespace chronicler::python
