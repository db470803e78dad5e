// The rows that the tables of the layers have in common which run in parallel over the steps:
// MinGRU, MinLSTM, RGLRU and LRU.
#pragma once

#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

template <class Options, class Visitor>
void visit_scan_fields(Visitor& visit) {
  visit("dropout", &Options::dropout, share_below(1.0),
        "share of the inputs left out in training; one draw for all steps of a sequence");
  visit_seed_field<Options>(visit);
  const FieldNotes notes{.file_rank = -1};
  visit("return_sequences", &Options::return_sequences, any_value(),
        "the output of every step, not only of the last one", notes);
  visit("return_state", &Options::return_state, any_value(), "the final states are further outputs",
        notes);
  visit("go_backwards", &Options::go_backwards, any_value(),
        "from the last step to the first; the output stays in that order", notes);
  visit("stateful", &Options::stateful, any_value(),
        "row i of a batch goes on where row i of the batch before stopped", notes);
  visit_masked_output_field<Options>(visit);
}

}  // namespace chronicler::layers
