#include "conformance/cases.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/texts.h"
#include "chronicler/layers/layers.h"
#include "conformance/fields.h"
#include "conformance/more_cases.h"

namespace chronicler::test {
namespace {

using Cases = std::vector<LayerCase>;

// What a recurrent layer's case is besides its options.
struct RecurrentExtras {
  Mask mask = Mask::none;
  bool initial_state = false;
  bool training = false;
  bool sizes = false;
  std::string weights = {};  // empty: the layer's usual ones
};

constexpr std::int64_t rows = 4;
constexpr std::int64_t steps = 6;
constexpr std::int64_t features = 4;
constexpr std::int64_t units = 3;

// The options that SimpleRNN, LSTM and GRU share, in every combination that once went wrong
// somewhere.
template <class Options>
class RecurrentCases {
 public:
  RecurrentCases(Cases& cases, std::string layer, LayerPtr (*make)(const Options&),
                 std::int64_t gates, std::string bias)
      : cases_(cases),
        layer_(std::move(layer)),
        make_(make),
        gates_(gates),
        bias_(std::move(bias)) {}

  template <class Change>
  void add(const std::string& name, const Change& change, const RecurrentExtras& extras = {}) {
    Options options;
    options.units = units;
    change(options);
    const auto make = make_;
    LayerCase c{layer_,
                name,
                [make, options] { return make(options); },
                {rows, steps, features},
                extras.weights.empty() ? kernels() + ", " + bias_ : extras.weights};
    c.mask = extras.mask;
    c.initial_state = extras.initial_state;
    c.training = extras.training;
    c.sizes = extras.sizes;
    if (layer_ == "SLSTM") c.positive_state = 2;  // n
    cases_.push_back(std::move(c));
  }

  std::string kernels() const {
    return fmt::format("kernel ({}, {}), recurrent_kernel ({}, {})", features, gates_ * units,
                       units, gates_ * units);
  }

  void add_all() {
    add("plain", [](Options&) {}, {.sizes = true});
    add("sequences", [](Options& o) { o.return_sequences = true; });
    add("sequences_and_states", [](Options& o) { o.return_sequences = o.return_state = true; },
        {.initial_state = true, .sizes = true});
    add("last_and_states", [](Options& o) { o.return_state = true; });
    add("initial_state", [](Options&) {}, {.initial_state = true});
    add("backwards", [](Options& o) { o.go_backwards = true; });
    add("backwards_sequences_and_states",
        [](Options& o) { o.go_backwards = o.return_sequences = o.return_state = true; },
        {.initial_state = true});
    add("no_bias", [](Options& o) { o.use_bias = false; }, {.weights = kernels()});
    add("stateful", [](Options& o) { o.stateful = o.return_sequences = true; });

    add("mask_right", [](Options&) {}, {.mask = Mask::right});
    add("mask_left", [](Options&) {}, {.mask = Mask::left});
    add("mask_holes", [](Options&) {}, {.mask = Mask::holes});
    add("mask_rows", [](Options& o) { o.return_state = true; },
        {.mask = Mask::rows, .initial_state = true});
    add("mask_right_sequences", [](Options& o) { o.return_sequences = true; },
        {.mask = Mask::right});
    add("mask_left_sequences", [](Options& o) { o.return_sequences = true; }, {.mask = Mask::left});
    add("mask_holes_sequences_and_states",
        [](Options& o) { o.return_sequences = o.return_state = true; },
        {.mask = Mask::holes, .initial_state = true, .sizes = true});
    add("mask_rows_sequences", [](Options& o) { o.return_sequences = true; }, {.mask = Mask::rows});
    add("mask_holes_backwards_sequences_and_states",
        [](Options& o) { o.go_backwards = o.return_sequences = o.return_state = true; },
        {.mask = Mask::holes, .initial_state = true});
    add("mask_right_backwards", [](Options& o) { o.go_backwards = true; }, {.mask = Mask::right});
    add("zero_output_for_mask",
        [](Options& o) { o.zero_output_for_mask = o.return_sequences = true; },
        {.mask = Mask::holes});
    add("zero_output_for_mask_last",
        [](Options& o) { o.zero_output_for_mask = o.return_state = true; }, {.mask = Mask::right});

    add("dropout",
        [](Options& o) {
          o.dropout = 0.4;
          o.seed = 7;
          o.return_sequences = true;
        },
        {.training = true});
    add("recurrent_dropout",
        [](Options& o) {
          o.recurrent_dropout = 0.4;
          o.seed = 8;
        },
        {.training = true});
    add("both_dropouts_and_mask",
        [](Options& o) {
          o.dropout = 0.3;
          o.recurrent_dropout = 0.4;
          o.seed = 9;
          o.return_sequences = o.return_state = true;
        },
        {.mask = Mask::holes, .initial_state = true, .training = true});
    add("regularized", [](Options& o) {
      o.kernel_regularizer = regularizers::L1(0.02);
      o.recurrent_regularizer = regularizers::OrthogonalRegularizer(0.03, "columns");
      o.bias_regularizer = regularizers::L2(0.04);
      o.activity_regularizer = regularizers::L1L2(0.05, 0.06);
      o.return_sequences = true;
    });
    add("every_option", [](Options& o) {
      o.kernel_initializer = initializers::HeNormal(3);
      o.recurrent_initializer = initializers::RandomUniform(-0.3, 0.4, 4);
      o.bias_initializer = initializers::Constant(0.1);
      o.kernel_constraint = constraints::MaxNorm(0.7, 1);
      o.recurrent_constraint = constraints::MinMaxNorm(0.1, 0.8, 0.5);
      o.bias_constraint = "non_neg";
      o.unroll = true;
      o.seed = -5;
      o.name = "named";
      o.dtype = "float64";
    });
    add("frozen", [](Options& o) { o.trainable = false; });
    if constexpr (!requires(Options o) { o.heads; }) add_whole_rows();
  }

