#include "cli/sentiment/texts.h"

#include <algorithm>
#include <iostream>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"
#include "cli/table.h"

namespace chronicler::cli::sentiment {

using data::LabelledTexts;

namespace {

std::string first_of(const std::vector<std::string>& labels) {
  constexpr std::ptrdiff_t most = 20;
  std::vector<std::string> shown(labels.begin(),
                                 labels.begin() + std::min(std::ssize(labels), most));
  if (shown.size() < labels.size()) shown.emplace_back("...");
  return fmt::format("{}", fmt::join(shown, ", "));
}

}  // namespace

void add_columns(CLI::App& app, Columns& columns) {
  app.add_option("--text", columns.text, "the column of the texts (by its name or content)")
      ->type_name("COL");
  app.add_option("--label", columns.label, "the column of the labels (likewise)")->type_name("COL");
}

LabelledTexts read(const std::string& path, const Columns& columns, const ReadOptions& options) {
  LabelledTexts texts =
      data::read_labelled_texts(path, {.text = columns.text,
                                       .label = columns.label,
                                       .needs_labels = options.needs_labels,
                                       .may_lack_labels = options.may_lack_labels});
  if (texts.skipped > 0) {
    std::cerr << fmt::format("note: {} rows of \"{}\" have no text and are left out\n",
                             with_commas(texts.skipped), path);
  }
  return texts;
}

UnknownLabels match_labels(LabelledTexts& texts, const std::string& path,
                           const std::vector<std::string>& known, bool strict) {
  std::map<std::string, std::vector<std::string>> by_folded;
  for (const std::string& label : known) by_folded[data::folded_name(label)].push_back(label);
  UnknownLabels unknown;
  std::map<std::string, std::string> renamed;
  for (std::size_t i = 0; i < texts.labels.size(); ++i) {
    std::string& label = texts.labels[i];
    if (std::find(known.begin(), known.end(), label) != known.end()) continue;
    const auto found = by_folded.find(data::folded_name(label));
    if (found != by_folded.end() && found->second.size() == 1) {
      renamed[label] = found->second.front();
      label = found->second.front();
      continue;
    }
    if (strict) {
      throw Error(fmt::format("{}:{}: label \"{}\" is none of those that are learnt", path,
                              texts.lines[i], label),
                  fmt::format("those are {}", first_of(known)));
    }
    ++unknown[label];
  }
  for (const auto& [written, learnt] : renamed)
    std::cerr << fmt::format("note: label \"{}\" is taken for \"{}\"\n", written, learnt);
  return unknown;
}

std::int64_t texts_of(const UnknownLabels& unknown) {
  std::int64_t all = 0;
  for (const auto& [label, count] : unknown) all += count;
  return all;
}

void leave_out(LabelledTexts& texts, const std::string& path, const UnknownLabels& unknown,
               const std::vector<std::string>& known) {
  if (unknown.empty()) return;
  LabelledTexts kept;
  for (std::size_t i = 0; i < texts.texts.size(); ++i) {
    if (unknown.contains(texts.labels[i])) continue;
    kept.texts.push_back(std::move(texts.texts[i]));
    kept.labels.push_back(std::move(texts.labels[i]));
  }
  texts.texts = std::move(kept.texts);
  texts.labels = std::move(kept.labels);
  std::vector<std::string> names;
  for (const auto& [label, count] : unknown)
    names.push_back(fmt::format("\"{}\" {}", label, with_commas(count)));
  const std::string what =
      fmt::format("{} of its texts have labels that the model never learnt: {}",
                  with_commas(texts_of(unknown)), first_of(names));
  if (texts.texts.empty())
    throw Error(fmt::format("\"{}\" cannot be scored, all {}", path, what),
                fmt::format("it learnt {}", first_of(known)));
  std::cerr << fmt::format("note: \"{}\": {}; left out (--strict refuses them)\n", path, what);
}

void note_similar_labels(const std::vector<std::string>& labels) {
  std::map<std::string, std::string> by_folded;
  for (const std::string& label : labels) {
    const auto [other, is_new] = by_folded.emplace(data::folded_name(label), label);
    if (is_new) continue;
    std::cerr << fmt::format(
        "note: labels \"{}\" and \"{}\" differ by capital letters alone and are learnt as two\n",
        other->second, label);
  }
}

std::vector<std::string> different(const std::vector<std::string>& labels) {
  const std::set<std::string> each(labels.begin(), labels.end());
  return {each.begin(), each.end()};
}

}  // namespace chronicler::cli::sentiment
