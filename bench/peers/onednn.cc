// oneDNN's LSTM primitive alone: forward and backward of each layer, no head, no loss, no
// optimizer; weights are in the primitive's own layout before the clock starts. Other cells give no
// line.
//
//   onednn train|infer --only IDS --seconds S --threads N --shapes FILE
//
// Built against oneDNN 3, for example that of PyPI (pip install onednn-devel, into a virtual
// environment VENV):
//
//   g++ -std=c++20 -O2 bench/peers/onednn.cc -o onednn -IVENV/include -LVENV/lib -ldnnl
//       -Wl,--disable-new-dtags,-rpath,VENV/lib,--allow-shlib-undefined
//   export OCL_ICD_FILENAMES=VENV/lib/libintelocl.so       that build runs on OpenCL for processors
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

struct Options {
  bool train = false;
  std::string only;
  double seconds = 2.5;
  std::string shapes;
};

struct Milliseconds {
  double median = 0.0;
  double least = 0.0;
  Milliseconds& operator+=(const Milliseconds& other) {
    median += other.median;
    least += other.least;
    return *this;
  }
};

Milliseconds timed(double seconds, const std::function<void()>& run) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  for (int i = 0; i < 3; ++i) run();
  std::vector<double> times;
  const Clock::time_point start = Clock::now();
  while (times.size() < 5 || since(start) < seconds) {
    const Clock::time_point begin = Clock::now();
    run();
    times.push_back(since(begin) * 1e3);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.front()};
}

class Layer {
 public:
  Layer(std::int64_t steps, std::int64_t batch, std::int64_t inputs, std::int64_t units, bool both)
      : directions_(both ? 2 : 1),
        direction_(both ? dnnl::rnn_direction::bidirectional_concat
                        : dnnl::rnn_direction::unidirectional_left2right),
        source_({steps, batch, inputs}, kind, memory::format_tag::tnc),
        result_({steps, batch, directions_ * units}, kind, memory::format_tag::tnc),
        state_({1, directions_, batch, units}, kind, memory::format_tag::ldnc),
        kernel_({1, directions_, inputs, 4, units}, kind, memory::format_tag::any),
        recurrent_({1, directions_, units, 4, units}, kind, memory::format_tag::any),
        bias_({1, directions_, 4, units}, kind, memory::format_tag::ldgo) {}

  Milliseconds infer(double seconds) {
    const auto descriptor = forward(dnnl::prop_kind::forward_inference);
    const dnnl::lstm_forward primitive(descriptor);
    const Arguments arguments = forward_arguments(descriptor);
    return timed(seconds, [&] { run(primitive, arguments); });
  }

  Milliseconds train(double seconds) {
    const auto descriptor = forward(dnnl::prop_kind::forward_training);
    const dnnl::lstm_forward primitive(descriptor);
    Arguments arguments = forward_arguments(descriptor);
    arguments[DNNL_ARG_WORKSPACE] = filled(descriptor.workspace_desc());

    const dnnl::lstm_backward::primitive_desc back(
        engine_, dnnl::prop_kind::backward, direction_, source_, state_, state_, kernel_,
        recurrent_, bias_, result_, state_, state_, source_, state_, state_, kernel_, recurrent_,
        bias_, result_, state_, state_, descriptor);
    const dnnl::lstm_backward back_primitive(back);
    Arguments back_arguments = arguments;
    back_arguments[DNNL_ARG_WEIGHTS_LAYER] = filled(back.weights_layer_desc());
    back_arguments[DNNL_ARG_WEIGHTS_ITER] = filled(back.weights_iter_desc());
    back_arguments[DNNL_ARG_DIFF_SRC_LAYER] = filled(source_);
    back_arguments[DNNL_ARG_DIFF_SRC_ITER] = filled(state_);
    back_arguments[DNNL_ARG_DIFF_SRC_ITER_C] = filled(state_);
    back_arguments[DNNL_ARG_DIFF_WEIGHTS_LAYER] = filled(back.diff_weights_layer_desc());
    back_arguments[DNNL_ARG_DIFF_WEIGHTS_ITER] = filled(back.diff_weights_iter_desc());
    back_arguments[DNNL_ARG_DIFF_BIAS] = filled(bias_);
    back_arguments[DNNL_ARG_DIFF_DST_LAYER] = filled(result_);
    back_arguments[DNNL_ARG_DIFF_DST_ITER] = filled(state_);
    back_arguments[DNNL_ARG_DIFF_DST_ITER_C] = filled(state_);
    return timed(seconds, [&] {
      run(primitive, arguments);
      run(back_primitive, back_arguments);
    });
  }

