#include "tasks/transcribe/word_cuts.h"

#include <algorithm>
#include <limits>

#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/model/model.h"
#include "chronicler/training/checkpoint_error.h"
#include "model/model_internals.h"
#include "tasks/transcribe/loudness.h"

namespace chronicler::tasks {

SaidWords shuffled_words(std::span<const float> sound, std::span<const std::size_t> cuts,
                         const LabelIds& labels, const Random& random, std::uint64_t stream) {
  SaidWords said;
  const std::size_t count = 1 + random.below(labels.size(), stream, 0);
  for (std::size_t i = 1; i <= count; ++i) {
    const std::size_t word = random.below(labels.size(), stream, i);
    const auto part = sound.subspan(cuts[word], cuts[word + 1] - cuts[word]);
    said.samples.insert(said.samples.end(), part.begin(), part.end());
    said.labels.push_back(labels[word]);
  }
  return said;
}

namespace {

// The quietest place from begin to end: the middle of 20 ms.
std::size_t quietest(std::span<const float> samples, std::size_t begin, std::size_t end, int rate) {
  const auto window = static_cast<std::size_t>(rate / 50);
  std::size_t best = (begin + end) / 2;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t at = begin; at + window <= end; at += window / 2) {
    double energy = 0.0;
    for (std::size_t i = at; i < at + window; ++i)
      energy += static_cast<double>(samples[i]) * samples[i];
    if (energy >= least) continue;
    least = energy;
    best = at + window / 2;
  }
  return best;
}

}  // namespace

WordCuts::WordCuts(const SpeechReader& reader, const SpeechPart& part,
                   const TranscriberOptions& options)
    : reader_(reader),
      part_(part),
      streaming_(options.streaming),
      cuts_(part.sounds.size()),
      in_pauses_(part.sounds.size(), false) {
  if (options.level != "word" || options.augmentation->shuffle <= 0.0) return;
  next_search_ = 0.2;
  for (std::size_t row = 0; row < cuts_.size(); ++row) {
    if (part.labels[row].size() < 2) continue;
    cuts_[row] = cuts_in_pauses(part.sounds[row], part.labels[row].size(), reader.rate());
    in_pauses_[row] = !cuts_[row].empty();
  }
}

void WordCuts::on_epoch_end(std::int64_t /*epoch*/, Logs& /*logs*/) {
  if (model().pause_training || progress().share < next_search_) return;
  while (next_search_ <= progress().share) next_search_ += 0.15;
  Execution execution(ModelInternals::network(model()));
  for (std::size_t row = 0; row < cuts_.size(); ++row) {
    if (!in_pauses_[row] && part_.labels[row].size() >= 2) cuts_[row] = find(row, execution);
  }
}

CallbackState WordCuts::state() const {
  std::size_t most = 1;
  for (const auto& cuts : cuts_) most = std::max(most, cuts.size());
  Tensor all({static_cast<std::int64_t>(cuts_.size()), static_cast<std::int64_t>(most)},
             DType::int32);  // -1 behind the last of a recording
  all.fill(-1.0);
  for (std::size_t row = 0; row < cuts_.size(); ++row)
    std::copy(cuts_[row].begin(), cuts_[row].end(), all.as<std::int32_t>() + row * most);
  return {{{"next_search", next_search_}}, {all}};
}

void WordCuts::set_state(const CallbackState& state) {
  next_search_ = state.number("next_search").value_or(next_search_);
  if (state.tensors.size() != 1 || state.tensors[0].dtype() != DType::int32 ||
      state.tensors[0].shape().rank() != 2 ||
      state.tensors[0].shape()[0] != static_cast<std::int64_t>(cuts_.size())) {
    throw CheckpointError("the checkpoint has no places between words for these recordings");
  }
  const Tensor& all = state.tensors[0];
  const auto most = static_cast<std::size_t>(all.shape()[1]);
  for (std::size_t row = 0; row < cuts_.size(); ++row) {
    cuts_[row].clear();
    const std::size_t size = part_.sounds[row].size();
    for (std::size_t i = 0; i < most; ++i) {
      const std::int32_t cut = all.as<std::int32_t>()[row * most + i];
      if (cut >= 0) cuts_[row].push_back(std::min(static_cast<std::size_t>(cut), size));
    }
  }
}

std::vector<std::size_t> WordCuts::find(std::size_t row, Execution& execution) const {
  const std::vector<float>& sound = part_.sounds[row];
  const std::vector<std::int64_t> labels(part_.labels[row].begin(), part_.labels[row].end());
  const Tensor scores = speech_scores(execution, reader_.features(sound), reader_.steps());
  const auto places = decoding::ctc_align(scores, labels);
  const bool sure = std::all_of(places.begin(), places.end(),
                                [](const auto& place) { return place.probability > 0.7; });
  if (!sure) return {};
  const double step = reader_.step_seconds();
  std::vector<SaidSpan> words;
  words.reserve(places.size());
  for (const auto& place : places) {
    words.push_back(
        {static_cast<double>(place.begin) * step, static_cast<double>(place.end) * step});
  }
  if (!streaming_) fit_to_sound(words, sound, reader_.rate());
  const auto sample_at = [&](double seconds) {
    return std::min(static_cast<std::size_t>(seconds * reader_.rate()), sound.size());
  };
  std::vector<std::size_t> cuts{0};
  for (std::size_t i = 1; i < words.size(); ++i) {
    cuts.push_back(
        quietest(sound, sample_at(words[i - 1].begin), sample_at(words[i].begin), reader_.rate()));
  }
  cuts.push_back(sound.size());
  return cuts;
}

}  // namespace chronicler::tasks
