#include "tasks/sentiment/parts.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/data/plain_text.h"
#include "tasks/shared/folds.h"

namespace chronicler::tasks {
namespace {

constexpr std::size_t least_texts = 10;

std::vector<std::string> classes_of(std::span<const std::string> labels) {
  const std::set<std::string> different(labels.begin(), labels.end());
  if (different.size() < 2) {
    throw Error(different.empty()
                    ? std::string("there are no labels")
                    : fmt::format("every text has the label \"{}\"", *different.begin()),
                "a classifier learns from texts of at least two labels");
  }
  if (different.size() > labels.size() / 2) {
    throw Error(fmt::format("{} texts have {} different labels", labels.size(), different.size()),
                "is it the right column? A label is given to several texts");
  }
  return {different.begin(), different.end()};
}

constexpr double most_validating = 20e3;  // an accuracy of so many is right to a third of a point

// The numbers of the texts that validate: a share of each label, at random.
std::vector<bool> held_out(const Labels& labels, std::size_t classes, double share,
                           std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> of_label(classes);
  for (std::size_t i = 0; i < labels.size(); ++i)
    of_label[static_cast<std::size_t>(labels[i])].push_back(i);
  std::vector<bool> held(labels.size(), false);
  const Random random(seed);
  constexpr std::uint64_t stream = 1ULL << 40U;
  for (std::size_t c = 0; c < classes; ++c) {
    std::vector<std::size_t>& texts = of_label[c];
    shuffle(texts, random, stream + c);
    const auto count = static_cast<std::size_t>(static_cast<double>(texts.size()) * share);
    for (std::size_t i = 0; i < count; ++i) held[texts[i]] = true;
  }
  return held;
}

std::uint64_t hash_of(const Texts& texts, const Labels& labels) {
  std::uint64_t hash = fnv_start;
  for (std::size_t i = 0; i < texts.size(); ++i)
    hash = fnv_after(fnv_after(hash, texts[i]), static_cast<std::uint64_t>(labels[i] + 256));
  return hash;
}

}  // namespace

std::vector<std::string> plain_names(std::span<const std::string> labels) {
  std::vector<std::string> names;
  for (const std::string& label : labels) names.push_back(data::plain_name(label));
  return names;
}

Labels ids_of(std::span<const std::string> labels, const std::vector<std::string>& classes) {
  Labels ids;
  for (const std::string& label : labels) {
    const auto found = std::lower_bound(classes.begin(), classes.end(), label);
    if (found == classes.end() || *found != label) {
      const std::vector<std::string_view> known(classes.begin(), classes.end());
      unknown_name("label", label, known);
    }
    ids.push_back(static_cast<std::int32_t>(found - classes.begin()));
  }
  return ids;
}

std::string LabelledParts::identity() const {
  return fmt::format("texts {:016x}, validation {:016x}", hash_of(train, train_labels),
                     hash_of(validation, validation_labels));
}

std::vector<std::int64_t> LabelledParts::label_counts() const {
  std::vector<std::int64_t> counts(classes.size(), 0);
  for (const std::int32_t label : train_labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

std::vector<std::int64_t> folds_of_texts(std::span<const std::string> labels, std::int64_t folds,
                                         std::uint64_t seed) {
  const std::vector<std::string> names = plain_names(labels);
  const std::set<std::string> different(names.begin(), names.end());
  const std::vector<std::string> classes(different.begin(), different.end());
  const Labels ids = ids_of(names, classes);
  const std::vector<std::int64_t> result = folds_of(ids, folds, seed, "texts");
  std::vector<std::int64_t> counts(classes.size(), 0);
  for (const std::int32_t id : ids) ++counts[static_cast<std::size_t>(id)];
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (counts[c] > 1) continue;
    throw Error(fmt::format("one text alone has the label \"{}\": the fold that tests it has "
                            "nothing to learn the label from",
                            classes[c]),
                "leave that text out, or give the label more texts");
  }
  return result;
}

LabelledParts labelled_parts(std::span<const std::string> texts,
                             std::span<const std::string> labels,
                             const TextClassifierOptions& options) {
  if (texts.size() != labels.size())
    throw Error(fmt::format("{} texts have {} labels", texts.size(), labels.size()));
  if (texts.size() < least_texts) {
    throw Error(fmt::format("{} texts are too few to learn from", texts.size()),
                fmt::format("give at least {}; some hundred for each label make a good model",
                            least_texts));
  }
  const std::vector<std::string> names = plain_names(labels);
  LabelledParts parts;
  parts.classes = classes_of(names);
  parts.validation.assign(options.validation_texts.begin(), options.validation_texts.end());
  parts.validation_labels = ids_of(plain_names(options.validation_labels), parts.classes);
  const Labels all = ids_of(names, parts.classes);
  const double usual = std::min(0.1, most_validating / static_cast<double>(texts.size()));
  const double share = parts.validation.empty() ? options.validation_fraction.value_or(usual) : 0.0;
  const std::vector<bool> held = held_out(all, parts.classes.size(), share, options.seed);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    (held[i] ? parts.validation : parts.train).push_back(texts[i]);
    (held[i] ? parts.validation_labels : parts.train_labels).push_back(all[i]);
  }
  return parts;
}

}  // namespace chronicler::tasks
