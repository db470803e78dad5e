// What a recogniser of speech sees: how loud each of some bands of frequencies is, a hundred times
// a second.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::data {

struct LogMelOptions {
  int rate = 16'000;  // of the samples
  double window_seconds = 0.025;
  double hop_seconds = 0.010;
  std::int64_t bands = 40;
  double low = 20.0;    // hertz: where the lowest band begins
  double high = 0.0;    // and the highest ends; 0: half the rate
  double floor = 1e-6;  // of a band's energy, full scale 1: what is quieter is silence
};

// For each frame, whose samples are those of [frame * hop, frame * hop + window): Hann's window
// (periodic), the power |X|^2 / window of its spectrum (length: the power of two from the window
// on), summed in triangles whose corners lie evenly on the mel scale 2595 log10(1 + f / 700)
// (Stevens, Volkmann, Newman 1937; in the form of O'Shaughnessy 1987) and whose peaks are 1, then
// ln(floor + sum).
class LogMel {
 public:
  // Throws Error for options that cannot be.
  explicit LogMel(const LogMelOptions& options = {});
  ~LogMel();
  LogMel(LogMel&&) noexcept;
  LogMel& operator=(LogMel&&) noexcept;

  const LogMelOptions& options() const { return options_; }
  std::int64_t bands() const { return options_.bands; }
  std::int64_t window() const { return window_; }  // samples
  std::int64_t hop() const { return hop_; }        // samples
  // Frames that so many samples make; at least one, silence follows what is too short.
  std::int64_t frames(std::int64_t samples) const;

  // (frames, bands). May be called by several threads at once.
  Tensor operator()(std::span<const float> samples) const;
  // One frame: window() samples to bands() numbers.
  void frame(std::span<const float> samples, std::span<float> out) const;

 private:
  struct Plan;
  LogMelOptions options_;
  std::int64_t window_ = 0;
  std::int64_t hop_ = 0;
  std::unique_ptr<const Plan> plan_;
};

}  // namespace chronicler::data
