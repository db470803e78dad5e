// A stream as Python holds it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <span>
#include <string>
#include <utility>

#include "chronicler/model/stream.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "model_handle.h"

namespace chronicler::python {

using StepInput = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using StepOutput = nb::ndarray<float, nb::c_contig, nb::device::cpu>;

// A step of a small network is over before another thread could have had the interpreter.
inline constexpr std::int64_t many_weights = 50'000;

// A stream, and an array of NumPy's for its results: copying one takes a fraction of the time that
// it takes to make one.
class LiveStream {
 public:
  LiveStream(const ModelHandle& handle, const StreamOptions& options)
      : LiveStream(handle.model->stream(options), handle.model->count_params() >= many_weights) {}
  LiveStream(const LiveStream& other) : LiveStream(other.stream_, other.lets_others_run_) {}

  void step_into(const StepInput& x, const StepOutput& out) {
    check_size("x", x.size(), stream_.features());
    check_size("out", out.size(), stream_.outputs());
    run(x, out.data());
  }
  nb::object step(const StepInput& x) {
    check_size("x", x.size(), stream_.features());
    run(x, result_.span<float>().data());
    return result_array_.attr("copy")();
  }
  void learn(const StepInput& target) {
    const std::span<const float> numbers(target.data(), target.size());
    const Unlocked unlocked;
    stream_.learn(numbers);
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

  void run(const StepInput& x, float* out) {
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

}  // namespace chronicler::python
