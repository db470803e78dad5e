#include "data/sound_kind.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

using namespace std::string_view_literals;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

// What stands at a place of the first bytes says what a file is.
struct Mark {
  std::string_view bytes;
  std::string_view name;
  std::string_view ending;
  std::size_t at = 0;
};

constexpr std::array marks{
    Mark{"AIFF"sv, "AIFF", "aiff", 8},
    Mark{"AIFC"sv, "AIFF-C", "aifc", 8},
    Mark{"8SVX"sv, "Amiga's 8SVX", "svx", 8},
    Mark{"16SV"sv, "Amiga's 16SV", "svx", 8},
    Mark{"FORM"sv, "an IFF file", "iff"},
    Mark{".snd"sv, "Sun's AU", "au"},
    Mark{"dns."sv, "Sun's AU", "au"},
    Mark{"caff"sv, "Apple's CAF", "caf"},
    Mark{"riff\x2E\x91\xCF\x11"sv, "Sony's W64", "w64"},
    Mark{"RIFX"sv, "a big-endian WAV", "wav"},
    Mark{"AVI "sv, "AVI", "avi", 8},
    Mark{"RMID"sv, "MIDI, which is notes and no sound", "rmi", 8},
    Mark{"WEBP"sv, "a picture (WebP)", "", 8},
    Mark{"RIFF"sv, "RIFF, but not WAV", "riff"},
    Mark{"ftyp"sv, "MPEG-4 (M4A, MP4 or QuickTime)", "m4a", 4},
    Mark{"moov"sv, "QuickTime", "mov", 4},
    Mark{"mdat"sv, "QuickTime", "mov", 4},
    Mark{"\x1A\x45\xDF\xA3"sv, "WebM or Matroska", "webm"},
    Mark{"MThd"sv, "MIDI, which is notes and no sound", "mid"},
    Mark{"#!AMR"sv, "AMR", "amr"},
    Mark{"#!SILK"sv, "SILK", "silk"},
    Mark{"\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, "WMA (ASF)", "wma"},
    Mark{"Creative Voice File"sv, "Creative's VOC", "voc"},
    Mark{"NIST_1A"sv, "NIST SPHERE", "sph"},
    Mark{"wvpk"sv, "WavPack", "wv"},
    Mark{"MAC "sv, "Monkey's Audio", "ape"},
    Mark{"MPCK"sv, "Musepack", "mpc"},
    Mark{"MP+"sv, "Musepack", "mpc"},
    Mark{"TTA1"sv, "True Audio", "tta"},
    Mark{"TTA2"sv, "True Audio", "tta"},
    Mark{"DSD "sv, "DSD", "dsf"},
    Mark{"FRM8"sv, "DSDIFF", "dff"},
    Mark{".RMF"sv, "RealMedia", "rm"},
    Mark{".ra\xFD"sv, "RealAudio", "ra"},
    Mark{"FLV\x01"sv, "Flash video", "flv"},
    Mark{"\x00\x00\x01\xBA"sv, "an MPEG video", "mpg"},
    Mark{"\x00\x00\x01\xB3"sv, "an MPEG video", "mpg"},
    Mark{"\x0B\x77"sv, "Dolby's AC-3", "ac3"},
    Mark{"ADIF"sv, "AAC", "aac"},
    Mark{"ALawSoundFile"sv, "Psion's WVE", "wve"},
    Mark{"Extended Instrument:"sv, "FastTracker's XI", "xi"},
    Mark{"Extended Module:"sv, "a tracker's module", "xm"},
    Mark{"IMPM"sv, "a tracker's module", "it"},
    Mark{"MATLAB 5.0"sv, "MATLAB's data", "mat"},
    Mark{"PVF1"sv, "Portable Voice Format", "pvf"},
    Mark{"PVF2"sv, "Portable Voice Format", "pvf"},
    Mark{"2BIT"sv, "AVR", "avr"},
    Mark{" paf"sv, "Ensoniq's PARIS", "paf"},
    Mark{"fap "sv, "Ensoniq's PARIS", "paf"},
    Mark{"\x64\xA3"sv, "IRCAM", "sf"},
    Mark{"\xF0\x7E"sv, "MIDI's sample dump", "sds"},
    Mark{"SOUND SAMPLE DATA "sv, "Turtle Beach's SampleVision", "smp"},
    Mark{"\x1F\x8B"sv, "a packed file (gzip)", ""},
    Mark{"PK\x03\x04"sv, "a packed file (zip)", ""},
    Mark{"\xFD"
         "7zXZ"sv,
         "a packed file (xz)", ""},
    Mark{"BZh"sv, "a packed file (bzip2)", ""},
    Mark{"\x28\xB5\x2F\xFD"sv, "a packed file (zstd)", ""},
    Mark{"7z\xBC\xAF"sv, "a packed file (7z)", ""},
    Mark{"Rar!"sv, "a packed file (RAR)", ""},
    Mark{"%PDF"sv, "a PDF", ""},
    Mark{"\x89PNG"sv, "a picture (PNG)", ""},
    Mark{"\xFF\xD8\xFF"sv, "a picture (JPEG)", ""},
    Mark{"GIF8"sv, "a picture (GIF)", ""},
    Mark{"version https://git-lfs"sv, "a pointer to a file of Git LFS, not the file itself", ""},
    Mark{"<!DOCTYPE"sv, "a web page", ""},
    Mark{"<!doctype"sv, "a web page", ""},
    Mark{"<html"sv, "a web page", ""}};

// A frame of MPEG audio or AAC begins with eleven or twelve ones.
const Mark* mpeg_frame(std::string_view bytes) {
  static constexpr Mark mp3{"", "MP3", "mp3"};
  static constexpr Mark mp2{"", "MPEG audio (MP1 or MP2)", "mp2"};
  static constexpr Mark aac{"", "AAC", "aac"};
  if (byte_at(bytes, 0) != 0xFF || (byte_at(bytes, 1) & 0xE0U) != 0xE0) return nullptr;
  const unsigned layer = (byte_at(bytes, 1) >> 1U) & 3U;
  if (layer == 0) return (byte_at(bytes, 1) & 0xF0U) == 0xF0 ? &aac : nullptr;
  const bool is_frame = (byte_at(bytes, 2) >> 4U) != 15 && ((byte_at(bytes, 2) >> 2U) & 3U) != 3;
  if (!is_frame) return nullptr;
  return layer == 1 ? &mp3 : &mp2;
}

const Mark* mark_of(std::string_view bytes) {
  for (const Mark& mark : marks) {
    if (bytes.size() >= mark.at && bytes.substr(mark.at).starts_with(mark.bytes)) return &mark;
  }
  return mpeg_frame(bytes);
}

[[noreturn]] void refuse(std::string_view name, std::string_view what, std::string_view ending) {
  throw Error(fmt::format("{} is {}, expected WAV, FLAC or OGG", name, what),
              ending.empty() ? "give a recording" : how_to_convert(ending));
}

// Pages of an Ogg file, one after another.
struct OggPages {
  std::string_view rest;
  std::string_view page = {};  // its header and body
  std::string_view body = {};

  enum class Found { page, end, cut, none };
  Found next() {
    constexpr std::size_t header = 27;
    if (rest.empty()) return Found::end;
    if (!rest.starts_with("OggS")) return Found::none;
    const std::size_t segments = byte_at(rest, header - 1);
    if (rest.size() < header + segments) return Found::cut;
    std::size_t size = 0;
    for (std::size_t i = 0; i < segments; ++i) size += byte_at(rest, header + i);
    if (rest.size() < header + segments + size) return Found::cut;
    page = rest.substr(0, header + segments + size);
    body = page.substr(header + segments);
    rest.remove_prefix(page.size());
    return Found::page;
  }
  bool begins_stream() const { return (byte_at(page, 5) & 2U) != 0; }
};

std::string_view ogg_coding(std::string_view packet) {
  if (packet.starts_with("\x01vorbis")) return "Vorbis";
  if (packet.starts_with("OpusHead")) return "Opus";
  if (packet.starts_with("\x7F"
                         "FLAC"))
    return "FLAC in OGG";
  if (packet.starts_with("Speex   ")) return "Speex";
  if (packet.starts_with("\x80theora")) return "Theora's video";
  if (packet.starts_with("fishead")) return "a skeleton of several streams";
  if (packet.starts_with("PCM     ")) return "PCM in OGG";
  if (packet.starts_with("CELT    ")) return "CELT";
  if (packet.starts_with("\x01video") || packet.starts_with("BBCD")) return "video";
  return "an unknown coding";
}

}  // namespace

