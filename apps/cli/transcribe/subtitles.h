// Transcripts as subtitles and in the forms that whisper.cpp writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chronicler/tasks/transcriber.h"

namespace chronicler::cli::transcribe {

// Some words that stand together: a line of subtitles.
struct Segment {
  double begin = 0.0;  // seconds
  double end = 0.0;
  std::string text;
};

// A new one after a pause, and where a line is full.
std::vector<Segment> segments_of(const tasks::Transcript& transcript);

// 00:01:02.345; SubRip has a comma.
std::string clock_text(double seconds, char point = '.');

std::string as_lines(const tasks::Transcript& transcript);  // [begin --> end]  text
std::string as_srt(const tasks::Transcript& transcript);
std::string as_vtt(const tasks::Transcript& transcript);
// One object: "transcription" is what whisper.cpp writes, "words" and the rest are more.
std::string as_json(const tasks::Transcript& transcript, std::string_view file);

}  // namespace chronicler::cli::transcribe
