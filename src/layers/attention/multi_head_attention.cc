#include "chronicler/layers/multi_head_attention.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/attention/attention_of_heads.h"

namespace chronicler {
namespace {

class MultiHeadAttentionLayer final
    : public AttentionOfHeads<MultiHeadAttentionLayer, layers::MultiHeadAttentionOptions> {
 public:
  explicit MultiHeadAttentionLayer(const layers::MultiHeadAttentionOptions& options)
      : AttentionOfHeads(options) {
    name_axes();
  }

  std::string_view class_name() const override { return "MultiHeadAttention"; }

  // In Keras each projection has the activity_regularizer, the layer itself has none.
  const Regularizer& activity_regularizer() const override { return Layer::activity_regularizer(); }
  void fields(FieldVisitor& visitor) override {
    AttentionOfHeads::fields(visitor);
    name_axes();
  }
  void validate() const override {
    AttentionOfHeads::validate();
    const std::int64_t axis = options_.attention_axes[0];
    if (options_.attention_axes.size() == 1 && (axis == 1 || axis == -2)) return;
    throw Error(fmt::format("{}: attention_axes must be {{1}}, the steps", described()),
                "inputs are (batch, steps, features)");
  }

 private:
  // Not given, they are the steps, which files say.
  void name_axes() {
    if (options_.attention_axes.empty()) options_.attention_axes = {1};
  }
  std::int64_t heads() const override { return options_.num_heads; }
  std::int64_t value_heads() const override { return options_.num_heads; }
  std::int64_t depth() const override { return options_.key_dim; }
  std::int64_t width() const override { return options_.value_dim.value_or(options_.key_dim); }
  std::int64_t output_size(const Shape& query_shape) const override {
    return options_.output_shape.empty() ? query_shape[2] : options_.output_shape[0];
  }
};

}  // namespace

LayerPtr layers::MultiHeadAttention(const MultiHeadAttentionOptions& options) {
  return make_valid<MultiHeadAttentionLayer>(options);
}

}  // namespace chronicler
