#include "tasks/transcribe/recognition.h"

#include <algorithm>

#include "chronicler/base/error.h"
#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_beam_search.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "model/model_internals.h"
#include "tasks/transcribe/loudness.h"
#include "tasks/transcribe/silence.h"

namespace chronicler::tasks {

std::vector<float> SpeechRecognition::samples(const data::Audio& audio) const {
  if (audio.samples.empty()) throw Error("a recording without samples", "record it anew");
  return data::resampled(audio.samples, audio.rate, sound.rate());
}

Tensor SpeechRecognition::scores(const Model& model, std::span<const float> samples) const {
  const HeardSound heard = sound.heard(samples, streaming);
  if (heard.samples.empty()) return {};
  return with_silence(scores_of_parts(model, heard.samples), heard.left_out);
}

Tensor SpeechRecognition::scores_of_parts(const Model& model,
                                          std::span<const float> samples) const {
  Execution execution(ModelInternals::network(model));
  const auto longest = static_cast<std::size_t>(longest_part * sound.rate());
  std::vector<std::size_t> cuts = quiet_cuts(samples, longest);
  if (cuts.empty()) return speech_scores(execution, sound.features(samples), sound.steps());
  // A part begins on a step, so that all steps stay evenly spaced.
  const auto unit = static_cast<std::size_t>(sound.steps().stride * sound.log_mel().hop());
  for (std::size_t& cut : cuts) cut = cut / unit * unit;
  cuts.push_back(samples.size());
  std::vector<Tensor> parts;
  std::int64_t steps = 0;
  std::size_t begin = 0;
  for (const std::size_t end : cuts) {
    Tensor part = speech_scores(execution, sound.features(samples.subspan(begin, end - begin)),
                                sound.steps());
    const auto wanted = static_cast<std::int64_t>((end - begin) / unit);
    if (end != samples.size() && part.shape()[0] > wanted) part = part.rows(0, wanted);
    steps += part.shape()[0];
    parts.push_back(part);
    begin = end;
  }
  Tensor all({steps, labels.classes()});
  float* to = all.as<float>();
  for (const Tensor& part : parts) to = std::copy_n(part.as<float>(), part.size(), to);
  return all;
}

Transcript SpeechRecognition::transcript(const Tensor& scores, const TranscribeOptions& options,
                                         const LabelLanguage* language) const {
  check_fields("Transcriber", options);
  const double step = sound.step_seconds();
  if (one_label) {
    const std::int64_t label = decoding::ctc_single_label(scores);
    return labels.transcript(decoding::ctc_align(scores, std::span(&label, 1)), step);
  }
  if (options.beams == 0 && language == nullptr)
    return labels.transcript(decoding::ctc_greedy(scores), step);
  constexpr std::int64_t usual_beams = 32;
  decoding::CtcBeamOptions search;
  search.beams = options.beams > 0 ? options.beams : usual_beams;
  if (language != nullptr) {
    search.scorer = [language](std::span<const std::int64_t> before, std::int64_t next) {
      return language->score(before, next);
    };
    search.scorer_weight = options.language_weight;
    search.label_bonus = options.label_bonus;
  }
  const auto found = decoding::ctc_beam_search(scores, search);
  return labels.transcript(decoding::ctc_align(scores, found.front().labels), step);
}

void SpeechRecognition::fit_to_sound(Transcript& transcript, std::span<const float> samples,
                                     double seconds) const {
  std::vector<SaidSpan> spans;
  for (const Transcript::Word& word : transcript.words) spans.push_back({word.begin, word.end});
  if (!streaming) tasks::fit_to_sound(spans, samples, sound.rate());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    transcript.words[i].begin = std::min(spans[i].begin, seconds);
    transcript.words[i].end = std::min(spans[i].end, seconds);
  }
  transcript.seconds = seconds;
}

}  // namespace chronicler::tasks
