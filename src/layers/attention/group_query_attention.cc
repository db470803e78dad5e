#include "chronicler/layers/group_query_attention.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/attention/attention_of_heads.h"

namespace chronicler {
namespace {

class GroupQueryAttentionLayer final
    : public AttentionOfHeads<GroupQueryAttentionLayer, layers::GroupQueryAttentionOptions> {
 public:
  using AttentionOfHeads::AttentionOfHeads;

  std::string_view class_name() const override { return "GroupQueryAttention"; }
  // Its activity_regularizer is of the layer and of each projection: the output counts twice, as in
  // Keras.
  void validate() const override {
    AttentionOfHeads::validate();
    if (options_.num_query_heads % options_.num_key_value_heads == 0) return;
    throw Error(
        fmt::format("{}: num_query_heads must be a multiple of num_key_value_heads, got {} "
                    "and {}",
                    described(), options_.num_query_heads, options_.num_key_value_heads));
  }
  std::string weight_path(std::size_t index) const override {
    const std::string path = AttentionOfHeads::weight_path(index);
    return path.starts_with('_') ? path : "_" + path;
  }

 private:
  std::int64_t heads() const override { return options_.num_query_heads; }
  std::int64_t value_heads() const override { return options_.num_key_value_heads; }
  std::int64_t depth() const override { return options_.head_dim; }
  std::int64_t width() const override { return options_.head_dim; }
  std::int64_t output_size(const Shape& query_shape) const override { return query_shape[2]; }

  void build_weights(std::span<const Shape> inputs) override {
    check_shapes(inputs);
    if (inputs[0][2] != inputs[1][2]) {
      throw Error(fmt::format("{}: query and value must have as many features, got {} and {}",
                              described(), inputs[0].to_string(), inputs[1].to_string()));
    }
    AttentionOfHeads::build_weights(inputs);
  }
};

}  // namespace

LayerPtr layers::GroupQueryAttention(const GroupQueryAttentionOptions& options) {
  return make_valid<GroupQueryAttentionLayer>(options);
}

}  // namespace chronicler
