#include "chronicler/tasks/translator.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/formats/model_file.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"
#include "tasks/shared/networks_in_turn.h"

namespace chronicler::tasks {
namespace {

using Texts = std::vector<std::string>;

struct Pairs {
  Texts sources;
  Texts targets;
};

// Letters to sounds, back to front: nothing can be written without looking at what was read.
Pairs letters(int count, std::uint64_t seed = 1) {
  const Random random(seed);
  Pairs pairs;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    std::string source;
    std::string target;
    for (std::uint64_t k = 0; k < 2 + random.below(3, 100, at); ++k) {
      const char letter = static_cast<char>('a' + random.below(4, k, at));
      source += letter;
      target = std::string(1, static_cast<char>(letter - 'a' + 'A')) + "x" +
               (target.empty() ? "" : " ") + target;
    }
    pairs.sources.push_back(source);
    pairs.targets.push_back(target);
  }
  return pairs;
}

TranslatorOptions quick() {
  return {.embedding = 16,
          .units = 24,
          .layers = 1,
          .dropout = 0.0,
          .label_smoothing = 0.0,
          .batch_pieces = 60,
          .learning_rate = 1e-2,
          .epochs = 12.0,
          .seed = 1};
}

const Translator& trained() {
  static const Translator translator = [] {
    const Pairs pairs = letters(600);
    return Translator::train(pairs.sources, pairs.targets, quick());
  }();
  return translator;
}

std::vector<std::vector<std::string>> as_references(const Texts& targets) {
  std::vector<std::vector<std::string>> references;
  for (const std::string& target : targets) references.push_back({target});
  return references;
}

TEST(Translator, CrossValidatesOnEachSourceOnce) {
  TranslatorOptions options = quick();
  options.epochs = 1.0;
  const Pairs pairs = letters(200);
  const std::vector<TranslatorScore> folds =
      Translator::cross_validate(pairs.sources, pairs.targets, options, 2);
  ASSERT_EQ(folds.size(), 2U);
  const std::set<std::string> different(pairs.sources.begin(), pairs.sources.end());
  EXPECT_EQ(folds[0].sentences + folds[1].sentences, static_cast<std::int64_t>(different.size()));
  for (const TranslatorScore& fold : folds) {
    EXPECT_EQ(fold.copy_bleu, 0.0);
    EXPECT_EQ(fold.memory_bleu, 0.0);  // each source is one word, of which none is known
  }
  EXPECT_EQ(Translator::cross_validate(pairs.sources, pairs.targets, options, 2)[1].translations,
            folds[1].translations);
}

TEST(Translator, LearnsToWriteWhatItReads) {
  EXPECT_EQ(trained().report().options.source_level, "char");
  EXPECT_EQ(trained().report().options.target_level, "word");
  const Pairs unseen = letters(100, 9);
  const TranslatorScore score = trained().evaluate(unseen.sources, as_references(unseen.targets));
  EXPECT_GT(score.exact, 0.9);
  EXPECT_LT(score.word_error, 0.05);
  EXPECT_GT(score.bleu, 80.0);
  EXPECT_EQ(score.sentences, 100);
  EXPECT_LT(score.copy_bleu, 5.0);
}

TEST(Translator, LooksAtWhatItWrites) {
  const Translation one = trained().run("abcd");
  EXPECT_EQ(one.text, "Dx Cx Bx Ax");
  EXPECT_EQ(one.source_pieces, (Texts{"a", "b", "c", "d", ""}));
  ASSERT_EQ(one.attention.size(), 4U * 5U);
  for (std::size_t row = 0; row < 4; ++row) {
    float sum = 0.0F;
    for (std::size_t i = 0; i < 5; ++i) sum += one.attention[row * 5 + i];
    EXPECT_NEAR(sum, 1.0F, 1e-5F);
  }
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Composed or not, with plain spaces or others: the same model, and the same translations.
TEST(Translator, ReadsPlainText) {
  Pairs composed = letters(60);
  Pairs other = composed;
  for (std::size_t i = 0; i < composed.sources.size(); ++i) {
    composed.sources[i] = with(with(composed.sources[i], "a", "\u00E4"), "b", "b b");
    other.sources[i] =
        with(with(other.sources[i], "a", "a\u0308"), "b", "b\u00A0b") + "\u202F\u200B";
    composed.targets[i] = with(composed.targets[i], "A", "\u00C4");
    other.targets[i] = with(with(other.targets[i], "A", "A\u0308"), " ", "\u3000");
  }
  TranslatorOptions options = quick();
  options.epochs = 1.0;
  const Translator one = Translator::train(composed.sources, composed.targets, options);
  const Translator two = Translator::train(other.sources, other.targets, options);
  const auto a = one.model().get_weights();
  const auto b = two.model().get_weights();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(test::same_bits(a[i], b[i])) << i;
  const std::vector<Translation> told = one.run(composed.sources);
  const std::vector<Translation> again = one.run(other.sources);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].text, again[i].text);
    EXPECT_EQ(told[i].log_probability, again[i].log_probability);
    EXPECT_EQ(again[i].unknown, 0);
  }
  EXPECT_EQ(one.evaluate(composed.sources, as_references(composed.targets)).exact,
            one.evaluate(other.sources, as_references(other.targets)).exact);
}

