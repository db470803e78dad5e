// How long things take.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace chronicler::cli::bench {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Durations in seconds, sorted.
struct Times {
  std::vector<double> sorted;
  double at(double share) const {
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(share * last + 0.5)];
  }
  double median() const { return at(0.5); }
  double least() const { return sorted.front(); }
};

// Three runs that do not count, then runs for `seconds`, at least five.
template <class Function>
Times time_runs(double seconds, const Function& run) {
  for (int i = 0; i < 3; ++i) run();
  Times times;
  const Stopwatch all;
  while (all.seconds() < seconds || times.sorted.size() < 5) {
    const Stopwatch one;
    run();
    times.sorted.push_back(one.seconds());
  }
  std::sort(times.sorted.begin(), times.sorted.end());
  return times;
}

}  // namespace chronicler::cli::bench
