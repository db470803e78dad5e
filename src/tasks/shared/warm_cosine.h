// The schedule of the learning rate that all tasks of texts and sounds use.
#pragma once

namespace chronicler::tasks {

// A factor of the highest rate at a share of the run, 0 to 1: up a straight line at first, and
// half a cosine down.
struct WarmCosine {
  double warm_share;  // of the run: until then it rises
  double start;       // where the line begins
  double end;         // where the cosine ends

  double at(double share) const;
};

}  // namespace chronicler::tasks
