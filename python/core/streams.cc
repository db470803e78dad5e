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
#include "chronicler/training/stream_learner.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "live_stream.h"
#include "model_handle.h"
#include "task_options.h"

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

// A StreamLearner, and what it learns for.
class Learner {
 public:
  Learner(const ModelHandle& handle, const nb::dict& given) : handle_(handle) {
    FitStreamOptions options;
    take_options(given, options);
    learner_ = std::make_unique<StreamLearner>(*handle_.model, options);
  }
  nb::object step(nb::handle x) {
    const nb::object array = numbers(x);
    const auto given = nb::cast<StepInput>(array);
    std::span<const float> output;
    handle_.alone([&] { output = learner_->step({given.data(), given.size()}); });
    return to_array(Tensor::of<float>({static_cast<std::int64_t>(output.size())}, output));
  }
  double learn(nb::handle y) {
    const nb::object array = numbers(y);
    const auto given = nb::cast<StepInput>(array);
    return handle_.alone([&] { return learner_->learn({given.data(), given.size()}); });
  }
  StreamLearner& learner() { return *learner_; }

 private:
  static nb::object numbers(nb::handle given) {
    return nb::module_::import_("chronicler.data").attr("step_input")(given);
  }
  ModelHandle handle_;
  std::unique_ptr<StreamLearner> learner_;
};

nb::dict results_of(Learner& learner) {
  const Results results = learner.learner().results();
  nb::dict all;
  for (std::size_t i = 0; i < results.names.size(); ++i)
    all[results.names[i].c_str()] = results.values[i];
  return all;
}

void bind_learner(nb::module_& module) {
  nb::class_<Learner>(module, "StreamLearner")
      .def(nb::init<const ModelHandle&, const nb::dict&>())
      .def("step", &Learner::step, nb::arg("x"))
      .def("learn", &Learner::learn, nb::arg("y"))
      .def("reset", [](Learner& one) { one.learner().reset(); })
      .def("results", &results_of)
      .def("reset_results", [](Learner& one) { one.learner().reset_results(); })
      .def_prop_ro("features", [](Learner& one) { return one.learner().features(); })
      .def_prop_ro("outputs", [](Learner& one) { return one.learner().outputs(); })
      .def_prop_ro("steps", [](Learner& one) { return one.learner().steps(); })
      .def_prop_ro("exact", [](Learner& one) { return one.learner().exact(); })
      .def_prop_ro("trace_bytes", [](Learner& one) { return one.learner().trace_bytes(); });
}

}  // namespace

void bind_streams(nb::module_& module) {
  bind_learner(module);
  nb::class_<LiveStream>(module, "Stream")
      .def(
          "__init__",
          [](LiveStream* place, const ModelHandle& handle, const std::string& weights,
             const std::optional<nb::dict>& adapt) {
            StreamOptions options{.weights = weights};
            if (adapt) {
              options.adapt.emplace();
              take_options(*adapt, *options.adapt);
            }
            new (place) LiveStream(handle, options);
          },
          nb::arg("model"), nb::arg("weights"), nb::arg("adapt").none())
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
      .def("learn",
           [](LiveStream& live, nb::handle y) {
             const nb::object array = nb::module_::import_("chronicler.data").attr("step_input")(y);
             live.learn(nb::cast<StepInput>(array));
           })
      .def_prop_ro("features", [](const LiveStream& live) { return live.stream().features(); })
      .def_prop_ro("outputs", [](const LiveStream& live) { return live.stream().outputs(); })
      .def("reset", [](LiveStream& live) { live.stream().reset(); })
      .def("take_weights", [](LiveStream& live) { live.stream().take_weights(); })
      .def_prop_rw("_state", &state_of, &set_state);
}

}  // namespace chronicler::python
