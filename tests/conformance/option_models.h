// A small compiled model for each option of each class away from its default: what Keras is shown
// (scripts/test-with-keras), and what this suite saves and loads. Made from the catalogs, so that a
// class that is added to one is among them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/model/model.h"

namespace chronicler::test {

// Compiled, its weights as good as random, with data to run, to judge and to train it on.
struct MadeModel {
  std::unique_ptr<Model> model;
  std::vector<Tensor> x;
  std::vector<Tensor> y;
  Tensor weight = {};  // of the samples; empty: all count alike
  std::int64_t batch_size = 0;
  int epochs = 3;
};

struct OptionModel {
  std::string kind;        // "layers", "losses", ...
  std::string class_name;  // "LSTM"
  std::string option;      // "dropout=0.3"; "defaults"
  std::string variant;     // of the model around it; mostly empty
  std::function<MadeModel()> make;
  bool random = false;   // training draws random numbers: what it makes of the weights is open;
                         // or takes other steps in Keras
  std::string own = {};  // the option that Keras does not have

  std::string title_in_class() const;  // "dropout=0.3"
  std::string title() const;           // "LSTM.dropout=0.3", unique within the kind
  std::string file_name() const;       // letters, digits, "_", "-", "." and "=" only
};

std::vector<std::string_view> option_kinds();
std::vector<OptionModel> option_models(std::string_view kind);
// The names of all options of a class.
std::vector<std::string> option_names(std::string_view kind, std::string_view class_name);

}  // namespace chronicler::test
