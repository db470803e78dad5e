#include "tasks/transcribe/scores.h"

namespace chronicler::tasks {

void TranscriptScores::add(const data::Recording& recording, const Transcript& found,
                           double seconds) {
  const std::string truth = recognition_.labels.cleaned(recording.text);
  for (const std::int32_t id : recognition_.labels.ids(truth))
    score_.unknown += id == SpeechLabels::unknown ? 1 : 0;
  score_.seconds += seconds;
  score_.audio_seconds += recording.audio.seconds();
  score_.words += data::word_errors(truth, found.text);
  score_.characters += data::character_errors(truth, found.text);
  usual_ += data::word_errors(truth, recognition_.usual_text);
  if (recognition_.linear) linear_ += data::word_errors(truth, linear_text(recording.audio));
  score_.right += found.text == truth ? 1 : 0;
  ++score_.recordings;
}

std::string TranscriptScores::linear_text(const data::Audio& audio) const {
  const SpeechReader& sound = recognition_.sound;
  const HeardSound heard = sound.heard(recognition_.samples(audio), recognition_.streaming);
  if (heard.samples.empty()) return {};
  const std::int32_t label = recognition_.linear->label(sound.log_mel(), heard.samples);
  return label > 0 ? recognition_.labels.name(label) : std::string();
}

TranscriberScore TranscriptScores::result() const {
  TranscriberScore score = score_;
  score.usual_word_error = usual_.rate();
  if (recognition_.linear) score.linear_word_error = linear_.rate();
  return score;
}

}  // namespace chronicler::tasks
