#include "chronicler/data/audio.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iostream>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "data/sound_kind.h"
#include "data/wav.h"

#if CHRONICLER_HAVE_AUDIO
#include <samplerate.h>
#include <sndfile.h>
#endif

namespace chronicler::data {
namespace {

#if CHRONICLER_HAVE_AUDIO

// Bytes as a file that libsndfile walks over.
struct Memory {
  std::string_view bytes;
  sf_count_t place = 0;

  sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }
};

Memory& memory_of(void* user) { return *static_cast<Memory*>(user); }

sf_count_t memory_size(void* user) { return memory_of(user).size(); }

sf_count_t memory_seek(sf_count_t offset, int whence, void* user) {
  Memory& memory = memory_of(user);
  sf_count_t from = 0;
  if (whence == SEEK_CUR) from = memory.place;
  if (whence == SEEK_END) from = memory.size();
  memory.place = std::clamp<sf_count_t>(from + offset, 0, memory.size());
  return memory.place;
}

sf_count_t memory_read(void* to, sf_count_t count, void* user) {
  Memory& memory = memory_of(user);
  const sf_count_t read = std::clamp<sf_count_t>(count, 0, memory.size() - memory.place);
  std::memcpy(to, memory.bytes.data() + memory.place, static_cast<std::size_t>(read));
  memory.place += read;
  return read;
}

sf_count_t memory_write(const void*, sf_count_t, void*) { return 0; }
sf_count_t memory_tell(void* user) { return memory_of(user).place; }

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
struct CloseConverter {
  void operator()(SRC_STATE* state) const { src_delete(state); }
};

constexpr int converter = SRC_SINC_MEDIUM_QUALITY;

void check_rates(int from, int to) {
  if (from > 0 && to > 0 && src_is_valid_ratio(static_cast<double>(to) / from) != 0) return;
  throw Error(fmt::format("cannot turn {} samples a second into {}", from, to),
              "rates from 1,000 to 200,000 are usual");
}

std::vector<float> converted(std::span<const float> samples, double ratio, int quality) {
  SRC_DATA job{};
  const auto room =
      static_cast<std::size_t>(std::ceil(static_cast<double>(samples.size()) * ratio));
  std::vector<float> out(room + 16);
  job.data_in = samples.data();
  job.input_frames = static_cast<long>(samples.size());
  job.data_out = out.data();
  job.output_frames = static_cast<long>(out.size());
  job.src_ratio = ratio;
  if (const int error = src_simple(&job, quality, 1); error != 0)
    throw Error(fmt::format("cannot resample: {}", src_strerror(error)));
  out.resize(static_cast<std::size_t>(job.output_frames_gen));
  return out;
}

// libsndfile ends its sentences with a full stop.
std::string reason_of(SNDFILE* file) {
  std::string reason = sf_strerror(file);
  while (!reason.empty() && (reason.back() == '.' || reason.back() == '\n')) reason.pop_back();
  return reason;
}

#endif

[[maybe_unused]] [[noreturn]] void no_audio() {
  throw Error("this build of Chronicler cannot work with recordings",
              "build it with libsndfile, libsamplerate and KissFFT");
}

std::string read_bytes(const std::filesystem::path& path) {
  constexpr std::size_t most = std::size_t{1} << 31U;
  std::ifstream file;
  const bool standard = path == "-";
  if (!standard) {
    if (std::filesystem::is_directory(path))
      throw Error(fmt::format("\"{}\" is a folder", path.string()), "give recordings by name");
    file.open(path, std::ios::binary);
    if (!file) {
      throw Error(fmt::format("cannot read \"{}\": {}", path.string(), std::strerror(errno)),
                  "give the path of a WAV, FLAC or OGG file");
    }
  }
  std::istream& in = standard ? std::cin : file;
  std::string bytes;
  std::vector<char> part(std::size_t{1} << 16U);
  while (in.read(part.data(), static_cast<std::streamsize>(part.size())) || in.gcount() > 0) {
    bytes.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > most)
      throw Error(fmt::format("\"{}\" has more than 2 GB", path.string()), "cut it into parts");
  }
  return bytes;
}

}  // namespace

