// What a file of sound is, recognized by its first bytes and never by its name.
#pragma once

#include <string>
#include <string_view>

namespace chronicler::data {

enum class SoundKind { wav, flac, ogg };

// Leaves out what may stand before a recording (ID3 tags, which some programs put before FLAC).
std::string_view without_tags(std::string_view bytes);

// Which reader knows the recording. Throws Error for any other: libsndfile would try two dozen
// containers that nobody records speech in, and has had memory faults in most of them. `name`
// stands for the file in errors, as in read_audio.
SoundKind sound_kind(std::string_view bytes, const std::string& name);

// Throws Error unless an Ogg file holds one stream of Vorbis or Opus, and for one that ends in the
// middle of a page.
void check_ogg(std::string_view bytes, const std::string& name);

// How a file of another kind becomes one that can be read: "ffmpeg -i in.mp3 out.wav makes one".
std::string how_to_convert(std::string_view ending);

}  // namespace chronicler::data
