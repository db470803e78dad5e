#include "chronicler/data/audio.h"

#include <sndfile.h>

#include <cmath>
#include <fstream>
#include <numbers>
#include <sstream>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

using test::error_of;

std::vector<float> tone(double hertz, int rate, double seconds) {
  std::vector<float> samples(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<float>(
        0.5 * std::sin(2.0 * std::numbers::pi * hertz * static_cast<double>(i) / rate));
  }
  return samples;
}

class AudioFiles : public ::testing::Test {
 protected:
  // As libsndfile writes it: `format` one of its constants, both channels of a stereo file alike
  // but for their sign.
  std::string written(int format, int rate, int channels, const std::vector<float>& samples) {
    const std::string path = folder_.path("sound");
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = channels;
    info.format = format;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    EXPECT_NE(file, nullptr) << sf_strerror(nullptr);
    std::vector<float> all;
    for (const float sample : samples) {
      for (int c = 0; c < channels; ++c) all.push_back(c == 1 ? 0.0F : sample);
    }
    sf_writef_float(file, all.data(), static_cast<sf_count_t>(samples.size()));
    sf_close(file);
    return path;
  }
  std::string bytes(const std::string& name, const std::string& content) {
    const std::string path = folder_.path(name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  test::TemporaryFolder folder_;
};

void expect_near(const std::vector<float>& a, const std::vector<float>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], tolerance) << i;
}

TEST_F(AudioFiles, AnyWidthAndKind) {
  const std::vector<float> samples = tone(440.0, 8000, 0.05);
  const std::vector<std::pair<int, double>> kinds{
      {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1e-2},  {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1e-4},
      {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1e-6},  {SF_FORMAT_WAV | SF_FORMAT_PCM_32, 1e-6},
      {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1e-7},   {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1e-4},
      {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1e-6}, {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.1}};
  for (const auto& [format, tolerance] : kinds) {
    const Audio audio = read_audio(written(format, 8000, 1, samples));
    EXPECT_EQ(audio.rate, 8000);
    expect_near(audio.samples, samples, tolerance);
  }
}

TEST_F(AudioFiles, ChannelsBecomeTheirMean) {
  const std::vector<float> samples = tone(440.0, 8000, 0.01);
  std::vector<float> half = samples;
  for (float& sample : half) sample /= 2.0F;
  expect_near(read_audio(written(SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 2, samples)).samples, half,
              1e-7);
}

TEST_F(AudioFiles, OtherRatesSoundTheSame) {
  for (const int rate : {11'025, 44'100, 96'000}) {
    const std::string path =
        written(SF_FORMAT_WAV | SF_FORMAT_PCM_24, rate, 1, tone(440.0, rate, 0.5));
    const Audio audio = read_audio(path, {.rate = 16'000});
    EXPECT_EQ(audio.rate, 16'000);
    const std::vector<float> wanted = tone(440.0, 16'000, 0.5);
    ASSERT_NEAR(static_cast<double>(audio.samples.size()), 8000.0, 2.0) << rate;
    for (std::size_t i = 1000; i < 7000; ++i)
      ASSERT_NEAR(audio.samples[i], wanted[i], 2e-3) << rate << " " << i;
  }
}

TEST_F(AudioFiles, OneSampleIsARecording) {
  EXPECT_EQ(read_audio(written(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, {0.5F})).samples.size(),
            1U);
}

TEST_F(AudioFiles, WhatIsWrittenIsRead) {
  const std::vector<float> samples = tone(300.0, 8000, 0.02);
  const auto path = folder_.path("made.wav");
  write_wav(path, {samples, 8000});
  const Audio audio = read_audio(path);
  EXPECT_EQ(audio.rate, 8000);
  expect_near(audio.samples, samples, 1e-4);
  EXPECT_DOUBLE_EQ(audio.seconds(), 0.02);
}

TEST_F(AudioFiles, RefusesWhatIsNoRecording) {
  const std::string none = folder_.path("none.wav");
  EXPECT_EQ(error_of([&] { read_audio(none); }),
            "cannot read \"" + none +
                "\": No such file or directory: give the path of a WAV, FLAC or OGG file");
  const std::string empty = bytes("empty.wav", "");
  EXPECT_EQ(error_of([&] { read_audio(empty); }), "\"" + empty + "\" is empty: record it anew");
  const std::string text = bytes("text.wav", "not a sound at all, but long enough to be a header");
  EXPECT_TRUE(error_of([&] {
                read_audio(text);
              }).starts_with("\"" + text + "\" is not a recording that can be read: "));
  EXPECT_EQ(error_of([&] { read_audio(folder_.path()); }),
            "\"" + folder_.path().string() + "\" is a folder: give recordings by name");
  const std::string silent = written(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, {});
  EXPECT_EQ(error_of([&] { read_audio(silent); }),
            "\"" + silent + "\" holds no samples: record it anew");
  const std::string odd =
      written(SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, {0.0F, std::nanf(""), 0.0F});
  EXPECT_EQ(error_of([&] { read_audio(odd); }),
            "\"" + odd + "\" holds samples that are not numbers: record it anew");
  const std::string length =
      written(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, tone(200.0, 8000, 1.0));
  EXPECT_EQ(error_of([&] { read_audio(length, {.longest_seconds = 0.5}); }),
            "\"" + length + "\" is longer than 0 seconds: cut it into parts");
}

// A header that promises more than there is, and bytes cut off anywhere: what there is, or a
// sentence.
TEST_F(AudioFiles, DamageIsNoCrash) {
  std::ifstream file(written(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 8000, 1, tone(200.0, 8000, 0.2)),
                     std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  const std::string whole = all.str();
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    try {
      read_audio(std::string_view(whole).substr(0, size), "cut");
    } catch (const Error& error) {
      EXPECT_TRUE(error.message().starts_with("cut ")) << error.what();
    }
    std::string flipped = whole;
    flipped[size] = static_cast<char>(flipped[size] ^ 0x55);
    try {
      read_audio(flipped, "flipped");
    } catch (const Error& error) {
      EXPECT_TRUE(error.message().starts_with("flipped ")) << error.what();
    }
  }
}

TEST(Resampler, PartsMakeNoDifference) {
  const std::vector<float> samples = tone(300.0, 44'100, 0.2);
  std::vector<float> once;
  Resampler whole(44'100, 8000);
  whole.push(samples, once);
  whole.finish(once);
  for (const std::size_t size : {1U, 97U, 4000U}) {
    std::vector<float> parts;
    Resampler resampler(44'100, 8000);
    for (std::size_t at = 0; at < samples.size(); at += size)
      resampler.push(std::span(samples).subspan(at, std::min(size, samples.size() - at)), parts);
    resampler.finish(parts);
    ASSERT_EQ(parts.size(), once.size()) << size;
    EXPECT_EQ(parts, once) << size;
  }
}

TEST(Resampler, PlaysFaster) {
  EXPECT_NEAR(static_cast<double>(played_faster(tone(300.0, 8000, 1.0), 1.25).size()), 6400.0, 2.0);
  EXPECT_EQ(error_of([] { played_faster({}, 0.0); }),
            "a sound can be played 0.1 to 10 times as fast, got 0");
}

}  // namespace
}  // namespace chronicler::data
