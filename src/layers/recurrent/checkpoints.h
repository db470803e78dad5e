// Which states a loop keeps when it cannot keep all, and from which it computes a part again.
//
// Binomial checkpointing: Griewank and Walther 2000 ("revolve"), for recurrent networks Gruslys et
// al. 2016. A sequence is a chain of equal segments, run once from the first to the last and then
// taken back from the last to the first; a segment is taken back right after it was run, from the
// state before it. With `slots` states kept at a time, segments run again as rarely as can be.
#pragma once

#include <cstdint>
#include <span>

namespace chronicler {

// How many times a segment runs again, in all, while `segments` of them are taken back with so many
// slots (at least 1): repetitions * segments - binomial(slots + repetitions, repetitions - 1), for
// the smallest number of repetitions with segments <= binomial(slots + repetitions, slots).
double segments_again(std::int64_t segments, std::int64_t slots);

// The way through the segments. The state before segment 0 is kept in slot 0 from the beginning.
//
//   for (target from the last segment to the first) {
//     at = walk.segment(), from the state in walk.slot()
//     while (at < target) {
//       stop = walk.next(target), run from at to stop.segment; at = stop.segment
//       if (stop.keeps) put the state there into walk.slot()
//     }
//     run the target, take it back; walk.taken_back(target)
//   }
class Checkpoints {
 public:
  // `kept`: room for as many numbers as there are slots; it lives as long as this.
  explicit Checkpoints(std::span<std::int64_t> kept);

  // The last kept state: before which segment it is, and where it lies.
  std::int64_t segment() const { return kept_[static_cast<std::size_t>(count_ - 1)]; }
  std::int64_t slot() const { return count_ - 1; }

  struct Stop {
    std::int64_t segment;
    bool keeps;  // the state before it, which is the last kept one from now on
  };
  // Where the run that comes from the last kept state stops next on its way to the state before
  // `target`, all segments behind which have been taken back. A stop that keeps nothing is the
  // target.
  Stop next(std::int64_t target);
  // The target has been taken back: a state before it is kept no longer.
  void taken_back(std::int64_t target);

 private:
  std::span<std::int64_t> kept_;
  std::int64_t count_ = 1;
};

}  // namespace chronicler
