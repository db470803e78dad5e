#include "chronicler/tasks/text_classifier.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/runtime.h"
#include "chronicler/data/labelled_texts.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/layers/dense.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::tasks {
namespace {

const data::LabelledTexts& opinions() {
  static const data::LabelledTexts texts =
      data::read_labelled_texts(test::source_dir() / "examples/data/opinions.tsv");
  return texts;
}

TextClassifierOptions quick() {
  return {.embedding = 16,
          .units = 24,
          .dropout = 0.2,
          .word_dropout = 0.05,
          .batch_size = 16,
          .learning_rate = 1e-2,
          .epochs = 20};
}

const TextClassifier& critic() {
  static const TextClassifier trained =
      TextClassifier::train(opinions().texts, opinions().labels, quick());
  return trained;
}

TEST(TextClassifier, LearnsLabels) {
  const ClassifierReport& report = critic().report();
  EXPECT_EQ(report.labels, (std::vector<std::string>{"bad", "good"}));
  EXPECT_EQ(report.options.level, "word");
  ASSERT_TRUE(report.validation);
  EXPECT_GT(report.validation->accuracy, 0.8);
  EXPECT_LT(report.validation->naive_bayes_accuracy, report.validation->accuracy);
  EXPECT_LT(report.validation->majority_accuracy, 0.7);
  EXPECT_EQ(report.texts + report.validation_texts,
            static_cast<std::int64_t>(opinions().texts.size()));
}

TEST(TextClassifier, TellsALabelAndItsWords) {
  const std::string text = "The film was superb!";
  const TextLabel label = critic().run(text, true);
  EXPECT_EQ(label.label, "good");
  EXPECT_GT(label.probability, 0.5);
  EXPECT_NEAR(label.probabilities[0] + label.probabilities[1], 1.0, 1e-5);
  ASSERT_EQ(label.words.size(), 5U);
  const auto best =
      std::max_element(label.words.begin(), label.words.end(),
                       [](const auto& a, const auto& b) { return a.weight < b.weight; });
  EXPECT_EQ(text.substr(static_cast<std::size_t>(best->begin),
                        static_cast<std::size_t>(best->end - best->begin)),
            "superb");
  EXPECT_EQ(critic().run("the film was dreadful !").label, "bad");
}

TEST(TextClassifier, CrossValidatesOnEachTextOnce) {
  TextClassifierOptions options = quick();
  options.epochs = 2;
  options.networks = 1;
  const auto scores = [&](std::uint64_t seed) {
    options.seed = seed;
    return TextClassifier::cross_validate(opinions().texts, opinions().labels, options, 3);
  };
  const std::vector<ClassifierScore> folds = scores(1);
  ASSERT_EQ(folds.size(), 3U);
  std::int64_t texts = 0;
  for (const ClassifierScore& fold : folds) {
    texts += fold.texts;
    EXPECT_EQ(fold.labels, (std::vector<std::string>{"bad", "good"}));
    EXPECT_LT(fold.majority_accuracy, 0.7);
  }
  EXPECT_EQ(texts, static_cast<std::int64_t>(opinions().texts.size()));
  const std::vector<ClassifierScore> again = scores(1);
  for (std::size_t fold = 0; fold < 3; ++fold)
    EXPECT_EQ(again[fold].log_loss, folds[fold].log_loss);
  EXPECT_NE(scores(2).front().log_loss, folds.front().log_loss);
}

TEST(TextClassifier, RefusesFoldsThatCannotBe) {
  const auto error = [](const std::vector<std::string>& labels, std::int64_t folds) {
    return test::error_of([&] {
      const std::vector<std::string> texts(labels.size(), "some words");
      TextClassifier::cross_validate(texts, labels, quick(), folds);
    });
  };
  EXPECT_EQ(error({"a", "a", "b", "b", "b"}, 6),
            "6 folds need at least as many texts, got 5: use fewer folds");
  EXPECT_EQ(error({"a", "a", "b", " a", "a"}, 3),
            "one text alone has the label \"b\": the fold that tests it has nothing to learn the "
            "label from: leave that text out, or give the label more texts");
  EXPECT_EQ(error({"a", "b"}, 21), "folds must be from 2 to 20, got 21");
}

TEST(TextClassifier, ReadsPlainText) {
  const TextLabel plain = critic().run("The film was superb!", true);
  const TextLabel other = critic().run("The\u00A0film\u3000was su\u00ADper\u200Bb!", true);
  EXPECT_EQ(other.probability, plain.probability);
  EXPECT_EQ(other.text, "The film was superb!");
  ASSERT_EQ(other.words.size(), plain.words.size());
  for (std::size_t i = 0; i < plain.words.size(); ++i) {
    EXPECT_EQ(other.words[i].begin, plain.words[i].begin);
    EXPECT_EQ(other.words[i].weight, plain.words[i].weight);
  }
  // Labels that look the same are the same, and so are models that learnt from them.
  std::vector<std::string> texts = opinions().texts;
  std::vector<std::string> labels = opinions().labels;
  for (std::size_t i = 0; i < texts.size(); i += 2) {
    texts[i] += " cafe\u0301";
    labels[i] = "\u00A0" + labels[i] + " ";
  }
  TextClassifierOptions options = quick();
  options.level = "char";
  options.networks = 1;
  options.epochs = 1;
  const TextClassifier one = TextClassifier::train(texts, labels, options);
  for (std::size_t i = 0; i < texts.size(); i += 2)
    texts[i].replace(texts[i].size() - 3, 3, "\u00E9");
  const TextClassifier two = TextClassifier::train(texts, opinions().labels, options);
  EXPECT_EQ(one.labels(), critic().labels());
  EXPECT_EQ(one.run("cafe\u0301").probability, two.run("caf\u00E9").probability);
  EXPECT_EQ(one.evaluate(texts, labels).accuracy, two.evaluate(texts, labels).accuracy);
}

TEST(TextClassifier, SaysNothingOfNothing) {
  const std::vector<std::string> texts{"", "superb", " \u00A0", "\u200B"};
  const std::vector<TextLabel> told = critic().run(texts);
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[1].label, "good");
  for (const std::size_t i : {0U, 2U, 3U}) {
    EXPECT_EQ(told[i].label, "");
    EXPECT_TRUE(told[i].probabilities.empty());
  }
  EXPECT_EQ(critic().run("\u3000", true).label, "");
}

