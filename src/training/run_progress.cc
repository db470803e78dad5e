#include "training/run_progress.h"

#include <algorithm>

namespace chronicler {

RunProgress::RunProgress(const FitOptions& options, const std::optional<std::int64_t>& steps)
    : max_seconds_(options.max_seconds), max_steps_(options.max_steps), steps_(steps) {
  if (!max_seconds_ && !max_steps_) epochs_ = options.epochs;
  if (max_steps_ && steps_) epochs_ = (*max_steps_ + *steps_ - 1) / *steps_;
  if (max_steps_) {
    all_steps_ = max_steps_;
  } else if (steps_ && epochs_) {
    all_steps_ = *steps_ * *epochs_;
  }
}

void RunProgress::begin(std::int64_t steps_done, double seconds) {
  start_ = std::chrono::steady_clock::now();
  seconds_before_ = seconds;
  now_.seconds = seconds;
  now_.steps = steps_done;
  now_.share = share_before_ = share();
}

double RunProgress::share() const {
  if (max_seconds_) return std::min(1.0, now_.seconds / *max_seconds_);
  if (!all_steps_) return 0.0;
  return std::min(1.0, static_cast<double>(now_.steps) / static_cast<double>(*all_steps_));
}

void RunProgress::update(std::int64_t epoch, std::int64_t batch, std::int64_t steps_done) {
  const double session =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  now_.steps = steps_done;
  now_.seconds = seconds_before_ + session;
  now_.epochs = static_cast<double>(epoch);
  if (steps_) now_.epochs += static_cast<double>(batch) / static_cast<double>(*steps_);
  now_.share = share();
  if (max_seconds_) {
    now_.seconds_left = std::max(0.0, *max_seconds_ - now_.seconds);
  } else {
    now_.seconds_left = session * (1.0 - now_.share) / std::max(now_.share - share_before_, 1e-9);
  }
}

bool RunProgress::has_reached_limit() const {
  return (max_seconds_ && now_.seconds >= *max_seconds_) ||
         (max_steps_ && now_.steps >= *max_steps_);
}

}  // namespace chronicler
