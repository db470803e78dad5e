#include "training/callbacks/progress_bar.h"

#include <sstream>

#include <gtest/gtest.h>

namespace chronicler {
namespace {

constexpr Display full{.terminal = true, .colour = true, .unicode = true};
constexpr Display file{.terminal = false, .colour = false, .unicode = true};

// The texts of Keras; E stands for the escape character.
std::string escaped(std::string text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == 'E' && i + 1 < text.size() && text[i + 1] == '[';
    result += escape ? '\x1b' : text[i];
  }
  return result;
}

TEST(BarLine, IsAsInKeras) {
  EXPECT_EQ(bar_line({.done = 1,
                      .target = 3,
                      .elapsed = 0.804,
                      .step_time = 0.804,
                      .values = {{"accuracy", 0.40625}, {"loss", 1.15049}}},
                     full),
            escaped("E[1m1/3E[0m E[32m━━━━━━E[0mE[37m━━━━━━━━━━━━━━E[0m E[1m1sE[0m 804ms/step - "
                    "accuracy: 0.4062 - loss: 1.1505"));
  EXPECT_EQ(bar_line({.done = 3,
                      .target = 3,
                      .finished = true,
                      .elapsed = 0.4,
                      .step_time = 0.043,
                      .values = {{"loss", 1.0}, {"val_loss", 1.16821}}},
                     full),
            escaped("E[1m3/3E[0m E[32m━━━━━━━━━━━━━━━━━━━━E[0mE[37mE[0m E[1m0sE[0m 43ms/step - "
                    "loss: 1.0000 - val_loss: 1.1682"));
}

TEST(BarLine, BeforeTheFirstPieceNothingIsGreen) {
  EXPECT_EQ(bar_line({.done = 1, .target = 100, .step_time = 0.01}, full),
            escaped("E[1m  1/100E[0m E[37m━━━━━━━━━━━━━━━━━━━━E[0m E[1m0sE[0m 10ms/step"));
}

TEST(BarLine, WithoutColourOrUnicode) {
  EXPECT_EQ(bar_line({.done = 1, .target = 4, .step_time = 2.0}, {.terminal = true}),
            "1/4 =====                6s 2s/step");
  EXPECT_EQ(
      bar_line({.done = 1, .target = 4, .step_time = 2.0}, {.terminal = true, .unicode = true}),
      "1/4 ━━━━━                6s 2s/step");
  EXPECT_EQ(
      bar_line({.done = 1, .target = 4, .step_time = 2.0}, {.terminal = true, .colour = true}),
      escaped("E[1m1/4E[0m E[32m=====E[0mE[37m===============E[0m E[1m6sE[0m 2s/step"));
}

TEST(BarLine, WithoutTarget) {
  EXPECT_EQ(bar_line({.done = 12, .elapsed = 3.4, .step_time = 0.25}, full),
            escaped("     12/Unknown E[1m3sE[0m 250ms/step"));
}

TEST(BarLine, Times) {
  const auto line = [](double step_time, std::int64_t left) {
    return bar_line({.done = 0, .target = left, .step_time = step_time}, {.terminal = true})
        .substr(2 * std::to_string(left).size() + 23);
  };
  EXPECT_EQ(line(1.0, 60), "60s 1s/step");
  EXPECT_EQ(line(1.0, 61), "1:01 1s/step");
  EXPECT_EQ(line(1.0, 3600), "60:00 1s/step");
  EXPECT_EQ(line(1.0, 3723), "1:02:03 1s/step");
  EXPECT_EQ(line(0.0, 10), "0s 0s/step");
  EXPECT_EQ(line(0.9994, 1), "0s 999ms/step");
  EXPECT_EQ(line(0.0009994, 1), "0s 999us/step");
}

TEST(PlainLine, IsVerboseTwoOfKeras) {
  const Progress progress{.done = 3,
                          .target = 3,
                          .finished = true,
                          .elapsed = 0.4,
                          .step_time = 0.0512,
                          .values = {{"accuracy", 0.33749}, {"loss", -1.15441}, {"small", 0.0005}}};
  EXPECT_EQ(plain_line(progress, true),
            "3/3 - 0s - 51ms/step - accuracy: 0.3375 - loss: -1.1544e+00 - small: 5.0000e-04");
  EXPECT_EQ(plain_line(progress, false),
            "3/3 - 0s - 51ms/step - accuracy: 0.3375 - loss: -1.1544 - small: 5.0000e-04");
}

TEST(VisibleWidth, CountsCharacters) {
  EXPECT_EQ(visible_width("abc"), 3U);
  EXPECT_EQ(visible_width(escaped("E[1m1/3E[0m ━━")), 6U);
  EXPECT_EQ(visible_width(""), 0U);
}

TEST(DisplayOf, LocalesThatHaveAllCharacters) {
  for (const char* locale : {"", "en_US.UTF-8", "C.utf8", "de_DE.UTF8@euro"}) {
    EXPECT_TRUE(has_all_characters(locale)) << locale;
  }
  for (const char* locale : {"C", "POSIX", "de_DE", "en_US.ISO-8859-1"}) {
    EXPECT_FALSE(has_all_characters(locale)) << locale;
  }
}

TEST(DisplayOf, AnotherStreamIsNoTerminal) {
  const std::ostringstream out;
  EXPECT_FALSE(Display::of(out).terminal);
  EXPECT_FALSE(Display::of(out).colour);
}

// ---- the bar in a run; time is what the test says

class Bar : public ::testing::Test {
 protected:
  ProgressBar bar(int verbose, std::optional<std::int64_t> steps, const Display& display) {
    return {verbose, steps, out, display, [this] { return now; }};
  }
  // What was written since the last call.
  std::string written() {
    std::string text = out.str();
    out.str("");
    return text;
  }

