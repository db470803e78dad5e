// Recordings as they might also have been: slower, softer, noisier, of another voice, with gaps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/base/random.h"
#include "chronicler/base/tensor.h"

namespace chronicler::data {

// fields() says what each option is.
struct AugmentationOptions {
  double speed = 0.1;  // Ko et al. 2015
  double tempo = 0.0;
  double gain = 6.0;
  double noise = 0.5;
  double least_snr = 10.0;
  double most_snr = 30.0;
  double warp = 0.1;  // Jaitly and Hinton 2013
  double shuffle = 0.5;
  std::int64_t time_masks = 2;  // Park et al. 2019
  double time_mask = 0.08;
  std::int64_t band_masks = 2;
  double band_mask = 0.15;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AugmentationOptions;
    visit("speed", &Options::speed, between(0.0, 0.5),
          "share by which playback is at most faster or slower");
    visit("tempo", &Options::tempo, between(0.0, 0.5),
          "share by which speech is at most faster or slower, at the same pitch");
    visit("gain", &Options::gain, between(0.0, 60.0),
          "decibels by which recordings are at most louder or softer");
    visit("noise", &Options::noise, between(0.0, 1.0), "share of the recordings that get noise");
    visit("least_snr", &Options::least_snr, between(-100.0, 100.0),
          "signal-to-noise ratio of the loudest noise, in decibels");
    visit("most_snr", &Options::most_snr, between(-100.0, 100.0),
          "signal-to-noise ratio of the softest noise, in decibels");
    visit("warp", &Options::warp, between(0.0, 0.5),
          "share by which bands are at most stretched or squeezed, as by another throat");
    // Once it is known where words are (see tasks::Transcriber).
    visit("shuffle", &Options::shuffle, between(0.0, 1.0),
          "share of the recordings whose words change places, some of them twice or left out");
    visit("time_masks", &Options::time_masks, between(0, 1000),
          "stretches of time that are replaced by the mean");
    visit("time_mask", &Options::time_mask, between(0.0, 1.0),
          "largest share of the recording that one of them takes");
    visit("band_masks", &Options::band_masks, between(0, 1000),
          "ranges of bands that are replaced by the mean");
    visit("band_mask", &Options::band_mask, between(0.0, 1.0),
          "largest share of the bands that one of them takes");
  }
};

// Nothing is changed.
AugmentationOptions no_augmentation();

// What happens to a recording depends on seed and place alone.
class Augmentation {
 public:
  // Throws Error for options out of their ranges.
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
