// What fit, evaluate and predict show while they run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/training/callbacks.h"

namespace chronicler {

// What the place that lines go to can show.
struct Display {
  bool terminal = false;  // a line can be drawn over
  bool colour = false;
  bool unicode = false;

  // Of standard output, if `out` writes there and it is a terminal, after the environment:
  // NO_COLOR, TERM=dumb, and LC_ALL, LC_CTYPE or LANG for the encoding. Any other stream is no
  // terminal.
  static Display of(const std::ostream& out);
  // What of() finds for standard output from now on, where another program shows what is written
  // there: a notebook. Empty: as above.
  static void set_of_output(std::optional<Display> display);
};

// Whether a locale's name ("en_US.UTF-8") says that its encoding has all characters. Nothing said
// is taken for yes, as Python does.
bool has_all_characters(std::string_view locale);

// A moment in a run of steps.
struct Progress {
  std::int64_t done = 0;
  std::optional<std::int64_t> target = {};  // empty: nobody knows yet
  bool finished = false;
  double elapsed = 0.0;    // seconds since the start
  double step_time = 0.0;  // seconds
  std::vector<std::pair<std::string, double>> values = {};
};

// The bar, without line end: `1/3 ━━━━━━━━━━━━━━━━━━━━ 1s 804ms/step - loss: 1.1505`.
std::string bar_line(const Progress& progress, const Display& display);
// The same as plain text: `3/3 - 0s - 51ms/step - loss: 1.1505`. With `verbose_two` small and
// negative values are written as Keras's verbose=2 does.
std::string plain_line(const Progress& progress, bool verbose_two);
// How wide a text is on a terminal: escape sequences have no width, other characters one each.
std::size_t visible_width(std::string_view text);

// Keras's progress bar (verbose = 1), or a line an epoch (verbose = 2, or no terminal). Shows
// nothing with verbose = 0.
class ProgressBar {
 public:
  using Clock = std::function<double()>;  // seconds since whenever

  // On standard output, by the steady clock.
  ProgressBar(int verbose, std::optional<std::int64_t> steps);
  ProgressBar(int verbose, std::optional<std::int64_t> steps, std::ostream& out,
              const Display& display, Clock clock);

  // Says which epoch begins, counted from 0, of how many. Not called by evaluate and predict.
  void begin_epoch(std::int64_t epoch, std::optional<std::int64_t> epochs);
  // After `done` steps. Draws no more often than every 50 ms.
  void update(std::int64_t done, const Logs& logs);
  // The last line. Keys that were not seen before follow the others, validation's first.
  void finish(const Logs& logs);

 private:
  void take(const Logs& logs);
  Progress at(std::int64_t done, bool finished, double now) const;
  void draw_bar(const Progress& progress);

  int verbose_;
  std::optional<std::int64_t> steps_;
  std::ostream& out_;
  Display display_;
  Clock clock_;
  double start_;
  std::optional<double> first_step_ended_;
  std::optional<double> last_drawn_;
  std::int64_t done_ = 0;
  std::size_t last_width_ = 0;
  std::string epoch_;  // "Epoch 1/5" for a plain line
  std::vector<std::pair<std::string, double>> values_;
};

}  // namespace chronicler
