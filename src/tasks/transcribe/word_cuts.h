// Where recordings can be cut apart between their words, so that training hears these in another
// order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/base/random.h"
#include "chronicler/training/callbacks.h"
#include "model/network.h"
#include "tasks/transcribe/labels.h"
#include "tasks/transcribe/parts.h"
#include "tasks/transcribe/reader.h"

namespace chronicler::tasks {

struct SaidWords {
  std::vector<float> samples;
  LabelIds labels;
};

// Some words of a recording, in any order and any of them twice, so that the network cannot guess
// a word from the one before. Word w of labels lies from cuts[w] to cuts[w + 1]; the stream of
// random numbers says which are taken.
SaidWords shuffled_words(std::span<const float> sound, std::span<const std::size_t> cuts,
                         const LabelIds& labels, const Random& random, std::uint64_t stream);

// In pauses, where these show the words; else, from a fifth of the run on, where the network hears
// them. Pauses are better: they do not depend on the network, which may write a word that it
// expects before it is spoken.
class WordCuts final : public Callback {
 public:
  // The reader and the part live as long as this.
  WordCuts(const SpeechReader& reader, const SpeechPart& part, const TranscriberOptions& options);

  // Before each word of a recording, and its end; empty where they are not known.
  std::span<const std::size_t> of(std::size_t row) const { return cuts_[row]; }

  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  CallbackState state() const override;
  void set_state(const CallbackState& state) override;

 private:
  // None if the network is not sure of a word.
  std::vector<std::size_t> find(std::size_t row, Execution& execution) const;

  const SpeechReader& reader_;
  const SpeechPart& part_;
  bool streaming_;
  std::vector<std::vector<std::size_t>> cuts_;
  std::vector<bool> in_pauses_;  // whether the pauses show them
  double next_search_ = 2.0;  // share of the run from which on they are found anew; above 1: never
};

}  // namespace chronicler::tasks
