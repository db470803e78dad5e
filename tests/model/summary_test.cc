#include "model/summary.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"

namespace chronicler {
namespace {

Sequential small_model() {
  return Sequential({layers::LSTM({.units = 64,
                                   .return_sequences = true,
                                   .name = "lstm",
                                   .input_shape = Shape{None, 100}}),
                     layers::Dense({.units = 10, .name = "a_name_that_is_too_long_for_any_column"}),
                     layers::Dense({.units = 10, .name = "a_name_of_nearly_thirty_chars"})},
                    "sequential");
}

TEST(Summary, IsDrawnAsKerasDrawsIt) {
  EXPECT_EQ(small_model().summary_text(),
            R"(Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ lstm (LSTM)                     │ (None, None, 64)       │        42,240 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ a_name_that_is_too_long_for_an… │ (None, None, 10)       │           650 │
│ (Dense)                         │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ a_name_of_nearly_thirty_chars   │ (None, None, 10)       │           110 │
│ (Dense)                         │                        │               │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 43,000 (167.97 KB)
 Trainable params: 43,000 (167.97 KB)
 Non-trainable params: 0 (0.00 B)
)");
}

TEST(Summary, OfAModelThatIsNotBuilt) {
  const Sequential model({layers::LSTM({.units = 4, .name = "lstm"})}, "late");
  const std::string text = model.summary_text();
  EXPECT_NE(
      text.find("│ lstm (LSTM)                     │ ?                      │   0 (unbuilt) │"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(" Total params: 0 (0.00 B)"), std::string::npos) << text;
}

TEST(Summary, ShowsWhatIsTrained) {
  Sequential model = small_model();
  model.layers()[0]->set_trainable(false);
  model.add(layers::Dropout({.rate = 0.5, .name = "dropout"}));
  const std::string text = draw_summary(model, {.show_trainable = true}, {.columns = 200});
  EXPECT_NE(text.find("┃ Traina… ┃"), std::string::npos) << text;
  EXPECT_NE(text.find("│    N    │"), std::string::npos) << text;
  EXPECT_NE(text.find("│    Y    │"), std::string::npos) << text;
  EXPECT_NE(text.find("│    -    │"), std::string::npos) << text;
  EXPECT_NE(
      text.find(" Trainable params: 760 (2.97 KB)\n Non-trainable params: 42,240 (165.00 KB)"),
      std::string::npos)
      << text;
}

std::string top_edge(const SummaryOptions& options, int columns) {
  const std::string text = draw_summary(small_model(), options, {.columns = columns});
  const std::size_t start = text.find('\n') + 1;
  return text.substr(start, text.find('\n', start) - start);
}

std::string edge(std::initializer_list<int> widths) {
  std::string text = "┏";
  for (const int* width = widths.begin(); width != widths.end(); ++width) {
    for (int i = 0; i < *width; ++i) text += "━";
    text += width + 1 == widths.end() ? "┓" : "┳";
  }
  return text;
}

TEST(Summary, FitsItsTerminal) {
  EXPECT_EQ(top_edge({}, 80), edge({33, 24, 15}));
  EXPECT_EQ(top_edge({}, 200), edge({38, 29, 17}));
  EXPECT_EQ(top_edge({.line_length = 88}, 88), edge({38, 29, 17}));
  std::string cut = edge({38, 29, 17});
  cut.resize(cut.size() - 8 * 3);
  EXPECT_EQ(top_edge({.line_length = 88}, 80), cut);
}

TEST(Summary, ShowsWhereTheInputsOfAGraphComeFrom) {
  const Symbol source = Input({.shape = {None, 4}, .name = "source"});
  const Symbol target = Input({.shape = {None, 3}, .name = "target"});
  const Symbols encoded =
      layers::GRU({.units = 5, .return_state = true, .name = "encoder"})(source);
  const Symbol decoded =
      layers::GRU({.units = 5, .name = "decoder"})(target, {.initial_state = encoded.from(1)});
  const Functional model({source, target}, {decoded}, "translator");
  EXPECT_EQ(model.summary_text(), R"(Model: "translator"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ source (InputLayer) │ (None, None, 4)   │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ target (InputLayer) │ (None, None, 3)   │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ encoder (GRU)       │ [(None, 5),       │        165 │ source[0][0]      │
│                     │ (None, 5)]        │            │                   │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ decoder (GRU)       │ (None, 5)         │        150 │ target[0][0],     │
│                     │                   │            │ encoder[0][1]     │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 315 (1.23 KB)
 Trainable params: 315 (1.23 KB)
 Non-trainable params: 0 (0.00 B)
)");
  // A chain needs no such column.
  const Symbol chain = layers::GRU({.units = 2, .name = "only"})(source);
  EXPECT_EQ(Functional({source}, {chain}).summary_text().find("Connected to"), std::string::npos);
}

TEST(Summary, GivesItsTextAtOnce) {
  std::vector<std::string> texts;
  const Sequential model = small_model();
  model.summary({.print_fn = [&](const std::string& text) { texts.push_back(text); }});
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(texts[0], model.summary_text());
}

TEST(Summary, IsColouredWhereAsked) {
  const std::string text = draw_summary(small_model(), {}, {.colour = true});
  EXPECT_NE(text.find("│ lstm (\x1b[38;5;33mLSTM\x1b[0m) "), std::string::npos) << text;
  EXPECT_NE(text.find("(\x1b[38;5;45mNone\x1b[0m, \x1b[38;5;45mNone\x1b[0m, \x1b[38;5;34m64"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("\x1b[1mModel: \"sequential\"\x1b[0m\n"), 0U) << text;
}

// The totals that Keras's summaries print, before and after a step of training.
TEST(Summary, CountsParametersAsKerasDoes) {
  const auto total = [](const Sequential& model) {
    const std::string text = model.summary_text();
    const std::size_t start = text.find(" Total params: ");
    return text.substr(start, text.find('\n', start) - start);
  };
  const Shape hundred{None, 100};
  EXPECT_EQ(total(Sequential(
                {layers::SimpleRNN({.units = 32, .return_sequences = true, .input_shape = hundred}),
                 layers::SimpleRNN({.units = 32}), layers::Dense({.units = 10})})),
            " Total params: 6,666 (26.04 KB)");
  for (const auto& [features, expected] :
       {std::pair{100, "75,914 (296.54 KB)"}, std::pair{28, "57,482 (224.54 KB)"},
        std::pair{1, "50,570 (197.54 KB)"}}) {
    const Sequential model(
        {layers::LSTM(
             {.units = 64, .return_sequences = true, .input_shape = Shape{None, features}}),
         layers::LSTM({.units = 64}), layers::Dense({.units = 10})});
    EXPECT_EQ(total(model), std::string(" Total params: ") + expected);
  }
  EXPECT_EQ(total(Sequential({layers::GRU({.units = 64, .input_shape = hundred})})),
            " Total params: 31,872 (124.50 KB)");
  EXPECT_EQ(
      total(Sequential({layers::GRU({.units = 64, .reset_after = false, .input_shape = hundred})})),
      " Total params: 31,680 (123.75 KB)");
}

}  // namespace
}  // namespace chronicler
