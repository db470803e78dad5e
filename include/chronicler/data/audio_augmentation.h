// Recordings as they might also have been: slower, softer, noisier, of another voice, with gaps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/random.h"
#include "chronicler/base/tensor.h"

namespace chronicler::data {

struct AugmentationOptions {
  double speed = 0.1;       // played up to so much faster or slower (Ko et al. 2015)
  double tempo = 0.0;       // spoken up to so much faster or slower, at the same pitch
  double gain = 6.0;        // decibels, up or down
  double noise = 0.5;       // share of the recordings that get noise
  double least_snr = 10.0;  // decibels, of that noise
  double most_snr = 30.0;
  double warp = 0.1;  // the bands stretched or squeezed, as by another throat (Jaitly and
                      // Hinton 2013)
  // Share of the recordings whose words are heard in another order, some of them twice or not at
  // all, once it is known where they are (see tasks::Transcriber).
  double shuffle = 0.5;
  std::int64_t time_masks = 2;  // stretches of time that are made flat (Park et al. 2019)
  double time_mask = 0.08;      // share of the recording that one may take
  std::int64_t band_masks = 2;  // bands that are made flat
  double band_mask = 0.15;      // share of the bands that one may take
};

// Nothing is changed.
AugmentationOptions no_augmentation();

// What happens to a recording depends on seed and place alone.
class Augmentation {
 public:
  // Throws Error for options that cannot be.
  explicit Augmentation(const AugmentationOptions& options, std::uint64_t seed = 0);

  // Speed, gain, noise.
  std::vector<float> samples(std::span<const float> samples, std::uint64_t place) const;
  // Tempo, warp and masks, of logarithms of energies (frames, bands).
  Tensor features(const Tensor& energies, std::uint64_t place) const;

 private:
  AugmentationOptions options_;
  Random random_;
};

}  // namespace chronicler::data