TEST(TextClassifier, ReadsNegations) {
  EXPECT_EQ(critic().run("The hotel isn't superb.").label, "bad");
  EXPECT_EQ(critic().run("the hotel is n't superb .").probability,
            critic().run("The hotel isn't superb.").probability);
}

TEST(TextClassifier, GivesTheSameAloneAndAmongOthers) {
  const std::vector<std::string> texts{"a delight", "the garden , whatever it cost , was awful", "",
                                       "words nobody knows"};
  const std::vector<TextLabel> labels = critic().run(texts);
  ASSERT_EQ(labels.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_NEAR(labels[i].probability, critic().run(texts[i]).probability, 1e-6) << texts[i];
}

TEST(TextClassifier, ComesBackFromItsFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.chronicler");
  critic().save(path);
  const TextClassifier again = TextClassifier::load(path);
  EXPECT_EQ(again.labels(), critic().labels());
  EXPECT_EQ(again.run("a lovely lamp").probability, critic().run("a lovely lamp").probability);
  const ClassifierScore score = again.evaluate(opinions().texts, opinions().labels);
  EXPECT_GT(score.accuracy, 0.8);
  EXPECT_EQ(score.texts, static_cast<std::int64_t>(opinions().texts.size()));
}

// Of the settings in a model file.
void replace_in_vocabulary(const std::string& path, const std::string& from,
                           const std::string& to) {
  const std::shared_ptr<Model> model = load_model(path);
  std::string& vocabulary = model->assets()["vocabulary.txt"];
  const std::size_t at = vocabulary.find(from);
  ASSERT_NE(at, std::string::npos) << vocabulary.substr(0, 100);
  vocabulary.replace(at, from.size(), to);
  model->save(path);
}

TEST(TextClassifier, KnowsWordsByTheirSpelling) {
  std::vector<std::string> texts;
  std::vector<std::string> labels;
  for (int i = 0; i < 60; ++i) {
    const bool good = i % 2 == 0;
    texts.push_back(fmt::format("{} seen on day {}", good ? "superb" : "dreadful", i / 4));
    labels.emplace_back(good ? "good" : "bad");
  }
  TextClassifierOptions options = quick();
  options.epochs = 4;
  // A word that no text has.
  const auto superbly = [&] {
    const TextClassifier model = TextClassifier::train(texts, labels, options);
    return model.run("superbly").probabilities[1];
  };
  EXPECT_GT(superbly(), 0.6);
  options.spelling = 0;
  EXPECT_LT(superbly(), 0.6);
  options.spelling = 2;
  EXPECT_EQ(test::error_of(superbly), "spelling must be 0 or at least 3, got 2");
}

TEST(TextClassifier, ReadsFilesOfBeforeSpellings) {
  TextClassifierOptions options = quick();
  options.epochs = 1;
  options.spelling = 0;
  const TextClassifier old = TextClassifier::train(opinions().texts, opinions().labels, options);
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.chronicler");
  old.save(path);
  replace_in_vocabulary(path, "\"spelling\":0,", "");
  EXPECT_EQ(TextClassifier::load(path).run("a lovely lamp").probability,
            old.run("a lovely lamp").probability);
}

TEST(TextClassifier, RefusesWhatDoesNotFitItsBags) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.chronicler");
  critic().save(path);
  replace_in_vocabulary(path, "\"ngrams\":2", "\"ngrams\":-2");
  EXPECT_NE(test::error_of([&] { TextClassifier::load(path); }).find("1 to 64"), std::string::npos);
  critic().save(path);
  const std::shared_ptr<Model> model = load_model(path);
  model->assets().erase("bag_of_spellings.bin");
  model->save(path);
  EXPECT_NE(test::error_of([&] { TextClassifier::load(path); }).find("spellings is missing"),
            std::string::npos);
  critic().save(path);
  replace_in_vocabulary(path, "\"spelling\":6", "\"spelling\":0");
  EXPECT_NE(test::error_of([&] { TextClassifier::load(path); }).find("another copy"),
            std::string::npos);
}

