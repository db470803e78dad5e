// RTNeural, one step of LSTM and Dense(1) on one feature; its sizes are fixed when it is compiled,
// and it is compiled for this processor alone.
//
//   rtneural stream --only IDS --seconds S --threads N
//
// Built from a clone of github.com/jatinchowdhury18/RTNeural:
//
//   g++ -std=c++20 -O3 -march=native -ffast-math -DRTNEURAL_USE_EIGEN=1
//   -DEIGEN_STACK_ALLOCATION_LIMIT=0
//       -DRTNEURAL_DEFAULT_ALIGNMENT=32
//       -DRTNEURAL_NAMESPACE=RTNeural bench/peers/rtneural.cc -o rtneural
//       -ICLONE -ICLONE/modules/Eigen -ICLONE/modules/json
#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

std::vector<std::vector<float>> numbers(int rows, int columns) {
  std::vector<std::vector<float>> all(static_cast<std::size_t>(rows));
  for (std::vector<float>& row : all) {
    for (int i = 0; i < columns; ++i) {
      row.push_back(0.2F * (static_cast<float>(std::rand()) / static_cast<float>(RAND_MAX) - 0.5F));
    }
  }
  return all;
}

// As `chronicler bench stream` does: the median over stretches of 32 steps.
template <int Units>
double step_nanoseconds(double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  constexpr int stretch = 32;
  RTNeural::ModelT<float, 1, 1, RTNeural::LSTMLayerT<float, 1, Units>,
                   RTNeural::DenseT<float, Units, 1>>
      model;
  model.template get<0>().setWVals(numbers(1, 4 * Units));
  model.template get<0>().setUVals(numbers(Units, 4 * Units));
  model.template get<0>().setBVals(numbers(1, 4 * Units)[0]);
  model.template get<1>().setWeights(numbers(1, Units));
  model.reset();
  const std::vector<float> x = numbers(1, 1024)[0];
  std::vector<double> times;
  float sum = 0.0F;
  std::size_t place = 0;
  const Clock::time_point start = Clock::now();
  while (times.size() < 100 || since(start) < seconds) {
    const Clock::time_point begin = Clock::now();
    for (int i = 0; i < stretch; ++i) sum += model.forward(&x[place++ % x.size()]);
    times.push_back(since(begin) / stretch * 1e9);
  }
  std::sort(times.begin(), times.end());
  if (sum == 12345.0F) std::puts("");  // the sum is of use, so that the steps are taken
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  double seconds = 2.5;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--only") only = argv[i + 1];
    if (std::string(argv[i]) == "--seconds") seconds = std::atof(argv[i + 1]);
  }
  const auto report = [&](const char* id, auto measure) {
    const bool wanted =
        only.empty() || ("," + only + ",").find("," + std::string(id) + ",") != std::string::npos;
    if (!wanted) return;
    std::printf("{\"id\": \"%s\", \"peer\": \"rtneural\", \"step_ns\": %.2f}\n", id,
                measure(seconds));
    std::fflush(stdout);
  };
  report("LSTM8", step_nanoseconds<8>);
  report("LSTM16", step_nanoseconds<16>);
  report("LSTM32", step_nanoseconds<32>);
  report("LSTM64", step_nanoseconds<64>);
  report("LSTM128", step_nanoseconds<128>);
  return 0;
}
