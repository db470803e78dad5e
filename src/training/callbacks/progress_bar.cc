#include "training/callbacks/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>

namespace chronicler {
namespace {

constexpr int width_of_bar = 20;
constexpr double redraw_interval = 0.05;  // seconds
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view white = "\x1b[37m";
constexpr std::string_view reset = "\x1b[0m";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string painted(std::string_view colour, std::string_view text, const Display& display) {
  return display.colour ? fmt::format("{}{}{}", colour, text, reset) : std::string(text);
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// "12/100", the count as wide as the target; "     12/Unknown".
std::string counter(const Progress& progress) {
  if (!progress.target) return fmt::format("{:7}/Unknown", progress.done);
  const std::string target = fmt::to_string(*progress.target);
  return fmt::format("{:>{}}/{}", progress.done, target.size(), target);
}

std::string time_left(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (seconds > 3600.0) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60);
  }
  if (seconds > 60.0) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

std::string step_time(double seconds) {
  if (seconds >= 1.0 || seconds == 0.0) return fmt::format("{:.0f}s/step", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.0f}ms/step", seconds * 1e3);
  return fmt::format("{:.0f}us/step", seconds * 1e6);
}

std::string listed(const Progress& progress, bool by_size) {
  std::string text;
  for (const auto& [key, value] : progress.values) {
    const bool plain = (by_size ? std::abs(value) : value) > 1e-3;
    text +=
        plain ? fmt::format(" - {}: {:.4f}", key, value) : fmt::format(" - {}: {:.4e}", key, value);
  }
  return text;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

// ---- the place that lines go to

bool has_all_characters(std::string_view locale) {
  if (locale.empty()) return true;
  std::string letters;
  for (const char c : locale) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return letters.find("utf8") != std::string::npos;
}

namespace {
std::optional<Display>& display_of_output() {
  static std::optional<Display> display;
  return display;
}
}  // namespace

void Display::set_of_output(std::optional<Display> display) { display_of_output() = display; }

Display Display::of(const std::ostream& out) {
  const bool is_output = out.rdbuf() == std::cout.rdbuf();
  if (is_output && display_of_output()) return *display_of_output();
  Display display;
  display.terminal = is_output && isatty(STDOUT_FILENO) != 0 && variable("TERM") != "dumb";
  display.colour = display.terminal && variable("NO_COLOR").empty();
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = variable(name);
    display.unicode = has_all_characters(locale);
    if (!locale.empty()) break;
  }
  return display;
}

// ---- lines

std::string bar_line(const Progress& progress, const Display& display) {
  std::string line = counter(progress);
  if (progress.target) {
    const std::string_view piece = display.unicode ? "━" : "=";
    const double share = static_cast<double>(progress.done) /
                         static_cast<double>(std::max<std::int64_t>(1, *progress.target));
    const int filled = std::clamp(static_cast<int>(width_of_bar * share), 0, width_of_bar);
    line = painted(bold, line, display) + " ";
    if (filled > 0) line += painted(green, repeated(piece, filled), display);
    // Without colour, only what is done is drawn: the rest would look the same.
    const std::string_view rest = display.colour ? piece : " ";
    line += painted(white, repeated(rest, width_of_bar - filled), display);
  }
  std::string time = fmt::format("{:.0f}s", progress.elapsed);
  if (progress.target && !progress.finished) {
    time = time_left(progress.step_time * static_cast<double>(*progress.target - progress.done));
  }
  return fmt::format("{} {} {}{}", line, painted(bold, time, display),
                     step_time(progress.step_time), listed(progress, true));
}

std::string plain_line(const Progress& progress, bool verbose_two) {
  return fmt::format("{} - {:.0f}s - {}{}", counter(progress), progress.elapsed,
                     step_time(progress.step_time), listed(progress, !verbose_two));
}

std::size_t visible_width(std::string_view text) {
  std::size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (escape) {
      escape = c != 'm';
    } else if (c == '\x1b') {
      escape = true;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // the first byte of a character
      ++width;
    }
  }
  return width;
}

// ---- the bar

ProgressBar::ProgressBar(int verbose, std::optional<std::int64_t> steps)
    : ProgressBar(verbose, steps, std::cout, Display::of(std::cout), steady_seconds) {}

ProgressBar::ProgressBar(int verbose, std::optional<std::int64_t> steps, std::ostream& out,
                         const Display& display, Clock clock)
    : verbose_(verbose),
      steps_(steps),
      out_(out),
      display_(display),
      clock_(std::move(clock)),
      start_(clock_()) {}

void ProgressBar::begin_epoch(std::int64_t epoch, std::optional<std::int64_t> epochs) {
  if (verbose_ == 0) return;
  epoch_ = fmt::format("Epoch {}{}", epoch + 1, epochs ? fmt::format("/{}", *epochs) : "");
  const bool own_line = verbose_ == 2 || display_.terminal;
  if (own_line && epochs != 1) out_ << epoch_ << std::endl;
}

void ProgressBar::update(std::int64_t done, const Logs& logs) {
  if (verbose_ == 0) return;
  const double now = clock_();
  if (done == 1) first_step_ended_ = now;
  done_ = done;
  take(logs);
  if (verbose_ != 1 || !display_.terminal) return;
  if (last_drawn_ && now - *last_drawn_ < redraw_interval) return;
  last_drawn_ = now;
  draw_bar(at(done, false, now));
}

void ProgressBar::finish(const Logs& logs) {
  if (verbose_ == 0) return;
  const double now = clock_();
  take(logs);
  if (done_ == 0) done_ = steps_.value_or(0);
  if (!steps_) steps_ = done_;
  const Progress progress = at(done_, true, now);
  if (verbose_ == 1 && display_.terminal) {
    draw_bar(progress);
    out_ << std::endl;
  } else if (verbose_ == 1 && !epoch_.empty()) {
    out_ << fmt::format("{} - {:.0f}s - {}{}", epoch_, progress.elapsed,
                        step_time(progress.step_time), listed(progress, true))
         << std::endl;
  } else {
    out_ << plain_line(progress, verbose_ == 2) << std::endl;
  }
}

void ProgressBar::take(const Logs& logs) {
  const auto place_of = [&](const std::string& key) {
    return std::find_if(values_.begin(), values_.end(),
                        [&](const auto& value) { return value.first == key; });
  };
  // What is new comes behind what was there: validation's results, then what callbacks added. On
  // the first update nothing is there, and all are training's.
  const bool first = values_.empty();
  for (const bool validation : {true, false}) {
    for (const auto& [key, value] : logs) {
      const auto place = place_of(key);
      if (place != values_.end()) {
        place->second = value;
      } else if (first ? !validation : key.starts_with("val_") == validation) {
        values_.emplace_back(key, value);
      }
    }
  }
}

// The first step is left out of the mean time of a step: it does what later ones find done.
Progress ProgressBar::at(std::int64_t done, bool finished, double now) const {
  double time = 0.0;
  if (done > 1 && first_step_ended_) {
    time = (now - *first_step_ended_) / static_cast<double>(done - 1);
  } else if (done > 0) {
    time = (now - start_) / static_cast<double>(done);
  }
  return {done, steps_, finished, now - start_, time, values_};
}

void ProgressBar::draw_bar(const Progress& progress) {
  const std::string line = bar_line(progress, display_);
  const std::size_t width = visible_width(line);
  // Some places know no carriage return, others no backspace: Keras sends both.
  out_ << std::string(last_width_, '\b') << '\r' << line;
  if (last_width_ > width) out_ << std::string(last_width_ - width, ' ');
  out_ << std::flush;
  last_width_ = width;
}

}  // namespace chronicler
