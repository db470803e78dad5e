#include "chronicler/tasks/text_generator.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/dense.h"
#include "chronicler/model/stream.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"
#include "tasks/shared/networks_in_turn.h"

namespace chronicler::tasks {
namespace {

// Sentences of few words, in an order that is not known beforehand.
std::string simple_text(int sentences, std::uint64_t seed = 1) {
  const std::vector<std::string> who{"the cat", "a dog", "the old man"};
  const std::vector<std::string> does{" sees ", " likes ", " hears "};
  const Random random(seed);
  std::string text;
  for (int i = 0; i < sentences; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    text += who[random.below(3, 0, at)] + does[random.below(3, 1, at)] +
            who[random.below(3, 2, at)] + ".\n";
  }
  return text;
}

TextGeneratorOptions quick() {
  return {.units = 24,
          .layers = 1,
          .embedding = 12,
          .batch_size = 8,
          .steps = 16,
          .learning_rate = 1e-2,
          .epochs = 8.0};
}

const TextGenerator& writer() {
  static const TextGenerator trained = TextGenerator::train(simple_text(300), quick());
  return trained;
}

TEST(TextGenerator, LearnsWhatFollows) {
  const GeneratorReport& report = writer().report();
  ASSERT_TRUE(report.validation);
  EXPECT_LT(report.validation->nats, 0.6);  // of 3: all characters alike
  EXPECT_GT(report.uniform_nats, 2.5);
  EXPECT_GT(report.ngram_nats, 0.0);
  EXPECT_GE(report.ngram_order, 3);
  EXPECT_NEAR(report.validation->bits, report.validation->nats / std::log(2.0), 1e-12);
  EXPECT_NEAR(report.epochs, 8.0, 0.1);
  EXPECT_TRUE(report.finished);
}

TEST(TextGenerator, CrossValidates) {
  TextGeneratorOptions options = quick();
  options.epochs = 1.0;
  const std::string text = simple_text(300);
  const std::vector<GeneratorFold> folds = TextGenerator::cross_validate(text, options, 3);
  ASSERT_EQ(folds.size(), 3U);
  std::int64_t characters = 0;
  for (const GeneratorFold& fold : folds) {
    characters += fold.score.characters;
    EXPECT_LT(fold.score.nats, fold.uniform_nats);
    EXPECT_LT(fold.ngram_nats, 1.0);
  }
  EXPECT_EQ(characters, static_cast<std::int64_t>(text.size()));
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress&) { return false; };
  EXPECT_TRUE(TextGenerator::cross_validate(text, options, 3).empty());
}

TEST(TextGenerator, ReadsPlainText) {
  std::string composed = simple_text(80);
  std::string other = composed;
  for (std::size_t at = 0; (at = composed.find("cat", at)) != std::string::npos; ++at)
    composed.replace(at, 3, "c\u00E4t");
  for (std::size_t at = 0; (at = other.find("cat", at)) != std::string::npos; ++at)
    other.replace(at, 3, "ca\u0308t");
  for (std::size_t at = 0; (at = other.find(" s", at)) != std::string::npos; ++at)
    other.replace(at, 2, "\u00A0s");
  TextGeneratorOptions options = quick();
  options.epochs = 1.0;
  const TextGenerator one = TextGenerator::train(composed, options);
  const TextGenerator two = TextGenerator::train(other, options);
  const auto a = one.model().get_weights();
  const auto b = two.model().get_weights();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(test::same_bits(a[i], b[i])) << i;
  EXPECT_EQ(one.evaluate(composed).nats, one.evaluate(other).nats);
  EXPECT_EQ(one.run({.prompt = "the ca\u0308t\u202F", .stop = "ca\u0308"}),
            one.run({.prompt = "the c\u00E4t ", .stop = "c\u00E4"}));
}

// Where weights are few beside the text, nothing can be learnt by heart.
TEST(TextGenerator, DropsOutWhereThereAreManyWeights) {
  const auto chosen = [](std::int64_t units) {
    TextGeneratorOptions options = quick();
    options.units = units;
    options.report_seconds = 0.0;
    options.progress = [](const TaskProgress&) { return false; };
    return TextGenerator::train(simple_text(300), options).report().options.dropout;
  };
  EXPECT_EQ(chosen(4), 0.0);
  EXPECT_EQ(chosen(64), 0.25);
}

TEST(TextGenerator, WritesWhatItLearnt) {
  const std::string text = writer().run({.prompt = "the c", .length = 40});
  EXPECT_EQ(text.size(), 40U);
  EXPECT_TRUE(text.starts_with("at")) << text;
  EXPECT_EQ(text, writer().run({.prompt = "the c", .length = 40}));
  EXPECT_NE(text, writer().run({.prompt = "the c", .length = 40, .sampling = {.seed = 5}}));
  EXPECT_EQ(writer().run({.length = 0}), "");
  const std::string rounded =
      writer().run({.prompt = "the c", .length = 40, .weights = "bfloat16"});
  EXPECT_EQ(rounded.size(), 40U);
  EXPECT_TRUE(rounded.starts_with("at")) << rounded;
  EXPECT_THROW(writer().run({.weights = "int3"}), Error);
}

TEST(TextGenerator, StopsAndStreams) {
  std::string shown;
  const auto show = [&](std::string_view piece) {
    shown += piece;
    return true;
  };
  const std::string text =
      writer().run({.prompt = "a d", .length = 200, .stop = ".\n", .on_text = show});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_LT(text.size(), 100U);
  EXPECT_EQ(shown, text);
  int calls = 0;
  writer().run({.length = 100, .on_text = [&](std::string_view) { return ++calls < 3; }});
  EXPECT_EQ(calls, 3);
}

TEST(TextGenerator, ScoresAText) {
  const TextScore known = writer().evaluate(simple_text(30, 2));
  const TextScore other = writer().evaluate("zzz yyy the cat");
  EXPECT_LT(known.nats, other.nats);
  EXPECT_EQ(known.unknown, 0);
  EXPECT_EQ(other.unknown, 6);
  EXPECT_GE(known.cold_nats, known.nats - 0.02);
  EXPECT_THROW(writer().evaluate("x"), Error);
}

TEST(TextGenerator, ScoresATextWhileACopyLearns) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "the cat the dog. ";
  const TextScore plain = writer().evaluate(text);
  EXPECT_FALSE(plain.adapted_nats);
  const TextScore adapted = writer().evaluate(text, {.adapt = true, .learning_rate = 0.01});
  EXPECT_EQ(adapted.nats, plain.nats);
  ASSERT_TRUE(adapted.adapted_nats);
  EXPECT_LT(*adapted.adapted_nats, plain.nats - 0.03);
  EXPECT_EQ(writer().evaluate(text).nats, plain.nats);
}

