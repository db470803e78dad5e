#include "chronicler/tasks/translation_memory.h"

#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/words.h"

namespace chronicler::tasks {
namespace {

// The words of a text, and how often each occurs in it.
std::map<std::string, double> counts_of(std::string_view text) {
  std::map<std::string, double> counts;
  for (const data::Word& word : data::words_of(text)) counts[word.text] += 1.0;
  return counts;
}

}  // namespace

struct TranslationMemory::Index {
  struct Use {
    std::size_t pair;
    float weight;  // of the word in that source, whose weights have length 1
  };
  std::vector<std::string> targets;
  std::unordered_map<std::string, double> rarity;
  std::unordered_map<std::string, std::vector<Use>> uses;
};

TranslationMemory::TranslationMemory(std::span<const std::string> sources,
                                     std::span<const std::string> targets) {
  if (sources.size() != targets.size())
    throw Error(fmt::format("{} sources have {} targets", sources.size(), targets.size()));
  auto index = std::make_unique<Index>();
  index->targets.assign(targets.begin(), targets.end());
  std::unordered_map<std::string, double> texts_with;
  for (const std::string& source : sources) {
    for (const auto& [word, count] : counts_of(source)) texts_with[word] += 1.0;
  }
  const auto all = static_cast<double>(sources.size());
  for (const auto& [word, texts] : texts_with)
    index->rarity[word] = std::log((1.0 + all) / (1.0 + texts)) + 1.0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto counts = counts_of(sources[i]);
    double square = 0.0;
    for (const auto& [word, count] : counts) square += std::pow(count * index->rarity[word], 2.0);
    for (const auto& [word, count] : counts) {
      const double weight = count * index->rarity[word] / std::sqrt(square);
      index->uses[word].push_back({i, static_cast<float>(weight)});
    }
  }
  index_ = std::move(index);
}

TranslationMemory::~TranslationMemory() = default;
TranslationMemory::TranslationMemory(TranslationMemory&&) noexcept = default;
TranslationMemory& TranslationMemory::operator=(TranslationMemory&&) noexcept = default;

std::string TranslationMemory::run(std::string_view source) const {
  const std::string own(source);
  return run(std::span(&own, 1)).front();
}

std::vector<std::string> TranslationMemory::run(std::span<const std::string> sources) const {
  std::vector<std::string> results;
  std::vector<double> likeness(index_->targets.size());
  std::vector<std::size_t> touched;
  for (const std::string& source : sources) {
    touched.clear();
    for (const auto& [word, count] : counts_of(source)) {
      const auto uses = index_->uses.find(word);
      if (uses == index_->uses.end()) continue;
      const double weight = count * index_->rarity.at(word);
      for (const Index::Use& use : uses->second) {
        if (likeness[use.pair] == 0.0) touched.push_back(use.pair);
        likeness[use.pair] += weight * static_cast<double>(use.weight);
      }
    }
    std::size_t best = index_->targets.size();
    double most = 0.0;
    for (const std::size_t pair : touched) {
      const double own = std::exchange(likeness[pair], 0.0);
      constexpr double equal = 1e-9;
      if (own > most + equal || (own > most - equal && pair < best)) {
        most = std::max(most, own);
        best = pair;
      }
    }
    results.push_back(best < index_->targets.size() ? index_->targets[best] : std::string());
  }
  return results;
}

}  // namespace chronicler::tasks
