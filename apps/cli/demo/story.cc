#include "cli/demo/story.h"

#include <chrono>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/interrupt.h"

namespace chronicler::cli::demo {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Adds up the time of the epochs' training parts: validation begins where it ends.
class Stopwatch : public Callback {
 public:
  void on_epoch_begin(std::int64_t /*epoch*/, Logs& /*logs*/) override {
    start_ = Clock::now();
    running_ = true;
  }
  void on_test_begin(Logs& /*logs*/) override { stop(); }
  void on_epoch_end(std::int64_t /*epoch*/, Logs& /*logs*/) override {
    stop();
    ++epochs_;
  }
  double mean() const { return epochs_ == 0 ? 0.0 : total_ / static_cast<double>(epochs_); }

 private:
  void stop() {
    if (running_) total_ += seconds_since(start_);
    running_ = false;
  }
  Clock::time_point start_;
  bool running_ = false;
  double total_ = 0.0;
  std::int64_t epochs_ = 0;
};

// A line every tenth epoch, for logs and files.
class Lines : public Callback {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    const std::int64_t number = epoch + 1;
    if (number != 1 && number != params().epochs && number % 10 != 0) return;
    std::string line = fmt::format("  epoch {:>2}/{}", number, params().epochs);
    for (const char* key : {"loss", "accuracy", "val_loss", "val_accuracy"}) {
      if (logs.contains(key)) line += fmt::format(" - {}: {:.4f}", key, logs[key]);
    }
    out_ << line << std::endl;
  }

 private:
  std::ostream& out_;
};

}  // namespace

void Story::heading(int number, std::string_view text) const {
  out << '\n' << bold(fmt::format("{}. {}", number, text), out) << "\n\n";
}

void Story::say(std::string_view text) const {
  constexpr std::size_t width = 100;
  std::istringstream words{std::string(text)};
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      out << line << '\n';
      line.clear();
    }
    line += line.empty() ? word : " " + word;
  }
  out << line << '\n';
}

Fitted fit(const Story& story, Model& model, const Tensor& x, const Tensor& y, FitOptions options) {
  const auto stopwatch = std::make_shared<Stopwatch>();
  options.callbacks.insert(options.callbacks.begin(), {stopwatch, stop_on_interrupt()});
  if (!story.bars) options.callbacks.push_back(std::make_shared<Lines>(story.out));
  options.verbose = story.bars ? 1 : 0;

  const Clock::time_point start = Clock::now();
  Fitted fitted{model.fit(x, y, options), {}};
  stop_if_interrupted();
  fitted.effort = {seconds_since(start), stopwatch->mean()};
  return fitted;
}

insight::Series by_epoch(const std::string& name, const History& history, const std::string& key) {
  insight::Series series{.name = name, .y = history[key]};
  for (const std::int64_t epoch : history.epoch) series.x.push_back(static_cast<double>(epoch + 1));
  return series;
}

}  // namespace chronicler::cli::demo
