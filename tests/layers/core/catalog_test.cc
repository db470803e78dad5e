#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "layers/core/each_field.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

// The names of the fields in the order of the visit.
class NameList final : public EachField<NameList> {
 public:
  template <class Value>
  void take(std::string_view name, const Value& /*value*/) {
    if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) return;
    if (!names.empty()) names += ' ';
    names += name;
  }

  std::string names;
  std::span<const std::string_view> left_out;
};

std::string field_names(std::string_view class_name) {
  const LayerPtr layer = make_layer(class_name);
  NameList list;
  list.left_out = layer->own_fields();  // what Keras does not know
  visit_config(*layer, list);
  return list.names;
}

// A file may call any layer on anything: no tensor is an error of one sentence, never a crash.
TEST(Catalog, NoLayerIsBuiltOnNothing) {
  for (const LayerKind& kind : layer_catalog()) {
    const std::string told = test::error_of([&] { kind.make()->build({}); });
    EXPECT_NE(told.find("is called on nothing"), std::string::npos)
        << kind.class_name << ": " << told;
  }
}

TEST(Catalog, MakesEveryLayerItLists) {
  std::set<std::string_view> names;
  for (const LayerKind& kind : layer_catalog()) {
    EXPECT_TRUE(names.insert(kind.class_name).second) << kind.class_name << " is there twice";
    EXPECT_EQ(kind.make()->class_name(), kind.class_name);
    EXPECT_EQ(make_layer(kind.class_name)->class_name(), kind.class_name);
  }
  for (const char* name : {"SimpleRNN", "LSTM", "GRU", "InputLayer", "Dense", "Embedding",
                           "Masking", "Dropout", "Activation", "Flatten"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Catalog, AnUnknownClassIsRefusedWithTheNearest) {
  const std::string message = test::error_of([] { make_layer("LTSM"); });
  EXPECT_TRUE(message.starts_with("unknown layer \"LTSM\"")) << message;
  EXPECT_NE(message.find("LSTM"), std::string::npos) << message;
}

// The order in which Keras 3.15.1 writes a layer's config.
TEST(Catalog, FieldsAreKeras) {
  EXPECT_EQ(field_names("LSTM"),
            "name trainable dtype return_sequences return_state go_backwards stateful unroll "
            "zero_output_for_mask units activation recurrent_activation use_bias "
            "kernel_initializer recurrent_initializer bias_initializer unit_forget_bias "
            "kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer "
            "kernel_constraint recurrent_constraint bias_constraint dropout recurrent_dropout "
            "seed");
  EXPECT_EQ(field_names("GRU"),
            "name trainable dtype return_sequences return_state go_backwards stateful unroll "
            "zero_output_for_mask units activation recurrent_activation use_bias "
            "kernel_initializer recurrent_initializer bias_initializer kernel_regularizer "
            "recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint "
            "recurrent_constraint bias_constraint dropout recurrent_dropout reset_after seed");
  EXPECT_EQ(field_names("SimpleRNN"),
            "name trainable dtype return_sequences return_state go_backwards stateful unroll "
            "zero_output_for_mask units activation use_bias kernel_initializer "
            "recurrent_initializer bias_initializer kernel_regularizer recurrent_regularizer "
            "bias_regularizer activity_regularizer kernel_constraint recurrent_constraint "
            "bias_constraint dropout recurrent_dropout seed");
  EXPECT_EQ(field_names("Embedding"),
            "name trainable dtype input_dim output_dim embeddings_initializer "
            "embeddings_regularizer activity_regularizer embeddings_constraint mask_zero");
  EXPECT_EQ(field_names("ReversibleEmbedding"),
            "name trainable dtype input_dim output_dim embeddings_initializer "
            "embeddings_regularizer activity_regularizer embeddings_constraint mask_zero "
            "tie_weights reverse_dtype logit_soft_cap");
  EXPECT_EQ(field_names("Dense"),
            "name trainable dtype units activation use_bias kernel_initializer bias_initializer "
            "kernel_regularizer bias_regularizer activity_regularizer kernel_constraint "
            "bias_constraint");
  EXPECT_EQ(field_names("Masking"), "name trainable dtype mask_value");
  EXPECT_EQ(field_names("Dropout"), "name trainable dtype rate noise_shape seed");
  EXPECT_EQ(field_names("Flatten"), "name trainable dtype data_format");
}

}  // namespace
}  // namespace chronicler
