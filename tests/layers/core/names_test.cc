#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"

namespace chronicler {
namespace {

TEST(Names, SnakeCaseIsKeras) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"SimpleRNN", "simple_rnn"},
      {"LSTM", "lstm"},
      {"GRU", "gru"},
      {"RNN", "rnn"},
      {"Dense", "dense"},
      {"InputLayer", "input_layer"},
      {"ConvLSTM1D", "conv_lstm1d"},
      {"MaxPooling1D", "max_pooling1d"},
      {"GlobalAveragePooling1D", "global_average_pooling1d"},
      {"ReLU", "re_lu"},
      {"PReLU", "p_re_lu"},
      {"RMSprop", "rm_sprop"},
      {"StackedRNNCells", "stacked_rnn_cells"},
      {"GroupQueryAttention", "grouped_query_attention"},
      {"TimeDistributed", "time_distributed"},
      {"LSTMCell", "lstm_cell"},
      {"Sequential", "sequential"},
      {"already_snake", "already_snake"},
      {"", ""},
  };
  for (const auto& [class_name, snake] : names) EXPECT_EQ(snake_case(class_name), snake);
}

TEST(Names, AreNumberedByClass) {
  clear_session();
  EXPECT_EQ(unique_name("LSTM"), "lstm");
  EXPECT_EQ(unique_name("LSTM"), "lstm_1");
  EXPECT_EQ(unique_name("GRU"), "gru");
  EXPECT_EQ(unique_name("LSTM"), "lstm_2");
  clear_session();
  EXPECT_EQ(unique_name("LSTM"), "lstm");
}

TEST(Names, LayersGetOneUnlessTheyHaveOne) {
  clear_session();
  EXPECT_EQ(layers::Dense({.units = 1})->name(), "dense");
  EXPECT_EQ(layers::Dense({.units = 1, .name = "mine"})->name(), "mine");
  EXPECT_EQ(layers::Dense({.units = 1})->name(), "dense_1");
  EXPECT_EQ(layers::SimpleRNN({.units = 1})->name(), "simple_rnn");
  EXPECT_EQ(layers::Input({4})->name(), "input_layer");
}

}  // namespace
}  // namespace chronicler
