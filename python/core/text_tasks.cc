// The classifier, the generator and the translator of texts.
#include <nanobind/nanobind.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/data/labelled_texts.h"
#include "chronicler/data/sentence_pairs.h"
#include "chronicler/data/text_file.h"
#include "chronicler/tasks/text_classifier.h"
#include "chronicler/tasks/text_generator.h"
#include "chronicler/tasks/translator.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "task_options.h"

namespace chronicler::python {
namespace {

using tasks::TextClassifier;
using tasks::TextGenerator;
using tasks::Translator;
using Texts = std::vector<std::string>;

// ---- classifier

nb::dict score_of(const tasks::ClassifierScore& score) {
  nb::dict all;
  all["labels"] = score.labels;
  all["accuracy"] = score.accuracy;
  all["macro_f1"] = score.macro_f1;
  all["log_loss"] = score.log_loss;
  all["calibration_error"] = score.calibration_error;
  all["majority_accuracy"] = score.majority_accuracy;
  all["naive_bayes_accuracy"] = score.naive_bayes_accuracy;
  all["logistic_accuracy"] = score.logistic_accuracy;
  all["texts"] = score.texts;
  nb::list confusion;
  for (std::int64_t truth = 0; truth < score.confusion.classes(); ++truth) {
    nb::list row;
    for (std::int64_t other = 0; other < score.confusion.classes(); ++other)
      row.append(score.confusion.count(truth, other));
    confusion.append(row);
  }
  all["confusion"] = confusion;
  return all;
}

nb::dict label_of(const tasks::TextLabel& label) {
  nb::dict all;
  all["label"] = label.label;
  all["probability"] = label.probability;
  all["probabilities"] = label.probabilities;
  all["text"] = label.text;
  nb::list words;
  for (const tasks::TextLabel::Word& word : label.words) {
    const std::string_view text = std::string_view(label.text)
                                      .substr(static_cast<std::size_t>(word.begin),
                                              static_cast<std::size_t>(word.end - word.begin));
    words.append(nb::make_tuple(nb::str(text.data(), text.size()), word.weight));
  }
  all["words"] = words;
  return all;
}

TextClassifier train_classifier(const Texts& texts, const Texts& labels, const nb::dict& given,
                                nb::object progress) {
  return train_with<tasks::TextClassifierOptions>(
      given, std::move(progress),
      [&](const auto& options) { return TextClassifier::train(texts, labels, options); });
}

nb::list classify(const TextClassifier& classifier, const Texts& texts, bool with_words) {
  std::vector<tasks::TextLabel> found;
  {
    const Alone alone(&classifier);
    if (with_words) {
      for (const std::string& text : texts) found.push_back(classifier.run(text, true));
    } else {
      found = classifier.run(texts);
    }
  }
  nb::list all;
  for (const tasks::TextLabel& label : found) all.append(label_of(label));
  return all;
}

void bind_classifier(nb::module_& module) {
  nb::class_<TextClassifier>(module, "TextClassifier")
      .def("run", &classify)
      .def("evaluate",
           [](const TextClassifier& classifier, const Texts& texts, const Texts& labels) {
             const tasks::ClassifierScore score =
                 alone_on(&classifier, [&] { return classifier.evaluate(texts, labels); });
             return score_of(score);
           })
      .def("save", &TextClassifier::save)
      .def_prop_ro("labels", &TextClassifier::labels)
      .def_prop_ro("report", [](const TextClassifier& classifier) {
        const tasks::ClassifierReport& report = classifier.report();
        nb::dict all;
        all["texts"] = report.texts;
        all["validation_texts"] = report.validation_texts;
        all["vocabulary"] = report.vocabulary;
        all["weights"] = report.weights;
        all["epochs"] = report.epochs;
        all["best_epoch"] = report.best_epoch;
        all["seconds"] = report.seconds;
        all["finished"] = report.finished;
        if (report.validation) all["validation"] = score_of(*report.validation);
        return all;
      });
  module.def("classifier_train", &train_classifier, nb::arg("texts"), nb::arg("labels"),
             nb::arg("options"), nb::arg("progress").none());
  module.def("classifier_load", &TextClassifier::load);
  module.def("read_labelled_texts", [](const std::string& path, const std::string& text,
                                       const std::string& label, bool needs_labels) {
    const data::LabelledTexts read = data::read_labelled_texts(
        path, {.text = text, .label = label, .needs_labels = needs_labels});
    return nb::make_tuple(read.texts, read.labels);
  });
}

// ---- generator

nb::dict score_of(const tasks::TextScore& score) {
  nb::dict all;
  all["nats"] = score.nats;
  all["cold_nats"] = score.cold_nats;
  all["bits"] = score.bits;
  all["perplexity"] = score.perplexity;
  all["characters"] = score.characters;
  all["unknown"] = score.unknown;
  if (score.adapted_nats) all["adapted_nats"] = *score.adapted_nats;
  return all;
}

TextGenerator train_generator(const std::string& text, const nb::dict& given, nb::object progress) {
  return train_with<tasks::TextGeneratorOptions>(
      given, std::move(progress),
      [&](const auto& options) { return TextGenerator::train(text, options); });
}

std::string generate(const TextGenerator& generator, const nb::dict& given) {
  tasks::RunOptions options;
  take_options(given, options);
  take_options(given, options.sampling);
  const Alone alone(&generator);
  return generator.run(options);
}

void bind_generator(nb::module_& module) {
  nb::class_<TextGenerator>(module, "TextGenerator")
      .def("run", &generate)
      .def("evaluate",
           [](const TextGenerator& generator, const std::string& text, const nb::dict& given) {
             tasks::TextScoreOptions options;
             take_options(given, options);
             const tasks::TextScore score =
                 alone_on(&generator, [&] { return generator.evaluate(text, options); });
             return score_of(score);
           })
      .def("save", &TextGenerator::save)
      .def_prop_ro("report", [](const TextGenerator& generator) {
        const tasks::GeneratorReport& report = generator.report();
        nb::dict all;
        all["characters"] = report.characters;
        all["vocabulary"] = report.vocabulary;
        all["weights"] = report.weights;
        all["ngram_nats"] = report.ngram_nats;
        all["uniform_nats"] = report.uniform_nats;
        all["epochs"] = report.epochs;
        all["best_epoch"] = report.best_epoch;
        all["seconds"] = report.seconds;
        all["finished"] = report.finished;
        if (report.validation) all["validation"] = score_of(*report.validation);
        return all;
      });
  module.def("generator_train", &train_generator, nb::arg("text"), nb::arg("options"),
             nb::arg("progress").none());
  module.def("generator_load", &TextGenerator::load);
  module.def("read_text", [](const std::string& path) { return data::read_text(path); });
}

// ---- translator

nb::dict translation_of(const tasks::Translation& translation) {
  nb::dict all;
  all["text"] = translation.text;
  all["log_probability"] = translation.log_probability;
  all["ended"] = translation.ended;
  all["unknown"] = translation.unknown;
  all["source_pieces"] = translation.source_pieces;
  all["target_pieces"] = translation.target_pieces;
  const Shape shape{static_cast<std::int64_t>(translation.target_pieces.size()),
                    static_cast<std::int64_t>(translation.source_pieces.size())};
  all["attention"] =
      translation.attention.empty() ? nb::none() : to_array(Tensor(shape, translation.attention));
  return all;
}

nb::dict score_of(const tasks::TranslatorScore& score) {
  nb::dict all;
  all["bleu"] = score.bleu;
  all["bleu_signature"] = score.bleu_signature;
  all["chrf"] = score.chrf;
  all["exact"] = score.exact;
  all["word_error"] = score.word_error;
  all["copy_bleu"] = score.copy_bleu;
  all["sentences"] = score.sentences;
  all["seconds"] = score.seconds;
  all["translations"] = score.translations;
  return all;
}

Translator train_translator(const Texts& sources, const Texts& targets, const nb::dict& given,
                            nb::object progress) {
  return train_with<tasks::TranslatorOptions>(given, std::move(progress), [&](const auto& options) {
    return Translator::train(sources, targets, options);
  });
}

nb::list translate(const Translator& translator, const Texts& texts, const nb::dict& given) {
  tasks::TranslateOptions options;
  take_options(given, options);
  const std::vector<tasks::Translation> found =
      alone_on(&translator, [&] { return translator.run(texts, options); });
  nb::list all;
  for (const tasks::Translation& translation : found) all.append(translation_of(translation));
  return all;
}

void bind_translator(nb::module_& module) {
  nb::class_<Translator>(module, "Translator")
      .def("run", &translate)
      .def("evaluate",
           [](const Translator& translator, const Texts& sources,
              const std::vector<Texts>& references, const nb::dict& given) {
             tasks::TranslateOptions options;
             take_options(given, options);
             const tasks::TranslatorScore score = alone_on(
                 &translator, [&] { return translator.evaluate(sources, references, options); });
             return score_of(score);
           })
      .def("save", &Translator::save)
      .def_prop_ro("report", [](const Translator& translator) {
        const tasks::TranslatorReport& report = translator.report();
        nb::dict all;
        all["pairs"] = report.pairs;
        all["validation_pairs"] = report.validation_pairs;
        all["vocabulary"] = report.vocabulary;
        all["weights"] = report.weights;
        all["epochs"] = report.epochs;
        all["best_epoch"] = report.best_epoch;
        all["seconds"] = report.seconds;
        all["finished"] = report.finished;
        all["validation_nats"] = report.validation_nats;
        return all;
      });
  module.def("translator_train", &train_translator, nb::arg("sources"), nb::arg("targets"),
             nb::arg("options"), nb::arg("progress").none());
  module.def("translator_load", &Translator::load);
  module.def("read_sentence_pairs",
             [](const std::string& path, const std::string& source, const std::string& target) {
               const data::SentencePairs read =
                   data::read_sentence_pairs(path, {.source = source, .target = target});
               return nb::make_tuple(read.sources, read.targets);
             });
}

}  // namespace

void bind_text_tasks(nb::module_& module) {
  bind_classifier(module);
  bind_generator(module);
  bind_translator(module);
}

}  // namespace chronicler::python
