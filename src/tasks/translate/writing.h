// How a translator writes: the source read once, then a piece at a time, many sentences side by
// side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chronicler/tasks/translator.h"
#include "tasks/translate/network.h"
#include "tasks/translate/vocabulary.h"

namespace chronicler::tasks {

struct WrittenIds {
  std::vector<PieceId> ids;  // without start and end
  double log_probability = 0.0;
  bool ended = true;
  std::vector<float> attention;  // (ids, source): where each looked
};

class TranslationWriter {
 public:
  // By the mean of the networks' ln p.
  explicit TranslationWriter(std::span<const TranslationLayers> networks);

  // sources: ids with their ends. In the order of the sources.
  std::vector<WrittenIds> write(std::span<const std::vector<PieceId>> sources,
                                const TranslateOptions& options) const;

 private:
  std::vector<WrittenIds> write_some(std::span<const std::vector<PieceId>> sources,
                                     const TranslateOptions& options) const;

  std::vector<Functional> readers_;  // of each network
  std::vector<Functional> writers_;
};

}  // namespace chronicler::tasks
