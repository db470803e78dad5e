#include "data/wav.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/sound_kind.h"

namespace chronicler::data {
namespace {

constexpr std::uint64_t unknown_size = ~std::uint64_t{0};  // up to the end of the file
// Programs that write to a pipe put the greatest length that they dare.
constexpr std::uint32_t least_endless = 0x7FFF'0000U;

template <class Number>
Number little_endian(std::string_view bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + i]);
    number = static_cast<Number>(number | static_cast<Number>(Number{byte} << (8 * i)));
  }
  return number;
}

std::uint16_t number16(std::string_view bytes, std::size_t at) {
  return little_endian<std::uint16_t>(bytes, at);
}
std::uint32_t number32(std::string_view bytes, std::size_t at) {
  return little_endian<std::uint32_t>(bytes, at);
}
std::uint64_t number64(std::string_view bytes, std::size_t at) {
  return little_endian<std::uint64_t>(bytes, at);
}

namespace tags {
constexpr unsigned pcm = 0x0001;
constexpr unsigned ieee_float = 0x0003;
constexpr unsigned a_law = 0x0006;
constexpr unsigned mu_law = 0x0007;
constexpr unsigned extensible = 0xFFFE;
}  // namespace tags

struct CodingName {
  unsigned tag;
  std::string_view name;
};
constexpr std::array other_codings{CodingName{0x0002, "Microsoft's ADPCM"},
                                   CodingName{0x0010, "OKI's ADPCM"},
                                   CodingName{0x0011, "IMA ADPCM"},
                                   CodingName{0x0014, "G.723 ADPCM"},
                                   CodingName{0x0017, "Dialogic's OKI ADPCM"},
                                   CodingName{0x0020, "Yamaha's ADPCM"},
                                   CodingName{0x0022, "TrueSpeech"},
                                   CodingName{0x0028, "LPC-10"},
                                   CodingName{0x0031, "GSM 6.10"},
                                   CodingName{0x0038, "G.726 ADPCM"},
                                   CodingName{0x0040, "G.721 ADPCM"},
                                   CodingName{0x0041, "CELP"},
                                   CodingName{0x0042, "G.723.1"},
                                   CodingName{0x0045, "G.726 ADPCM"},
                                   CodingName{0x0050, "MPEG audio (MP1 or MP2)"},
                                   CodingName{0x0055, "MP3"},
                                   CodingName{0x0057, "AMR"},
                                   CodingName{0x0058, "AMR"},
                                   CodingName{0x0062, "ADPCM"},
                                   CodingName{0x0064, "G.726 ADPCM"},
                                   CodingName{0x0065, "G.722 ADPCM"},
                                   CodingName{0x0083, "G.729"},
                                   CodingName{0x0092, "Dolby's AC-3"},
                                   CodingName{0x00FF, "AAC"},
                                   CodingName{0x0130, "Sipro's ACELP"},
                                   CodingName{0x0160, "Windows Media Audio"},
                                   CodingName{0x0161, "Windows Media Audio"},
                                   CodingName{0x0162, "Windows Media Audio"},
                                   CodingName{0x0163, "Windows Media Audio"},
                                   CodingName{0x0200, "Creative's ADPCM"},
                                   CodingName{0x028F, "G.719"},
                                   CodingName{0x1610, "AAC"},
                                   CodingName{0x2000, "Dolby's AC-3"},
                                   CodingName{0x2001, "DTS"},
                                   CodingName{0x566F, "Vorbis"},
                                   CodingName{0x5756, "WavPack"},
                                   CodingName{0x674F, "Vorbis"},
                                   CodingName{0x6750, "Vorbis"},
                                   CodingName{0x6751, "Vorbis"},
                                   CodingName{0x6770, "Vorbis"},
                                   CodingName{0x6771, "Vorbis"},
                                   CodingName{0xA109, "Speex"},
                                   CodingName{0xF1AC, "FLAC"}};

std::string coding_name(unsigned tag) {
  const auto* const found =
      std::find_if(other_codings.begin(), other_codings.end(),
                   [&](const CodingName& coding) { return coding.tag == tag; });
  return found == other_codings.end() ? fmt::format("a coding of number 0x{:04x}", tag)
                                      : std::string(found->name);
}

