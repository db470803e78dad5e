// Connectionist temporal classification (Graves et al. 2006): labels whose places among the steps
// are not known. Labels are (B, S), logits (B, T, C). What follows a row's labels is the blank, or
// below 0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/training/loss.h"

namespace chronicler::losses {

struct CTCOptions {
  static constexpr std::string_view class_name = "CTC";
  std::int64_t blank = 0;
  std::string input_length = "mask";
  std::string reduction = "sum_over_batch_size";
  std::string name = "ctc";

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CTCOptions;
    visit("blank", &Options::blank, any_value(),
          "class that stands for no label; negative: counted from the last class",
          FieldNotes{.is_extra = true});
    visit("input_length", &Options::input_length, one_of({"mask", "all"}),
          "steps of a row that count: those that the mask leaves, or all",
          FieldNotes{.is_extra = true});
    visit_loss_fields<Options>(visit);
  }
};
LossPtr CTC(const CTCOptions& options = {});

}  // namespace chronicler::losses