TEST(Translator, NothingIsTranslatedToNothing) {
  const Texts texts{"", "ab", "  ", "\t\r", "\u00A0\u200B", "ab", "\uFEFF"};
  const std::vector<Translation> told = trained().run(texts);
  ASSERT_EQ(told.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == "ab") {
      EXPECT_EQ(told[i].text, trained().run("ab").text);
    } else {
      EXPECT_EQ(told[i].text, "") << i;
      EXPECT_EQ(told[i].log_probability, 0.0);
      EXPECT_TRUE(told[i].ended);
    }
  }
  EXPECT_EQ(trained().run("\u3000").text, "");
}

TEST(Translator, CountsWhatItNeverLearnt) {
  const Texts sources{"abz", "\u00E9"};
  EXPECT_EQ(trained().evaluate(sources, as_references(sources)).unknown, 2);
}

TEST(Translator, SaysTheSameAloneAndAmongOthers) {
  const Pairs unseen = letters(40, 5);
  const std::vector<Translation> together = trained().run(unseen.sources);
  for (std::size_t i = 0; i < unseen.sources.size(); ++i) {
    const Translation alone = trained().run(unseen.sources[i]);
    EXPECT_EQ(alone.text, together[i].text);
    EXPECT_NEAR(alone.log_probability, together[i].log_probability, 1e-4);
  }
}

TEST(Translator, AWiderBeamFindsWhatIsLikelier) {
  const Pairs unseen = letters(60, 6);
  double greedy = 0.0;
  double beam = 0.0;
  for (const Translation& each : trained().run(unseen.sources, {.beam = 1, .length_penalty = 0.0}))
    greedy += each.log_probability;
  for (const Translation& each : trained().run(unseen.sources, {.beam = 4, .length_penalty = 0.0}))
    beam += each.log_probability;
  EXPECT_GE(beam, greedy - 1e-6);
}

TEST(Translator, ComesBackFromItsFile) {
  const test::TemporaryFolder folder;
  for (const char* name : {"m.keras", "m.chronicler"}) {
    const std::string path = folder.path(name);
    trained().save(path);
    const Translator again = Translator::load(path);
    EXPECT_EQ(again.run("cad").text, trained().run("cad").text);
    EXPECT_EQ(again.report().weights, trained().report().weights);
  }
  // The file's own model says what the pieces one by one say: teacher forcing.
  const auto whole = load_model(folder.path("m.keras"));
  EXPECT_EQ(whole->input_names(), (Texts{"source", "target"}));
}

