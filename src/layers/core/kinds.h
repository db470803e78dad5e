// The default layers that the catalog lists, one function a kind, each defined beside its layer.
#pragma once

#include <memory>

#include "chronicler/layers/layer.h"
#include "kernels/activation.h"

namespace chronicler {

LayerPtr make_activation();
LayerPtr make_activity_regularization();
LayerPtr make_add();
LayerPtr make_additive_attention();
LayerPtr make_alpha_dropout();
LayerPtr make_attention();
LayerPtr make_average();
LayerPtr make_average_pooling1d();
LayerPtr make_batch_normalization();
LayerPtr make_bidirectional();
LayerPtr make_concatenate();
LayerPtr make_conv1d();
LayerPtr make_conv1d_transpose();
LayerPtr make_conv_lstm1d();
LayerPtr make_cropping1d();
LayerPtr make_dense();
LayerPtr make_dot();
LayerPtr make_dropout();
LayerPtr make_elu();
LayerPtr make_embedding();
LayerPtr make_flatten();
LayerPtr make_gaussian_dropout();
LayerPtr make_gaussian_noise();
LayerPtr make_global_average_pooling1d();
LayerPtr make_global_max_pooling1d();
LayerPtr make_group_normalization();
LayerPtr make_gru();
LayerPtr make_gru_cell();
LayerPtr make_identity();
LayerPtr make_input();
LayerPtr make_layer_normalization();
LayerPtr make_leaky_relu();
LayerPtr make_lstm();
LayerPtr make_lstm_cell();
LayerPtr make_masking();
LayerPtr make_max_pooling1d();
LayerPtr make_maximum();
LayerPtr make_minimum();
LayerPtr make_multi_head_attention();
LayerPtr make_multiply();
LayerPtr make_normalization();
LayerPtr make_permute();
LayerPtr make_prelu();
LayerPtr make_relu();
LayerPtr make_repeat_vector();
LayerPtr make_rescaling();
LayerPtr make_reshape();
LayerPtr make_reversible_embedding();
LayerPtr make_rms_normalization();
LayerPtr make_rnn();
LayerPtr make_simple_rnn();
LayerPtr make_simple_rnn_cell();
LayerPtr make_softmax();
LayerPtr make_spatial_dropout1d();
LayerPtr make_stacked_rnn_cells();
LayerPtr make_subtract();
LayerPtr make_time_distributed();
LayerPtr make_unit_normalization();
LayerPtr make_up_sampling1d();
LayerPtr make_zero_padding1d();

// A layer that has a name and whose options were checked: what every factory returns.
template <class Kind, class Options>
LayerPtr make_valid(const Options& options) {
  auto layer = std::make_shared<Kind>(options);
  if (layer->name().empty()) layer->set_name(unique_name(layer->class_name()));
  layer->validate();
  return layer;
}

// The kernel's name for an option's activation.
inline kernels::Activation kernel_activation(const Activation& activation) {
  return *kernels::activation_from_name(activation.name());
}

}  // namespace chronicler