Audio read_audio(const std::filesystem::path& path, const AudioOptions& options) {
  const std::string bytes = read_bytes(path);
  return read_audio(bytes, path == "-" ? "standard input" : fmt::format("\"{}\"", path.string()),
                    options);
}

#if CHRONICLER_HAVE_AUDIO

namespace {

// FLAC and OGG, by libsndfile.
Audio read_packed(std::string_view bytes, const std::string& name, SoundKind kind,
                  double longest_seconds) {
  if (kind == SoundKind::ogg) check_ogg(bytes, name);
  Memory memory{bytes};
  SF_VIRTUAL_IO access{memory_size, memory_seek, memory_read, memory_write, memory_tell};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, CloseSound> file = [&] {
    // Why a file cannot be opened libsndfile keeps in one place for all threads.
    static std::mutex opening;
    const std::scoped_lock lock(opening);
    std::unique_ptr<SNDFILE, CloseSound> opened(sf_open_virtual(&access, SFM_READ, &info, &memory));
    if (opened) return opened;
    throw Error(fmt::format("{} is not a recording that can be read: {}", name, reason_of(nullptr)),
                "give WAV, FLAC or OGG");
  }();
  const int wanted = kind == SoundKind::flac ? SF_FORMAT_FLAC : SF_FORMAT_OGG;
  if ((info.format & SF_FORMAT_TYPEMASK) != wanted)
    throw Error(fmt::format("{} is damaged: it is not what it begins like", name),
                "record it anew");
  if (info.samplerate < 1 || info.channels < 1)
    throw Error(fmt::format("{} is damaged: its header says {} channels of {} samples a second",
                            name, info.channels, info.samplerate),
                "record it anew");
  Audio audio;
  audio.rate = info.samplerate;
  const auto channels = static_cast<std::size_t>(info.channels);
  const auto most = static_cast<std::size_t>(longest_seconds * info.samplerate);
  // What the header says of the length may be wrong: read what there is.
  std::vector<float> part(4096 * channels);
  for (;;) {
    const sf_count_t frames = sf_readf_float(file.get(), part.data(), 4096);
    if (frames <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
      float sum = 0.0F;
      for (std::size_t c = 0; c < channels; ++c) sum += part[i * channels + c];
      audio.samples.push_back(sum / static_cast<float>(channels));
    }
    if (audio.samples.size() > most) {
      throw Error(fmt::format("{} is longer than {:.0f} seconds", name, longest_seconds),
                  "cut it into parts");
    }
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR)
    throw Error(fmt::format("{} is damaged: {}", name, reason_of(file.get())), "record it anew");
  // FLAC that was written to a pipe does not say its length.
  constexpr sf_count_t no_length = SF_COUNT_MAX;
  const auto read = static_cast<sf_count_t>(audio.samples.size());
  if (kind == SoundKind::flac && info.frames > read && info.frames < no_length) {
    throw Error(fmt::format("{} is cut off: its header announces {:.3f} seconds, there are {:.3f}",
                            name, static_cast<double>(info.frames) / audio.rate, audio.seconds()),
                "copy it anew; ffmpeg -i in.flac out.wav makes one of what is there");
  }
  return audio;
}

}  // namespace

Audio read_audio(std::string_view bytes, const std::string& name, const AudioOptions& options) {
  if (bytes.empty()) throw Error(fmt::format("{} is empty", name), "record it anew");
  const SoundKind kind = sound_kind(bytes, name);
  Audio audio = kind == SoundKind::wav
                    ? read_wav(bytes, name, options.longest_seconds)
                    : read_packed(without_tags(bytes), name, kind, options.longest_seconds);
  if (audio.samples.empty())
    throw Error(fmt::format("{} holds no samples", name), "record it anew");
  for (const float sample : audio.samples) {
    if (std::isfinite(sample)) continue;
    throw Error(fmt::format("{} holds samples that are not numbers", name), "record it anew");
  }
  if (options.rate > 0 && options.rate != audio.rate) {
    audio.samples = resampled(audio.samples, audio.rate, options.rate);
    audio.rate = options.rate;
  }
  return audio;
}

