#include "tasks/transcribe/parts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

std::string hash_of(const SpeechPart& part) {
  std::uint64_t hash = fnv_start;
  for (const std::vector<float>& sound : part.sounds) {
    hash = fnv_after(hash, sound.size());
    for (const float sample : sound) hash = fnv_after(hash, std::bit_cast<std::uint32_t>(sample));
  }
  for (const LabelIds& ids : part.labels) {
    for (const std::int32_t id : ids) hash = fnv_after(hash, static_cast<std::uint64_t>(id));
    hash = fnv_after(hash, std::uint64_t{0});
  }
  return fmt::format("{:016x}", hash);
}

// Why a recording is skipped; empty if it is not.
std::string reason_to_skip(const data::Recording& recording, std::span<const float> sound,
                           const LabelIds& ids, const SpeechRecognition& recognition) {
  if (sound.empty()) return "it is silent: all of its samples are alike";
  if (ids.empty()) return "its text has no letter and no digit";
  if (std::find(ids.begin(), ids.end(), SpeechLabels::unknown) != ids.end()) {
    return fmt::format("its text has a {} that the training recordings do not have",
                       recognition.labels.level() == "word" ? "word" : "character");
  }
  const SpeechReader& reader = recognition.sound;
  const std::int64_t steps =
      reader.steps().of(reader.log_mel().frames(static_cast<std::int64_t>(sound.size())));
  const double seconds = recording.audio.seconds();
  if (least_steps(ids) > steps) {
    return fmt::format("its {:.2f} s make {} steps, its {} labels need {}", seconds, steps,
                       ids.size(), least_steps(ids));
  }
  constexpr double longest = SpeechRecognition::longest_part;
  if (seconds > longest) return fmt::format("it is longer than {} seconds", longest);
  return {};
}

// Adds a recording to the part, or says in `skipped` why not.
bool take(const data::Recording& recording, const SpeechRecognition& recognition, SpeechPart& part,
          std::vector<std::string>& skipped) {
  std::vector<float> sound =
      recognition.sound.heard(recognition.samples(recording.audio), recognition.streaming).samples;
  std::string text = recognition.labels.cleaned(recording.text);
  LabelIds ids = recognition.labels.ids(text);
  if (const std::string reason = reason_to_skip(recording, sound, ids, recognition);
      !reason.empty()) {
    skipped.push_back(fmt::format("{}: {}", recording.name, reason));
    return false;
  }
  part.sounds.push_back(std::move(sound));
  part.texts.push_back(std::move(text));
  part.labels.push_back(std::move(ids));
  return true;
}

}  // namespace

std::string SpeechParts::identity() const {
  return fmt::format("recordings {}, validation {}", hash_of(train), hash_of(validation));
}

SpeechParts speech_parts(std::vector<data::Recording> recordings,
                         std::vector<data::Recording> validation,
                         const SpeechRecognition& recognition, const TranscriberOptions& options) {
  SpeechParts parts;
  const auto validate_on = [&](data::Recording& each) {
    if (take(each, recognition, parts.validation, parts.skipped))
      parts.validation_recordings.push_back(std::move(each));
  };
  std::vector<std::size_t> order(recordings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::size_t held = 0;
  if (validation.empty()) {
    held = static_cast<std::size_t>(
        std::llround(static_cast<double>(recordings.size()) * options.validation_fraction));
    shuffle(order, Random(options.seed + 2), 0);
  }
  for (data::Recording& each : validation) validate_on(each);
  for (std::size_t i = 0; i < order.size(); ++i) {
    data::Recording& each = recordings[order[i]];
    if (i < held) {
      validate_on(each);
    } else if (take(each, recognition, parts.train, parts.skipped)) {
      parts.audio_seconds += each.audio.seconds();
    }
  }
  if (parts.train.sounds.empty() && parts.skipped.empty()) {
    throw Error(
        fmt::format("all {} recordings would choose the epoch, and none is left to learn from",
                    held),
        "a smaller validation fraction, or more recordings");
  }
  if (parts.train.sounds.empty())
    throw Error(fmt::format("no recording is left to learn from: {}", parts.skipped.front()),
                "longer recordings, or shorter texts");
  return parts;
}

}  // namespace chronicler::tasks
