// What a recogniser of single words is measured by: how well a linear map recognises them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/data/log_mel.h"
#include "tasks/shared/ridge.h"

namespace chronicler::tasks {

// Ridge regression from a recording as a picture of 10 by 20 mean log-mel energies, its time and
// its bands cut evenly, to a score for each label; the greatest wins. The penalty is chosen by
// leaving out a quarter at a time.
class LinearWords {
 public:
  // A label for each sound, below `classes`; at least `least_sounds` of them.
  LinearWords(const data::LogMel& log_mel, std::span<const std::vector<float>> sounds,
              std::span<const std::int32_t> labels, std::int64_t classes);
  static constexpr std::size_t least_sounds = 20;

  std::int32_t label(const data::LogMel& log_mel, std::span<const float> sound) const;

 private:
  LinearMap map_;
};

}  // namespace chronicler::tasks
