// The cases of the layers that run in parallel over the steps.
#include <fmt/format.h>

#include "chronicler/layers/bidirectional.h"
#include "chronicler/layers/lru.h"
#include "chronicler/layers/min_gru.h"
#include "chronicler/layers/min_lstm.h"
#include "chronicler/layers/mlstm.h"
#include "chronicler/layers/rglru.h"
#include "chronicler/layers/slstm.h"
#include "conformance/more_cases.h"

namespace chronicler::test {
namespace {

constexpr std::int64_t rows = 4;
constexpr std::int64_t steps = 6;
constexpr std::int64_t features = 4;
constexpr std::int64_t units = 3;

struct Extras {
  Mask mask = Mask::none;
  bool initial_state = false;
  bool training = false;
  bool sizes = false;
  std::string weights = {};  // empty: the layer's usual ones
};

// The options that all of them share.
template <class Options>
class ScanCases {
 public:
  ScanCases(std::vector<LayerCase>& cases, std::string layer, LayerPtr (*make)(const Options&),
            std::string weights, std::string weights_without_bias)
      : cases_(cases),
        layer_(std::move(layer)),
        make_(make),
        weights_(std::move(weights)),
        weights_without_bias_(std::move(weights_without_bias)) {}

  template <class Change>
  void add(const std::string& name, const Change& change, const Extras& extras = {}) {
    Options options;
    options.units = units;
    change(options);
    LayerCase c{layer_,
                name,
                [make = make_, options] { return make(options); },
                {rows, steps, features},
                !extras.weights.empty() ? extras.weights
                : options.use_bias      ? weights_
                                        : weights_without_bias_};
    c.mask = extras.mask;
    c.initial_state = extras.initial_state;
    c.training = extras.training;
    c.sizes = extras.sizes;
    cases_.push_back(std::move(c));
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
    add("no_bias", [](Options& o) { o.use_bias = false; });
    add("stateful", [](Options& o) { o.stateful = o.return_sequences = true; });
    add_masks();
    add("dropout",
        [](Options& o) {
          o.dropout = 0.4;
          o.seed = 7;
          o.return_sequences = true;
        },
        {.training = true});
    add("dropout_and_mask_backwards",
        [](Options& o) {
          o.dropout = 0.3;
          o.seed = 9;
          o.go_backwards = o.return_sequences = o.return_state = true;
        },
        {.mask = Mask::holes, .initial_state = true, .training = true});
    add("regularized", [](Options& o) {
      o.kernel_regularizer = regularizers::L1(0.02);
      o.bias_regularizer = regularizers::L2(0.04);
      o.activity_regularizer = regularizers::L1L2(0.05, 0.06);
      o.return_sequences = true;
    });
    add("every_option", [](Options& o) {
      o.kernel_initializer = initializers::HeNormal(3);
      o.bias_initializer = initializers::Constant(0.1);
      o.kernel_constraint = constraints::MaxNorm(0.7, 1);
      o.bias_constraint = "non_neg";
      o.seed = -5;
      o.name = "named";
      o.dtype = "float64";
    });
    add("frozen", [](Options& o) { o.trainable = false; });
  }

 private:
  void add_masks() {
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
  }