TEST(TextGenerator, ComesBackFromItsFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.chronicler");
  writer().save(path);
  const TextGenerator again = TextGenerator::load(path);
  EXPECT_EQ(again.run({.prompt = "the ", .length = 60}),
            writer().run({.prompt = "the ", .length = 60}));
  EXPECT_EQ(again.report().ngram_nats, writer().report().ngram_nats);
  EXPECT_EQ(again.report().validation->nats, writer().report().validation->nats);
}

TEST(TextGenerator, RefusesOtherModels) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.chronicler");
  Sequential({layers::Dense({.units = 1, .input_shape = {2}})}).save(path);
  EXPECT_EQ(test::error_of([&] { TextGenerator::load(path); }),
            "\"" + path +
                "\" is not a model that writes text: make one with chronicler generate "
                "train, or TextGenerator::train");
}

TEST(TextGenerator, HasTheSameBitsForAnyNumberOfThreads) {
  const std::string text = simple_text(60);
  TextGeneratorOptions options = quick();
  options.epochs = 1.0;
  const TextGenerator one = TextGenerator::train(text, options);
  const int threads = Runtime::global().threads();
  Runtime::global().set_threads(threads == 3 ? 2 : 3);
  const TextGenerator three = TextGenerator::train(text, options);
  Runtime::global().set_threads(threads);
  EXPECT_EQ(one.report().validation->nats, three.report().validation->nats);
}

TEST(TextGenerator, GoesOnWhereItWasInterrupted) {
  const test::TemporaryFolder folder;
  const std::string text = simple_text(100);
  TextGeneratorOptions options = quick();
  options.epochs = 2.0;
  options.dropout = 0.2;
  const TextGenerator whole = TextGenerator::train(text, options);
  options.checkpoint = folder.path("run");
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress& progress) { return progress.steps < 5; };
  const TextGenerator part = TextGenerator::train(text, options);
  EXPECT_FALSE(part.report().finished);
  EXPECT_FALSE(part.report().validation);
  EXPECT_TRUE(std::filesystem::exists(options.checkpoint));
  TextGeneratorOptions other = options;
  other.resume = true;
  other.seed = 9;
  EXPECT_THROW(TextGenerator::train(text, other), Error);
  other = options;
  other.resume = true;
  other.validation_text = simple_text(10, 7);
  EXPECT_THROW(TextGenerator::train(text, other), Error);
  options.progress = {};
  options.resume = true;
  const TextGenerator rest = TextGenerator::train(text, options);
  EXPECT_EQ(rest.report().validation->nats, whole.report().validation->nats);
  EXPECT_FALSE(std::filesystem::exists(options.checkpoint));
}