struct Format {
  unsigned tag = 0;
  unsigned channels = 0;
  std::uint32_t rate = 0;
  unsigned bytes = 0;  // of a sample of one channel
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  void find_parts() {
    const bool is_64 = !bytes_.starts_with("RIFF");
    std::optional<std::uint64_t> size_64;
    std::size_t at = 12;
    while (bytes_.size() - at >= 8 && !(format_ && has_samples_)) {
      const std::string_view id = bytes_.substr(at, 4);
      const std::uint32_t size = number32(bytes_, at + 4);
      at += 8;
      const std::size_t left = bytes_.size() - at;
      if (id == "data") {
        take_samples(at, size, is_64 ? size_64 : std::nullopt);
        if (!has_end_) break;
      } else if (size > left) {
        damaged(fmt::format("a part of its header announces {} bytes, {} are left", size, left));
      } else if (id == "ds64" && size >= 24) {
        size_64 = number64(bytes_, at + 8);
      } else if (id == "fmt ") {
        take_format(bytes_.substr(at, size));
      }
      const std::uint64_t whole = std::uint64_t{size} + size % 2;
      at += static_cast<std::size_t>(std::min<std::uint64_t>(whole, left));
    }
    if (!format_) damaged("it does not say how its samples are written");
    if (!has_samples_) damaged("it has no part with samples");
  }

  Audio audio(double longest_seconds) const {
    const std::size_t frame = std::size_t{format_->bytes} * format_->channels;
    check_length(frame);
    const std::size_t frames = samples_.size() / frame;
    if (static_cast<double>(frames) > longest_seconds * format_->rate) {
      throw Error(fmt::format("{} is longer than {:.0f} seconds", name_, longest_seconds),
                  "cut it into parts");
    }
    Audio audio;
    audio.rate = static_cast<int>(format_->rate);
    audio.samples.reserve(frames);
    const auto number_of_channels = static_cast<float>(format_->channels);
    for (std::size_t at = 0; at < frames * frame; at += frame) {
      float sum = 0.0F;
      for (unsigned c = 0; c < format_->channels; ++c)
        sum += sample(at + std::size_t{c} * format_->bytes);
      audio.samples.push_back(sum / number_of_channels);
    }
    return audio;
  }