std::string how_to_convert(std::string_view ending) {
  return fmt::format("make it one of these first: ffmpeg -i in.{} out.wav", ending);
}

std::string_view without_tags(std::string_view bytes) {
  constexpr std::size_t header = 10;
  while (bytes.starts_with("ID3") && bytes.size() >= header) {
    std::size_t size = header;  // seven bits a byte
    for (std::size_t i = 0; i < 4; ++i)
      size += static_cast<std::size_t>(byte_at(bytes, 6 + i) & 0x7FU) << (7 * (3 - i));
    if ((byte_at(bytes, 5) & 0x10U) != 0) size += header;  // the same again at its end
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return bytes;
}

SoundKind sound_kind(std::string_view bytes, const std::string& name) {
  const bool is_tagged = bytes.starts_with("ID3");
  bytes = without_tags(bytes);
  if (bytes.starts_with("fLaC")) return SoundKind::flac;
  // What else bears these tags is MP3.
  if (is_tagged) {
    const Mark* mark = mark_of(bytes);
    refuse(name, mark == nullptr ? "MP3" : mark->name, mark == nullptr ? "mp3" : mark->ending);
  }
  const bool is_riff =
      bytes.starts_with("RIFF") || bytes.starts_with("RF64") || bytes.starts_with("BW64");
  if (is_riff && bytes.size() >= 12 && bytes.substr(8, 4) == "WAVE") return SoundKind::wav;
  if (is_riff && bytes.size() < 12)
    throw Error(fmt::format("{} is cut off: it ends in its header", name), "copy it anew");
  if (bytes.starts_with("OggS")) return SoundKind::ogg;
  if (const Mark* mark = mark_of(bytes)) refuse(name, mark->name, mark->ending);
  throw Error(
      fmt::format(
          "{} is not a recording that can be read: it begins like neither WAV, FLAC nor OGG", name),
      "give WAV, FLAC or OGG; samples without a header are read by --stream");
}

void check_ogg(std::string_view bytes, const std::string& name) {
  OggPages pages{bytes};
  int streams = 0;
  for (;;) {
    switch (pages.next()) {
      case OggPages::Found::cut:
        throw Error(fmt::format("{} is cut off: its last page is not whole", name), "copy it anew");
      case OggPages::Found::none:
        if (streams == 0) throw Error(fmt::format("{} is damaged", name), "copy it anew");
        return;  // something behind the recording
      case OggPages::Found::end:
        if (streams == 0) throw Error(fmt::format("{} holds no samples", name), "record it anew");
        return;
      case OggPages::Found::page:
        break;
    }
    if (!pages.begins_stream()) continue;
    const std::string_view coding = ogg_coding(pages.body);
    if (coding != "Vorbis" && coding != "Opus") {
      throw Error(fmt::format("{} holds {}, expected Vorbis or Opus in OGG", name, coding),
                  how_to_convert("ogg"));
    }
    ++streams;
  }
}

}  // namespace chronicler::data
