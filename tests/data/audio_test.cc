#include "chronicler/data/audio.h"

#include <sndfile.h>

#include <cmath>
#include <cstdint>
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
      {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1e-2},   {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1e-4},
      {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1e-6},   {SF_FORMAT_WAV | SF_FORMAT_PCM_32, 1e-6},
      {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1e-7},    {SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 1e-7},
      {SF_FORMAT_WAV | SF_FORMAT_ULAW, 2e-2},     {SF_FORMAT_WAV | SF_FORMAT_ALAW, 2e-2},
      {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 1e-6}, {SF_FORMAT_WAVEX | SF_FORMAT_FLOAT, 1e-7},
      {SF_FORMAT_WAVEX | SF_FORMAT_ALAW, 2e-2},   {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 1e-4},
      {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1e-4},  {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 1e-6},
      {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.1},    {SF_FORMAT_OGG | SF_FORMAT_OPUS, 0.1}};
  for (const auto& [format, tolerance] : kinds) {
    const Audio audio = read_audio(written(format, 8000, 1, samples));
    EXPECT_EQ(audio.rate, 8000);
    expect_near(audio.samples, samples, tolerance);
  }
}

// The same numbers as libsndfile's, bit by bit, for every byte and both channels.
TEST_F(AudioFiles, WavIsReadAsLibsndfileReadsIt) {
  std::vector<float> samples;
  for (int i = -300; i <= 300; ++i) samples.push_back(static_cast<float>(i) / 300.0F);
  for (const int coding : {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32,
                           SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE, SF_FORMAT_ULAW, SF_FORMAT_ALAW}) {
    for (const int container : {SF_FORMAT_WAV, SF_FORMAT_WAVEX, SF_FORMAT_RF64}) {
      const std::string path = written(container | coding, 8000, 1, samples);
      SF_INFO info{};
      SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
      ASSERT_NE(file, nullptr);
      std::vector<float> wanted(samples.size());
      sf_readf_float(file, wanted.data(), static_cast<sf_count_t>(wanted.size()));
      sf_close(file);
      EXPECT_EQ(read_audio(path).samples, wanted) << std::hex << (container | coding);
    }
  }
}

// What libsndfile would read as well, and nobody needs.
TEST_F(AudioFiles, OtherKindsAreRefusedByName) {
  const std::vector<float> samples = tone(440.0, 8000, 0.05);
  const std::vector<std::pair<int, std::string>> kinds{
      {SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
       "is AIFF, expected WAV, FLAC or OGG: make it one of these "
       "first: ffmpeg -i in.aiff out.wav"},
      {SF_FORMAT_AU | SF_FORMAT_PCM_16, "is Sun's AU, "},
      {SF_FORMAT_CAF | SF_FORMAT_PCM_16, "is Apple's CAF, "},
      {SF_FORMAT_W64 | SF_FORMAT_PCM_16, "is Sony's W64, "},
      {SF_FORMAT_VOC | SF_FORMAT_PCM_16, "is Creative's VOC, "},
      {SF_FORMAT_NIST | SF_FORMAT_PCM_16, "is NIST SPHERE, "},
      {SF_FORMAT_PVF | SF_FORMAT_PCM_16, "is Portable Voice Format, "},
      {SF_FORMAT_PAF | SF_FORMAT_PCM_16, "is Ensoniq's PARIS, "},
      {SF_FORMAT_SVX | SF_FORMAT_PCM_16, "is Amiga's "},
      {SF_FORMAT_IRCAM | SF_FORMAT_PCM_16, "is IRCAM, "},
      {SF_FORMAT_AVR | SF_FORMAT_PCM_16, "is AVR, "},
      {SF_FORMAT_SDS | SF_FORMAT_PCM_16, "is MIDI's sample dump, "},
      {SF_FORMAT_MAT5 | SF_FORMAT_PCM_16, "is MATLAB's data, "},
      {SF_FORMAT_WAV | SF_ENDIAN_BIG | SF_FORMAT_PCM_16, "is a big-endian WAV, "},
      {SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, "is WAV with Microsoft's ADPCM, expected whole numbers"},
      {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, "is WAV with IMA ADPCM, "},
      {SF_FORMAT_WAV | SF_FORMAT_GSM610, "is WAV with GSM 6.10, "},
      {SF_FORMAT_WAV | SF_FORMAT_G721_32, "is WAV with G.721 ADPCM, "}};
  for (const auto& [format, reason] : kinds) {
    const std::string path = written(format, 8000, 1, samples);
    const std::string error = error_of([&] { read_audio(path); });
    EXPECT_TRUE(error.starts_with("\"" + path + "\" " + reason)) << error;
  }
}

