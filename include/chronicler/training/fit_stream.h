// Learning along one sequence as its steps arrive: no window, no tape, and memory that does not
// grow with the sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/training/callbacks.h"

namespace chronicler {

// Of Model::fit_stream, which feeds a StreamLearner (stream_learner.h says how it learns).
struct FitStreamOptions {
  static constexpr std::string_view class_name = "fit_stream";
  std::int64_t update_every = 1;
  bool new_sequences = false;
  std::int64_t report_every = 1000;
  std::optional<double> max_seconds = {};
  int verbose = 1;  // 0 nothing, 1 progress bar (a plain line when not on a terminal), 2 one line
  std::vector<CallbackPtr> callbacks = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = FitStreamOptions;
    visit("update_every", &Options::update_every, at_least(1),
          "steps of the stream whose mean gradient makes a step of the optimizer");
    visit("new_sequences", &Options::new_sequences, any_value(),
          "each batch of a data set is a sequence of its own; false: they follow one another");
    visit("report_every", &Options::report_every, at_least(1),
          "steps of the stream that make a line of the history, and an epoch for callbacks");
    visit("max_seconds", &Options::max_seconds, above(0.0), "ends the run after so many seconds");
    visit("verbose", &Options::verbose, between(0, 2), "as in fit");
  }
};

}  // namespace chronicler