  // Activations over the units.
  void add_whole_rows() {
    add("softmax", [](Options& o) { o.activation = "softmax"; });
    add("log_softmax_sequences_and_states",
        [](Options& o) {
          o.activation = "log_softmax";
          o.return_sequences = o.return_state = true;
        },
        {.mask = Mask::holes, .initial_state = true});
    add("softmax_backwards_both_dropouts",
        [](Options& o) {
          o.activation = "softmax";
          o.go_backwards = o.return_sequences = true;
          o.dropout = 0.3;
          o.recurrent_dropout = 0.4;
          o.seed = 9;
        },
        {.mask = Mask::right, .training = true});
    add("softmax_stateful_no_bias",
        [](Options& o) {
          o.activation = "softmax";
          o.stateful = o.return_sequences = true;
          o.use_bias = false;
        },
        {.weights = kernels()});
    add("softmax_frozen", [](Options& o) {
      o.activation = "softmax";
      o.trainable = false;
    });
    if constexpr (requires(Options o) { o.recurrent_activation; }) {
      add("softmax_of_gates", [](Options& o) {
        o.recurrent_activation = "softmax";
        o.return_sequences = true;
      });
      add("silu_and_softmax",
          [](Options& o) {
            o.activation = "silu";
            o.recurrent_activation = "softmax";
            o.zero_output_for_mask = o.return_sequences = true;
          },
          {.mask = Mask::left});
    }
  }

