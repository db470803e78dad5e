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
#include "model_handle.h"

namespace chronicler::python {
namespace {

using Input = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using Output = nb::ndarray<float, nb::c_contig, nb::device::cpu>;

// A step of a small network is over before another thread could have had the interpreter.
constexpr std::int64_t many_weights = 50'000;

// A stream, and an array of NumPy's for its results: copying one takes a fraction of the time that
// it takes to make one.
class LiveStream {
 public:
  LiveStream(const ModelHandle& handle, const std::string& weights)
      : LiveStream(handle.model->stream({.weights = weights}),
                   handle.model->count_params() >= many_weights) {}
  LiveStream(const LiveStream& other) : LiveStream(other.stream_, other.lets_others_run_) {}

  void step_into(const Input& x, const Output& out) {
    check_size("x", x.size(), stream_.features());
    check_size("out", out.size(), stream_.outputs());
    run(x, out.data());
  }
  nb::object step(const Input& x) {
    check_size("x", x.size(), stream_.features());
    run(x, result_.span<float>().data());
    return result_array_.attr("copy")();
  }
  Stream& stream() { return stream_; }
  const Stream& stream() const { return stream_; }

 private:
  LiveStream(Stream stream, bool lets_others_run)
      : stream_(std::move(stream)),
        result_(Shape{stream_.outputs()}),
        result_array_(to_array(result_)),
        lets_others_run_(lets_others_run) {}

  static void check_size(const char* what, std::size_t got, std::int64_t expected) {
    if (static_cast<std::int64_t>(got) == expected) return;
    throw nb::value_error((std::string(what) + " must hold " + std::to_string(expected) +
                           " numbers, got " + std::to_string(got))
                              .c_str());
  }

  void run(const Input& x, float* out) {
    const std::span<const float> from(x.data(), x.size());
    const std::span<float> to(out, static_cast<std::size_t>(stream_.outputs()));
    if (lets_others_run_) {
      const Unlocked unlocked;
      stream_.step(from, to);
    } else {
      stream_.step(from, to);
    }
  }

  Stream stream_;
  Tensor result_;
  nb::object result_array_;
  bool lets_others_run_;
};

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
          [](LiveStream& live, nb::handle x, const std::optional<Output>& out) -> nb::object {
            const nb::object array = nb::module_::import_("chronicler.data").attr("step_input")(x);
            const auto given = nb::cast<Input>(array);
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