TEST(Translator, CopiesWhatItHasNoWordFor) {
  // Names that occur once have no piece of their own where words are many.
  Pairs pairs;
  const Random random(2);
  for (int i = 0; i < 1400; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    const std::string name = "N" + std::to_string(i);
    const std::string before = random.below(2, 0, at) == 0 ? "here" : "there";
    pairs.sources.push_back(before + " is " + name);
    pairs.targets.push_back((before == "here" ? "hier ist " : "dort ist ") + name);
  }
  TranslatorOptions options = quick();
  options.source_level = "word";
  options.target_level = "word";
  options.epochs = 15.0;
  options.batch_pieces = 300;
  const Translator translator = Translator::train(pairs.sources, pairs.targets, options);
  EXPECT_EQ(translator.run("here is Zebulon").text, "hier ist Zebulon");
}

TEST(Translator, IsTheSameForAnyNumberOfThreads) {
  const int before = Runtime::global().threads();
  const Pairs pairs = letters(200);
  TranslatorOptions options = quick();
  options.epochs = 1.0;
  std::vector<double> losses;
  for (const int threads : {1, 2}) {
    set_threads(threads);
    const Translator translator = Translator::train(pairs.sources, pairs.targets, options);
    losses.push_back(*translator.report().validation_nats);
  }
  set_threads(before);
  EXPECT_EQ(losses[0], losses[1]);
}

TEST(Translator, GoesOnFromItsCheckpoint) {
  const test::TemporaryFolder folder;
  const Pairs pairs = letters(300);
  TranslatorOptions options = quick();
  options.epochs = 2.0;
  options.dropout = 0.2;
  const Translator straight = Translator::train(pairs.sources, pairs.targets, options);
  options.checkpoint = folder.path("m.checkpoint");
  options.resume = true;
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress& progress) { return progress.share < 0.6; };
  const Translator half = Translator::train(pairs.sources, pairs.targets, options);
  EXPECT_FALSE(half.report().finished);
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint));
  options.progress = {};
  for (const auto& change : std::vector<std::function<void(TranslatorOptions&)>>{
           [](TranslatorOptions& other) { other.attention = "additive"; },
           [](TranslatorOptions& other) { other.layers = 2; },
           [](TranslatorOptions& other) { other.source_level = "word"; },
           [](TranslatorOptions& other) {
             other.validation_sources = {"ab"};
             other.validation_targets = {"Bx Ax"};
           }}) {
    TranslatorOptions other = options;
    change(other);
    EXPECT_NE(test::error_of([&] {
                Translator::train(pairs.sources, pairs.targets, other);
              }).find("is of another run"),
              std::string::npos);
  }
  const Translator whole = Translator::train(pairs.sources, pairs.targets, options);
  EXPECT_TRUE(whole.report().finished);
  EXPECT_FALSE(std::filesystem::exists(options.checkpoint));
  EXPECT_EQ(*whole.report().validation_nats, *straight.report().validation_nats);
}

