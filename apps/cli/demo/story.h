// What the demo says while it runs, and how it trains.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "chronicler/insight/chart.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"

namespace chronicler::cli::demo {

// Where the demo prints its story: standard output, or standard error if the output is JSON.
struct Story {
  std::ostream& out;
  bool bars = false;  // Keras's progress bars; else a line every few epochs

  void heading(int number, std::string_view text) const;
  void say(std::string_view text) const;  // a paragraph, wrapped at 100 columns
};

// What training took.
struct Effort {
  double seconds = 0.0;        // the whole of fit
  double epoch_seconds = 0.0;  // an epoch's training alone, without validation; the mean
};

struct Fitted {
  History history;
  Effort effort;
};

// model.fit, shown in the story. Throws Interrupted after a Ctrl-C.
Fitted fit(const Story& story, Model& model, const Tensor& x, const Tensor& y, FitOptions options);

// The LSTM's place in the palette, the same in every chart.
inline constexpr int lstm_color = 1;

// A curve of a training's history, epochs counted from 1.
insight::Series by_epoch(const std::string& name, const History& history, const std::string& key);

}  // namespace chronicler::cli::demo