// Beginnings of files that no program here writes.
TEST_F(AudioFiles, FilesAreToldByTheirFirstBytes) {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"ID3\x03\0\0\0\0\0\x02__\xFF\xFB\x90\x64"s, "MP3"},
      {"\xFF\xFB\x90\x64"s, "MP3"},
      {"\xFF\xFD\x90\x64"s, "MPEG audio (MP1 or MP2)"},
      {"\xFF\xF1\x50\x80"s, "AAC"},
      {"\0\0\0\x20"
       "ftypM4A "s,
       "MPEG-4 (M4A, MP4 or QuickTime)"},
      {"\x1A\x45\xDF\xA3\x9F"s, "WebM or Matroska"},
      {"RIFF\x10\0\0\0"
       "AVI LIST"s,
       "AVI"},
      {"RIFF\x10\0\0\0"
       "RMIDdata"s,
       "MIDI, which is notes and no sound"},
      {"RIFF\x10\0\0\0"
       "CDXAfmt "s,
       "RIFF, but not WAV"},
      {"MThd\0\0\0\x06"s, "MIDI, which is notes and no sound"},
      {"#!AMR\n"s, "AMR"},
      {"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9"s, "WMA (ASF)"},
      {"FORM\0\0\0\x10"
       "AIFCFVER"s,
       "AIFF-C"},
      {"wvpk\0\0"s, "WavPack"},
      {"MAC \x96\x0F"s, "Monkey's Audio"},
      {".RMF\0\0"s, "RealMedia"},
      {"\x1F\x8B\x08"s, "a packed file (gzip)"},
      {"<!DOCTYPE html>"s, "a web page"},
      {"version https://git-lfs.github.com/spec/v1\n"s,
       "a pointer to a file of Git LFS, not the file itself"}};
  for (const auto& [begin, name] : kinds) {
    const std::string error =
        error_of([&, whole = begin + std::string(100, '\0')] { read_audio(whole, "it"); });
    EXPECT_TRUE(error.starts_with("it is " + name + ", expected WAV, FLAC or OGG: ")) << error;
  }
  const std::string page(
      "OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x50"
      "Speex   ",
      36);
  const std::string speex = page + std::string(0x50 - 8, '\0');
  EXPECT_TRUE(error_of([&] {
                read_audio(speex, "it");
              }).starts_with("it holds Speex, expected Vorbis or Opus in OGG: "));
}

std::string put(std::uint64_t number, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}
std::string part(const std::string& id, const std::string& content) {
  return id + put(content.size(), 4) + content;
}
std::string plain_format(unsigned tag = 1, unsigned channels = 1, unsigned bytes = 2) {
  return put(tag, 2) + put(channels, 2) + put(8000, 4) + put(8000 * channels * bytes, 4) +
         put(channels * bytes, 2) + put(8 * bytes, 2);
}
const std::string four_samples = put(0x4000, 2) + put(0xC000, 2) + put(0, 2) + put(0x2000, 2);
const std::vector<float> four{0.5F, -0.5F, 0.0F, 0.25F};

// What ffmpeg, sox, arecord, espeak and others put where they do not know the length yet.
TEST(Wav, FromAPipeIsReadToItsEnd) {
  for (const std::uint32_t all : {0U, 36U, 0xFFFFFFFFU, 0x7FFFF024U}) {
    for (const std::uint32_t size : {0U, 0xFFFFFFFFU, 0x7FFFF000U, 0x80000000U, 0xFFFFFFDBU}) {
      const std::string wav = "RIFF" + put(all, 4) + "WAVE" + part("fmt ", plain_format()) +
                              part("LIST", "INFOISFT") + "data" + put(size, 4) + four_samples;
      EXPECT_EQ(read_audio(wav, "it").samples, four) << all << ' ' << size;
      EXPECT_EQ(read_audio(wav + "\x01", "it").samples, four);  // half a sample
    }
  }
  const std::string is_64 = "RF64" + put(0xFFFFFFFF, 4) + "WAVE";
  for (const std::uint64_t size : {std::uint64_t{8}, std::uint64_t{0}, ~std::uint64_t{0}}) {
    const std::string wav =
        is_64 + part("ds64", put(size + 72, 8) + put(size, 8) + put(4, 8) + put(0, 4)) +
        part("fmt ", plain_format()) + "data" + put(0xFFFFFFFF, 4) + four_samples;
    EXPECT_EQ(read_audio(wav, "it").samples, four) << size;
  }
}

TEST(Wav, PartsMayStandAnywhere) {
  const std::string begin = "RIFF" + put(0, 4) + "WAVE";
  const std::string odd = "bext" + put(3, 4) + std::string("abc\0", 4);
  const std::string format = part("fmt ", plain_format());
  const std::string sound = part("data", four_samples);
  const std::string note = part("LIST", "INFOICMT");
  for (const std::string& parts :
       {format + sound + note, note + odd + format + note + sound, sound + odd + format}) {
    EXPECT_EQ(read_audio(begin + parts, "it").samples, four);
  }
  EXPECT_EQ(error_of([&] { read_audio(begin + format + part("data", "") + note, "it"); }),
            "it holds no samples: record it anew");
  const std::string twelve_bits =
      put(1, 2) + put(1, 2) + put(8000, 4) + put(16000, 4) + put(2, 2) + put(12, 2);
  EXPECT_EQ(read_audio(begin + part("fmt ", twelve_bits) + sound, "it").samples, four);
}