// Letters by chance can only be learnt by heart: the longer it reads them, the worse it foretells
// others.
TEST(TextGenerator, KeepsTheWeightsThatValidateBest) {
  const Random random(5);
  std::string text;
  for (std::uint64_t i = 0; i < 1500; ++i)
    text += static_cast<char>('a' + static_cast<char>(random.below(5, 0, i)));
  TextGeneratorOptions options = quick();
  options.dropout = 0.0;
  options.epochs = 150.0;
  options.validation_fraction = 0.4;
  const TextGenerator whole = TextGenerator::train(text, options);
  EXPECT_GT(whole.report().best_epoch, 0.0);
  EXPECT_LT(whole.report().best_epoch, 75.0);
  double last = 0.0;
  options.progress = [&](const TaskProgress& progress) {
    last = progress.validation.value_or(0.0);
    return true;
  };
  options.report_seconds = 0.0;
  EXPECT_EQ(TextGenerator::train(text, options).report().validation->nats,
            whole.report().validation->nats);
  EXPECT_LT(whole.report().validation->nats, last - 0.1);

  // The best is not lost where the run was interrupted.
  const test::TemporaryFolder folder;
  options.checkpoint = folder.path("run");
  options.progress = [](const TaskProgress& progress) { return progress.epochs < 100.0; };
  const TextGenerator part = TextGenerator::train(text, options);
  EXPECT_FALSE(part.report().finished);
  options.progress = {};
  options.resume = true;
  const TextGenerator rest = TextGenerator::train(text, options);
  EXPECT_EQ(rest.report().best_epoch, whole.report().best_epoch);
  EXPECT_EQ(rest.report().validation->nats, whole.report().validation->nats);
}

TEST(TextGenerator, EndsWithItsTime) {
  TextGeneratorOptions options = quick();
  options.max_seconds = 0.2;
  double share = 0.0;
  options.progress = [&](const TaskProgress& progress) {
    share = progress.share;
    return true;
  };
  const TextGenerator timed = TextGenerator::train(simple_text(300), options);
  EXPECT_EQ(share, 1.0);
  EXPECT_GE(timed.report().seconds, 0.2);
}

// Two networks in one model are the two that are trained by themselves, and it answers with the
// mean of their ln p.
TEST(TextGenerator, MayHaveSeveralNetworks) {
  const std::string text = simple_text(100);
  TextGeneratorOptions options = quick();
  options.epochs = 2.0;
  options.seed = 4;
  const TextGenerator one = TextGenerator::train(text, options);
  options.seed = network_seed(4, 1);
  const TextGenerator two = TextGenerator::train(text, options);
  options.seed = 4;
  options.networks = 2;
  const TextGenerator both = TextGenerator::train(text, options);
  EXPECT_EQ(both.report().weights, one.report().weights + two.report().weights);
  EXPECT_LT(both.report().validation->nats,
            0.5 * (one.report().validation->nats + two.report().validation->nats));

  const test::TemporaryFolder folder;
  both.save(folder.path("m.keras"));
  const TextGenerator again = TextGenerator::load(folder.path("m.keras"));
  EXPECT_EQ(again.run({.prompt = "the ", .length = 60}),
            both.run({.prompt = "the ", .length = 60}));
  Stream a = one.model().stream();
  Stream b = two.model().stream();
  Stream mean = again.model().stream();
  for (const float id : {3.0F, 5.0F, 2.0F, 7.0F}) {
    const auto scores_a = a.step(std::span(&id, 1));
    const auto scores_b = b.step(std::span(&id, 1));
    const auto scores = mean.step(std::span(&id, 1));
    for (std::size_t i = 0; i < scores.size(); ++i)
      EXPECT_FLOAT_EQ(scores[i], 0.5F * (scores_a[i] + scores_b[i])) << i;
  }
  EXPECT_THROW(TextGenerator::train(text, {.networks = 0}), Error);
}

TEST(TextGenerator, SaysWhereItsLossIsNoNumber) {
  TextGeneratorOptions options = quick();
  options.learning_rate = 1e38;
  const std::string error =
      test::error_of([&] { TextGenerator::train(simple_text(100), options); });
  EXPECT_TRUE(error.starts_with("training has become NaN at batch 2 in epoch 1: the loss is"))
      << error;
}

#if CHRONICLER_HAVE_SENTENCEPIECE
TEST(TextGenerator, ReadsSubwords) {
  TextGeneratorOptions options = quick();
  options.level = "subword";
  options.vocabulary = 300;
  options.steps = 8;
  const TextGenerator trained = TextGenerator::train(simple_text(300), options);
  EXPECT_LT(trained.report().validation->nats, 1.0);
  EXPECT_EQ(trained.run({.prompt = "the", .length = 50}).size(), 50U);
}
#endif

TEST(TextGenerator, SaysWhatItCannotLearnFrom) {
  EXPECT_EQ(test::error_of([] { TextGenerator::train("too short", {.validation_fraction = 0.0}); }),
            "9 characters to learn from are too few, at least 200 are needed: give a longer text; "
            "some hundred thousand characters make a good model");
  EXPECT_THROW(TextGenerator::train(simple_text(50), {.level = "word"}), Error);
  EXPECT_THROW(TextGenerator::train(simple_text(50), {.validation_fraction = 1.0}), Error);
  EXPECT_THROW(TextGenerator::train(simple_text(50), {.resume = true}), Error);
}

TEST(LongestCopy, IsTheLongestPassageOfBoth) {
  EXPECT_EQ(longest_copy("he said hello there", "well, hello then"), " hello the");
  EXPECT_EQ(longest_copy("abc", "xyz"), "");
  EXPECT_EQ(longest_copy("", "xyz"), "");
  EXPECT_EQ(longest_copy("aaaa", "baab"), "aa");
}

}  // namespace
}  // namespace chronicler::tasks
