#include "chronicler/layers/catalog.h"

#include <algorithm>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"
#include "layers/core/layer_with.h"
#include "layers/core/shown_default.h"

namespace chronicler {

namespace {

// A layer with default options by its factory.
template <class Options, LayerPtr (*factory)(const Options&)>
LayerPtr made_by() {
  const Draft draft;
  return factory(Options{});
}

template <class Options, LayerPtr (*factory)(const Options&)>
LayerKind kind(std::string_view class_name) {
  return {class_name, made_by<Options, factory>, field_table<Options>};
}
// A layer that Keras does not have.
template <class Options, LayerPtr (*factory)(const Options&)>
LayerKind own_kind(std::string_view class_name) {
  return {class_name, made_by<Options, factory>, field_table<Options>, "chronicler"};
}

}  // namespace

std::span<const LayerKind> layer_catalog() {
  using namespace layers;
  static const std::vector<LayerKind> kinds{
      kind<ActivationOptions, layers::Activation>("Activation"),
      kind<ActivityRegularizationOptions, ActivityRegularization>("ActivityRegularization"),
      kind<AdaptivePooling1DOptions, AdaptiveAveragePooling1D>("AdaptiveAveragePooling1D"),
      kind<AdaptivePooling1DOptions, AdaptiveMaxPooling1D>("AdaptiveMaxPooling1D"),
      kind<MergeOptions, Add>("Add"),
      kind<AdditiveAttentionOptions, AdditiveAttention>("AdditiveAttention"),
      kind<AlphaDropoutOptions, AlphaDropout>("AlphaDropout"),
      kind<AttentionOptions, Attention>("Attention"),
      kind<MergeOptions, Average>("Average"),
      kind<Pooling1DOptions, AveragePooling1D>("AveragePooling1D"),
      kind<BatchNormalizationOptions, BatchNormalization>("BatchNormalization"),
      kind<BidirectionalOptions, Bidirectional>("Bidirectional"),
      own_kind<CellOptions, Cell>("Cell"),
      kind<ConcatenateOptions, Concatenate>("Concatenate"),
      kind<Conv1DOptions, Conv1D>("Conv1D"),
      kind<Conv1DTransposeOptions, Conv1DTranspose>("Conv1DTranspose"),
      kind<ConvLSTM1DOptions, ConvLSTM1D>("ConvLSTM1D"),
      kind<Cropping1DOptions, Cropping1D>("Cropping1D"),
      kind<DenseOptions, Dense>("Dense"),
      kind<DepthwiseConv1DOptions, DepthwiseConv1D>("DepthwiseConv1D"),
      kind<DotOptions, Dot>("Dot"),
      kind<DropoutOptions, Dropout>("Dropout"),
      kind<ELUOptions, ELU>("ELU"),
      kind<EinsumDenseOptions, EinsumDense>("EinsumDense"),
      kind<EmbeddingOptions, Embedding>("Embedding"),
      kind<FlattenOptions, Flatten>("Flatten"),
      kind<GRUOptions, GRU>("GRU"),
      kind<GRUOptions, GRUCell>("GRUCell"),
      kind<GaussianDropoutOptions, GaussianDropout>("GaussianDropout"),
      kind<GaussianNoiseOptions, GaussianNoise>("GaussianNoise"),
      kind<GlobalPooling1DOptions, GlobalAveragePooling1D>("GlobalAveragePooling1D"),
      kind<GlobalPooling1DOptions, GlobalMaxPooling1D>("GlobalMaxPooling1D"),
      kind<GroupNormalizationOptions, GroupNormalization>("GroupNormalization"),
      kind<GroupQueryAttentionOptions, GroupQueryAttention>("GroupQueryAttention"),
      kind<IdentityOptions, Identity>("Identity"),
      kind<InputOptions, Input>("InputLayer"),
      own_kind<LRUOptions, LRU>("LRU"),
      kind<LSTMOptions, LSTM>("LSTM"),
      kind<LSTMOptions, LSTMCell>("LSTMCell"),
      kind<LayerNormalizationOptions, LayerNormalization>("LayerNormalization"),
      kind<LeakyReLUOptions, LeakyReLU>("LeakyReLU"),
      own_kind<MLSTMOptions, MLSTM>("MLSTM"),
      kind<MaskingOptions, Masking>("Masking"),
      kind<Pooling1DOptions, MaxPooling1D>("MaxPooling1D"),
      kind<MergeOptions, Maximum>("Maximum"),
      own_kind<MinGRUOptions, MinGRU>("MinGRU"),
      own_kind<MinLSTMOptions, MinLSTM>("MinLSTM"),
      kind<MergeOptions, Minimum>("Minimum"),
      kind<MultiHeadAttentionOptions, MultiHeadAttention>("MultiHeadAttention"),
      kind<MergeOptions, Multiply>("Multiply"),
      kind<NormalizationOptions, Normalization>("Normalization"),
      kind<PReLUOptions, PReLU>("PReLU"),
      kind<PermuteOptions, Permute>("Permute"),
      own_kind<RGLRUOptions, RGLRU>("RGLRU"),
      kind<RMSNormalizationOptions, RMSNormalization>("RMSNormalization"),
      kind<RNNOptions, RNN>("RNN"),
      kind<ReLUOptions, ReLU>("ReLU"),
      kind<RepeatVectorOptions, RepeatVector>("RepeatVector"),
      kind<RescalingOptions, Rescaling>("Rescaling"),
      kind<ReshapeOptions, Reshape>("Reshape"),
      kind<ReversibleEmbeddingOptions, ReversibleEmbedding>("ReversibleEmbedding"),
      own_kind<SLSTMOptions, SLSTM>("SLSTM"),
      kind<SeparableConv1DOptions, SeparableConv1D>("SeparableConv1D"),
      kind<SimpleRNNOptions, SimpleRNN>("SimpleRNN"),
      kind<SimpleRNNOptions, SimpleRNNCell>("SimpleRNNCell"),
      kind<SoftmaxOptions, Softmax>("Softmax"),
      kind<SpatialDropout1DOptions, SpatialDropout1D>("SpatialDropout1D"),
      kind<StackedRNNCellsOptions, StackedRNNCells>("StackedRNNCells"),
      kind<MergeOptions, Subtract>("Subtract"),
      kind<TextVectorizationOptions, TextVectorization>("TextVectorization"),
      kind<TimeDistributedOptions, TimeDistributed>("TimeDistributed"),
      kind<UnitNormalizationOptions, UnitNormalization>("UnitNormalization"),
      kind<UpSampling1DOptions, UpSampling1D>("UpSampling1D"),
      kind<ZeroPadding1DOptions, ZeroPadding1D>("ZeroPadding1D"),
  };
  return kinds;
}

const LayerKind* find_layer_kind(std::string_view class_name) {
  const std::span<const LayerKind> kinds = layer_catalog();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const LayerKind& kind) {
    return kind.class_name == class_name;
  });
  return found == kinds.end() ? nullptr : &*found;
}

LayerPtr make_layer(std::string_view class_name) {
  if (const LayerKind* kind = find_layer_kind(class_name)) return kind->make();
  std::vector<std::string_view> names;
  for (const LayerKind& kind : layer_catalog()) names.push_back(kind.class_name);
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