TEST(Wav, SaysWhatIsWrong) {
  const std::string begin = "RIFF" + put(0, 4) + "WAVE";
  const std::string format = part("fmt ", plain_format());
  const std::string sound = part("data", four_samples);
  const auto error = [&](const std::string& parts) {
    return error_of([&] { read_audio(begin + parts, "it"); });
  };
  EXPECT_EQ(
      error(format + "data" + put(16000, 4) + four_samples),
      "it is cut off: its header announces 1.000 seconds, there are 0.001: copy it anew; ffmpeg "
      "-i in.wav out.wav makes one of what is there");
  EXPECT_EQ(error(format), "it is damaged: it has no part with samples: record it anew");
  EXPECT_EQ(error(sound),
            "it is damaged: it does not say how its samples are written: record it anew");
  EXPECT_EQ(
      error("LIST" + put(0xFFFFFF00, 4) + format + sound),
      "it is damaged: a part of its header announces 4294967040 bytes, 40 are left: record it "
      "anew");
  EXPECT_EQ(error(part("fmt ", put(1, 2)) + sound),
            "it is damaged: what says how its samples are written is too short: record it anew");
  EXPECT_TRUE(error(part("fmt ", plain_format(0x55)) + sound).starts_with("it is WAV with MP3, "));
  EXPECT_TRUE(error(part("fmt ", plain_format(0x1234)) + sound)
                  .starts_with("it is WAV with a coding of number 0x1234, "));
  EXPECT_TRUE(error(part("fmt ", plain_format(3, 1, 2)) + sound)
                  .starts_with("it is WAV with float of 16 bits, "));
  EXPECT_TRUE(error(part("fmt ", plain_format(1, 1, 8)) + sound)
                  .starts_with("it is WAV with whole numbers of 64 bits, "));
  EXPECT_TRUE(error(part("fmt ", plain_format(1, 0)) + sound)
                  .starts_with("it is damaged: its header says 0 channels"));
  EXPECT_EQ(error_of([&] { read_audio(begin.substr(0, 9), "it"); }),
            "it is cut off: it ends in its header: copy it anew");
  const std::string all = "RF64" + put(0xFFFFFFFF, 4) + "WAVE" +
                          part("ds64", put(1U << 30U, 8) + put(1U << 29U, 8) + put(0, 8)) + format +
                          "data" + put(0xFFFFFFFF, 4) + four_samples;
  EXPECT_TRUE(error_of([&] { read_audio(all, "it"); }).starts_with("it is cut off: "));
}

// Any header is read, or refused by a sentence that names the file.
TEST(Wav, MutatedHeadersAreNoCrash) {
  const std::string whole =
      "RF64" + put(0xFFFFFFFF, 4) + "WAVE" +
      part("ds64", put(100, 8) + put(8, 8) + put(4, 8) + put(0, 4)) +
      part("fmt ", plain_format(0xFFFE) + put(22, 2) + put(16, 2) + put(4, 4) + put(1, 2) +
                       std::string("\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71", 14)) +
      part("data", four_samples);
  EXPECT_EQ(read_audio(whole, "it").samples, four);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xFF, 0x55}) {
      for (const std::size_t size : {whole.size(), at}) {
        std::string bytes = whole.substr(0, size);
        if (at < size) bytes[at] = static_cast<char>(bytes[at] ^ change);
        try {
          EXPECT_LE(read_audio(bytes, "it").samples.size(), 8U);
        } catch (const Error& error) {
          EXPECT_TRUE(error.message().starts_with("it ")) << error.what();
        }
      }
    }
  }
}

TEST_F(AudioFiles, PackedSoundThatIsCutOffIsTold) {
  const std::vector<float> samples = tone(440.0, 8000, 1.0);
  for (const int format : {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS}) {
    std::ifstream file(written(format, 8000, 1, samples), std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    const std::string whole = all.str();
    EXPECT_EQ(read_audio(whole, "it").samples.size(), samples.size());
    const std::string error =
        error_of([&] { read_audio(std::string_view(whole).substr(0, whole.size() / 2), "it"); });
    EXPECT_TRUE(error.starts_with("it is cut off: ") || error.starts_with("it is damaged: "))
        << error;
  }
  // An ID3 tag before FLAC, as some programs put it.
  std::ifstream file(written(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 8000, 1, samples),
                     std::ios::binary);
  std::stringstream all;
  all << std::string("ID3\x03\0\0\0\0\0\x02__", 12) << file.rdbuf();
  EXPECT_EQ(read_audio(all.str(), "it").samples.size(), samples.size());
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
