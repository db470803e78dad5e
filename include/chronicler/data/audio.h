// Recordings: from files of any kind to numbers of one rate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

// One channel of sound, full scale at -1 and 1.
struct Audio {
  std::vector<float> samples;
  int rate = 0;  // samples a second

  double seconds() const {
    return rate == 0 ? 0.0 : static_cast<double>(samples.size()) / static_cast<double>(rate);
  }
};

struct AudioOptions {
  int rate = 0;  // resampled to it; 0: as in the file
  double longest_seconds = 4.0 * 3600.0;
};

// A recording ("-" is standard input) of any rate; several channels become their mean. WAV (whole
// numbers, float, A-law, mu-law; RF64; from a pipe, whose length its header does not know), FLAC
// and OGG (Vorbis, Opus), recognized by their bytes, whatever the file's name. Throws Error, naming
// the file, if there is none, if it is something else (saying what), damaged or cut off, holds
// nothing, what is not a number, or more than longest_seconds.
Audio read_audio(const std::filesystem::path& path, const AudioOptions& options = {});
// The same from memory; `name` stands for the file in errors.
Audio read_audio(std::string_view bytes, const std::string& name, const AudioOptions& options = {});

// Writes 16-bit WAV, atomically. Louder samples than full scale are cut off there.
void write_wav(const std::filesystem::path& path, const Audio& audio);

// The same sound at another rate (band-limited, libsamplerate's medium converter).
std::vector<float> resampled(std::span<const float> samples, int from, int to);
// Played `factor` times as fast: shorter and higher. Quick rather than pure.
std::vector<float> played_faster(std::span<const float> samples, double factor);

// A sound that comes in parts, at another rate; what comes out does not depend on the parts.
class Resampler {
 public:
  Resampler(int from, int to);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  // Appends to `out` what is known by now.
  void push(std::span<const float> samples, std::vector<float>& out);
  // The rest; afterwards a new sound may begin.
  void finish(std::vector<float>& out);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chronicler::data
