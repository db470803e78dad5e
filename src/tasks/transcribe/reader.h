// From sound to what the network of a transcriber takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/data/audio.h"
#include "chronicler/data/log_mel.h"
#include "chronicler/model/model.h"
#include "model/network.h"
#include "tasks/transcribe/silence.h"

namespace chronicler::tasks {

// How frames become steps: the network's convolution looks at `kernel` frames, the newest one last,
// at every stride-th frame.
struct SpeechSteps {
  std::int64_t kernel = 7;
  std::int64_t stride = 3;

  // The frames after a recording that it needs to be seen to its end.
  std::int64_t tail() const { return kernel - 1; }
  std::int64_t of(std::int64_t frames) const { return (frames + tail() + stride - 1) / stride; }
};

// What a recording's energies count from.
struct SpeechLevel {
  // Each band from its mean in the recording itself, as microphones and rooms shift it; else from
  // that of all training recordings, which live sound can also be measured by.
  bool by_recording = false;
  // Decibels below the recording's loudest energy at which all is silence: how silent it is says
  // more of the microphone and the room than of what was said. 0: everything counts.
  double top_db = 0.0;
};

class SpeechReader {
 public:
  SpeechReader(const data::LogMelOptions& options, SpeechSteps steps, SpeechLevel level = {});

  const data::LogMel& log_mel() const { return log_mel_; }
  const SpeechSteps& steps() const { return steps_; }
  double step_seconds() const {
    return static_cast<double>(steps_.stride * log_mel_.hop()) / log_mel_.options().rate;
  }
  const SpeechLevel& level() const { return level_; }
  int rate() const { return log_mel_.options().rate; }

  // Mean and 1 / deviation of each band.
  void set_scale(std::vector<float> mean, std::vector<float> factor);
  const std::vector<float>& mean() const { return mean_; }
  const std::vector<float>& factor() const { return factor_; }
  void learn_scale(std::span<const std::vector<float>> sounds);

  // One frame of live sound, normalised.
  void normalise_frame(float* energies) const;
  // Logarithms of energies (frames, bands) become features, in place.
  void normalise(const Tensor& energies) const;
  Tensor features(std::span<const float> samples) const;

  // A recording without the digital silence in it, which becomes no frames; where bands count from
  // their mean in it, without long soft ends either. Live sound does not know its end: silence
  // there is like any other.
  HeardSound heard(std::span<const float> samples, bool live) const;
  SilenceFilter silence_filter() const;

 private:
  void scale(float* features, std::int64_t frames) const;
  void level_out(const Tensor& energies) const;
  // Frames of digital silence become as soft as each band ever is in the others.
  void fill_silence(const Tensor& energies) const;
  bool is_silent(const float* energies) const;

  data::LogMel log_mel_;
  SpeechSteps steps_;
  SpeechLevel level_;
  std::vector<float> mean_;
  std::vector<float> factor_;
};

// Some recordings' features as one tensor (B, frames, bands): zeros follow each, which the network
// knows for the end; at least the tail's.
Tensor speech_batch(std::span<const Tensor> features, const SpeechSteps& steps);

// What the network says of one recording: (steps, classes).
Tensor speech_scores(Execution& execution, const Tensor& features, const SpeechSteps& steps);

}  // namespace chronicler::tasks
