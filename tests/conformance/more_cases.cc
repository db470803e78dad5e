#include "conformance/more_cases.h"

#include "chronicler/layers/layers.h"

namespace chronicler::test {
namespace {

using Cases = std::vector<LayerCase>;
using Make = std::function<LayerPtr()>;

LayerCase& add(Cases& cases, const char* layer, const char* name, Make make, const Shape& input,
               const char* weights = "") {
  return cases.emplace_back(LayerCase{layer, name, std::move(make), input, weights});
}

}  // namespace

void add_normalization(Cases& cases) {
  using layers::LayerNormalization;
  const char* layer = "LayerNormalization";
  add(
      cases, layer, "plain", [] { return LayerNormalization(); }, {5, 4}, "gamma (4,), beta (4,)");
  add(
      cases, layer, "over_steps", [] { return LayerNormalization(); }, {2, 5, 4},
      "gamma (4,), beta (4,)")
      .mask = Mask::right;
  add(
      cases, layer, "two_axes",
      [] {
        return LayerNormalization({.axis = {1, 2}});
      },
      {3, 5, 4}, "gamma (5, 4), beta (5, 4)")
      .fixed_steps = true;
  add(
      cases, layer, "first_of_two_axes", [] { return LayerNormalization({.axis = {1}}); },
      {3, 5, 4}, "gamma (5,), beta (5,)")
      .fixed_steps = true;
  add(
      cases, layer, "axes_apart",
      [] {
        return LayerNormalization({.axis = {3, 1}});
      },
      {2, 3, 2, 4}, "gamma (3, 4), beta (3, 4)")
      .fixed_steps = true;
  add(cases, layer, "unknown_axis_without_weights",
      [] { return LayerNormalization({.axis = {1}, .center = false, .scale = false}); }, {3, 5, 4});
  add(cases, layer, "no_scale_no_center",
      [] { return LayerNormalization({.center = false, .scale = false}); }, {5, 4});
  add(
      cases, layer, "rms", [] { return LayerNormalization({.rms_scaling = true}); }, {5, 4},
      "gamma (4,)");
  add(
      cases, layer, "every_option",
      [] {
        return LayerNormalization({.epsilon = 1e-2,
                                   .beta_initializer = "ones",
                                   .gamma_initializer = "zeros",
                                   .beta_regularizer = "l1",
                                   .gamma_regularizer = "l2",
                                   .beta_constraint = "non_neg",
                                   .gamma_constraint = "max_norm",
                                   .name = "named",
                                   .trainable = false,
                                   .dtype = "float64"});
      },
      {5, 4}, "gamma (4,), beta (4,)");

  using layers::BatchNormalization;
  layer = "BatchNormalization";
  const char* all = "gamma (4,), beta (4,), moving_mean (4,), moving_variance (4,)";
  const auto plain = [] { return BatchNormalization(); };
  add(cases, layer, "inference", plain, {5, 4}, all);
  add(cases, layer, "inference_over_steps", plain, {3, 5, 4}, all).mask = Mask::right;
  add(cases, layer, "training", plain, {6, 4}, all).training = true;
  LayerCase& masked = add(cases, layer, "training_and_mask", plain, {3, 5, 4}, all);
  masked.training = true;
  masked.mask = Mask::holes;
  LayerCase& of_steps = add(
      cases, layer, "training_of_steps", [] { return BatchNormalization({.axis = 1}); }, {6, 4, 3},
      all);
  of_steps.training = true;
  of_steps.fixed_steps = true;
  add(
      cases, layer, "no_scale_no_center",
      [] { return BatchNormalization({.center = false, .scale = false}); }, {5, 4},
      "moving_mean (4,), moving_variance (4,)")
      .training = true;
  add(
      cases, layer, "every_option",
      [] {
        return BatchNormalization({.momentum = 0.9,
                                   .epsilon = 1e-2,
                                   .beta_initializer = "ones",
                                   .gamma_initializer = initializers::Constant(0.5),
                                   .moving_mean_initializer = "ones",
                                   .moving_variance_initializer = initializers::Constant(2.0),
                                   .beta_regularizer = "l1",
                                   .gamma_regularizer = "l2",
                                   .beta_constraint = "non_neg",
                                   .gamma_constraint = "max_norm",
                                   .name = "named",
                                   .trainable = false,
                                   .dtype = "float64"});
      },
      {5, 4}, all)
      .training = true;
}

void add_other_normalizations(Cases& cases) {
  using layers::GroupNormalization;
  const auto group = [&](const char* name, const layers::GroupNormalizationOptions& options,
                         const Shape& input, const char* weights) -> LayerCase& {
    return add(
        cases, "GroupNormalization", name, [options] { return GroupNormalization(options); }, input,
        weights);
  };
  group("over_steps", {.groups = 2}, {3, 5, 4}, "gamma (4,), beta (4,)").mask = Mask::right;
  group("vectors", {.groups = 2}, {5, 6}, "gamma (6,), beta (6,)");
  group("each_feature", {.groups = -1}, {3, 5, 4}, "gamma (4,), beta (4,)");
  group("one_group", {.groups = 1, .center = false}, {3, 5, 4}, "gamma (4,)");
  group("first_axis", {.groups = 3, .axis = 1, .scale = false}, {2, 6, 4}, "beta (6,)")
      .fixed_steps = true;
  group("middle_axis", {.groups = 2, .axis = -2}, {2, 3, 4, 5}, "gamma (4,), beta (4,)")
      .fixed_steps = true;
  group("every_option",
        {.groups = 2,
         .axis = 2,
         .epsilon = 1e-2,
         .beta_initializer = "ones",
         .gamma_initializer = "zeros",
         .beta_regularizer = "l1",
         .gamma_regularizer = "l2",
         .beta_constraint = "non_neg",
         .gamma_constraint = "max_norm",
         .name = "named",
         .trainable = false,
         .dtype = "float64"},
        {3, 5, 4}, "gamma (4,), beta (4,)");

  const auto unit = [&](const char* name,
                        const layers::UnitNormalizationOptions& options) -> LayerCase& {
    LayerCase& c = add(cases, "UnitNormalization", name,
                       [options] { return layers::UnitNormalization(options); }, {3, 5, 4});
    c.fixed_steps = true;
    return c;
  };
  unit("plain", {}).mask = Mask::right;
  unit("two_axes", {.axis = {1, 2}});
  unit("every_option", {.axis = {1}, .name = "named", .trainable = false, .dtype = "float64"});

  const auto rms = [&](const char* name, const layers::RMSNormalizationOptions& options,
                       const char* weights) -> LayerCase& {
    LayerCase& c = add(
        cases, "RMSNormalization", name, [options] { return layers::RMSNormalization(options); },
        {3, 5, 4}, weights);
    c.fixed_steps = true;
    return c;
  };
  rms("plain", {}, "scale (4,)");
  rms("two_axes", {.axis = {1, 2}}, "scale (5, 4)").mask = Mask::right;
  rms("every_option",
      {.axis = {2}, .epsilon = 1e-2, .name = "named", .trainable = false, .dtype = "float64"},
      "scale (4,)");
}

void add_convolution(Cases& cases) {
  const auto conv = [&](const char* name, const layers::Conv1DOptions& options,
                        const char* weights) {
    add(
        cases, "Conv1D", name, [options] { return layers::Conv1D(options); }, {3, 9, 4}, weights);
  };
  const char* plain = "kernel (3, 4, 5), bias (5,)";
  conv("valid", {.filters = 5, .kernel_size = {3}}, plain);
  conv("same", {.filters = 5, .kernel_size = {4}, .strides = {2}, .padding = "same"},
       "kernel (4, 4, 5), bias (5,)");
  conv("causal", {.filters = 5, .kernel_size = {3}, .padding = "causal", .activation = "relu"},
       plain);
  conv("causal_dilated",
       {.filters = 5, .kernel_size = {3}, .padding = "causal", .dilation_rate = {2}}, plain);
  conv("groups", {.filters = 6, .kernel_size = {2}, .groups = 2, .activation = "gelu"},
       "kernel (2, 2, 6), bias (6,)");
  conv("regularized",
       {.filters = 5,
        .kernel_size = {3},
        .kernel_regularizer = "l2",
        .bias_regularizer = "l1",
        .activity_regularizer = "l2"},
       plain);
  conv("every_option",
       {.filters = 5,
        .kernel_size = {3},
        .strides = {2},
        .use_bias = false,
        .kernel_initializer = "he_normal",
        .bias_initializer = "ones",
        .kernel_constraint = "max_norm",
        .bias_constraint = "non_neg",
        .name = "named",
        .trainable = false,
        .dtype = "float64"},
       "kernel (3, 4, 5)");
  add(
      cases, "Conv1D", "channels_first",
      [] {
        return layers::Conv1D({.filters = 5,
                               .kernel_size = {3},
                               .padding = "causal",
                               .data_format = "channels_first",
                               .activation = "gelu"});
      },
      {3, 4, 9}, plain)
      .fixed_steps = true;
  add(
      cases, "Conv1D", "channels_first_softmax",
      [] {
        return layers::Conv1D({.filters = 5,
                               .kernel_size = {3},
                               .data_format = "channels_first",
                               .activation = "softmax"});
      },
      {3, 4, 9}, plain)
      .fixed_steps = true;

  const auto transpose = [&](const char* name, const layers::Conv1DTransposeOptions& options,
                             const char* weights) -> LayerCase& {
    return add(
        cases, "Conv1DTranspose", name, [options] { return layers::Conv1DTranspose(options); },
        {3, 5, 4}, weights);
  };
  const char* turned = "kernel (3, 2, 4), bias (2,)";
  transpose("valid", {.filters = 2, .kernel_size = {3}}, turned);
  transpose("wide_strides", {.filters = 2, .kernel_size = {3}, .strides = {4}}, turned);
  transpose("same", {.filters = 2, .kernel_size = {3}, .strides = {2}, .padding = "same"}, turned);
  transpose("dilated", {.filters = 2, .kernel_size = {3}, .dilation_rate = {2}}, turned);
  transpose(
      "channels_first",
      {.filters = 2, .kernel_size = {3}, .data_format = "channels_first", .activation = "silu"},
      "kernel (3, 2, 5), bias (2,)")
      .fixed_steps = true;
  transpose(
      "channels_first_softmax",
      {.filters = 2, .kernel_size = {3}, .data_format = "channels_first", .activation = "softmax"},
      "kernel (3, 2, 5), bias (2,)")
      .fixed_steps = true;
  transpose("regularized",
            {.filters = 2,
             .kernel_size = {3},
             .kernel_regularizer = "l2",
             .bias_regularizer = "l1",
             .activity_regularizer = "l2"},
            turned);
  transpose("every_option",
            {.filters = 2,
             .kernel_size = {3},
             .strides = {3},
             .padding = "same",
             .output_padding = {1},
             .activation = "tanh",
             .use_bias = false,
             .kernel_initializer = "he_normal",
             .bias_initializer = "ones",
             .kernel_constraint = "max_norm",
             .bias_constraint = "non_neg",
             .name = "named",
             .trainable = false,
             .dtype = "float64"},
            "kernel (3, 2, 4)");
  transpose("dilated_same",
            {.filters = 2, .kernel_size = {3}, .padding = "same", .dilation_rate = {2}}, turned);
}

void add_separable_convolution(Cases& cases) {
  const Shape sequence{3, 9, 4};
  const auto depthwise = [&](const char* name, const layers::DepthwiseConv1DOptions& options,
                             const Shape& input, const char* weights) -> LayerCase& {
    return add(
        cases, "DepthwiseConv1D", name, [options] { return layers::DepthwiseConv1D(options); },
        input, weights);
  };
  const char* each = "kernel (3, 4, 1), bias (4,)";
  const char* two = "kernel (3, 4, 2), bias (8,)";
  depthwise("valid", {.kernel_size = {3}}, sequence, each);
  depthwise("same", {.kernel_size = {3}, .strides = {2}, .padding = "same", .depth_multiplier = 2},
            sequence, two);
  depthwise("causal", {.kernel_size = {3}, .padding = "causal", .activation = "relu"}, sequence,
            each);
  depthwise("dilated", {.kernel_size = {3}, .depth_multiplier = 2, .dilation_rate = {2}}, sequence,
            two);
  depthwise("channels_first",
            {.kernel_size = {3}, .data_format = "channels_first", .activation = "softmax"},
            {3, 4, 9}, each)
      .fixed_steps = true;
  depthwise("one_feature", {.kernel_size = {2}, .depth_multiplier = 3, .activation = "gelu"},
            {3, 9, 1}, "kernel (2, 1, 3), bias (3,)");
  depthwise("regularized",
            {.kernel_size = {3},
             .depthwise_regularizer = "l2",
             .bias_regularizer = "l1",
             .activity_regularizer = "l2"},
            sequence, each);
  depthwise("every_option",
            {.kernel_size = {3},
             .strides = {3},
             .depth_multiplier = 2,
             .use_bias = false,
             .depthwise_initializer = "he_normal",
             .bias_initializer = "ones",
             .depthwise_constraint = "max_norm",
             .bias_constraint = "non_neg",
             .name = "named",
             .trainable = false,
             .dtype = "float64"},
            sequence, "kernel (3, 4, 2)");

  const auto separable = [&](const char* name, const layers::SeparableConv1DOptions& options,
                             const Shape& input, const char* weights) -> LayerCase& {
    return add(
        cases, "SeparableConv1D", name, [options] { return layers::SeparableConv1D(options); },
        input, weights);
  };
  const char* plain = "depthwise_kernel (3, 4, 1), pointwise_kernel (1, 4, 5), bias (5,)";
  const char* doubled = "depthwise_kernel (3, 4, 2), pointwise_kernel (1, 8, 5), bias (5,)";
  separable("valid", {.filters = 5, .kernel_size = {3}}, sequence, plain);
  separable("same",
            {.filters = 5,
             .kernel_size = {3},
             .strides = {2},
             .padding = "same",
             .depth_multiplier = 2,
             .activation = "silu"},
            sequence, doubled);
  separable("causal", {.filters = 5, .kernel_size = {3}, .padding = "causal"}, sequence, plain);
  separable("dilated", {.filters = 5, .kernel_size = {3}, .dilation_rate = {2}}, sequence, plain);
  separable("channels_first",
            {.filters = 5,
             .kernel_size = {3},
             .data_format = "channels_first",
             .depth_multiplier = 2,
             .activation = "softmax"},
            {3, 4, 9}, doubled)
      .fixed_steps = true;
  separable("regularized",
            {.filters = 5,
             .kernel_size = {3},
             .depthwise_regularizer = "l2",
             .pointwise_regularizer = "l1",
             .bias_regularizer = "l1",
             .activity_regularizer = "l2"},
            sequence, plain);
  separable("every_option",
            {.filters = 5,
             .kernel_size = {3},
             .strides = {2},
             .depth_multiplier = 2,
             .use_bias = false,
             .depthwise_initializer = "he_normal",
             .pointwise_initializer = "he_uniform",
             .bias_initializer = "ones",
             .depthwise_constraint = "max_norm",
             .pointwise_constraint = "unit_norm",
             .bias_constraint = "non_neg",
             .name = "named",
             .trainable = false,
             .dtype = "float64"},
            sequence, "depthwise_kernel (3, 4, 2), pointwise_kernel (1, 8, 5)");
}

void add_einsum_dense(Cases& cases) {
  const auto einsum = [&](const char* name, const layers::EinsumDenseOptions& options,
                          const Shape& input, const char* weights) -> LayerCase& {
    LayerCase& c = add(
        cases, "EinsumDense", name, [options] { return layers::EinsumDense(options); }, input,
        weights);
    c.fixed_steps = true;
    return c;
  };
  const Shape sequence{3, 5, 4};
  einsum("plain", {.equation = "abc,cd->abd", .output_shape = {None, 6}, .bias_axes = "d"},
         sequence, "kernel (4, 6), bias (6,)");
  einsum("vectors", {.equation = "ab,bc->ac", .output_shape = {6}}, {5, 4}, "kernel (4, 6)");
  einsum(
      "left_open",
      {.equation = "...x,xy->...y", .output_shape = {6}, .activation = "softmax", .bias_axes = "y"},
      sequence, "kernel (4, 6), bias (6,)");
  einsum("right_open", {.equation = "ab...,bc->ac...", .output_shape = {6}, .bias_axes = "c"},
         sequence, "kernel (5, 6), bias (6, 1)");
  einsum(
      "along_steps",
      {.equation = "abc,bd->adc", .output_shape = {2, 4}, .activation = "gelu", .bias_axes = "d"},
      sequence, "kernel (5, 2), bias (2, 1)");
  einsum("to_heads", {.equation = "btf,fhd->bthd", .output_shape = {None, 2, 3}, .bias_axes = "hd"},
         sequence, "kernel (4, 2, 3), bias (2, 3)");
  einsum("each_step", {.equation = "abc,bcd->abd", .output_shape = {5, 6}, .bias_axes = "bd"},
         sequence, "kernel (5, 4, 6), bias (5, 6)");
  einsum("summed", {.equation = "abc,cd->ad", .output_shape = {6}}, sequence, "kernel (4, 6)");
  einsum("turned", {.equation = "abc,dc->adb", .output_shape = {6, None}, .bias_axes = "b"},
         sequence, "kernel (6, 4), bias (5,)");
  einsum("regularized",
         {.equation = "abc,cd->abd",
          .output_shape = {None, 6},
          .bias_axes = "d",
          .kernel_regularizer = "l2",
          .bias_regularizer = "l1",
          .activity_regularizer = "l2"},
         sequence, "kernel (4, 6), bias (6,)");
  einsum("every_option",
         {.equation = "abc,bd->acd",
          .output_shape = {4, 3},
          .activation = "tanh",
          .bias_axes = "c",
          .kernel_initializer = "he_normal",
          .bias_initializer = "ones",
          .kernel_constraint = "max_norm",
          .bias_constraint = "non_neg",
          .name = "named",
          .trainable = false,
          .dtype = "float64"},
         sequence, "kernel (5, 3), bias (4, 1)");
}

void add_group_query_attention(Cases& cases) {
  using Options = layers::GroupQueryAttentionOptions;
  const auto attention = [&](const char* name, const Options& options, const char* weights,
                             bool key = false) -> LayerCase& {
    LayerCase& c = add(
        cases, "GroupQueryAttention", name,
        [options] { return layers::GroupQueryAttention(options); }, {2, 3, 4}, weights);
    c.more = {{2, 5, 4}};
    if (key) c.more.push_back({2, 5, 6});
    return c;
  };
  const char* all =
      "kernel (4, 4, 3), bias (4, 3), kernel (4, 2, 3), bias (2, 3), kernel (4, 2, 3), bias (2, "
      "3), kernel (4, 3, 4), bias (4,)";
  const Options plain{.head_dim = 3, .num_query_heads = 4, .num_key_value_heads = 2};
  attention("plain", plain, all).more_masked = true;
  LayerCase& masked = attention("masks", plain, all);
  masked.mask = Mask::left;
  masked.more_masked = true;
  attention("causal_and_scores", plain, all).flags = {true, true};
  attention("one_key", {.head_dim = 3, .num_query_heads = 2, .num_key_value_heads = 1},
            "kernel (4, 2, 3), bias (2, 3), kernel (6, 1, 3), bias (1, 3), kernel (4, 1, 3), bias "
            "(1, 3), kernel (2, 3, 4), bias (4,)",
            true);
  attention(
      "dropout",
      {.head_dim = 3, .num_query_heads = 4, .num_key_value_heads = 2, .dropout = 0.3, .seed = 3},
      all)
      .training = true;
  attention("gate",
            {.head_dim = 3,
             .num_query_heads = 4,
             .num_key_value_heads = 2,
             .use_bias = false,
             .use_gate = true},
            "kernel (4, 4, 3), kernel (4, 2, 3), kernel (4, 4, 3), kernel (4, 2, 3), kernel (4, 3, "
            "4)");
  LayerCase& window = attention(
      "window",
      {.head_dim = 3, .num_query_heads = 4, .num_key_value_heads = 2, .sliding_window = 2}, all);
  window.flags.use_causal_mask = true;
  attention("activity",
            {.head_dim = 3,
             .num_query_heads = 4,
             .num_key_value_heads = 2,
             .activity_regularizer = "l2",
             .use_gate = true},
            "kernel (4, 4, 3), bias (4, 3), kernel (4, 2, 3), bias (2, 3), kernel (4, 4, 3), bias "
            "(4, 3), kernel (4, 2, 3), bias (2, 3), kernel (4, 3, 4), bias (4,)");
  attention("every_option",
            {.head_dim = 3,
             .num_query_heads = 4,
             .num_key_value_heads = 2,
             .kernel_initializer = "he_normal",
             .bias_initializer = "ones",
             .kernel_regularizer = "l1",
             .bias_regularizer = "l2",
             .kernel_constraint = "max_norm",
             .bias_constraint = "non_neg",
             .name = "named",
             .trainable = false,
             .dtype = "float64"},
            all);
}

void add_conv_lstm1d(Cases& cases) {
  using Options = layers::ConvLSTM1DOptions;
  const auto add_one = [&](const char* name, const auto& change,
                           const char* weights) -> LayerCase& {
    Options options{.filters = 3, .kernel_size = {2}};
    change(options);
    LayerCase& c = add(
        cases, "ConvLSTM1D", name, [options] { return layers::ConvLSTM1D(options); }, {3, 4, 5, 2},
        weights);
    return c;
  };
  const char* usual = "kernel (2, 2, 12), recurrent_kernel (2, 3, 12), bias (12,)";
  const char* three = "kernel (3, 2, 12), recurrent_kernel (3, 3, 12), bias (12,)";
  add_one(
      "plain", [](Options&) {}, usual);
  add_one(
      "strided_sequences",
      [](Options& o) {
        o.kernel_size = {3};
        o.strides = {2};
        o.padding = "same";
        o.return_sequences = true;
      },
      three);
  add_one(
      "dilated_backwards",
      [](Options& o) {
        o.kernel_size = {3};
        o.dilation_rate = {2};
        o.go_backwards = true;
      },
      three);
  LayerCase& first = add_one(
      "channels_first",
      [](Options& o) {
        o.data_format = "channels_first";
        o.padding = "same";
        o.return_sequences = o.return_state = true;
      },
      "kernel (2, 5, 12), recurrent_kernel (2, 3, 12), bias (12,)");
  first.initial_state = first.fixed_steps = true;
  first.mask = Mask::holes;
  add_one(
      "channels_first_stateful",
      [](Options& o) {
        o.data_format = "channels_first";
        o.stateful = o.return_sequences = true;
      },
      "kernel (2, 5, 12), recurrent_kernel (2, 3, 12), bias (12,)")
      .fixed_steps = true;
  add_one(
      "softmax", [](Options& o) { o.activation = o.recurrent_activation = "softmax"; }, usual);
  add_one(
      "no_bias", [](Options& o) { o.use_bias = false; },
      "kernel (2, 2, 12), recurrent_kernel (2, 3, 12)");
  add_one(
      "stateful", [](Options& o) { o.stateful = o.return_sequences = true; }, usual);
  add_one(
      "initial_state", [](Options& o) { o.padding = "same"; }, usual)
      .initial_state = true;
  LayerCase& holes = add_one(
      "mask_holes_sequences_and_states",
      [](Options& o) { o.return_sequences = o.return_state = true; }, usual);
  holes.mask = Mask::holes;
  holes.initial_state = true;
  LayerCase& backwards = add_one(
      "mask_right_backwards_and_states",
      [](Options& o) { o.go_backwards = o.return_sequences = o.return_state = true; }, usual);
  backwards.mask = Mask::right;
  LayerCase& zero = add_one(
      "zero_output_for_mask",
      [](Options& o) { o.zero_output_for_mask = o.return_sequences = o.return_state = true; },
      usual);
  zero.mask = Mask::left;
  add_one(
      "silu_and_softplus",
      [](Options& o) {
        o.recurrent_activation = "silu";
        o.activation = "softplus";
      },
      usual);
  add_one(
      "both_dropouts",
      [](Options& o) {
        o.dropout = 0.3;
        o.recurrent_dropout = 0.4;
        o.seed = 9;
        o.padding = "same";
      },
      usual)
      .training = true;
  add_one(
      "regularized",
      [](Options& o) {
        o.kernel_regularizer = regularizers::L1(0.02);
        o.recurrent_regularizer = regularizers::L2(0.03);
        o.bias_regularizer = regularizers::L2(0.04);
        o.activity_regularizer = regularizers::L2(0.05);
      },
      usual);
  add_one(
      "every_option",
      [](Options& o) {
        o.kernel_initializer = initializers::HeNormal(3);
        o.recurrent_initializer = initializers::RandomUniform(-0.3, 0.4, 4);
        o.bias_initializer = initializers::Constant(0.1);
        o.unit_forget_bias = false;
        o.kernel_constraint = "non_neg";
        o.recurrent_constraint = "max_norm";
        o.bias_constraint = "non_neg";
        o.unroll = true;
        o.name = "named";
        o.dtype = "float64";
      },
      usual);
  add_one(
      "frozen", [](Options& o) { o.trainable = false; }, usual);
}

void add_pooling(Cases& cases) {
  const Shape input{3, 7, 4};
  for (const auto& [layer, function] : {std::pair{"MaxPooling1D", &layers::MaxPooling1D},
                                        std::pair{"AveragePooling1D", &layers::AveragePooling1D}}) {
    const auto make = function;
    add(
        cases, layer, "valid", [make] { return make({}); }, input);
    add(
        cases, layer, "same", [make] { return make({.pool_size = {3}, .padding = "same"}); },
        input);
    add(
        cases, layer, "channels_first", [make] { return make({.data_format = "channels_first"}); },
        input)
        .fixed_steps = true;
    add(
        cases, layer, "overlapping", [make] { return make({.pool_size = {3}, .strides = {1}}); },
        input);
    add(
        cases, layer, "every_option",
        [make] {
          return make({.pool_size = {3},
                       .strides = {2},
                       .name = "named",
                       .trainable = false,
                       .dtype = "float64"});
        },
        input);
  }
  for (const auto& [layer, function] :
       {std::pair{"AdaptiveMaxPooling1D", &layers::AdaptiveMaxPooling1D},
        std::pair{"AdaptiveAveragePooling1D", &layers::AdaptiveAveragePooling1D}}) {
    const auto adaptive = [&, make = function](const char* name,
                                               const layers::AdaptivePooling1DOptions& options) {
      add(
          cases, layer, name, [make, options] { return make(options); }, input)
          .fixed_steps = true;
    };
    adaptive("fewer", {.output_size = {3}});
    adaptive("more", {.output_size = {9}});
    adaptive("channels_first", {.output_size = {3}, .data_format = "channels_first"});
    adaptive("every_option",
             {.output_size = {5}, .name = "named", .trainable = false, .dtype = "float64"});
  }
  for (const auto& [layer, function] :
       {std::pair{"GlobalMaxPooling1D", &layers::GlobalMaxPooling1D},
        std::pair{"GlobalAveragePooling1D", &layers::GlobalAveragePooling1D}}) {
    const auto make = function;
    add(
        cases, layer, "plain", [make] { return make({}); }, input);
    add(
        cases, layer, "channels_first",
        [make] { return make({.data_format = "channels_first", .keepdims = true}); }, input)
        .fixed_steps = true;
    add(
        cases, layer, "every_option",
        [make] {
          return make({.keepdims = true, .name = "named", .trainable = false, .dtype = "float64"});
        },
        input);
  }
  add(
      cases, "GlobalAveragePooling1D", "mask", [] { return layers::GlobalAveragePooling1D(); },
      input)
      .mask = Mask::left;
  add(
      cases, "GlobalAveragePooling1D", "mask_rows", [] { return layers::GlobalAveragePooling1D(); },
      input)
      .mask = Mask::rows;
}

void add_attention(Cases& cases) {
  using layers::AdditiveAttention;
  using layers::Attention;
  const auto attention = [&](const char* layer, const char* name, Make make, const char* weights,
                             bool key = false) -> LayerCase& {
    LayerCase& c = add(cases, layer, name, std::move(make), {2, 3, 4}, weights);
    c.more = {{2, 5, key ? 6 : 4}};
    if (key) c.more.push_back({2, 5, 4});
    return c;
  };
  attention(
      "Attention", "plain", [] { return Attention(); }, "");
  attention(
      "Attention", "scale_and_key", [] { return Attention({.use_scale = true}); }, "scale ()",
      true);
  LayerCase& masked = attention(
      "Attention", "masks", [] { return Attention({.use_scale = true}); }, "scale ()");
  masked.mask = Mask::left;
  masked.more_masked = true;
  attention(
      "Attention", "causal_and_scores", [] { return Attention(); }, "")
      .flags = {true, true};
  attention(
      "Attention", "concat", [] { return Attention({.score_mode = "concat"}); },
      "concat_score_weight ()");
  attention(
      "Attention", "dropout", [] { return Attention({.dropout = 0.4, .seed = 3}); }, "")
      .training = true;
  attention(
      "Attention", "every_option",
      [] {
        return Attention({.use_scale = true,
                          .score_mode = "concat",
                          .dropout = 0.25,
                          .seed = 1,
                          .name = "named",
                          .dtype = "float64"});
      },
      "scale (), concat_score_weight ()");
  attention(
      "AdditiveAttention", "plain", [] { return AdditiveAttention(); }, "scale (4,)")
      .more_masked = true;
  attention(
      "AdditiveAttention", "no_scale_and_key",
      [] { return AdditiveAttention({.use_scale = false}); }, "", true);
  attention(
      "AdditiveAttention", "every_option",
      [] {
        return AdditiveAttention({.use_scale = false,
                                  .dropout = 0.25,
                                  .seed = 1,
                                  .name = "named",
                                  .trainable = false,
                                  .dtype = "float64"});
      },
      "");
  attention(
      "Attention", "frozen", [] { return Attention({.use_scale = true, .trainable = false}); },
      "scale ()");

  using layers::MultiHeadAttention;
  const char* heads = "MultiHeadAttention";
  const char* all =
      "kernel (4, 2, 3), bias (2, 3), kernel (4, 2, 3), bias (2, 3), kernel (4, 2, 3), bias (2, "
      "3), kernel (2, 3, 4), bias (4,)";
  attention(
      heads, "plain", [] { return MultiHeadAttention({.num_heads = 2, .key_dim = 3}); }, all)
      .more_masked = true;
  attention(
      heads, "causal_and_scores", [] { return MultiHeadAttention({.num_heads = 2, .key_dim = 3}); },
      all)
      .flags = {true, true};
  attention(
      heads, "key_and_sizes",
      [] {
        return MultiHeadAttention(
            {.num_heads = 2, .key_dim = 3, .value_dim = 5, .use_bias = false, .output_shape = {7}});
      },
      "kernel (4, 2, 3), kernel (4, 2, 3), kernel (6, 2, 5), kernel (2, 5, 7)", true);
  attention(
      heads, "dropout",
      [] { return MultiHeadAttention({.num_heads = 2, .key_dim = 3, .dropout = 0.3, .seed = 3}); },
      all)
      .training = true;
  const char* gated =
      "kernel (4, 2, 3), bias (2, 3), kernel (4, 2, 3), bias (2, 3), kernel (4, 2, 5), bias (2, "
      "5), kernel (4, 2, 5), bias (2, 5), kernel (2, 5, 4), bias (4,)";
  attention(
      heads, "gate",
      [] {
        return MultiHeadAttention({.num_heads = 2, .key_dim = 3, .value_dim = 5, .use_gate = true});
      },
      gated);
  LayerCase& window = attention(
      heads, "window",
      [] { return MultiHeadAttention({.num_heads = 2, .key_dim = 3, .sliding_window = 2}); }, all);
  window.mask = Mask::rows;
  window.more_masked = true;
  window.flags.use_causal_mask = true;
  LayerCase& blind = attention(
      heads, "scores_of_masked", [] { return MultiHeadAttention({.num_heads = 2, .key_dim = 3}); },
      all);
  blind.mask = Mask::rows;
  blind.flags.return_attention_scores = true;
  attention(
      heads, "every_option",
      [] {
        return MultiHeadAttention({.num_heads = 2,
                                   .key_dim = 3,
                                   .attention_axes = {-2},
                                   .kernel_initializer = "he_normal",
                                   .bias_initializer = "ones",
                                   .kernel_regularizer = "l1",
                                   .bias_regularizer = "l2",
                                   .activity_regularizer = "l2",
                                   .kernel_constraint = "max_norm",
                                   .bias_constraint = "non_neg",
                                   .name = "named",
                                   .trainable = false,
                                   .dtype = "float64"});
      },
      all);
}

void add_merging(Cases& cases) {
  using Merge = LayerPtr (*)(const layers::MergeOptions&);
  const auto merge = [&](const char* layer, Merge make, bool many) {
    LayerCase& two = add(cases, layer, "two", [make] { return make({}); }, {2, 5, 4});
    two.more = {{2, 5, 4}};
    two.mask = Mask::right;
    LayerCase& both = add(cases, layer, "two_masks", [make] { return make({}); }, {2, 5, 4});
    both.more = {{2, 5, 4}};
    both.mask = Mask::right;
    both.more_masked = true;
    LayerCase& ranks = add(cases, layer, "ranks", [make] { return make({}); }, {2, 5, 4});
    ranks.more = {{2, 4}};
    if (many) {
      LayerCase& three = add(cases, layer, "three_masks", [make] { return make({}); }, {2, 5, 4});
      three.more = {{2, 5, 4}, {2, 1, 4}};
      three.mask = Mask::left;
      three.more_masked = true;
    }
    LayerCase& repeated = add(cases, layer, "repeated", [make] { return make({}); }, {2, 5, 1});
    repeated.more = {{2, 5, 4}};
    if (many) repeated.more.push_back({2, 1, 4});
    LayerCase& every =
        add(cases, layer, "every_option",
            [make] { return make({.name = "named", .trainable = false, .dtype = "float64"}); },
            {2, 5, 4});
    every.more = {{2, 5, 4}};
    every.mask = Mask::right;
    every.more_masked = true;
  };
  merge("Add", layers::Add, true);
  merge("Subtract", layers::Subtract, false);
  merge("Multiply", layers::Multiply, true);
  merge("Average", layers::Average, true);
  merge("Maximum", layers::Maximum, true);
  merge("Minimum", layers::Minimum, true);

  const auto joined = [&](const char* name, Make make, std::vector<Shape> more) -> LayerCase& {
    LayerCase& c = add(cases, "Concatenate", name, std::move(make), {2, 5, 4});
    c.more = std::move(more);
    c.mask = Mask::right;
    c.more_masked = true;
    return c;
  };
  joined("features", [] { return layers::Concatenate(); }, {{2, 5, 3}});
  joined("one_mask", [] { return layers::Concatenate(); }, {{2, 5, 3}}).mask = Mask::none;
  joined("every_option",
         [] {
           return layers::Concatenate(
               {.axis = 1, .name = "named", .trainable = false, .dtype = "float64"});
         },
         {{2, 3, 4}, {2, 1, 4}});

  const auto dot = [&](const char* name, const layers::DotOptions& options, const Shape& a,
                       const Shape& b) {
    add(
        cases, "Dot", name, [options] { return layers::Dot(options); }, a)
        .more = {b};
  };
  dot("vectors", {.axes = {1}}, {3, 4}, {3, 4});
  dot("sequences", {.axes = {2, 2}}, {3, 5, 4}, {3, 2, 4});
  dot("steps", {.axes = {1, 1}}, {3, 5, 4}, {3, 5, 2});
  dot("every_option",
      {.axes = {2, 1}, .normalize = true, .name = "named", .trainable = false, .dtype = "float64"},
      {3, 5, 4}, {3, 4, 2});
}

void add_passing_layers(Cases& cases) {
  add(cases, "Identity", "plain", [] { return layers::Identity(); }, {3, 5, 4}).mask = Mask::right;
  add(cases, "Identity", "every_option",
      [] { return layers::Identity({.name = "named", .trainable = false, .dtype = "float64"}); },
      {5, 4});
  const auto penalize = [&](const char* name,
                            const layers::ActivityRegularizationOptions& options) -> LayerCase& {
    return add(cases, "ActivityRegularization", name,
               [options] { return layers::ActivityRegularization(options); }, {3, 5, 4});
  };
  penalize("plain", {});
  penalize("one", {.l1 = 0.02}).mask = Mask::right;
  penalize("both", {.l1 = 0.01, .l2 = 0.03});
  penalize("every_option",
           {.l1 = 0.1, .l2 = 0.2, .name = "named", .trainable = false, .dtype = "float64"});
  const auto alpha = [&](const char* name,
                         const layers::AlphaDropoutOptions& options) -> LayerCase& {
    return add(cases, "AlphaDropout", name, [options] { return layers::AlphaDropout(options); },
               {2, 5, 4});
  };
  alpha("inference", {.rate = 0.5});
  LayerCase& training = alpha("training", {.rate = 0.4, .seed = 3});
  training.training = true;
  training.mask = Mask::right;
  alpha("noise_shape", {.rate = 0.4, .noise_shape = {None, 1, None}, .seed = 4}).training = true;
  alpha("every_option", {.rate = 0.25,
                         .noise_shape = {None, None, 1},
                         .seed = 1,
                         .name = "named",
                         .trainable = false,
                         .dtype = "float64"});
}

void add_small_layers(Cases& cases) {
  const Shape steps{3, 5, 4};
  add(
      cases, "Reshape", "open",
      [] {
        return layers::Reshape({.target_shape = {-1, 2}});
      },
      steps)
      .fixed_steps = true;
  add(
      cases, "Reshape", "every_option",
      [] {
        return layers::Reshape(
            {.target_shape = {4, 5}, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps)
      .fixed_steps = true;
  add(
      cases, "Permute", "steps",
      [] {
        return layers::Permute({.dims = {2, 1}});
      },
      steps)
      .fixed_steps = true;
  add(cases, "Permute", "every_option",
      [] {
        return layers::Permute(
            {.dims = {3, 1, 2}, .name = "named", .trainable = false, .dtype = "float64"});
      },
      {3, 5, 2, 4})
      .fixed_steps = true;
  add(cases, "RepeatVector", "three", [] { return layers::RepeatVector(3); }, {5, 4}).fixed_steps =
      true;
  add(cases, "RepeatVector", "every_option",
      [] {
        return layers::RepeatVector(
            {.n = 2, .name = "named", .trainable = false, .dtype = "float64"});
      },
      {5, 4});
  add(
      cases, "Cropping1D", "plain", [] { return layers::Cropping1D(); }, steps)
      .fixed_steps = true;
  add(
      cases, "Cropping1D", "every_option",
      [] {
        return layers::Cropping1D(
            {.cropping = {0, 2}, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  add(
      cases, "ZeroPadding1D", "plain", [] { return layers::ZeroPadding1D(); }, steps)
      .fixed_steps = true;
  add(
      cases, "ZeroPadding1D", "channels_first",
      [] { return layers::ZeroPadding1D({.data_format = "channels_first"}); }, steps)
      .fixed_steps = true;
  add(
      cases, "ZeroPadding1D", "every_option",
      [] {
        return layers::ZeroPadding1D(
            {.padding = {2, 0}, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  add(
      cases, "UpSampling1D", "plain", [] { return layers::UpSampling1D(); }, steps)
      .fixed_steps = true;
  add(
      cases, "UpSampling1D", "every_option",
      [] {
        return layers::UpSampling1D(
            {.size = 3, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  LayerCase& dropped = add(
      cases, "SpatialDropout1D", "training",
      [] { return layers::SpatialDropout1D({.rate = 0.4, .seed = 3}); }, steps);
  dropped.training = true;
  dropped.mask = Mask::right;
  add(
      cases, "SpatialDropout1D", "every_option",
      [] {
        return layers::SpatialDropout1D(
            {.rate = 0.25, .seed = 1, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  add(
      cases, "GaussianNoise", "training",
      [] { return layers::GaussianNoise({.stddev = 0.3, .seed = 3}); }, steps)
      .training = true;
  add(
      cases, "GaussianDropout", "training",
      [] { return layers::GaussianDropout({.rate = 0.3, .seed = 3}); }, steps)
      .training = true;
  add(cases, "GaussianDropout", "every_option",
      [] {
        return layers::GaussianDropout(
            {.rate = 0.2, .seed = 1, .name = "named", .trainable = false, .dtype = "float64"});
      },
      {5, 4});
  const auto normalize = [&](const char* name, const layers::NormalizationOptions& options,
                             const char* weights) -> LayerCase& {
    LayerCase& c = add(
        cases, "Normalization", name, [options] { return layers::Normalization(options); }, steps,
        weights);
    c.fixed_steps = true;
    return c;
  };
  normalize("plain", {}, "mean (4,), variance (4,), count ()").mask = Mask::right;
  normalize("one", {.axis = {}}, "mean (), variance (), count ()");
  normalize("two_axes", {.axis = {2, 1}}, "mean (5, 4), variance (5, 4), count ()");
  normalize("every_option",
            {.axis = {1}, .invert = true, .name = "named", .trainable = false, .dtype = "float64"},
            "mean (5,), variance (5,), count ()");
  normalize("given", {.mean = 0.25, .variance = 2}, "");
  normalize("given_by_lists", {.mean = {0.5, 0, -1, 2}, .variance = {1, 2, 0.5, 3}}, "");
  normalize("given_of_two_axes",
            {.axis = {1, 2},
             .mean = NumberArray::of({5, 1}, {1, 2, 3, 4, 5}),
             .variance = NumberArray::of({5, 1}, {0.5, 1, 2, 1, 0.5})},
            "");
  add(
      cases, "Rescaling", "lists",
      [] {
        return layers::Rescaling({.scale = {0.5, 1, -2, 3}, .offset = {1, 0, 0.5, -1}});
      },
      steps)
      .fixed_steps = true;
  add(cases, "Rescaling", "of_steps",
      [] {
        return layers::Rescaling({.scale = NumberArray::of({5, 1}, {1, 2, 3, 4, 5})});
      },
      {2, 5, 4})
      .fixed_steps = true;
  add(
      cases, "Rescaling", "plain", [] { return layers::Rescaling({.scale = 0.5}); }, steps)
      .mask = Mask::right;
  add(cases, "Rescaling", "every_option",
      [] {
        return layers::Rescaling({.scale = -2.0,
                                  .offset = 0.25,
                                  .name = "named",
                                  .trainable = false,
                                  .dtype = "float64"});
      },
      {5, 4});
  add(cases, "GaussianNoise", "every_option",
      [] {
        return layers::GaussianNoise(
            {.stddev = 0.2, .seed = 1, .name = "named", .trainable = false, .dtype = "float64"});
      },
      {5, 4});
  add(cases, "ReLU", "plain", [] { return layers::ReLU(); }, {5, 4});
  add(
      cases, "ReLU", "every_option",
      [] {
        return layers::ReLU({.max_value = 0.6,
                             .negative_slope = 0.1,
                             .threshold = 0.2,
                             .name = "named",
                             .trainable = false,
                             .dtype = "float64"});
      },
      steps)
      .mask = Mask::right;
  add(
      cases, "LeakyReLU", "every_option",
      [] {
        return layers::LeakyReLU(
            {.negative_slope = 0.2, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  add(
      cases, "ELU", "every_option",
      [] {
        return layers::ELU({.alpha = 0.7, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  add(
      cases, "PReLU", "plain", [] { return layers::PReLU(); }, {5, 4}, "alpha (4,)");
  add(
      cases, "PReLU", "shared", [] { return layers::PReLU({.shared_axes = {1}}); }, steps,
      "alpha (1, 4)");
  add(
      cases, "PReLU", "every_option",
      [] {
        return layers::PReLU({.alpha_initializer = initializers::Constant(0.25),
                              .alpha_regularizer = "l2",
                              .alpha_constraint = "non_neg",
                              .shared_axes = {1},
                              .name = "named",
                              .trainable = false,
                              .dtype = "float64"});
      },
      steps, "alpha (1, 4)");
  add(
      cases, "Softmax", "plain", [] { return layers::Softmax(); }, steps);
  add(
      cases, "Softmax", "mask", [] { return layers::Softmax(); }, steps)
      .mask = Mask::right;
  add(
      cases, "Softmax", "every_option",
      [] {
        return layers::Softmax(
            {.axis = {1}, .name = "named", .trainable = false, .dtype = "float64"});
      },
      steps);
  add(
      cases, "Softmax", "two_axes",
      [] {
        return layers::Softmax({.axis = {1, -1}});
      },
      steps);
  add(cases, "Softmax", "axes_apart",
      [] {
        return layers::Softmax({.axis = {3, 1}});
      },
      {2, 3, 2, 4});
}

}  // namespace chronicler::test