  std::vector<LayerCase>& cases_;
  std::string layer_;
  LayerPtr (*make_)(const Options&);
  std::string weights_;
  std::string weights_without_bias_;
};

void add_bidirectional_scan(std::vector<LayerCase>& cases) {
  LayerCase c{
      "Bidirectional",
      "min_gru_sequences",
      [] {
        return layers::Bidirectional(layers::MinGRU({.units = units, .return_sequences = true}));
      },
      {rows, steps, features},
      "kernel (4, 6), bias (6,), kernel (4, 6), bias (6,)"};
  c.mask = Mask::holes;
  cases.push_back(std::move(c));
}

void add_mlstm(std::vector<LayerCase>& cases) {
  using layers::MLSTMOptions;
  ScanCases<MLSTMOptions> mlstm(cases, "MLSTM", layers::MLSTM, "kernel (4, 14), bias (14,)",
                                "kernel (4, 14)");
  mlstm.add_all();
  mlstm.add("closed_forget_gate", [](MLSTMOptions& o) { o.unit_forget_bias = false; });
  mlstm.add("step_by_step", [](MLSTMOptions& o) {
    o.chunk_size = 1;
    o.return_sequences = true;
  });
  mlstm.add("heads",
            [](MLSTMOptions& o) {
              o.heads = 3;
              o.return_sequences = true;
            },
            {.weights = "kernel (4, 18), bias (18,)"});
  mlstm.add("exponential_heads_mask_holes_sequences_and_states",
            [](MLSTMOptions& o) {
              o.units = 6;
              o.heads = 2;
              o.forget_activation = "exponential";
              o.return_sequences = o.return_state = true;
            },
            {.mask = Mask::holes, .initial_state = true, .weights = "kernel (4, 28), bias (28,)"});
}

void add_bidirectional_xlstm(std::vector<LayerCase>& cases) {
  const auto add = [&](const std::string& name, const std::string& weights, const auto& make) {
    LayerCase c{"Bidirectional", name, make, {rows, steps, features}, weights + ", " + weights};
    c.mask = Mask::holes;
    cases.push_back(std::move(c));
  };
  add("mlstm_sequences", "kernel (4, 14), bias (14,)", [] {
    return layers::Bidirectional(layers::MLSTM({.units = units, .return_sequences = true}));
  });
  add("slstm_last", "kernel (4, 12), recurrent_kernel (1, 12), bias (12,)",
      [] { return layers::Bidirectional(layers::SLSTM({.units = units, .heads = 3})); });
}

}  // namespace

void add_scan_layers(std::vector<LayerCase>& cases) {
  add_mlstm(cases);
  add_bidirectional_xlstm(cases);
  using layers::MinGRUOptions;
  ScanCases<MinGRUOptions> min_gru(cases, "MinGRU", layers::MinGRU, "kernel (4, 6), bias (6,)",
                                   "kernel (4, 6)");
  min_gru.add_all();
  min_gru.add("gates_half_open", [](MinGRUOptions& o) { o.unit_forget_bias = false; });
  min_gru.add("t_max", [](MinGRUOptions& o) { o.t_max = 50; });

  using layers::MinLSTMOptions;
  ScanCases<MinLSTMOptions> min_lstm(cases, "MinLSTM", layers::MinLSTM, "kernel (4, 9), bias (9,)",
                                     "kernel (4, 9)");
  min_lstm.add_all();
  min_lstm.add("gates_half_open", [](MinLSTMOptions& o) { o.unit_forget_bias = false; });
  min_lstm.add("t_max", [](MinLSTMOptions& o) { o.t_max = 50; });

  using layers::RGLRUOptions;
  ScanCases<RGLRUOptions> rglru(cases, "RGLRU", layers::RGLRU,
                                "kernel (4, 9), bias (9,), decay (3,)",
                                "kernel (4, 9), decay (3,)");
  rglru.add_all();
  rglru.add("negative", [](RGLRUOptions& o) { o.negative = true; }, {.sizes = true});
  rglru.add("negative_sequences_and_states",
            [](RGLRUOptions& o) { o.negative = o.return_sequences = o.return_state = true; },
            {.mask = Mask::holes, .initial_state = true});
  rglru.add("decays", [](RGLRUOptions& o) {
    o.decay_min = 0.5;
    o.decay_max = 0.7;
  });

  using layers::LRUOptions;
  const std::string of_state =
      "kernel (4, 6), nu (3,), theta (3,), gamma (3,), output_kernel (6, 3)";
  ScanCases<LRUOptions> lru(cases, "LRU", layers::LRU, of_state + ", skip_kernel (4, 3), bias (3,)",
                            of_state + ", skip_kernel (4, 3)");
  lru.add_all();
  lru.add("no_skip", [](LRUOptions& o) { o.use_skip = false; },
          {.weights = of_state + ", bias (3,)"});
  lru.add("state_size_sequences_and_states",
          [](LRUOptions& o) {
            o.state_size = 5;
            o.return_sequences = o.return_state = true;
          },
          {.mask = Mask::holes,
           .initial_state = true,
           .weights = "kernel (4, 10), nu (5,), theta (5,), gamma (5,), output_kernel (10, 3), "
                      "skip_kernel (4, 3), bias (3,)"});
  lru.add("ring", [](LRUOptions& o) {
    o.output_initializer = "he_normal";
    o.r_min = 0.2;
    o.r_max = 0.5;
    o.max_phase = 0.3;
  });
  add_bidirectional_scan(cases);
}

}  // namespace chronicler::test