std::vector<float> resampled(std::span<const float> samples, int from, int to) {
  check_rates(from, to);
  if (from == to) return {samples.begin(), samples.end()};
  return converted(samples, static_cast<double>(to) / from, converter);
}

std::vector<float> played_faster(std::span<const float> samples, double factor) {
  if (!(factor > 0.1 && factor < 10.0))
    throw Error(fmt::format("a sound can be played 0.1 to 10 times as fast, got {}", factor));
  // Straight lines between samples: ten times as quick, and good enough for a sound that is made
  // up.
  return converted(samples, 1.0 / factor, SRC_LINEAR);
}

struct Resampler::Parts {
  std::unique_ptr<SRC_STATE, CloseConverter> state;
  double ratio = 1.0;

  void run(std::span<const float> samples, bool end, std::vector<float>& out) {
    std::array<float, 4096> room{};
    SRC_DATA job{};
    job.data_in = samples.data();
    job.input_frames = static_cast<long>(samples.size());
    job.src_ratio = ratio;
    job.end_of_input = end ? 1 : 0;
    do {
      job.data_out = room.data();
      job.output_frames = static_cast<long>(room.size());
      if (const int error = src_process(state.get(), &job); error != 0)
        throw Error(fmt::format("cannot resample: {}", src_strerror(error)));
      out.insert(out.end(), room.begin(), room.begin() + job.output_frames_gen);
      job.data_in += job.input_frames_used;
      job.input_frames -= job.input_frames_used;
    } while (job.output_frames_gen > 0 || job.input_frames > 0);
  }
};

Resampler::Resampler(int from, int to) : parts_(std::make_unique<Parts>()) {
  check_rates(from, to);
  parts_->ratio = static_cast<double>(to) / from;
  if (from == to) return;
  int error = 0;
  // The fast converter: it looks ahead the least.
  parts_->state.reset(src_new(SRC_SINC_FASTEST, 1, &error));
  if (!parts_->state) throw Error(fmt::format("cannot resample: {}", src_strerror(error)));
}

void Resampler::push(std::span<const float> samples, std::vector<float>& out) {
  if (!parts_->state) {
    out.insert(out.end(), samples.begin(), samples.end());
  } else if (!samples.empty()) {
    parts_->run(samples, false, out);
  }
}

void Resampler::finish(std::vector<float>& out) {
  if (!parts_->state) return;
  const float none = 0.0F;
  parts_->run({&none, 0}, true, out);
  src_reset(parts_->state.get());
}

#else

struct Resampler::Parts {};
Audio read_audio(std::string_view, const std::string&, const AudioOptions&) { no_audio(); }
std::vector<float> resampled(std::span<const float>, int, int) { no_audio(); }
std::vector<float> played_faster(std::span<const float>, double) { no_audio(); }
Resampler::Resampler(int, int) { no_audio(); }
void Resampler::push(std::span<const float>, std::vector<float>&) { no_audio(); }
void Resampler::finish(std::vector<float>&) { no_audio(); }

#endif

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

namespace {

void put(std::string& bytes, std::uint32_t number, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>((number >> (8 * i)) & 0xFFU);
}

}  // namespace

void write_wav(const std::filesystem::path& path, const Audio& audio) {
  const auto size = static_cast<std::uint32_t>(audio.samples.size() * 2);
  const auto rate = static_cast<std::uint32_t>(audio.rate);
  std::string bytes = "RIFF";
  put(bytes, 36 + size, 4);
  bytes += "WAVEfmt ";
  put(bytes, 16, 4);
  put(bytes, 1, 2);  // plain numbers
  put(bytes, 1, 2);  // one channel
  put(bytes, rate, 4);
  put(bytes, rate * 2, 4);
  put(bytes, 2, 2);
  put(bytes, 16, 2);
  bytes += "data";
  put(bytes, size, 4);
  constexpr float full = 32767.0F;
  for (const float sample : audio.samples) {
    const long number = std::lround(std::clamp(sample, -1.0F, 1.0F) * full);
    put(bytes, static_cast<std::uint32_t>(number), 2);
  }
  write_file_atomically(path, bytes);
}

}  // namespace chronicler::data
