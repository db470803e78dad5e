// Digital silence: what stands in a recording where nothing was recorded. No room is as silent, so
// no network has learnt what it means; long stretches of it are left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::tasks {

// So many steps of the network were left out before this one, in steps of what is left.
struct SilentSteps {
  std::int64_t before;
  std::int64_t count;
};

// Takes a sound in parts, and gives it without the silence that goes on for longer than `kept`
// samples. What is left out is whole steps of `unit` samples, so that the others stay as they are.
// Silence is samples that do not change, but for the last bit or two of 16.
class SilenceFilter {
 public:
  SilenceFilter(std::size_t unit, std::size_t kept);

  // Appends what is left to `out`. In silence up to a unit of samples comes later.
  void push(std::span<const float> samples, std::vector<float>& out);
  // The rest; true if anything but silence was heard.
  bool finish(std::vector<float>& out);
  // Steps that were left out since it was asked last.
  std::vector<SilentSteps> take_left_out();

 private:
  bool is_same(float sample);
  void give(std::vector<float>& out);

  std::size_t unit_;
  std::size_t kept_;
  float low_ = 0.0F;  // of the samples that did not change
  float high_ = 0.0F;
  std::size_t same_ = 0;     // how many they are
  std::vector<float> held_;  // of those, which may be left out
  std::size_t given_ = 0;
  bool any_sound_ = false;
  std::vector<SilentSteps> left_out_;
};

// A whole recording without its silences, the last one included.
struct HeardSound {
  std::vector<float> samples;  // none: it was all silent
  std::vector<SilentSteps> left_out;
};
HeardSound without_silence(std::span<const float> samples, std::size_t unit, std::size_t kept,
                           bool cut_end);

// Leaves out what is as soft as the softest of the recording, and 30 dB below its loud moments, at
// both ends, but for `kept` samples next to the sound: pauses that long are within recordings,
// longer ones at their ends say nothing, and a network that never heard any writes what it
// expects.
void trim_soft_ends(HeardSound& heard, std::size_t unit, std::size_t kept, std::size_t frame);

// Scores of the steps that are left, with rows for those that were left out: blanks, or the label
// that goes on across them.
Tensor with_silence(const Tensor& scores, std::span<const SilentSteps> left_out);

// What the network would have said of a silent step between these two; none: at an end.
std::vector<float> silent_scores(std::span<const float> before, std::span<const float> after,
                                 std::size_t classes);

}  // namespace chronicler::tasks
