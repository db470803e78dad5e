// Live sound: each new piece of it goes through the network at once, and becomes text.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chronicler/data/audio.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/model/model.h"
#include "model/network.h"
#include "tasks/transcribe/recognition.h"
#include "tasks/transcribe/silence.h"

namespace chronicler::tasks {

class LiveSpeech {
 public:
  // Of sound with so many samples a second, by a network that reads one way.
  LiveSpeech(std::shared_ptr<const SpeechRecognition> recognition,
             std::shared_ptr<const Model> model, int rate);

  // What is new of the text.
  std::string push(std::span<const float> samples);
  std::string finish();
  const Transcript& transcript() const { return transcript_; }
  double delay_seconds() const;

 private:
  // Sound as the network hears it.
  void take(bool is_end);
  void make_frames();
  float* next_frame() { return frames_.as<float>() + filled_ * frames_.shape()[2]; }
  // Once there are frames for a step, the network takes it.
  void use_frame();
  void use_scores(std::span<const float> scores);
  std::string take_news();

  std::shared_ptr<const SpeechRecognition> recognition_;
  std::shared_ptr<const Model> model_;
  Execution execution_;  // which keeps the network's states
  data::Resampler resampler_;
  std::vector<float> resampled_;
  SilenceFilter silence_;
  std::deque<SilentSteps> left_out_;  // that greedy_ has not got yet
  std::vector<float> last_scores_;
  std::int64_t step_count_ = 0;  // that the network took
  decoding::CtcGreedy greedy_;
  std::vector<float> samples_;  // of which no frame was made yet
  Tensor frames_;               // that make the next step
  std::int64_t filled_ = 0;
  std::int64_t frame_count_ = 0;
  double seconds_ = 0.0;
  Transcript transcript_;
  std::string news_;
};

}  // namespace chronicler::tasks