TEST(TextClassifier, RefusesOtherModelsAndLabels) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.chronicler");
  Sequential({layers::Dense({.units = 1, .input_shape = {2}})}).save(path);
  EXPECT_EQ(test::error_of([&] { TextClassifier::load(path); }),
            "\"" + path +
                "\" is not a model that labels texts: make one with chronicler sentiment "
                "train, or TextClassifier::train");
  const std::vector<std::string> text{"x"};
  const std::vector<std::string> label{"goot"};
  EXPECT_EQ(test::error_of([&] { critic().evaluate(text, label); }),
            "unknown label \"goot\": did you mean \"good\"?");
}

TEST(TextClassifier, TakesAnyNumberOfClassesAndCharacters) {
  std::vector<std::string> names;
  std::vector<std::string> labels;
  for (int i = 0; i < 60; ++i) {
    const std::string stem = std::string(1, static_cast<char>('A' + i % 20)) + "r" +
                             std::string(1, static_cast<char>('a' + i % 7));
    names.push_back(stem + (i % 3 == 0 ? "ski" : i % 3 == 1 ? "ez" : "sson"));
    labels.push_back(i % 3 == 0 ? "pl" : i % 3 == 1 ? "es" : "sv");
  }
  TextClassifierOptions options = quick();
  options.validation_fraction = 0.2;
  const TextClassifier namer = TextClassifier::train(names, labels, options);
  EXPECT_EQ(namer.report().options.level, "char");
  EXPECT_EQ(namer.run("Novakski").label, "pl");
  EXPECT_EQ(namer.run("Persson").label, "sv");
  EXPECT_EQ(namer.run("Lopez", true).words.size(), 5U);
}

