// All layers.
#pragma once

#include "chronicler/layers/activation.h"            // IWYU pragma: export
#include "chronicler/layers/activations.h"           // IWYU pragma: export
#include "chronicler/layers/attention.h"             // IWYU pragma: export
#include "chronicler/layers/batch_normalization.h"   // IWYU pragma: export
#include "chronicler/layers/bidirectional.h"         // IWYU pragma: export
#include "chronicler/layers/catalog.h"               // IWYU pragma: export
#include "chronicler/layers/conv1d.h"                // IWYU pragma: export
#include "chronicler/layers/conv1d_transpose.h"      // IWYU pragma: export
#include "chronicler/layers/conv_lstm1d.h"           // IWYU pragma: export
#include "chronicler/layers/dense.h"                 // IWYU pragma: export
#include "chronicler/layers/dropout.h"               // IWYU pragma: export
#include "chronicler/layers/embedding.h"             // IWYU pragma: export
#include "chronicler/layers/flatten.h"               // IWYU pragma: export
#include "chronicler/layers/group_normalization.h"   // IWYU pragma: export
#include "chronicler/layers/gru.h"                   // IWYU pragma: export
#include "chronicler/layers/identity.h"              // IWYU pragma: export
#include "chronicler/layers/input.h"                 // IWYU pragma: export
#include "chronicler/layers/layer_normalization.h"   // IWYU pragma: export
#include "chronicler/layers/lstm.h"                  // IWYU pragma: export
#include "chronicler/layers/masking.h"               // IWYU pragma: export
#include "chronicler/layers/merge.h"                 // IWYU pragma: export
#include "chronicler/layers/multi_head_attention.h"  // IWYU pragma: export
#include "chronicler/layers/noise.h"                 // IWYU pragma: export
#include "chronicler/layers/operation.h"             // IWYU pragma: export
#include "chronicler/layers/pooling.h"               // IWYU pragma: export
#include "chronicler/layers/reshape.h"               // IWYU pragma: export
#include "chronicler/layers/reversible_embedding.h"  // IWYU pragma: export
#include "chronicler/layers/rnn.h"                   // IWYU pragma: export
#include "chronicler/layers/scaling.h"               // IWYU pragma: export
#include "chronicler/layers/sequence_length.h"       // IWYU pragma: export
#include "chronicler/layers/simple_rnn.h"            // IWYU pragma: export
#include "chronicler/layers/symbol.h"                // IWYU pragma: export
#include "chronicler/layers/time_distributed.h"      // IWYU pragma: export
#include "chronicler/layers/unit_normalization.h"    // IWYU pragma: export