// Two networks in one model are the two that are trained by themselves, and it answers with the
// mean of their ln p.
TEST(Translator, MayHaveSeveralNetworks) {
  const Pairs pairs = letters(300);
  TranslatorOptions options = quick();
  options.epochs = 6.0;
  options.seed = 4;
  const Translator one = Translator::train(pairs.sources, pairs.targets, options);
  options.seed = network_seed(4, 1);
  const Translator two = Translator::train(pairs.sources, pairs.targets, options);
  options.seed = 4;
  options.networks = 2;
  const Translator both = Translator::train(pairs.sources, pairs.targets, options);
  EXPECT_EQ(both.report().weights, one.report().weights + two.report().weights);

  const test::TemporaryFolder folder;
  both.save(folder.path("m.keras"));
  const Translator again = Translator::load(folder.path("m.keras"));
  const TranslateOptions greedy{.beam = 1, .length_penalty = 0.0};
  const Pairs unseen = letters(60, 7);
  const auto by_one = one.run(unseen.sources, greedy);
  const auto by_two = two.run(unseen.sources, greedy);
  const auto by_both = again.run(unseen.sources, greedy);
  int agreed = 0;
  for (std::size_t i = 0; i < unseen.sources.size(); ++i) {
    if (by_one[i].text != by_two[i].text) continue;
    ++agreed;
    EXPECT_EQ(by_both[i].text, by_one[i].text);
    EXPECT_NEAR(by_both[i].log_probability,
                0.5 * (by_one[i].log_probability + by_two[i].log_probability), 1e-4);
    for (std::size_t k = 0; k < by_both[i].attention.size(); ++k) {
      EXPECT_NEAR(by_both[i].attention[k], 0.5F * (by_one[i].attention[k] + by_two[i].attention[k]),
                  1e-5F);
    }
  }
  EXPECT_GT(agreed, 10);
  EXPECT_EQ(again.run("abc").text, both.run("abc").text);
}

TEST(Translator, SaysWhereItsLossIsNoNumber) {
  const Pairs pairs = letters(60);
  TranslatorOptions options = quick();
  options.learning_rate = 1e38;
  const std::string error =
      test::error_of([&] { Translator::train(pairs.sources, pairs.targets, options); });
  EXPECT_TRUE(error.starts_with("training has become NaN at batch 2 in epoch 1: the loss is"))
      << error;
}

TEST(Translator, EndsWithItsTime) {
  const Pairs pairs = letters(60);
  TranslatorOptions options = quick();
  options.max_seconds = 0.2;
  options.epochs = 0.0;
  double rate = 1.0;
  double share = 0.0;
  options.progress = [&](const TaskProgress& progress) {
    share = progress.share;
    rate = std::min(rate, progress.learning_rate);
    return true;
  };
  options.report_seconds = 0.0;
  const Translator timed = Translator::train(pairs.sources, pairs.targets, options);
  EXPECT_EQ(share, 1.0);
  EXPECT_GE(timed.report().seconds, 0.2);
  EXPECT_LT(rate, 1e-3);  // of 1e-2: the schedule ends with the time
}

TEST(Translator, LearnsWithAdditiveAttention) {
  const Pairs pairs = letters(600);
  TranslatorOptions options = quick();
  options.attention = "additive";
  const Translator translator = Translator::train(pairs.sources, pairs.targets, options);
  const Pairs unseen = letters(60, 9);
  EXPECT_GT(translator.evaluate(unseen.sources, as_references(unseen.targets)).exact, 0.5);
}

TEST(Translator, RefusesWhatItCannotLearnFrom) {
  const Pairs pairs = letters(30);
  const Texts few{"a", "b"};
  EXPECT_THROW(Translator::train(few, few), Error);
  EXPECT_THROW(Translator::train(pairs.sources, few), Error);
  for (const auto change : std::initializer_list<void (*)(TranslatorOptions&)>{
           [](TranslatorOptions& o) { o.attention = "hard"; },
           [](TranslatorOptions& o) { o.source_level = "syllable"; },
           [](TranslatorOptions& o) { o.dropout = 1.0; },
           [](TranslatorOptions& o) { o.networks = 0; }, [](TranslatorOptions& o) { o.units = -1; },
           [](TranslatorOptions& o) { o.longest = 1; },
           [](TranslatorOptions& o) { o.resume = true; },
           [](TranslatorOptions& o) { o.validation_sources = {"a"}; }}) {
    TranslatorOptions options = quick();
    change(options);
    EXPECT_THROW(Translator::train(pairs.sources, pairs.targets, options), Error);
  }
  EXPECT_THROW(trained().run("abc", {.beam = 0}), Error);
  EXPECT_THROW(trained().evaluate({}, {}), Error);
}

}  // namespace
}  // namespace chronicler::tasks
