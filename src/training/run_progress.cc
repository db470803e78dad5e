#include "training/run_progress.h"

#include <algorithm>
#include <cmath>

namespace chronicler {

RunProgress::RunProgress(const FitOptions& options, const std::optional<std::int64_t>& steps)
    : max_seconds_(options.max_seconds), max_epochs_(options.max_epochs) {
  if (max_epochs_) {
    epochs_ = static_cast<std::int64_t>(std::ceil(*max_epochs_));
  } else if (!max_seconds_) {
    epochs_ = options.epochs;
  }
  if (!steps || !epochs_) return;
  all_steps_ = *steps * *epochs_;
  if (max_epochs_) {
    all_steps_ =
        std::max<std::int64_t>(std::llround(*max_epochs_ * static_cast<double>(*steps)), 1);
  }
}

void RunProgress::begin(const TrainingProgress& before) {
  start_ = std::chrono::steady_clock::now();
  now_ = before;
  now_.share = share();
  before_ = now_;
}

double RunProgress::share() const {
  if (max_seconds_) return std::min(1.0, now_.seconds / *max_seconds_);
  if (all_steps_)
    return std::min(1.0, static_cast<double>(now_.steps) / static_cast<double>(*all_steps_));
  if (!epochs_) return 0.0;
  return std::min(1.0, now_.epochs / max_epochs_.value_or(static_cast<double>(*epochs_)));
}

void RunProgress::update(std::int64_t epoch, double share, std::int64_t steps_done) {
  const double session =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  now_.steps = steps_done;
  now_.seconds = before_.seconds + session;
  now_.steps_per_second = static_cast<double>(steps_done - before_.steps) / std::max(session, 1e-9);
  now_.epochs = static_cast<double>(epoch) + share;
  now_.share = this->share();
  if (max_seconds_) {
    now_.seconds_left = std::max(0.0, *max_seconds_ - now_.seconds);
  } else {
    now_.seconds_left = session * (1.0 - now_.share) / std::max(now_.share - before_.share, 1e-9);
  }
}

bool RunProgress::has_reached_limit() const {
  return (max_seconds_ || max_epochs_) && now_.share >= 1.0;
}

}  // namespace chronicler