 private:
  Cases& cases_;
  std::string layer_;
  LayerPtr (*make_)(const Options&);
  std::int64_t gates_;
  std::string bias_;
};

void add_simple_rnn(Cases& cases) {
  using Options = layers::SimpleRNNOptions;
  RecurrentCases<Options> simple_rnn(cases, "SimpleRNN", layers::SimpleRNN, 1, "bias (3,)");
  simple_rnn.add_all();
  simple_rnn.add("relu", [](Options& o) { o.activation = "relu"; });
  simple_rnn.add("gelu",
                 [](Options& o) {
                   o.activation = "gelu";
                   o.return_sequences = true;
                 },
                 {.mask = Mask::holes});
  simple_rnn.add("elu", [](Options& o) { o.activation = "elu"; });
  simple_rnn.add("linear", [](Options& o) { o.activation = "linear"; });
}

// Each by itself, and all together with masks, states and dropout.
void add_lstm_variants(RecurrentCases<layers::LSTMOptions>& lstm) {
  using Options = layers::LSTMOptions;
  const std::string plain = lstm.kernels() + ", bias (12,)";
  const std::string narrow = "kernel (4, 12), recurrent_kernel (2, 12), bias (12,)";
  const std::string gammas =
      ", kernel_gamma (12,), recurrent_gamma (12,), cell_gamma (3,), cell_beta (3,)";
  const std::string all = narrow + ", peephole_kernel (3, 3), projection_kernel (3, 2)" + gammas;
  lstm.add("layer_normalization", [](Options& o) { o.layer_normalization = true; },
           {.weights = plain + gammas});
  lstm.add("layer_normalization_no_bias",
           [](Options& o) {
             o.layer_normalization = o.return_sequences = true;
             o.use_bias = false;
           },
           {.weights = lstm.kernels() + gammas});
  lstm.add("peepholes", [](Options& o) { o.peepholes = o.return_sequences = true; },
           {.weights = plain + ", peephole_kernel (3, 3)"});
  lstm.add("projection", [](Options& o) { o.projection = 2; },
           {.weights = narrow + ", projection_kernel (3, 2)"});
  lstm.add("projection_sequences_and_states",
           [](Options& o) {
             o.projection = 2;
             o.return_sequences = o.return_state = true;
           },
           {.initial_state = true, .weights = narrow + ", projection_kernel (3, 2)"});
  lstm.add("zoneout", [](Options& o) {
    o.zoneout_hidden = 0.3;
    o.zoneout_cell = 0.4;
    o.return_sequences = true;
  });
  lstm.add("zoneout_in_training",
           [](Options& o) {
             o.zoneout_hidden = 0.3;
             o.zoneout_cell = 0.4;
             o.seed = 3;
             o.return_sequences = o.return_state = true;
           },
           {.training = true});
  const auto everything = [](Options& o) {
    o.layer_normalization = o.peepholes = true;
    o.projection = 2;
    o.zoneout_hidden = 0.2;
    o.zoneout_cell = 0.1;
  };
  lstm.add("all_variants", everything, {.weights = all});
  lstm.add("all_variants_stateful",
           [=](Options& o) {
             everything(o);
             o.stateful = o.return_sequences = true;
           },
           {.weights = all});
  lstm.add("all_variants_mask_holes_sequences_and_states",
           [=](Options& o) {
             everything(o);
             o.return_sequences = o.return_state = true;
           },
           {.mask = Mask::holes, .initial_state = true, .weights = all});
  lstm.add("all_variants_backwards_mask_right",
           [=](Options& o) {
             everything(o);
             o.go_backwards = o.return_sequences = true;
           },
           {.mask = Mask::right, .weights = all});
  lstm.add("all_variants_zero_output_for_mask",
           [=](Options& o) {
             everything(o);
             o.zero_output_for_mask = o.return_sequences = true;
           },
           {.mask = Mask::left, .weights = all});
  lstm.add("all_variants_both_dropouts_silu_and_softplus",
           [=](Options& o) {
             everything(o);
             o.recurrent_activation = "silu";
             o.activation = "softplus";
             o.dropout = 0.3;
             o.recurrent_dropout = 0.4;
             o.seed = 9;
           },
           {.training = true, .weights = all});
  lstm.add("all_variants_recurrent_dropout",
           [=](Options& o) {
             everything(o);
             o.recurrent_dropout = 0.4;
             o.seed = 9;
           },
           {.training = true, .weights = all});
  lstm.add("all_variants_frozen",
           [=](Options& o) {
             everything(o);
             o.trainable = false;
           },
           {.weights = all});
}

void add_lstm(Cases& cases) {
  using Options = layers::LSTMOptions;
  RecurrentCases<Options> lstm(cases, "LSTM", layers::LSTM, 4, "bias (12,)");
  lstm.add_all();
  lstm.add("closed_forget_gate", [](Options& o) { o.unit_forget_bias = false; });
  lstm.add("hard_sigmoid_and_relu", [](Options& o) {
    o.recurrent_activation = "hard_sigmoid";
    o.activation = "relu";
  });
  lstm.add("silu_and_softplus",
           [](Options& o) {
             o.recurrent_activation = "silu";
             o.activation = "softplus";
             o.return_sequences = o.return_state = true;
           },
           {.mask = Mask::holes, .initial_state = true});
  lstm.add("linear", [](Options& o) { o.activation = "linear"; });
  add_lstm_variants(lstm);
}

void add_slstm(Cases& cases) {
  using Options = layers::SLSTMOptions;
  RecurrentCases<Options> slstm(cases, "SLSTM", layers::SLSTM, 4, "bias (12,)");
  slstm.add_all();
  slstm.add("closed_forget_gate", [](Options& o) { o.unit_forget_bias = false; });
  slstm.add("exponential_forget_gate",
            [](Options& o) {
              o.forget_activation = "exponential";
              o.return_sequences = o.return_state = true;
            },
            {.mask = Mask::holes, .initial_state = true, .sizes = true});
  slstm.add("hard_sigmoid_and_relu", [](Options& o) {
    o.recurrent_activation = "hard_sigmoid";
    o.activation = "relu";
  });
  slstm.add("silu_and_softplus",
            [](Options& o) {
              o.recurrent_activation = "silu";
              o.activation = "softplus";
              o.return_sequences = o.return_state = true;
            },
            {.mask = Mask::holes, .initial_state = true});
  const std::string heads = "kernel (4, 12), recurrent_kernel (1, 12), bias (12,)";
  slstm.add("heads",
            [](Options& o) {
              o.heads = 3;
              o.return_sequences = true;
            },
            {.weights = heads});
  slstm.add("heads_mask_holes_sequences_and_states",
            [](Options& o) {
              o.heads = 3;
              o.return_sequences = o.return_state = true;
            },
            {.mask = Mask::holes, .initial_state = true, .weights = heads});
  const auto two_heads = [](Options& o) {
    o.units = 6;
    o.heads = 2;
  };
  const std::string two = "kernel (4, 24), recurrent_kernel (3, 24), bias (24,)";
  slstm.add("two_heads", two_heads, {.weights = two});
  slstm.add("two_heads_both_dropouts",
            [=](Options& o) {
              two_heads(o);
              o.dropout = 0.3;
              o.recurrent_dropout = 0.4;
              o.seed = 9;
              o.return_sequences = true;
            },
            {.mask = Mask::holes, .training = true, .weights = two});
}

void add_gru(Cases& cases) {
  using Options = layers::GRUOptions;
  RecurrentCases<Options> gru(cases, "GRU", layers::GRU, 3, "bias (2, 9)");
  gru.add_all();
  gru.add("hard_sigmoid_and_relu", [](Options& o) {
    o.recurrent_activation = "hard_sigmoid";
    o.activation = "relu";
  });
  gru.add("silu_and_softplus",
          [](Options& o) {
            o.recurrent_activation = "silu";
            o.activation = "softplus";
            o.return_sequences = o.return_state = true;
          },
          {.mask = Mask::holes, .initial_state = true});

  const std::string one_bias = gru.kernels() + ", bias (9,)";
  gru.add("reset_before", [](Options& o) { o.reset_after = false; },
          {.sizes = true, .weights = one_bias});
  gru.add("reset_before_no_bias", [](Options& o) { o.reset_after = o.use_bias = false; },
          {.weights = gru.kernels()});
  gru.add("reset_before_mask_holes_sequences_and_states",
          [](Options& o) {
            o.reset_after = false;
            o.return_sequences = o.return_state = true;
          },
          {.mask = Mask::holes, .initial_state = true, .sizes = true, .weights = one_bias});
  gru.add("reset_before_softmax",
          [](Options& o) {
            o.reset_after = false;
            o.activation = o.recurrent_activation = "softmax";
            o.return_sequences = true;
          },
          {.mask = Mask::holes, .initial_state = true, .weights = one_bias});
  gru.add("reset_before_softmax_dropouts",
          [](Options& o) {
            o.reset_after = false;
            o.activation = o.recurrent_activation = "softmax";
            o.dropout = 0.3;
            o.recurrent_dropout = 0.4;
            o.seed = 9;
          },
          {.training = true, .weights = one_bias});
  gru.add("reset_before_backwards_sequences",
          [](Options& o) {
            o.reset_after = false;
            o.go_backwards = o.return_sequences = true;
          },
          {.weights = one_bias});
  gru.add("reset_before_both_dropouts_and_mask",
          [](Options& o) {
            o.reset_after = false;
            o.dropout = 0.3;
            o.recurrent_dropout = 0.4;
            o.seed = 9;
            o.return_sequences = o.return_state = true;
          },
          {.mask = Mask::holes, .initial_state = true, .training = true, .weights = one_bias});
  gru.add("reset_before_silu_and_softplus",
          [](Options& o) {
            o.reset_after = false;
            o.recurrent_activation = "silu";
            o.activation = "softplus";
            o.return_sequences = true;
          },
          {.mask = Mask::holes, .initial_state = true, .weights = one_bias});
}

void add_dense(Cases& cases) {
  using layers::Dense;
  const Shape input{5, 4};
  cases.push_back(
      {"Dense", "plain", [] { return Dense({.units = 3}); }, input, "kernel (4, 3), bias (3,)"});
  cases.back().sizes = true;
  cases.push_back({"Dense", "softmax", [] { return Dense({.units = 3, .activation = "softmax"}); },
                   input, "kernel (4, 3), bias (3,)"});
  cases.back().sizes = true;
  cases.push_back({"Dense", "gelu", [] { return Dense({.units = 3, .activation = "gelu"}); }, input,
                   "kernel (4, 3), bias (3,)"});
  cases.push_back({"Dense", "no_bias",
                   [] { return Dense({.units = 3, .activation = "tanh", .use_bias = false}); },
                   input, "kernel (4, 3)"});
  cases.push_back({"Dense",
                   "over_steps",
                   [] { return Dense({.units = 3, .activation = "relu"}); },
                   {2, 5, 4},
                   "kernel (4, 3), bias (3,)"});
  cases.back().mask = Mask::right;
  cases.push_back({"Dense",
                   "four_axes",
                   [] { return Dense({.units = 3}); },
                   {2, 3, 2, 4},
                   "kernel (4, 3), bias (3,)"});
  cases.push_back({"Dense", "regularized",
                   [] {
                     return Dense({.units = 3,
                                   .activation = "sigmoid",
                                   .kernel_regularizer = "l2",
                                   .bias_regularizer = regularizers::L1(0.03),
                                   .activity_regularizer = regularizers::L2(0.2)});
                   },
                   input, "kernel (4, 3), bias (3,)"});
  cases.push_back({"Dense", "every_option",
                   [] {
                     return Dense({.units = 3,
                                   .kernel_initializer = initializers::LecunUniform(1),
                                   .bias_initializer = "ones",
                                   .kernel_constraint = constraints::UnitNorm(1),
                                   .bias_constraint = "max_norm",
                                   .name = "named",
                                   .dtype = "float64"});
                   },
                   input, "kernel (4, 3), bias (3,)"});
  cases.push_back({"Dense", "frozen", [] { return Dense({.units = 3, .trainable = false}); }, input,
                   "kernel (4, 3), bias (3,)"});
}

void add_embedding(Cases& cases) {
  using layers::Embedding;
  const auto add = [&](const char* name, std::function<LayerPtr()> make) {
    cases.push_back({"Embedding", name, std::move(make), {3, 5}, "embeddings (6, 4)", 6});
  };
  add("plain", [] { return Embedding({.input_dim = 6, .output_dim = 4}); });
  add("mask_zero", [] { return Embedding({.input_dim = 6, .output_dim = 4, .mask_zero = true}); });
  add("regularized", [] {
    return Embedding({.input_dim = 6,
                      .output_dim = 4,
                      .embeddings_regularizer = "l1l2",
                      .activity_regularizer = "l2"});
  });
  add("every_option", [] {
    return Embedding({.input_dim = 6,
                      .output_dim = 4,
                      .embeddings_initializer = initializers::TruncatedNormal(0.1, 0.2, 3),
                      .embeddings_regularizer = regularizers::L1(0.1),
                      .embeddings_constraint = "unit_norm",
                      .name = "named",
                      .dtype = "float64"});
  });
  add("frozen", [] { return Embedding({.input_dim = 6, .output_dim = 4, .trainable = false}); });
}

void add_reversible_embedding(Cases& cases) {
  using layers::ReversibleEmbedding;
  const auto add = [&](const char* name, std::function<LayerPtr()> make, bool reverse,
                       const char* weights = "embeddings (6, 4)") {
    LayerCase& c = cases.emplace_back(
        LayerCase{"ReversibleEmbedding", name, std::move(make), {3, 5}, weights, 6});
    if (!reverse) return;
    c.input = {3, 5, 4};
    c.ids = 0;
    c.flags.reverse = true;
  };
  const auto plain = [] { return ReversibleEmbedding({.input_dim = 6, .output_dim = 4}); };
  const auto untied = [] {
    return ReversibleEmbedding({.input_dim = 6, .output_dim = 4, .tie_weights = false});
  };
  const char* two = "embeddings (6, 4), reverse_embeddings (4, 6)";
  add("plain", plain, false);
  add("reverse", plain, true);
  add("untied", untied, false, two);
  add("untied_reverse", untied, true, two);
  add(
      "mask_zero",
      [] { return ReversibleEmbedding({.input_dim = 6, .output_dim = 4, .mask_zero = true}); },
      false);
  const auto every_option = [] {
    return ReversibleEmbedding(
        {.input_dim = 6,
         .output_dim = 4,
         .embeddings_initializer = initializers::TruncatedNormal(0.1, 0.2, 3),
         .embeddings_regularizer = regularizers::L1(0.1),
         .activity_regularizer = "l2",
         .embeddings_constraint = "unit_norm",
         .reverse_dtype = "float64",
         .logit_soft_cap = 2.5,
         .name = "named",
         .dtype = "float64"});
  };
  add("every_option", every_option, false);
  add("every_option_reverse", every_option, true);
  add(
      "frozen",
      [] { return ReversibleEmbedding({.input_dim = 6, .output_dim = 4, .trainable = false}); },
      false);
}

void add_layers_without_weights(Cases& cases) {
  const auto add = [&](const char* layer, const char* name, std::function<LayerPtr()> make,
                       const Shape& input) -> LayerCase& {
    return cases.emplace_back(LayerCase{layer, name, std::move(make), input, ""});
  };
  add("Activation", "glu", [] { return layers::Activation("glu"); }, {2, 5, 4}).mask = Mask::right;
  add("Activation", "threshold",
      [] {
        return layers::Activation(layers::ActivationOptions{
            .activation = "threshold", .threshold = 0.2, .default_value = -0.5});
      },
      {5, 4});
  add("Activation", "relu", [] { return layers::Activation("relu"); }, {5, 4});
  add("Activation", "softmax_over_steps", [] { return layers::Activation("softmax"); }, {2, 5, 4})
      .mask = Mask::right;
  add("Activation", "mish", [] { return layers::Activation("mish"); }, {5, 4});
  add("Activation", "every_option",
      [] {
        return layers::Activation({.activation = "tanh",
                                   .activity_regularizer = "l2",
                                   .name = "named",
                                   .trainable = false,
                                   .dtype = "float64"});
      },
      {5, 4});

  add("Dropout", "inference", [] { return layers::Dropout({.rate = 0.5}); }, {5, 4});
  add("Dropout", "training", [] { return layers::Dropout({.rate = 0.5, .seed = 3}); }, {5, 4})
      .training = true;
  LayerCase& steps_dropped =
      add("Dropout", "training_over_steps",
          [] { return layers::Dropout({.rate = 0.3, .seed = 4}); }, {2, 5, 4});
  steps_dropped.training = true;
  steps_dropped.mask = Mask::holes;
  LayerCase& together =
      add("Dropout", "noise_shape",
          [] {
            return layers::Dropout({.rate = 0.4, .noise_shape = {None, 1, None}, .seed = 4});
          },
          {2, 5, 4});
  together.training = true;
  add("Dropout", "every_option",
      [] {
        return layers::Dropout(
            {.rate = 0.25, .seed = 1, .name = "named", .trainable = false, .dtype = "float64"});
      },
      {5, 4});

  add("Flatten", "steps", [] { return layers::Flatten(); }, {2, 3, 4});
  add("Flatten", "three_axes", [] { return layers::Flatten(); }, {2, 3, 2, 2});
  add("Flatten", "channels_first",
      [] { return layers::Flatten({.data_format = "channels_first"}); }, {2, 3, 2, 4});
  add("Flatten", "every_option",
      [] { return layers::Flatten({.name = "named", .trainable = false, .dtype = "float64"}); },
      {3, 4});

  add("InputLayer", "steps", [] { return layers::Input({None, 4}); }, {2, 3, 4});
  add("InputLayer", "every_option",
      [] {
        return layers::Input({.shape = {4}, .batch_size = 5, .dtype = "float64", .name = "named"});
      },
      {5, 4});

  add("Masking", "zero", [] { return layers::Masking(); }, {4, 6, 4}).mask = Mask::holes;
  add("Masking", "other_value", [] { return layers::Masking({.mask_value = 0.5}); }, {4, 6, 4});
  add("Masking", "places_of_steps", [] { return layers::Masking(); }, {2, 3, 4, 2}).fixed_steps =
      true;
  add("Masking", "features", [] { return layers::Masking(); }, {3, 4});
  add("Masking", "every_option",
      [] {
        return layers::Masking(
            {.mask_value = -1.0, .name = "named", .trainable = false, .dtype = "float64"});
      },
      {2, 3, 4});
}

void add_bidirectional(Cases& cases) {
  using layers::Bidirectional;
  const std::string lstm =
      "kernel (4, 12), recurrent_kernel (3, 12), bias (12,), kernel (4, 12), recurrent_kernel (3, "
      "12), bias (12,)";
  const auto add = [&](const char* name, std::function<LayerPtr()> make,
                       Mask mask = Mask::none) -> LayerCase& {
    LayerCase c{"Bidirectional", name, std::move(make), {rows, steps, features}, lstm};
    c.mask = mask;
    return cases.emplace_back(std::move(c));
  };
  add("plain", [] { return Bidirectional(layers::LSTM({.units = units})); });
  add("sequences",
      [] { return Bidirectional(layers::LSTM({.units = units, .return_sequences = true})); });
  for (const char* mode : {"sum", "ave", "mul"}) {
    add(mode, [mode] {
      return Bidirectional({.layer = layers::LSTM({.units = units}), .merge_mode = mode});
    });
  }
  add("not_merged", [] {
    return Bidirectional({.layer = layers::LSTM({.units = units, .return_sequences = true}),
                          .merge_mode = std::nullopt});
  });
  add("states", [] {
    return Bidirectional(layers::LSTM({.units = units, .return_state = true}));
  }).initial_state = true;
  add(
      "mask_right", [] { return Bidirectional(layers::LSTM({.units = units})); }, Mask::right);
  add(
      "mask_holes_sequences_and_states",
      [] {
        return Bidirectional({.layer = layers::LSTM(
                                  {.units = units, .return_sequences = true, .return_state = true}),
                              .merge_mode = "mul"});
      },
      Mask::holes)
      .initial_state = true;
  add("stateful", [] { return Bidirectional(layers::LSTM({.units = units, .stateful = true})); });
  add("dropout", [] {
    return Bidirectional(layers::LSTM({.units = units,
                                       .dropout = 0.3,
                                       .recurrent_dropout = 0.3,
                                       .seed = 5,
                                       .return_sequences = true}));
  }).training = true;
  add("backwards_first", [] {
    return Bidirectional(
        layers::LSTM({.units = units, .return_sequences = true, .go_backwards = true}));
  });
  add("regularized", [] {
    return Bidirectional(layers::LSTM({.units = units,
                                       .kernel_regularizer = "l2",
                                       .recurrent_regularizer = "l1",
                                       .return_sequences = true}));
  });
  add("every_option",
      [] {
        return Bidirectional(
            {.layer = layers::GRU({.units = units, .name = "inner", .dtype = "float64"}),
             .merge_mode = "concat",
             .backward_layer = layers::GRU(
                 {.units = 2, .go_backwards = true, .name = "other", .dtype = "float64"}),
             .name = "named"});
      })
      .weights =
      "kernel (4, 9), recurrent_kernel (3, 9), bias (2, 9), kernel (4, 6), "
      "recurrent_kernel (2, 6), bias (2, 6)";
  add("frozen",
      [] { return Bidirectional({.layer = layers::LSTM({.units = units}), .trainable = false}); });

  // Outputs with more axes than a sequence of features has.
  const auto add_convolution = [&](const char* name, layers::ConvLSTM1DOptions inner,
                                   const std::optional<std::string>& mode) -> LayerCase& {
    inner.filters = 2;
    inner.kernel_size = {2};
    LayerCase c{"Bidirectional",
                name,
                [inner, mode] {
                  return Bidirectional({.layer = layers::ConvLSTM1D(inner), .merge_mode = mode});
                },
                {2, 3, 4, 2},
                "kernel (2, 2, 8), recurrent_kernel (2, 2, 8), bias (8,), kernel (2, 2, 8), "
                "recurrent_kernel (2, 2, 8), bias (8,)"};
    c.fixed_steps = true;
    return cases.emplace_back(std::move(c));
  };
  add_convolution("convolution_sequences", {.return_sequences = true}, "concat");
  add_convolution("convolution_last", {}, "concat");
  add_convolution("convolution_sum_sequences", {.return_sequences = true}, "sum");
  add_convolution("convolution_not_merged", {.return_sequences = true}, std::nullopt);
  LayerCase& states = add_convolution("convolution_mask_and_states",
                                      {.return_sequences = true, .return_state = true}, "mul");
  states.initial_state = true;
  states.mask = Mask::holes;
}

void add_time_distributed(Cases& cases) {
  using layers::TimeDistributed;
  const auto add = [&](const char* name, std::function<LayerPtr()> make, const Shape& input,
                       const char* weights) -> LayerCase& {
    return cases.emplace_back(LayerCase{"TimeDistributed", name, std::move(make), input, weights});
  };
  add(
      "dense", [] { return TimeDistributed(layers::Dense({.units = 3, .activation = "tanh"})); },
      {3, 5, 4}, "kernel (4, 3), bias (3,)")
      .mask = Mask::right;
  add(
      "lstm", [] { return TimeDistributed(layers::LSTM({.units = 3})); }, {2, 3, 5, 4},
      "kernel (4, 12), recurrent_kernel (3, 12), bias (12,)")
      .fixed_steps = true;
  add(
      "every_option",
      [] {
        return TimeDistributed({.layer = layers::Dense({.units = 3, .name = "inner"}),
                                .name = "named",
                                .trainable = false,
                                .dtype = "float64"});
      },
      {3, 5, 4}, "kernel (4, 3), bias (3,)");
}

void add_cells(Cases& cases) {
  const auto add_cell = [&](const char* layer, const char* name, std::function<LayerPtr()> make,
                            const char* weights) -> LayerCase& {
    LayerCase c{layer, name, std::move(make), {rows, features}, weights};
    c.initial_state = true;
    return cases.emplace_back(std::move(c));
  };
  add_cell(
      "SimpleRNNCell", "plain", [] { return layers::SimpleRNNCell({.units = units}); },
      "kernel (4, 3), recurrent_kernel (3, 3), bias (3,)");
  add_cell(
      "LSTMCell", "plain", [] { return layers::LSTMCell({.units = units}); },
      "kernel (4, 12), recurrent_kernel (3, 12), bias (12,)");
  add_cell(
      "GRUCell", "plain", [] { return layers::GRUCell({.units = units}); },
      "kernel (4, 9), recurrent_kernel (3, 9), bias (2, 9)");
  const auto every = [](auto options) {
    options.units = units;
    options.activation = "softsign";
    options.use_bias = false;
    options.kernel_initializer = initializers::HeNormal(3);
    options.recurrent_initializer = "glorot_normal";
    options.bias_initializer = "ones";
    options.kernel_regularizer = "l1";
    options.recurrent_regularizer = "l2";
    options.bias_regularizer = "l1l2";
    options.kernel_constraint = "max_norm";
    options.recurrent_constraint = "unit_norm";
    options.bias_constraint = "non_neg";
    options.dropout = 0.25;
    options.recurrent_dropout = 0.5;
    options.seed = 4;
    options.name = "named";
    options.trainable = false;
    options.dtype = "float64";
    return options;
  };
  add_cell(
      "SimpleRNNCell", "every_option",
      [every] { return layers::SimpleRNNCell(every(layers::SimpleRNNOptions{})); },
      "kernel (4, 3), recurrent_kernel (3, 3)");
  add_cell(
      "LSTMCell", "every_option",
      [every] {
        layers::LSTMOptions options = every(layers::LSTMOptions{});
        options.recurrent_activation = "hard_sigmoid";
        options.unit_forget_bias = false;
        options.layer_normalization = options.peepholes = true;
        options.projection = 2;
        options.zoneout_hidden = 0.1;
        options.zoneout_cell = 0.2;
        return layers::LSTMCell(options);
      },
      "kernel (4, 12), recurrent_kernel (2, 12), peephole_kernel (3, 3), projection_kernel (3, 2), "
      "kernel_gamma (12,), recurrent_gamma (12,), cell_gamma (3,), cell_beta (3,)");
  add_cell(
      "GRUCell", "every_option",
      [every] {
        layers::GRUOptions options = every(layers::GRUOptions{});
        options.recurrent_activation = "hard_sigmoid";
        options.reset_after = false;
        return layers::GRUCell(options);
      },
      "kernel (4, 9), recurrent_kernel (3, 9)");
  const char* stacked =
      "kernel (4, 12), recurrent_kernel (3, 12), bias (12,), kernel (3, 6), recurrent_kernel (2, "
      "6), bias (2, 6)";
  const auto stack = [] {
    return std::vector<LayerPtr>{layers::LSTMCell({.units = 3}), layers::GRUCell({.units = 2})};
  };
  add_cell(
      "StackedRNNCells", "plain", [stack] { return layers::StackedRNNCells({.cells = stack()}); },
      stacked);
  add_cell(
      "StackedRNNCells", "every_option",
      [stack] {
        return layers::StackedRNNCells(
            {.cells = stack(), .name = "named", .trainable = false, .dtype = "float64"});
      },
      stacked);

  const auto add_rnn = [&](const char* name, const layers::RNNOptions& options,
                           const RecurrentExtras& extras = {}) {
    LayerCase c{"RNN",
                name,
                [options, stack] {
                  layers::RNNOptions own = options;
                  own.cells = stack();
                  return layers::RNN(own);
                },
                {rows, steps, features},
                stacked};
    c.mask = extras.mask;
    c.initial_state = extras.initial_state;
    cases.push_back(std::move(c));
  };
  add_rnn("last", {});
  add_rnn("sequences", {.return_sequences = true});
  add_rnn("sequences_and_states", {.return_sequences = true, .return_state = true},
          {.initial_state = true});
  add_rnn("backwards", {.return_sequences = true, .go_backwards = true});
  add_rnn("stateful", {.return_sequences = true, .stateful = true});
  add_rnn("mask_holes", {.return_sequences = true}, {.mask = Mask::holes});
  add_rnn("mask_rows_and_states", {.return_state = true},
          {.mask = Mask::rows, .initial_state = true});
  add_rnn("mask_holes_backwards", {.return_sequences = true, .go_backwards = true},
          {.mask = Mask::holes});
  add_rnn("mask_left_zero_output", {.return_sequences = true, .zero_output_for_mask = true},
          {.mask = Mask::left});
  add_rnn("every_option",
          {.unroll = true, .name = "named", .trainable = false, .dtype = "float64"});
  cases.push_back(
      {"RNN",
       "variant_cell",
       [] {
         return layers::RNN(
             {.cell = layers::LSTMCell({.units = units, .peepholes = true, .projection = 2})});
       },
       {rows, steps, features},
       "kernel (4, 12), recurrent_kernel (2, 12), bias (12,), peephole_kernel (3, 3), "
       "projection_kernel (3, 2)"});
  cases.push_back({"RNN",
                   "softmax_cells",
                   [] {
                     return layers::RNN(
                         {.cells = {layers::GRUCell({.units = units, .activation = "softmax"}),
                                    layers::SimpleRNNCell({.units = 2, .activation = "softmax"})},
                          .return_sequences = true});
                   },
                   {rows, steps, features},
                   "kernel (4, 9), recurrent_kernel (3, 9), bias (2, 9), kernel (3, 2), "
                   "recurrent_kernel (2, 2), bias (2,)"});
  cases.push_back({"RNN",
                   "one_cell",
                   [] { return layers::RNN({.cell = layers::GRUCell({.units = units})}); },
                   {rows, steps, features},
                   "kernel (4, 9), recurrent_kernel (3, 9), bias (2, 9)"});
}

// Every kind of value that a formula has: of weights alone, of x alone before another product, a
// product that waits for another one, two states, and an output of its own.
const char* const many_sided =
    "a = sigmoid(r); z = sigmoid(W_z x + U_z h + p * c + b_z); "
    "u = V tanh(K x + d); c = a * c + (1 - z) u; "
    "h = (1 - z) h + z tanh(W x + U (z c) + b)";
const char* const many_sided_weights =
    "r (3,), W_z (4, 3), U_z (3, 3), p (3,), b_z (3,), V (3, 3), K (4, 3), d (3,), W (4, 3), "
    "U (3, 3), b (3,)";
const char* const own_output = "h = tanh(W x + U h + b); y = h + Q h";

void add_formula_cells(Cases& cases) {
  layers::CellOptions every{.units = units,
                            .formula = "h = tanh(W x + U h + b) + c; c = 0.5 c + h",
                            .states = {"c", "h"},
                            .kernel_initializer = initializers::HeNormal(3),
                            .recurrent_initializer = "glorot_normal",
                            .bias_initializer = "ones",
                            .initializers = {"b: zeros"},
                            .kernel_regularizer = "l1",
                            .recurrent_regularizer = "l2",
                            .bias_regularizer = "l1l2",
                            .kernel_constraint = "max_norm",
                            .recurrent_constraint = "unit_norm",
                            .bias_constraint = "non_neg",
                            .name = "named",
                            .trainable = false,
                            .dtype = "float64"};
  LayerCase cell{"Cell",
                 "plain",
                 [] { return layers::Cell({.units = units, .formula = many_sided}); },
                 {rows, features},
                 many_sided_weights};
  cell.initial_state = true;
  cases.push_back(cell);
  cell.name = "every_option";
  cell.make = [every] { return layers::Cell(every); };
  cell.weights = "W (4, 3), U (3, 3), b (3,)";
  cases.push_back(cell);

  const auto add = [&](const char* name, const layers::RNNOptions& options,
                       const RecurrentExtras& extras = {}) {
    LayerCase c{"RNN",
                fmt::format("formula_{}", name),
                [options] {
                  layers::RNNOptions own = options;
                  own.cell = layers::Cell({.units = units, .formula = many_sided});
                  return layers::RNN(own);
                },
                {rows, steps, features},
                many_sided_weights};
    c.mask = extras.mask;
    c.initial_state = extras.initial_state;
    cases.push_back(std::move(c));
  };
  add("last", {});
  add("sequences", {.return_sequences = true});
  add("sequences_and_states", {.return_sequences = true, .return_state = true},
      {.initial_state = true});
  add("backwards", {.return_sequences = true, .go_backwards = true});
  add("stateful", {.return_sequences = true, .stateful = true});
  add("mask_right", {}, {.mask = Mask::right});
  add("mask_left", {}, {.mask = Mask::left});
  add("mask_holes", {.return_sequences = true}, {.mask = Mask::holes});
  add("mask_rows_and_states", {.return_state = true}, {.mask = Mask::rows, .initial_state = true});
  add("mask_holes_backwards",
      {.return_sequences = true, .return_state = true, .go_backwards = true},
      {.mask = Mask::holes, .initial_state = true});
  add("mask_left_zero_output", {.return_sequences = true, .zero_output_for_mask = true},
      {.mask = Mask::left});
  for (const Mask mask : {Mask::none, Mask::holes}) {
    LayerCase c{"RNN",
                mask == Mask::none ? "formula_own_output" : "formula_own_output_mask_holes",
                [mask] {
                  return layers::RNN({.cell = layers::Cell({.units = units, .formula = own_output}),
                                      .return_sequences = true,
                                      .return_state = mask != Mask::none});
                },
                {rows, steps, features},
                "W (4, 3), U (3, 3), b (3,), Q (3, 3)"};
    c.mask = mask;
    c.initial_state = mask != Mask::none;
    cases.push_back(std::move(c));
  }
  cases.push_back({"RNN",
                   "formula_between_cells",
                   [] {
                     return layers::RNN(
                         {.cells = {layers::Cell({.units = units, .formula = "h = W x + a h"}),
                                    layers::GRUCell({.units = 2})},
                          .return_sequences = true});
                   },
                   {rows, steps, features},
                   "W (4, 3), a (3, 3), kernel (3, 6), recurrent_kernel (2, 6), bias (2, 6)"});
}

bool is_masking(const LayerCase& c) { return c.layer == "Masking"; }

// The same numbers, but zero in the steps that do not count.
Tensor with_zeros(const Tensor& x, const Tensor& mask) {
  std::vector<double> values = numbers(x);
  const std::vector<double> counts = numbers(mask);
  const std::size_t width = values.size() / counts.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= counts[i / width];
  return Tensor(x.shape(), values).to(x.dtype());
}

}  // namespace

const std::vector<LayerCase>& conformance_cases() {
  static const Cases all = [] {
    Cases cases;
    add_simple_rnn(cases);
    add_formula_cells(cases);
    add_lstm(cases);
    add_slstm(cases);
    add_gru(cases);
    add_dense(cases);
    add_embedding(cases);
    add_reversible_embedding(cases);
    add_layers_without_weights(cases);
    add_bidirectional(cases);
    add_time_distributed(cases);
    add_cells(cases);
    add_scan_layers(cases);
    add_normalization(cases);
    add_other_normalizations(cases);
    add_convolution(cases);
    add_separable_convolution(cases);
    add_einsum_dense(cases);
    add_conv_lstm1d(cases);
    add_pooling(cases);
    add_attention(cases);
    add_group_query_attention(cases);
    add_merging(cases);
    add_small_layers(cases);
    add_passing_layers(cases);
    add_text_layers(cases);
    return cases;
  }();
  return all;
}

Tensor mask_tensor(Mask mask, std::int64_t row_count, std::int64_t step_count) {
  Tensor tensor({row_count, step_count}, DType::boolean);
  auto* counts = tensor.as<std::uint8_t>();
  for (std::int64_t row = 0; row < row_count; ++row) {
    const std::int64_t length = step_count - row * 2 % step_count;
    for (std::int64_t step = 0; step < step_count; ++step) {
      bool count = true;
      if (mask == Mask::right) count = step < length;
      if (mask == Mask::left) count = step >= step_count - length;
      if (mask == Mask::holes) count = (row * 5 + step * 3 + row * step) % 7 > 2;
      if (mask == Mask::rows) count = row % 2 == 1 && step < length;
      counts[row * step_count + step] = static_cast<std::uint8_t>(count);
    }
  }
  return tensor;
}

Tensor random_texts(const Shape& shape, std::uint64_t seed) {
  constexpr std::int64_t letters = 6;
  const Tensor ids = random_ids(shape, letters + 2, seed);
  std::vector<std::string> texts(static_cast<std::size_t>(shape[0]));
  for (std::int64_t i = 0; i < ids.size(); ++i) {
    const std::int32_t id = ids.as<std::int32_t>()[i];
    texts[static_cast<std::size_t>(i / shape[1])] +=
        id < letters ? static_cast<char>('a' + id) : ' ';
  }
  for (std::string& text : texts) text.back() = 'a';  // as long as the others, and never empty
  return text_tensor(texts);
}

LayerPtr built_layer(const LayerCase& c, DType dtype, const Shape& input) {
  LayerPtr layer = c.make();
  layer->set_dtype(dtype);
  layer->build(shapes_of(c, input));
  randomize_weights(*layer, 31);
  return layer;
}

std::vector<Shape> shapes_of(const LayerCase& c, const Shape& input) {
  std::vector<Shape> shapes{input};
  shapes.insert(shapes.end(), c.more.begin(), c.more.end());
  return shapes;
}

LayerPtr built_layer(const LayerCase& c, DType dtype) { return built_layer(c, dtype, c.input); }

LayerInput made_input(const LayerCase& c, Layer& layer, const Shape& shape, std::uint64_t seed) {
  LayerInput input;
  input.x = c.texts     ? random_texts(shape, seed)
            : c.ids > 0 ? random_ids(shape, c.ids, seed)
                        : noise(shape, seed, layer.dtype());
  if (c.mask != Mask::none && is_masking(c)) {
    input.x = with_zeros(input.x, mask_tensor(c.mask, shape[0], shape[1]));
  } else if (c.mask != Mask::none) {
    input.mask = mask_tensor(c.mask, shape[0], shape[1]);
  }
  if (c.initial_state) {
    for (const Tensor& state : layer.initial_state(shape[0]))
      input.states.push_back(noise(state.shape(), ++seed, layer.dtype()));
    if (c.positive_state >= 0) {
      Tensor& state = input.states[static_cast<std::size_t>(c.positive_state)];
      std::vector<double> all = numbers(state);
      for (double& each : all) each = 1.0 + std::abs(each);
      state = Tensor::of<double>(state.shape(), all).to(layer.dtype());
    }
  }
  for (const Shape& more : c.more) {
    LayerInput::More further{noise(more, ++seed + 40, layer.dtype())};
    if (c.more_masked) further.mask = mask_tensor(Mask::holes, more[0], more[1]);
    input.more.push_back(std::move(further));
  }
  return input;
}

LayerInput made_input(const LayerCase& c, Layer& layer) { return made_input(c, layer, c.input); }

LayerMode mode_of(const LayerCase& c) {
  return {.training = c.training, .step = 3, .flags = c.flags};
}

LayerCase resized(const LayerCase& c, std::int64_t row_count, std::int64_t feature_count,
                  std::int64_t unit_count) {
  LayerCase other = c;
  const auto set = [unit_count](const LayerPtr& layer) {
    for (const char* name : {"units", "output_dim"}) set_fields(*layer, {{name, unit_count}});
    return layer;
  };
  other.make = [make = c.make, set] { return set(make()); };
  other.input.set(0, row_count);
  if (c.ids == 0) other.input.set(-1, feature_count);
  return other;
}

LayerCase enlarged(const LayerCase& c) {
  if (!c.more.empty() || c.fixed_steps || c.flags.reverse) return c;
  const bool sequence = c.input.rank() > 2 || c.ids > 0;
  LayerCase large = resized(c, sequence ? 16 : 160, 40, 72);
  if (c.layer == "InputLayer") large.input = c.input;  // its shape is what it is made of
  return large;
}

bool fits_sequential(const LayerCase& c) {
  if (c.initial_state || !c.more.empty() || c.flags.reverse) return false;
  const LayerPtr layer = c.make();
  layer->build(std::span(&c.input, 1));
  return layer->output_shapes(std::span(&c.input, 1)).size() == 1;
}

Sequential model_of(const LayerCase& c, bool head, DType dtype) {
  Sequential model;
  const auto add = [&](const LayerPtr& layer) {
    if (!layer->built()) layer->set_dtype(dtype);
    model.add(layer);
  };
  if (c.layer != "InputLayer") {
    Shape sample = c.input.without_front();
    if (c.layer != "Flatten" && !c.fixed_steps && (sample.rank() > 1 || c.ids > 0))
      sample.set(0, None);
    if (c.texts) sample = {};
    model.add(layers::Input({.shape = sample,
                             .dtype = c.texts     ? "string"
                                      : c.ids > 0 ? "int32"
                                                  : "float32"}));
  }
  if (c.mask != Mask::none && !is_masking(c)) add(layers::Masking({.name = "mask_maker"}));
  const LayerPtr layer = c.make();
  add(layer);
  if (head || c.layer == "InputLayer") add(layers::Dense({.units = 2, .name = "head"}));
  for (const LayerPtr& each : model.layers()) randomize_weights(*each, 31);
  return model;
}

Tensor model_batch(const LayerCase& c, std::uint64_t seed, DType dtype) {
  if (c.texts) return random_texts(c.input, seed);
  if (c.ids > 0) return random_ids(c.input, c.ids, seed);
  const Tensor x = noise(c.input, seed, dtype);
  return c.mask == Mask::none ? x : with_zeros(x, mask_tensor(c.mask, c.input[0], c.input[1]));
}

}  // namespace chronicler::test
