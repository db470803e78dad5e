#include "cli/transcribe/subtitles.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace chronicler::cli::transcribe {
namespace {

std::int64_t milliseconds(double seconds) { return std::llround(seconds * 1000.0); }

}  // namespace

std::vector<Segment> segments_of(const tasks::Transcript& transcript) {
  constexpr double pause = 0.8;
  constexpr double longest = 7.0;
  constexpr std::size_t widest = 72;
  std::vector<Segment> segments;
  for (const tasks::Transcript::Word& word : transcript.words) {
    const bool goes_on = !segments.empty() && word.begin - segments.back().end < pause &&
                         word.end - segments.back().begin < longest &&
                         segments.back().text.size() + word.text.size() < widest;
    if (!goes_on) {
      segments.push_back({word.begin, word.end, word.text});
      continue;
    }
    segments.back().text += " " + word.text;
    segments.back().end = word.end;
  }
  return segments;
}

std::string clock_text(double seconds, char point) {
  const std::int64_t all = milliseconds(seconds);
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", all / 3'600'000, all / 60'000 % 60,
                     all / 1000 % 60, point, all % 1000);
}

std::string as_lines(const tasks::Transcript& transcript) {
  std::string text;
  for (const Segment& segment : segments_of(transcript)) {
    text += fmt::format("[{} --> {}]  {}\n", clock_text(segment.begin), clock_text(segment.end),
                        segment.text);
  }
  return text;
}

std::string as_srt(const tasks::Transcript& transcript) {
  std::string text;
  int number = 0;
  for (const Segment& segment : segments_of(transcript)) {
    text += fmt::format("{}\n{} --> {}\n{}\n\n", ++number, clock_text(segment.begin, ','),
                        clock_text(segment.end, ','), segment.text);
  }
  return text;
}

std::string as_vtt(const tasks::Transcript& transcript) {
  std::string text = "WEBVTT\n\n";
  for (const Segment& segment : segments_of(transcript)) {
    text += fmt::format("{} --> {}\n{}\n\n", clock_text(segment.begin), clock_text(segment.end),
                        segment.text);
  }
  return text;
}

std::string as_json(const tasks::Transcript& transcript, std::string_view file) {
  using Json = nlohmann::ordered_json;
  Json json{{"file", file}, {"seconds", transcript.seconds}, {"text", transcript.text}};
  json["transcription"] = Json::array();
  for (const Segment& segment : segments_of(transcript)) {
    json["transcription"].push_back(
        {{"timestamps",
          {{"from", clock_text(segment.begin, ',')}, {"to", clock_text(segment.end, ',')}}},
         {"offsets", {{"from", milliseconds(segment.begin)}, {"to", milliseconds(segment.end)}}},
         {"text", segment.text}});
  }
  json["words"] = Json::array();
  for (const tasks::Transcript::Word& word : transcript.words) {
    json["words"].push_back({{"word", word.text},
                             {"begin", word.begin},
                             {"end", word.end},
                             {"probability", word.probability}});
  }
  return json.dump() + "\n";
}

}  // namespace chronicler::cli::transcribe
