#include "chronicler/kernels/machine.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "kernels/isa.h"
#include "kernels/peak.h"

namespace chronicler {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The best slice of one thread.
double best_slice(double seconds) {
  constexpr std::int64_t rounds = 20'000;  // about 0.1 ms
  double best = 0.0;
  float sink = 0.0F;
  const Clock::time_point start = Clock::now();
  while (seconds_since(start) < seconds) {
    const Clock::time_point slice = Clock::now();
    const double operations = kernels::run_multiply_adds(rounds, &sink);
    best = std::max(best, operations / seconds_since(slice));
  }
  return best * 1e-9;
}

}  // namespace

std::string instruction_set() { return kernels::isa(); }
std::vector<std::string> instruction_sets() { return kernels::available_isas(); }

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

double fma_peak_gflops(int threads, double seconds) {
  kernels::isa();  // an unknown name in CHRONICLER_ISA is this thread's error, not the others'
  std::vector<double> best(static_cast<std::size_t>(std::max(threads, 1)));
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < best.size(); ++i) {
    others.emplace_back([&best, i, seconds] { best[i] = best_slice(seconds); });
  }
  best[0] = best_slice(seconds);
  for (std::thread& other : others) other.join();
  double sum = 0.0;
  for (const double one : best) sum += one;
  return sum;
}

}  // namespace chronicler