  std::ostringstream out;
  double now = 100.0;
};

TEST_F(Bar, DrawsOverItself) {
  ProgressBar one = bar(1, 2, {.terminal = true});
  one.begin_epoch(0, 5);
  EXPECT_EQ(written(), "Epoch 1/5\n");
  now += 2.0;
  one.update(1, {{"loss", 1.5}, {"accuracy", 0.25}});
  const std::string first = "1/2 ==========           2s 2s/step - accuracy: 0.2500 - loss: 1.5000";
  EXPECT_EQ(written(), "\r" + first);
  now += 0.06;
  one.update(2, {{"loss", 1.25}, {"accuracy", 0.5}});
  const std::string second =
      "2/2 ==================== 0s 60ms/step - accuracy: 0.5000 - loss: 1.2500";
  EXPECT_EQ(written(), std::string(first.size(), '\b') + "\r" + second);
  now += 1.0;
  one.finish({{"loss", 1.25}, {"accuracy", 0.5}});
  const std::string last = "2/2 ==================== 3s 1s/step - accuracy: 0.5000 - loss: 1.2500";
  EXPECT_EQ(written(), std::string(second.size(), '\b') + "\r" + last +
                           std::string(second.size() - last.size(), ' ') + "\n");
}

TEST_F(Bar, IsNotDrawnMoreThanTwentyTimesASecond) {
  ProgressBar one = bar(1, 100, full);
  int drawn = 0;
  for (std::int64_t step = 1; step <= 100; ++step) {
    now += 0.01;
    one.update(step, {});
    drawn += written().empty() ? 0 : 1;
  }
  EXPECT_EQ(drawn, 20);
  one.finish({});
  EXPECT_TRUE(written().ends_with("\n"));
}

TEST_F(Bar, NewKeysFollow) {
  ProgressBar one = bar(2, 1, file);
  one.update(1, {{"loss", 1.0}, {"accuracy", 0.5}});
  one.finish({{"accuracy", 0.5},
              {"learning_rate", 0.01},
              {"loss", 2.0},
              {"val_accuracy", 0.25},
              {"val_loss", 3.0}});
  EXPECT_EQ(written(),
            "1/1 - 0s - 0s/step - accuracy: 0.5000 - loss: 2.0000 - val_accuracy: 0.2500 - "
            "val_loss: 3.0000 - learning_rate: 0.0100\n");
}

TEST_F(Bar, OneLineAnEpochWithoutATerminal) {
  ProgressBar one = bar(1, 2, file);
  one.begin_epoch(0, 30);
  now += 0.5;
  one.update(1, {{"loss", 0.7}});
  now += 0.005;
  one.update(2, {{"loss", 0.69312}});
  one.finish({{"loss", 0.69312}, {"val_accuracy", 0.5}});
  EXPECT_EQ(written(), "Epoch 1/30 - 1s - 5ms/step - loss: 0.6931 - val_accuracy: 0.5000\n");
}

TEST_F(Bar, EvaluateHasNoEpoch) {
  ProgressBar one = bar(1, 2, file);
  now += 0.25;
  one.update(1, {{"loss", 0.7}});
  one.update(2, {{"loss", 0.6}});
  now += 0.003;
  one.finish({{"loss", 0.6}});
  EXPECT_EQ(written(), "2/2 - 0s - 3ms/step - loss: 0.6000\n");
}

TEST_F(Bar, VerboseTwoIsTwoLinesAnEpoch) {
  ProgressBar one = bar(2, 1, full);
  one.begin_epoch(1, 3);
  one.update(1, {{"loss", 0.5}});
  one.finish({{"loss", 0.5}});
  EXPECT_EQ(written(), "Epoch 2/3\n1/1 - 0s - 0s/step - loss: 0.5000\n");
  ProgressBar single = bar(2, 1, full);
  single.begin_epoch(0, 1);
  EXPECT_EQ(written(), "");
}

TEST_F(Bar, SilentShowsNothing) {
  ProgressBar one = bar(0, 1, full);
  one.begin_epoch(0, 3);
  one.update(1, {{"loss", 0.5}});
  one.finish({{"loss", 0.5}});
  EXPECT_EQ(written(), "");
}

TEST_F(Bar, TheLastLineKnowsTheCount) {
  ProgressBar one = bar(1, {}, {.terminal = true});
  now += 1.0;
  one.update(1, {});
  EXPECT_EQ(written(), "\r      1/Unknown 1s 1s/step");
  now += 1.0;
  one.update(2, {});
  written();
  one.finish({});
  EXPECT_TRUE(written().ends_with("\r2/2 ==================== 2s 1s/step\n"));
}

TEST_F(Bar, AnEpochThatEndedEarlySaysSo) {
  ProgressBar one = bar(2, 10, file);
  one.update(1, {{"loss", 0.5}});
  one.finish({{"loss", 0.5}});
  EXPECT_EQ(written(), " 1/10 - 0s - 0s/step - loss: 0.5000\n");
}

}  // namespace
}  // namespace chronicler
