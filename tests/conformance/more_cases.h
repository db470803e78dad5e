// The cases of layers that are no recurrent ones, by family; cases.cc puts all together.
#pragma once

#include "conformance/cases.h"

namespace chronicler::test {

void add_normalization(std::vector<LayerCase>& cases);
void add_conv_lstm1d(std::vector<LayerCase>& cases);
void add_convolution(std::vector<LayerCase>& cases);
void add_scan_layers(std::vector<LayerCase>& cases);
void add_separable_convolution(std::vector<LayerCase>& cases);
void add_einsum_dense(std::vector<LayerCase>& cases);
void add_group_query_attention(std::vector<LayerCase>& cases);
void add_pooling(std::vector<LayerCase>& cases);
void add_attention(std::vector<LayerCase>& cases);
void add_merging(std::vector<LayerCase>& cases);
void add_other_normalizations(std::vector<LayerCase>& cases);
void add_passing_layers(std::vector<LayerCase>& cases);
void add_small_layers(std::vector<LayerCase>& cases);
void add_text_layers(std::vector<LayerCase>& cases);

}  // namespace chronicler::test
