#include "tasks/generate/baselines.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "chronicler/data/pieces.h"
#include "chronicler/decoding/ngram_model.h"

namespace chronicler::tasks {

TextBaselines baselines_of(std::string_view learnt, std::string_view tested) {
  // More text than this changes little, but takes gigabytes to count.
  constexpr std::size_t most = 20'000'000;
  if (learnt.size() > most) learnt.remove_prefix(learnt.size() - most);
  while (!learnt.empty() && (static_cast<unsigned char>(learnt.front()) & 0xC0U) == 0x80)
    learnt.remove_prefix(1);
  const data::Pieces characters = data::Pieces::characters(learnt);
  TextBaselines baselines;
  baselines.uniform_nats = std::log(static_cast<double>(characters.size() - 1));
  if (tested.empty()) return baselines;
  const std::vector<data::Pieces::Id> ids = characters.ids(learnt);
  constexpr std::size_t reach = 16;
  const decoding::NgramModel ngrams(ids, characters.size());
  const std::vector<double> nats =
      ngrams.nats(characters.ids(tested), std::span(ids).last(std::min(reach, ids.size())));
  const auto best = std::min_element(nats.begin(), nats.end());
  baselines.ngram_nats = *best;
  baselines.ngram_order = static_cast<int>(best - nats.begin()) + 1;
  return baselines;
}

}  // namespace chronicler::tasks