TEST(TextClassifier, BeginsWithWordVectors) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path("v.txt")) << "film 1 2 3\nunheard 1 1 1\nsuperb 4 5 6\n";
  TextClassifierOptions options = quick();
  options.epochs = 1;
  options.vectors = folder.path("v.txt");
  const TextClassifier trained =
      TextClassifier::train(opinions().texts, opinions().labels, options);
  EXPECT_EQ(trained.report().vectors_found, 2);
  EXPECT_EQ(trained.report().options.embedding, 3);
}

TEST(TextClassifier, GoesOnWhereItWasInterrupted) {
  const test::TemporaryFolder folder;
  TextClassifierOptions options = quick();
  options.epochs = 2;
  const TextClassifier whole = TextClassifier::train(opinions().texts, opinions().labels, options);
  options.checkpoint = folder.path("run");
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress& progress) { return progress.epochs < 1.2; };
  const TextClassifier part = TextClassifier::train(opinions().texts, opinions().labels, options);
  EXPECT_FALSE(part.report().finished);
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint));
  options.progress = {};
  options.resume = true;
  options.dropout = 0.3;
  EXPECT_NE(test::error_of([&] {
              TextClassifier::train(opinions().texts, opinions().labels, options);
            }).find("(dropout 0.2), this one is dropout 0.3"),
            std::string::npos);
  options.dropout = quick().dropout;
  options.level = "char";
  EXPECT_NE(test::error_of([&] {
              TextClassifier::train(opinions().texts, opinions().labels, options);
            }).find("this one is level char"),
            std::string::npos);
  options.level = quick().level;
  const TextClassifier rest = TextClassifier::train(opinions().texts, opinions().labels, options);
  EXPECT_EQ(rest.run("a charming play").probability, whole.run("a charming play").probability);
  EXPECT_FALSE(std::filesystem::exists(options.checkpoint));
}

TEST(TextClassifier, AResumedRunHasTheSameOptions) {
  const test::TemporaryFolder folder;
  TextClassifierOptions options = quick();
  options.epochs = 2;
  options.networks = 1;
  options.checkpoint = folder.path("checkpoint");
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress&) { return false; };
  TextClassifier::train(opinions().texts, opinions().labels, options);
  ASSERT_TRUE(std::filesystem::exists(options.checkpoint));
  options.resume = true;
  const auto refused = [&](auto&& change) {
    TextClassifierOptions other = options;
    change(other);
    const std::string error =
        test::error_of([&] { TextClassifier::train(opinions().texts, opinions().labels, other); });
    EXPECT_NE(error.find("is of another run"), std::string::npos) << error;
  };
  refused([](auto& other) { other.level = "char"; });
  refused([](auto& other) { other.ngrams = 3; });
  refused([](auto& other) { other.spelling = 0; });
  refused([](auto& other) { other.longest = 20; });
  refused([](auto& other) { other.vocabulary = 100; });
  refused([](auto& other) { other.min_count = 1; });
  refused([](auto& other) { other.wide = false; });
  refused([](auto& other) { other.networks = 2; });
  refused([](auto& other) {
    other.validation_texts = {"superb"};
    other.validation_labels = {"good"};
  });
}

TEST(TextClassifier, SaysWhatItCannotLearnFrom) {
  const std::vector<std::string> texts(20, "some text");
  EXPECT_EQ(
      test::error_of([&] { TextClassifier::train(texts, std::vector<std::string>(20, "one")); }),
      "every text has the label \"one\": a classifier learns from texts of at least two "
      "labels");
  std::vector<std::string> different;
  for (int i = 0; i < 20; ++i) different.push_back(std::to_string(i));
  EXPECT_EQ(test::error_of([&] { TextClassifier::train(texts, different); }),
            "20 texts have 20 different labels: is it the right column? A label is given to "
            "several texts");
  EXPECT_THROW(TextClassifier::train(std::span(texts).first(3), std::span(different).first(3)),
               Error);
  EXPECT_THROW(TextClassifier::train(texts, std::span(different).first(3)), Error);
}

}  // namespace
}  // namespace chronicler::tasks
