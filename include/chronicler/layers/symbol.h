// Symbols: values that are not computed yet. Layers called on them write down the graph of a
// Functional model.
//
//   Symbol x = Input({.shape = {None, 8}});
//   Symbols encoded = layers::LSTM({.units = 16, .return_state = true})(x);
//   Symbol y = layers::LSTM({.units = 16})(other, {.initial_state = encoded.from(1)});
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "chronicler/layers/input.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

struct LayerCall;

// One output of one call of a layer. A value: copying it copies a pointer.
class Symbol {
 public:
  Symbol() = default;  // nothing; converts to false
  Symbol(std::shared_ptr<const LayerCall> call, std::size_t output)
      : call_(std::move(call)), output_(output) {}

  explicit operator bool() const { return static_cast<bool>(call_); }
  const Shape& shape() const;  // with the batch axis
  const LayerCall& call() const { return *call_; }
  const std::shared_ptr<const LayerCall>& shared_call() const { return call_; }
  std::size_t output() const { return output_; }
  friend bool operator==(const Symbol& a, const Symbol& b) = default;

 private:
  std::shared_ptr<const LayerCall> call_;
  std::size_t output_ = 0;
};

// The inputs or outputs of a call. One symbol may stand where several are asked for, and the
// outputs of a layer that has one are that one.
class Symbols {
 public:
  // NOLINTBEGIN(google-explicit-constructor)
  Symbols() = default;
  Symbols(const Symbol& symbol) : list_{symbol} {}
  Symbols(std::initializer_list<Symbol> symbols) : list_(symbols) {}
  Symbols(std::vector<Symbol> symbols) : list_(std::move(symbols)) {}
  operator Symbol() const;  // Error unless there is exactly one
  // NOLINTEND(google-explicit-constructor)

  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  const Symbol& operator[](std::size_t index) const { return list_.at(index); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  // Those from `first` on: the states after the output.
  Symbols from(std::size_t first) const;

 private:
  std::vector<Symbol> list_;
};

// What a layer may be called with besides its inputs; Keras's keywords.
struct CallOptions {
  Symbols initial_state = {};  // recurrent layers; the states of all, in Keras's order
  // One for each input, or an empty Symbol where every step counts; past the end, the mask that
  // comes along. What follows sees it too, as in Keras since 3.11, but not an attention mask of a
  // MultiHeadAttention. A model within keeps the mask that came along where a Symbol is empty.
  Symbols mask = {};
  bool use_causal_mask = false;          // attention
  bool return_attention_scores = false;  // attention
  bool reverse = false;                  // ReversibleEmbedding
};

// A layer called on symbols.
struct LayerCall {
  LayerPtr layer;
  Symbols inputs;               // initial states included
  Symbols masks;                // of the first inputs, as in CallOptions
  std::size_t state_count = 0;  // how many of the inputs are initial states: the last ones
  CallFlags flags;
  std::vector<Shape> shapes;  // of the outputs
};

// An input of a Functional model: Keras's Input.
Symbol Input(const layers::InputOptions& options);

}  // namespace chronicler
