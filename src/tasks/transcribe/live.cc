#include "tasks/transcribe/live.h"

#include <algorithm>
#include <utility>

#include "chronicler/base/runtime.h"
#include "model/model_internals.h"

namespace chronicler::tasks {

LiveSpeech::LiveSpeech(std::shared_ptr<const SpeechRecognition> recognition,
                       std::shared_ptr<const Model> model, int rate)
    : recognition_(std::move(recognition)),
      model_(std::move(model)),
      execution_(ModelInternals::network(*model_), true),
      resampler_(rate, recognition_->sound.rate()),
      silence_(recognition_->sound.silence_filter()),
      frames_({1, recognition_->sound.steps().stride, recognition_->sound.log_mel().bands()}) {}

std::string LiveSpeech::push(std::span<const float> samples) {
  const FlushDenormals guard;
  resampler_.push(samples, resampled_);
  take(false);
  return take_news();
}

std::string LiveSpeech::finish() {
  const FlushDenormals guard;
  resampler_.finish(resampled_);
  take(true);
  if (frame_count_ == 0) return take_news();
  const SpeechSteps& steps = recognition_->sound.steps();
  // The network sees the last frames once others follow; silence in its numbers is zero.
  const std::int64_t end =
      (frame_count_ + steps.tail() + steps.stride - 1) / steps.stride * steps.stride;
  for (std::int64_t i = frame_count_; i < end; ++i) {
    std::fill_n(next_frame(), frames_.shape()[2], 0.0F);
    use_frame();
  }
  return take_news();
}

double LiveSpeech::delay_seconds() const {
  const SpeechReader& sound = recognition_->sound;
  return sound.step_seconds() + sound.log_mel().options().window_seconds;
}

void LiveSpeech::take(bool is_end) {
  seconds_ +=
      static_cast<double>(resampled_.size()) / static_cast<double>(recognition_->sound.rate());
  silence_.push(resampled_, samples_);
  resampled_.clear();
  if (is_end && !silence_.finish(samples_)) samples_.clear();
  for (const SilentSteps& steps : silence_.take_left_out()) left_out_.push_back(steps);
  make_frames();
}

void LiveSpeech::make_frames() {
  const SpeechReader& sound = recognition_->sound;
  const auto window = static_cast<std::size_t>(sound.log_mel().window());
  const auto hop = static_cast<std::size_t>(sound.log_mel().hop());
  std::size_t at = 0;
  for (; at + window <= samples_.size(); at += hop) {
    float* frame = next_frame();
    sound.log_mel().frame(std::span(samples_).subspan(at, window),
                          {frame, static_cast<std::size_t>(sound.log_mel().bands())});
    sound.normalise_frame(frame);
    ++frame_count_;
    use_frame();
  }
  samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(at));
}

void LiveSpeech::use_frame() {
  if (++filled_ < frames_.shape()[1]) return;
  filled_ = 0;
  const Value value{frames_, {}};
  execution_.forward(std::span(&value, 1), {});
  const TensorView scores = execution_.output().data;
  use_scores({scores.as<float>(), static_cast<std::size_t>(scores.shape()[-1])});
}

void LiveSpeech::use_scores(std::span<const float> scores) {
  for (; !left_out_.empty() && left_out_.front().before <= step_count_; left_out_.pop_front()) {
    const std::vector<float> silent = silent_scores(last_scores_, scores, scores.size());
    for (std::int64_t i = 0; i < left_out_.front().count; ++i) greedy_.push(silent);
  }
  last_scores_.assign(scores.begin(), scores.end());
  ++step_count_;
  const bool begins = greedy_.push(scores);
  const std::span<const decoding::CtcLabel> labels = greedy_.labels();
  if (labels.empty()) return;
  if (begins) news_ += recognition_->labels.text(labels.back().label, labels.size() == 1);
  const double seconds_before = transcript_.seconds;
  transcript_ = recognition_->labels.transcript(labels, recognition_->sound.step_seconds());
  transcript_.seconds = seconds_before;
}

std::string LiveSpeech::take_news() {
  transcript_.seconds = seconds_;
  return std::exchange(news_, {});
}

}  // namespace chronicler::tasks
