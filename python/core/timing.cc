// The same calls made from C++, for bench/python_calls.py to compare with.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <chrono>

#include "bindings.h"
#include "chronicler/training/fit.h"
#include "convert.h"
#include "live_stream.h"
#include "model_handle.h"

namespace chronicler::python {
namespace {

// Seconds for a call: the least mean of five rounds.
template <class Call>
double seconds_of(std::int64_t calls, const Call& call) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  for (int round = 0; round < 5; ++round) {
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < calls; ++i) call();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::min(best, seconds / static_cast<double>(calls));
  }
  return best;
}

}  // namespace

void bind_timing(nb::module_& module) {
  module.def("time_predict", [](const ModelHandle& handle, nb::handle x, std::int64_t calls) {
    const Tensor input = to_tensor(x);
    return seconds_of(calls, [&] { handle.model->predict(input); });
  });
  module.def("time_step", [](LiveStream& live, nb::handle x, std::int64_t calls) {
    const Tensor input = to_tensor(x);
    const Tensor output(Shape{live.stream().outputs()});
    const auto from = std::as_const(input).span<float>();
    return seconds_of(calls, [&] { live.stream().step(from, output.span<float>()); });
  });
  module.def("time_fit", [](const ModelHandle& handle, nb::handle x, nb::handle y,
                            std::int64_t batch_size, std::int64_t epochs) {
    const TensorList inputs = to_tensors(x);
    const TensorList targets = to_tensors(y);
    const auto start = std::chrono::steady_clock::now();
    handle.model->fit(inputs, targets, {.batch_size = batch_size, .epochs = epochs, .verbose = 0});
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  });
}

}  // namespace chronicler::python
