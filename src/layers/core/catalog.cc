#include "chronicler/layers/catalog.h"

#include <array>
#include <vector>

#include "chronicler/base/error.h"
#include "layers/core/kinds.h"

namespace chronicler {

std::span<const LayerKind> layer_catalog() {
  static constexpr std::array kinds{
      LayerKind{"Activation", make_activation},
      LayerKind{"ActivityRegularization", make_activity_regularization},
      LayerKind{"Add", make_add},
      LayerKind{"AdditiveAttention", make_additive_attention},
      LayerKind{"AlphaDropout", make_alpha_dropout},
      LayerKind{"Attention", make_attention},
      LayerKind{"Average", make_average},
      LayerKind{"AveragePooling1D", make_average_pooling1d},
      LayerKind{"BatchNormalization", make_batch_normalization},
      LayerKind{"Bidirectional", make_bidirectional},
      LayerKind{"Concatenate", make_concatenate},
      LayerKind{"Conv1D", make_conv1d},
      LayerKind{"Conv1DTranspose", make_conv1d_transpose},
      LayerKind{"ConvLSTM1D", make_conv_lstm1d},
      LayerKind{"Cropping1D", make_cropping1d},
      LayerKind{"Dense", make_dense},
      LayerKind{"Dot", make_dot},
      LayerKind{"Dropout", make_dropout},
      LayerKind{"ELU", make_elu},
      LayerKind{"Embedding", make_embedding},
      LayerKind{"Flatten", make_flatten},
      LayerKind{"GRU", make_gru},
      LayerKind{"GRUCell", make_gru_cell},
      LayerKind{"GaussianDropout", make_gaussian_dropout},
      LayerKind{"GaussianNoise", make_gaussian_noise},
      LayerKind{"GlobalAveragePooling1D", make_global_average_pooling1d},
      LayerKind{"GlobalMaxPooling1D", make_global_max_pooling1d},
      LayerKind{"GroupNormalization", make_group_normalization},
      LayerKind{"Identity", make_identity},
      LayerKind{"InputLayer", make_input},
      LayerKind{"LSTM", make_lstm},
      LayerKind{"LSTMCell", make_lstm_cell},
      LayerKind{"LayerNormalization", make_layer_normalization},
      LayerKind{"LeakyReLU", make_leaky_relu},
      LayerKind{"Masking", make_masking},
      LayerKind{"MaxPooling1D", make_max_pooling1d},
      LayerKind{"Maximum", make_maximum},
      LayerKind{"Minimum", make_minimum},
      LayerKind{"MultiHeadAttention", make_multi_head_attention},
      LayerKind{"Multiply", make_multiply},
      LayerKind{"Normalization", make_normalization},
      LayerKind{"PReLU", make_prelu},
      LayerKind{"Permute", make_permute},
      LayerKind{"RMSNormalization", make_rms_normalization},
      LayerKind{"RNN", make_rnn},
      LayerKind{"ReLU", make_relu},
      LayerKind{"RepeatVector", make_repeat_vector},
      LayerKind{"Rescaling", make_rescaling},
      LayerKind{"Reshape", make_reshape},
      LayerKind{"ReversibleEmbedding", make_reversible_embedding},
      LayerKind{"SimpleRNN", make_simple_rnn},
      LayerKind{"SimpleRNNCell", make_simple_rnn_cell},
      LayerKind{"Softmax", make_softmax},
      LayerKind{"SpatialDropout1D", make_spatial_dropout1d},
      LayerKind{"StackedRNNCells", make_stacked_rnn_cells},
      LayerKind{"Subtract", make_subtract},
      LayerKind{"TimeDistributed", make_time_distributed},
      LayerKind{"UnitNormalization", make_unit_normalization},
      LayerKind{"UpSampling1D", make_up_sampling1d},
      LayerKind{"ZeroPadding1D", make_zero_padding1d},
  };
  return kinds;
}

LayerPtr make_layer(std::string_view class_name) {
  std::vector<std::string_view> names;
  for (const LayerKind& kind : layer_catalog()) {
    if (kind.class_name == class_name) return kind.make();
    names.push_back(kind.class_name);
  }
  unknown_name("layer", class_name, names);
}

void visit_config(Layer& layer, FieldVisitor& visitor) {
  std::string name = layer.name();
  bool trainable = layer.trainable();
  std::string dtype(name_of(layer.dtype()));
  visitor.field("name", name);
  visitor.field("trainable", trainable);
  visitor.field("dtype", dtype);
  if (name != layer.name()) layer.set_name(name);
  if (trainable != layer.trainable()) layer.set_trainable(trainable);
  if (dtype != name_of(layer.dtype())) layer.set_dtype(dtype_from_name(dtype));
  layer.fields(visitor);
}

}  // namespace chronicler