 private:
  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(fmt::format("{} is damaged: {}", name_, what), "record it anew");
  }
  [[noreturn]] void other_coding(const std::string& what) const {
    throw Error(fmt::format("{} is WAV with {}, expected whole numbers, float, A-law or mu-law",
                            name_, what),
                "write it anew: ffmpeg -i in.wav -c:a pcm_s16le out.wav");
  }

  void take_format(std::string_view part) {
    if (part.size() < 14) damaged("what says how its samples are written is too short");
    Format format;
    format.tag = number16(part, 0);
    format.channels = number16(part, 2);
    format.rate = number32(part, 4);
    const unsigned frame = number16(part, 12);
    const unsigned bits = part.size() >= 16 ? number16(part, 14) : 0U;
    if (format.tag == tags::extensible) {
      if (part.size() < 40) damaged("what says how its samples are written is too short");
      constexpr std::string_view usual{"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71",
                                       14};
      if (part.substr(26, 14) != usual) other_coding("a coding of no known name");
      format.tag = number16(part, 24);
    }
    constexpr std::uint32_t most_rate = 10'000'000;
    if (format.channels < 1 || format.rate < 1 || format.rate > most_rate) {
      throw Error(fmt::format("{} is damaged: its header says {} channels of {} samples a second",
                              name_, format.channels, format.rate),
                  "record it anew");
    }
    // How many bytes there are is what counts; few of them may be in use.
    const bool fits = frame > 0 && frame % format.channels == 0;
    format.bytes = fits ? frame / format.channels : (bits + 7) / 8;
    switch (format.tag) {
      case tags::pcm:
        if (format.bytes < 1 || format.bytes > 4 || bits > 8 * format.bytes)
          other_coding(fmt::format("whole numbers of {} bits", std::max(bits, 8 * format.bytes)));
        break;
      case tags::ieee_float:
        if (format.bytes != 4 && format.bytes != 8)
          other_coding(fmt::format("float of {} bits", 8 * format.bytes));
        break;
      case tags::a_law:
      case tags::mu_law:
        if (format.bytes != 1) damaged(fmt::format("A-law or mu-law of {} bytes", format.bytes));
        break;
      default:
        other_coding(coding_name(format.tag));
    }
    format_ = format;
  }

  void take_samples(std::size_t at, std::uint32_t size, std::optional<std::uint64_t> size_64) {
    const std::string_view rest = bytes_.substr(at);
    const bool tells_64 = size_64 && size == 0xFFFF'FFFFU;
    announced_ = tells_64 ? *size_64 : size;
    constexpr std::uint64_t least_endless_64 = std::uint64_t{1} << 62U;
    const bool is_endless = tells_64 ? announced_ == 0 || announced_ >= least_endless_64
                                     : size >= least_endless && announced_ > rest.size();
    const bool is_unknown = size == 0 && !rest.empty() && !is_part(rest);
    if (is_endless || is_unknown) announced_ = unknown_size;
    has_samples_ = true;
    has_end_ = announced_ <= rest.size();
    samples_ =
        rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(announced_, rest.size())));
  }

  // A part of a header that ends with the file, or before: no samples.
  static bool is_part(std::string_view rest) {
    if (rest.size() < 8 || number32(rest, 4) > rest.size() - 8) return false;
    return std::all_of(rest.begin(), rest.begin() + 4, [](char c) { return c >= ' ' && c <= '~'; });
  }

  // Less than one frame is no loss.
  void check_length(std::size_t frame) const {
    if (has_end_ || announced_ == unknown_size || announced_ - samples_.size() < frame) return;
    const double second = static_cast<double>(frame) * format_->rate;
    throw Error(fmt::format("{} is cut off: its header announces {:.3f} seconds, there are {:.3f}",
                            name_, static_cast<double>(announced_) / second,
                            static_cast<double>(samples_.size()) / second),
                "copy it anew; ffmpeg -i in.wav out.wav makes one of what is there");
  }

  float sample(std::size_t at) const {
    const auto first = static_cast<unsigned char>(samples_[at]);
    if (format_->tag == tags::mu_law) return mu_law(first);
    if (format_->tag == tags::a_law) return a_law(first);
    if (format_->tag == tags::ieee_float) {
      return format_->bytes == 4
                 ? std::bit_cast<float>(number32(samples_, at))
                 : static_cast<float>(std::bit_cast<double>(number64(samples_, at)));
    }
    if (format_->bytes == 1) return (static_cast<float>(first) - 128.0F) / 128.0F;
    std::uint32_t bits = 0;  // its most significant byte above all others
    for (unsigned i = 0; i < format_->bytes; ++i) {
      const auto byte = static_cast<unsigned char>(samples_[at + i]);
      bits |= std::uint32_t{byte} << (8 * (4 - format_->bytes + i));
    }
    return static_cast<float>(static_cast<std::int32_t>(bits)) * 0x1p-31F;
  }

  // ITU-T G.711.
  static float mu_law(unsigned byte) {
    byte = ~byte & 0xFFU;
    const int magnitude = static_cast<int>(((byte & 15U) * 8 + 0x84) << ((byte >> 4U) & 7U)) - 0x84;
    return static_cast<float>((byte & 0x80U) != 0 ? -magnitude : magnitude) / 32768.0F;
  }
  static float a_law(unsigned byte) {
    byte ^= 0x55U;
    const unsigned exponent = (byte >> 4U) & 7U;
    unsigned magnitude = (byte & 15U) * 16 + 8;
    if (exponent > 0) magnitude = (magnitude + 0x100) << (exponent - 1);
    const auto number = static_cast<int>(magnitude);
    return static_cast<float>((byte & 0x80U) != 0 ? number : -number) / 32768.0F;
  }

  std::string_view bytes_;
  const std::string& name_;
  std::optional<Format> format_;
  bool has_samples_ = false;
  bool has_end_ = true;          // the file goes on as far as its header says
  std::uint64_t announced_ = 0;  // bytes of samples, as the header says
  std::string_view samples_;
};

}  // namespace

Audio read_wav(std::string_view bytes, const std::string& name, double longest_seconds) {
  Reader reader(bytes, name);
  reader.find_parts();
  return reader.audio(longest_seconds);
}

}  // namespace chronicler::data
