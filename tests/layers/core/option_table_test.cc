// The tables of the layers' options: complete, in the order of the struct, and written for a
// reader.
#include "layers/core/option_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/catalog.h"
#include "chronicler/layers/layers.h"
#include "layers/core/shown_default.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using namespace layers;

// function.operator()<Options>() for every struct of options that has an input_shape, and for the
// others.
template <class Function>
void for_each_with_shape(const Function& function) {
  const auto each = [&]<class... Options>() { (function.template operator()<Options>(), ...); };
  each.template operator()<
      ActivationOptions, ActivityRegularizationOptions, AlphaDropoutOptions,
      AdaptivePooling1DOptions, DepthwiseConv1DOptions, EinsumDenseOptions,
      GroupQueryAttentionOptions, SeparableConv1DOptions, GroupNormalizationOptions,
      IdentityOptions, RMSNormalizationOptions, UnitNormalizationOptions, AdditiveAttentionOptions,
      AttentionOptions, BatchNormalizationOptions, BidirectionalOptions, ConcatenateOptions,
      Conv1DOptions, Conv1DTransposeOptions, ConvLSTM1DOptions, Cropping1DOptions, DenseOptions,
      DotOptions, DropoutOptions, ELUOptions, EmbeddingOptions, FlattenOptions, GRUOptions,
      GaussianDropoutOptions, GaussianNoiseOptions, GlobalPooling1DOptions, LSTMOptions,
      LayerNormalizationOptions, LeakyReLUOptions, MaskingOptions, MergeOptions,
      MultiHeadAttentionOptions, NormalizationOptions, PReLUOptions, PermuteOptions,
      Pooling1DOptions, RNNOptions, ReLUOptions, RepeatVectorOptions, RescalingOptions,
      ReshapeOptions, ReversibleEmbeddingOptions, MLSTMOptions, SLSTMOptions, SimpleRNNOptions,
      SoftmaxOptions, SpatialDropout1DOptions, MinGRUOptions, MinLSTMOptions, RGLRUOptions,
      LRUOptions, TimeDistributedOptions, UpSampling1DOptions, ZeroPadding1DOptions>();
}
template <class Function>
void for_each_options(const Function& function) {
  for_each_with_shape(function);
  function.template operator()<CellOptions>();
  function.template operator()<InputOptions>();
  function.template operator()<StackedRNNCellsOptions>();
  function.template operator()<TextVectorizationOptions>();
}

std::vector<std::string> names_of(const FieldTable& table) {
  std::vector<std::string> names;
  for (const FieldRow& row : table.rows) names.push_back(row.name);
  return names;
}

TEST(OptionTable, EveryKindOfLayerIsTriedHere) {
  std::vector<std::vector<std::string>> tried;
  for_each_options([&]<class Options>() { tried.push_back(names_of(field_table<Options>())); });
  for (const LayerKind& kind : layer_catalog()) {
    EXPECT_NE(std::find(tried.begin(), tried.end(), names_of(kind.fields())), tried.end())
        << kind.class_name << ": add its options to for_each_options";
  }
}

// Each member has a row, and rows come in the order of the members.
TEST(OptionTable, HasEveryMemberOnce) {
  for_each_options([]<class Options>() {
    const Options options{};
    const void* before = nullptr;
    std::size_t rows = 0;
    for_each_field(options, [&](const FieldInfo& field, const auto& value) {
      EXPECT_LT(before, static_cast<const void*>(&value)) << field.name;
      before = &value;
      ++rows;
    });
    EXPECT_EQ(rows, member_count<Options>()) << names_of(field_table<Options>()).front();
  });
}

TEST(OptionTable, SentencesAreShortAndPlain) {
  for (const LayerKind& kind : layer_catalog()) {
    for (const FieldRow& row : kind.fields().rows) {
      EXPECT_FALSE(row.sentence.empty()) << kind.class_name << ": " << row.name;
      EXPECT_FALSE(row.sentence.ends_with('.')) << kind.class_name << ": " << row.name;
      EXPECT_LE(row.sentence.size(), 120) << kind.class_name << ": " << row.name;
      EXPECT_EQ(row.sentence.find('|'), std::string::npos) << "would split a table's row";
      EXPECT_EQ(row.notes.is_required, row.default_text.empty())
          << kind.class_name << ": " << row.name;
    }
  }
}

TEST(OptionTable, EveryLayerTakesItsInputShapeInBraces) {
  for_each_with_shape([]<class Options>() {
    const Options options{.input_shape = {None, 8}};
    EXPECT_EQ(options.input_shape->to_string(), (Shape{None, 8}).to_string());
  });
}

// The values just outside of a range, in every layer that has one.
TEST(OptionTable, EveryRangeIsChecked) {
  int checked = 0;
  for_each_options([&]<class Options>() {
    Options::fields([&](std::string_view name, auto member, const FieldRange& range,
                        std::string_view /*sentence*/, const FieldNotes& /*notes*/ = {}) {
      const auto refused = [&](auto value) {
        Options options{};
        options.*member = value;
        const auto layer = [] { return std::string("Layer"); };
        const std::string message = test::error_of([&] {
          check_fields_or(options, [&](const FieldInfo& field, const std::string& text) {
            if (field.name == name) refuse_option(layer(), field, text);
          });
        });
        EXPECT_TRUE(message.starts_with("Layer: ")) << name << ": " << message;
        EXPECT_NE(message.find(name), std::string::npos) << message;
        ++checked;
      };
      using Member = std::decay_t<decltype(std::declval<Options>().*member)>;
      if constexpr (std::is_same_v<Member, std::string>) {
        if (!range.words.empty()) refused("no such word");
      } else if constexpr (std::is_same_v<Member, std::int64_t> ||
                           std::is_same_v<Member, std::optional<std::int64_t>>) {
        if (range.least) refused(static_cast<std::int64_t>(*range.least) - 1);
        if (range.most) refused(static_cast<std::int64_t>(*range.most) + 1);
      } else if constexpr (std::is_same_v<Member, double> ||
                           std::is_same_v<Member, std::optional<double>>) {
        if (range.least) refused(*range.least - 1e-3);
        if (range.most) refused(range.most_is_out ? *range.most : *range.most + 1e-3);
        if (range.least || range.most) refused(std::numeric_limits<double>::quiet_NaN());
      } else if constexpr (std::is_same_v<Member, std::vector<std::int64_t>>) {
        if (range.longest < 3) refused(Member{1, 1, 1});
        if (range.least) refused(Member{static_cast<std::int64_t>(*range.least) - 1});
      }
    });
  });
  EXPECT_GT(checked, 100);
}

TEST(OptionTable, AFactoryNamesTheLayerAndTheRange) {
  EXPECT_EQ(test::error_of([] {
              Conv1D({.filters = 2, .kernel_size = {3, 3}, .name = "c"});
            }),
            "Conv1D \"c\": kernel_size must be one number, at least 1, got 3, 3");
  EXPECT_EQ(test::error_of([] {
              Conv1D({.filters = 2, .kernel_size = {3}, .padding = "causla", .name = "c"});
            }),
            "Conv1D \"c\": unknown padding \"causla\": did you mean \"causal\"?");
  EXPECT_EQ(test::error_of([] { Dense({.units = 2, .name = "d", .batch_size = 0}); }),
            "Dense \"d\": batch_size must be at least 1, got 0");
}

}  // namespace
}  // namespace chronicler
