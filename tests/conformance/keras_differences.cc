#include "conformance/keras_differences.h"

#include <algorithm>
#include <array>
#include <string>

namespace chronicler::test {
namespace {

// "models" also has options of Keras's classes that Chronicler's do not have.
constexpr std::array differences{
    KeptDifference{
        "layers", "Activation",
        "`glu` gives half of the last axis, as it does in Keras, where the declared shape does not "
        "say so; `threshold` has its settings as options, which Keras has no way to store"},
    KeptDifference{
        "layers", "*",
        "`sparsemax` adds up to 1 in every row; Keras's does not where a row's numbers lie "
        "apart",
        "*activation=sparsemax"},
    KeptDifference{"layers", "*",
                   "`hard_sigmoid_keras2`, that of Keras 1 and 2, is nothing that Keras 3 knows: a "
                   "`.keras` file has `hard_sigmoid` with scaled weights instead, from which Keras "
                   "trains in other steps; where no weights lead to it, such a file is refused "
                   "(`.chronicler` takes it)",
                   "Activation.activation=hard_sigmoid_keras2 "
                   "ConvLSTM1D.activation=hard_sigmoid_keras2 "
                   "LSTM.activation=hard_sigmoid_keras2 LSTMCell.activation=hard_sigmoid_keras2",
                   "Chronicler: * uses the hard_sigmoid of Keras 2*"},
    KeptDifference{
        "layers", "*",
        "no `quantization_config`, no LoRA, no cuDNN: options of how to compute, not what",
        "lora_rank lora_alpha quantization_config gptq_unpacked_column_size use_cudnn "
        "flash_attention"},
    KeptDifference{"layers", "*",
                   "Keras stops with an error where a layer of float64 has an "
                   "`activity_regularizer` and the model's loss is of float32: here both types are "
                   "added",
                   "Activation.every_option ActivityRegularization.every_option "
                   "ActivityRegularization.dtype-1 Embedding.every_option "
                   "GroupQueryAttention.every_option "
                   "MultiHeadAttention.every_option ReversibleEmbedding.every_option "
                   "ReversibleEmbedding.every_option_reverse",
                   "Keras: InvalidArgumentError: cannot compute Pack *"},
    KeptDifference{"layers", "Attention",
                   "inputs are (batch, steps, features): of (batch, features) Keras makes an "
                   "attention of the rows of a batch to one another, here that is an error"},
    KeptDifference{"layers", "AdditiveAttention", "the same inputs as Attention"},
    KeptDifference{"layers", "BatchNormalization",
                   "no `renorm`, no `synchronized`: there is one machine",
                   "renorm renorm_clipping renorm_momentum synchronized"},
    KeptDifference{"layers", "Bidirectional",
                   "with `unroll`, `go_backwards` and `zero_output_for_mask` Keras applies the "
                   "mask unreversed, so that steps that count become zeros: not copied; `weights`, "
                   "which fill the layer when it is made, are set by `set_weights`",
                   "weights"},
    KeptDifference{"layers", "ConvLSTM1D",
                   "a file with `trainable` off stays frozen: Keras loads it and trains its "
                   "weights all the same",
                   "frozen trainable-1"},
    KeptDifference{"layers", "Embedding", "`weights` are set by `set_weights`", "weights"},
    KeptDifference{"layers", "ReversibleEmbedding", "`weights` are set by `set_weights`",
                   "weights"},
    KeptDifference{"layers", "InputLayer",
                   "no `sparse` or `ragged` inputs, none that are `optional` or made of a tensor: "
                   "`batch_shape` says the shape",
                   "shape batch_size sparse ragged optional input_tensor"},
    KeptDifference{"layers", "MultiHeadAttention",
                   "inputs are (batch, steps, features), so `attention_axes` is 1; "
                   "`flash_attention` chooses a way to compute the same. A file with `trainable` "
                   "off stays frozen: Keras loads it and trains its weights all the same. The "
                   "scores have no mask; in Keras that of the attention, on which a loss of them "
                   "fails unless it is the query's",
                   "trainable-1"},
    KeptDifference{"layers", "Rescaling",
                   "lists that would widen the input, or count its rows, are an error; Keras "
                   "repeats the input for them"},
    KeptDifference{"layers", "Add",
                   "Keras on TensorFlow, run eagerly, takes an input of (batch, 1, 1) for a bias "
                   "where the batch has as many rows as there are features, and adds one row's "
                   "number to another row: here every row is added to its own"},
    KeptDifference{
        "layers", "RNN",
        "with `unroll`, `go_backwards` and `zero_output_for_mask` Keras applies the mask "
        "unreversed, so that steps that count become zeros: not copied; `reset_states` also "
        "resets stacked cells: Keras's fails there"},
    KeptDifference{"layers", "DepthwiseConv1D",
                   "`padding` may be \"causal\", as in Keras 2; Keras 3 refuses it",
                   "causal padding-2", "Keras: TypeError: *could not be deserialized properly*"},
    KeptDifference{"layers", "SeparableConv1D",
                   "`padding` may be \"causal\", as in Keras 2; Keras 3 refuses it",
                   "causal padding-2", "Keras: TypeError: *could not be deserialized properly*"},
    KeptDifference{
        "layers", "EinsumDense",
        "the batch is the first axis of input and output; where weights have an extent of "
        "the input, `output_shape` may leave it open, which Keras refuses",
        "equation-1 turned bias_axes-2 bias_axes-3",
        "Keras: ValueError: Shapes used to initialize variables must be fully-defined*"},
    KeptDifference{
        "layers", "GroupQueryAttention",
        "a file with `trainable` off stays frozen: Keras loads it and trains its weights "
        "all the same",
        "trainable-1"},
    KeptDifference{"layers", "UnitNormalization",
                   "what is 0 passes no gradient; Keras's is NaN there, which then spoils the "
                   "whole training"},
    KeptDifference{
        "layers", "Softmax",
        "takes the mask of steps that comes along: Keras stops with an error, its mask must "
        "have the input's rank",
        "mask", "Keras: ValueError: *The `mask` must be broadcastable to `inputs`*"},
    KeptDifference{"layers", "GRU",
                   "`recurrent_dropout` of 1 is refused (Keras ignores it); with `unroll`, "
                   "`go_backwards` and `zero_output_for_mask` Keras applies the mask unreversed, "
                   "so that steps that count become zeros: not copied"},
    KeptDifference{
        "layers", "GlobalAveragePooling1D",
        "a row without a step that counts gives 0; Keras divides by 0 there and gives NaN, which "
        "then spoils the whole training",
        "mask_rows"},
    KeptDifference{
        "layers", "LSTM",
        "`recurrent_dropout` of 1 is refused (Keras ignores it); with `unroll`, `go_backwards` and "
        "`zero_output_for_mask` Keras applies the mask unreversed, so that steps that count become "
        "zeros: not copied. Options that Keras lacks, in files only where they are on, and then "
        "Keras refuses the file: `layer_normalization`, `peepholes`, `projection`, "
        "`zoneout_hidden`, `zoneout_cell`"},
    KeptDifference{"layers", "LSTMCell", "the same options as LSTM"},
    KeptDifference{"layers", "SimpleRNN",
                   "keeps `activity_regularizer`, which Keras drops, and `seed` of dropout; with "
                   "`unroll`, `go_backwards` and `zero_output_for_mask` Keras applies the mask "
                   "unreversed, so that steps that count become zeros: not copied",
                   "activity_regularizer-1 regularized"},
    KeptDifference{
        "layers", "TextVectorization",
        "texts come one in a row, as `text_tensor` makes them; no `ragged` or `sparse` results, no "
        "functions for `standardize` and `split` (a file holds only their names), no `one_hot`; "
        "the `encoding` is UTF-8. Without `split` an Input of shape () is as good as one of (1,): "
        "Keras counts over the whole batch there. A batch in which no text has a token is an error "
        "here, in Keras of "
        "the layers that follow. In an `.h5` file Keras loses a vocabulary that `adapt` has found. "
        "`adapted` says in files of Chronicler's own what Keras shows by where a vocabulary lies",
        "sparse ragged"},
    KeptDifference{"layers", "TimeDistributed",
                   "a BatchNormalization inside takes the mean of a training batch over all of its "
                   "steps and moves its averages once; Keras does both for each step by itself "
                   "(after a batch of 4 steps at momentum 0.9 a moving mean of 0.327, here 0.086). "
                   "Predictions are equal"},
    KeptDifference{
        "losses", "*",
        "`reduction` \"none\" is refused: training needs one number (Keras then learns from "
        "the sum)",
        "reduction=none reduction=none.sequences",
        "Chronicler: * with reduction \"none\" gives no one number*"},
    KeptDifference{"losses", "*", "`axis` is the last one", "axis=1 axis=1.sequences",
                   "Chronicler: axis of * must be -1, got *"},
    KeptDifference{"losses", "*", "`dtype` is the model's", "dtype"},
    KeptDifference{"losses", "CTC",
                   "lengths come from the mask (Keras fails on a mask), or all steps count "
                   "with `input_length` \"all\"; any class may be the `blank`"},
    KeptDifference{"losses", "Huber", "`delta` is in the files; Keras leaves it out of its own"},
    KeptDifference{"metrics", "*", "`axis` is the last one", "axis=1",
                   "Chronicler: axis of * must be -1, got *"},
    KeptDifference{"metrics", "Mean",
                   "compiled, is of the predictions: Keras loads such a file and stops with an "
                   "error at the first batch"},
    KeptDifference{"metrics", "Sum",
                   "compiled, is of the predictions: Keras loads such a file and stops with an "
                   "error at the first batch"},
    KeptDifference{"metrics", "F1Score",
                   "a metric that is a list shows its mean in logs; `Results::lists` has all"},
    KeptDifference{"metrics", "SparseTopKCategoricalAccuracy", "no `from_sorted_ids`",
                   "from_sorted_ids"},
    KeptDifference{
        "optimizers", "*",
        "`loss_scale_factor` with an Embedding: Keras stops with an error, here it changes "
        "nothing",
        "loss_scale_factor=64.0.ids", "Keras: TypeError: *'IndexedSlices' and 'float'*"},
    KeptDifference{
        "optimizers", "RMSprop",
        "`centered` with an Embedding whose ids repeat: Keras's variance turns negative and "
        "the training to NaN; here the sum of an id's gradients is squared",
        "centered=true.ids"},
    KeptDifference{"initializers", "*",
                   "no `input_axes`, no `output_axes`: null in every file that says them",
                   "input_axes output_axes"},
    KeptDifference{"initializers", "Identity",
                   "`gain` is in the files; Keras forgets it when it saves", "gain=0.75"},
    KeptDifference{"callbacks", "BackupAndRestore",
                   "goes on at the very batch; Keras, with `save_freq` in batches, begins an epoch "
                   "again that it had finished. One checkpoint is kept, written as a whole: no "
                   "`double_checkpoint`",
                   "backup_freq double_checkpoint"},
    KeptDifference{"callbacks", "TensorBoard",
                   "scalars alone: no histograms, graphs, images, embeddings, profiles",
                   "histogram_freq write_graph write_images write_steps_per_second profile_batch "
                   "embeddings_freq embeddings_metadata"},
    KeptDifference{"callbacks", "TensorBoard",
                   "with `update_freq` in batches every epoch has its point all the same; in Keras "
                   "only those whose last batch is one of these",
                   "board_freq"},
};

}  // namespace

std::span<const KeptDifference> kept_differences() { return differences; }

bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() &&
           is_like(text.substr(1), pattern.substr(1));
  }
  for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
    if (is_like(text.substr(skipped), pattern.substr(1))) return true;
  }
  return false;
}

const KeptDifference* kept_difference(std::string_view kind, std::string_view class_name,
                                      std::string_view model) {
  for (const KeptDifference& difference : differences) {
    if (difference.kind != kind) continue;
    if (difference.class_name != class_name && difference.class_name != "*") continue;
    const std::string title = std::string(class_name) + "." + std::string(model);
    std::string_view patterns = difference.models;
    while (!patterns.empty()) {
      const std::size_t end = std::min(patterns.find(' '), patterns.size());
      const std::string_view pattern = patterns.substr(0, end);
      if (is_like(model, pattern)) return &difference;
      if (difference.class_name == "*" && is_like(title, pattern)) return &difference;
      patterns.remove_prefix(std::min(end + 1, patterns.size()));
    }
  }
  return nullptr;
}

}  // namespace chronicler::test