 private:
  static constexpr memory::data_type kind = memory::data_type::f32;

  dnnl::lstm_forward::primitive_desc forward(dnnl::prop_kind what) const {
    return {engine_, what,       direction_, source_, state_, state_,
            kernel_, recurrent_, bias_,      result_, state_, state_};
  }
  Arguments forward_arguments(const dnnl::lstm_forward::primitive_desc& descriptor) const {
    return {{DNNL_ARG_SRC_LAYER, filled(source_)},
            {DNNL_ARG_SRC_ITER, filled(state_)},
            {DNNL_ARG_SRC_ITER_C, filled(state_)},
            {DNNL_ARG_WEIGHTS_LAYER, filled(descriptor.weights_layer_desc())},
            {DNNL_ARG_WEIGHTS_ITER, filled(descriptor.weights_iter_desc())},
            {DNNL_ARG_BIAS, filled(bias_)},
            {DNNL_ARG_DST_LAYER, filled(result_)},
            {DNNL_ARG_DST_ITER, filled(state_)},
            {DNNL_ARG_DST_ITER_C, filled(state_)}};
  }
  memory filled(const memory::desc& descriptor) const {
    memory numbers(descriptor, engine_);
    auto* first = static_cast<float*>(numbers.get_data_handle());
    const std::size_t count = descriptor.get_size() / sizeof(float);
    for (std::size_t i = 0; i < count; ++i) {
      first[i] = 0.1F * (static_cast<float>(std::rand()) / static_cast<float>(RAND_MAX) - 0.5F);
    }
    return numbers;
  }
  void run(const dnnl::primitive& primitive, const Arguments& arguments) {
    primitive.execute(stream_, arguments);
    stream_.wait();
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::int64_t directions_;
  dnnl::rnn_direction direction_;
  memory::desc source_, result_, state_, kernel_, recurrent_, bias_;
};

void time_shape(const nlohmann::json& shape, const Options& options) {
  Milliseconds train;
  Milliseconds infer;
  const bool both = shape.value("bidirectional", false);
  std::int64_t inputs = shape.at("features");
  const double share = options.seconds / static_cast<double>(shape.at("units").size());
  for (const std::int64_t units : shape.at("units")) {
    Layer layer(shape.at("steps"), shape.at("batch"), inputs, units, both);
    if (options.train) train += layer.train(share);
    infer += layer.infer(share / 2);
    inputs = both ? 2 * units : units;
  }
  nlohmann::ordered_json line{{"id", shape.at("id")}, {"peer", "onednn"}};
  if (options.train) {
    line["train_ms"] = train.median;
    line["train_min"] = train.least;
  }
  line["infer_ms"] = infer.median;
  line["infer_min"] = infer.least;
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

int usage() {
  std::fprintf(stderr,
               "usage: onednn train|infer --only IDS --seconds S --threads N --shapes FILE\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) return usage();
  Options options;
  options.train = std::strcmp(argv[1], "train") == 0;
  for (int i = 2; i < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--only") {
      options.only = argv[i + 1];
    } else if (name == "--seconds") {
      options.seconds = std::atof(argv[i + 1]);
    } else if (name == "--shapes") {
      options.shapes = argv[i + 1];
    } else if (name == "--threads") {  // whichever of them this build runs on
      for (const char* variable : {"OMP_NUM_THREADS", "DPCPP_CPU_NUM_CUS"}) {
        setenv(variable, argv[i + 1], 1);
      }
    } else {
      return usage();
    }
  }
  std::ifstream file(options.shapes);
  for (const nlohmann::json& shape : nlohmann::json::parse(file)) {
    const std::string id = shape.at("id");
    const bool wanted = options.only.empty() ||
                        ("," + options.only + ",").find("," + id + ",") != std::string::npos;
    if (wanted && shape.at("cell") == "lstm") time_shape(shape, options);
  }
  return 0;
}
