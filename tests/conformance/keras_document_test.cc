// docs/keras.md is made here, from the catalogs: when it is out of date, this fails, and
//
//   CHRONICLER_WRITE_DOCS=1 chronicler_tests_conformance --gtest_filter='KerasDocument*'
//
// writes it anew.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/layers/catalog.h"
#include "chronicler/layers/operation.h"
#include "chronicler/training/loss.h"
#include "chronicler/training/metric.h"
#include "chronicler/training/optimizers.h"
#include "chronicler/training/schedules.h"
#include "conformance/cases.h"
#include "conformance/keras_differences.h"
#include "kernels/activation.h"
#include "layers/core/described.h"
#include "support/source_dir.h"
#include "training/callbacks/callback_catalog.h"
#include "training/losses/loss_catalog.h"
#include "training/metrics/metric_catalog.h"
#include "training/optimizers/optimizer_catalog.h"
#include "training/optimizers/schedule_catalog.h"

namespace chronicler::test {
namespace {

struct Missing {
  std::string_view what;
  std::string_view why;
};
constexpr Missing missing[] = {
    {"2-D and 3-D layers, image and audio preprocessing, ConvLSTM2D/3D", "this is about sequences"},
    {"`Lambda` and layers of one's own in files", "loading runs no code of the file"},
    {"mixed precision, quantization, distribution, `LossScaleOptimizer`",
     "float32 on one processor; `loss_scale_factor` is kept in files"},
    {"`RemoteMonitor`",
     "an HTTP client, and a server's trouble, in the middle of training: `LambdaCallback` sends an "
     "epoch's logs with whatever client your program has; `CSVLogger` and `TensorBoard` write "
     "files that a monitor can follow"},
    {"`OrbaxCheckpoint`", "a format of JAX's: use `ModelCheckpoint`"},
    {"histograms, graphs and images in `TensorBoard`", "scalars are written"},
};

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names)
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
  return text;
}

std::vector<std::string_view> names_of(std::span<const DescribedClass> classes) {
  std::vector<std::string_view> names;
  for (const DescribedClass& one : classes) names.push_back(one.class_name);
  return names;
}

std::string row_of(const FieldRow& row) {
  const std::string value =
      row.notes.is_required ? "required" : fmt::format("`{}`", row.default_text);
  return fmt::format("| `{}` | {} | {} | {}{} |\n", row.name,
                     row.notes.default_text.empty() ? value : row.default_text, row.range,
                     row.sentence,
                     row.notes.is_extra ? "; in files only where it is not the default" : "");
}

constexpr std::string_view options_head =
    "| option | default | range | what it is |\n|---|---|---|---|\n";

// The options that all layers have.
std::string shared_options_table() {
  std::string text(options_head);
  for (const FieldRow& row : layer_catalog().front().fields().rows) {
    if (row.notes.is_shared) text += row_of(row);
  }
  return text;
}

std::string own_options_rows(const LayerKind& kind) {
  std::string text;
  for (const FieldRow& row : kind.fields().rows) {
    if (!row.notes.is_shared) text += row_of(row);
  }
  return text;
}

// One table for all classes that have the same options.
std::string options_tables() {
  std::vector<std::pair<std::string, std::vector<std::string_view>>> tables;
  for (const LayerKind& kind : layer_catalog()) {
    const std::string rows = own_options_rows(kind);
    const auto known = std::find_if(tables.begin(), tables.end(),
                                    [&](const auto& table) { return table.first == rows; });
    if (known == tables.end()) {
      tables.push_back({rows, {kind.class_name}});
    } else {
      known->second.push_back(kind.class_name);
    }
  }
  std::string text;
  for (const auto& [rows, classes] : tables) {
    text += fmt::format("### {}\n\n", joined(classes));
    text +=
        rows.empty() ? "No options of their own.\n\n" : fmt::format("{}{}\n", options_head, rows);
  }
  return text;
}

std::string notes_of(std::string_view kind, std::string_view class_name) {
  std::string text;
  for (const KeptDifference& kept : kept_differences()) {
    if (kept.kind != kind || kept.class_name != class_name) continue;
    text += fmt::format("{}{}", text.empty() ? "" : "; ", kept.note);
  }
  return text;
}

std::string layers_table() {
  std::string text = "| layer | what differs |\n|---|---|\n";
  for (const LayerKind& kind : layer_catalog()) {
    const std::string notes = notes_of("layers", kind.class_name);
    const char* own = kind.package.empty() ? "" : notes.empty() ? "not in Keras" : "not in Keras; ";
    text += fmt::format("| `{}` | {}{} |\n", kind.class_name, own, notes);
  }
  return text;
}

// The differences of whatever is no layer, and those of all layers.
std::string other_differences() {
  std::string text = "| where | what differs |\n|---|---|\n";
  for (const KeptDifference& kept : kept_differences()) {
    if (kept.kind == "layers" && kept.class_name != "*") continue;
    const std::string where = kept.class_name == "*" ? fmt::format("{}", kept.kind)
                                                     : fmt::format("`{}`", kept.class_name);
    text += fmt::format("| {} | {} |\n", where, kept.note);
  }
  return text;
}

std::vector<std::string_view> callback_names() {
  std::vector<std::string_view> names;
  for (const CallbackKind& kind : callback_catalog()) {
    if (kind.is_of_keras) names.push_back(kind.class_name);
  }
  return names;
}

// ---- options of what trains, from the tables of fields

struct ClassFields {
  std::string_view class_name;
  FieldTable table;
};

template <class Kind>
std::vector<ClassFields> fields_of_all(std::span<const Kind> catalog) {
  std::vector<ClassFields> classes;
  for (const Kind& kind : catalog) {
    if constexpr (requires { kind.fields == nullptr; }) {
      if (kind.fields == nullptr) continue;
    }
    classes.push_back({kind.class_name, kind.fields()});
  }
  return classes;
}

// The row of this name, if it says the same; null otherwise.
const FieldRow* find_same(const FieldTable& table, const FieldRow& row) {
  const auto found = std::find_if(table.rows.begin(), table.rows.end(), [&](const FieldRow& other) {
    return other.name == row.name && other.range == row.range && other.sentence == row.sentence;
  });
  return found == table.rows.end() ? nullptr : &*found;
}

bool is_in_all(const std::vector<ClassFields>& classes, const FieldRow& row) {
  return std::all_of(classes.begin(), classes.end(),
                     [&](const ClassFields& one) { return find_same(one.table, row) != nullptr; });
}

std::string row_text(std::string_view class_name, const FieldRow& row) {
  const std::string where = class_name.empty() ? "" : fmt::format("`{}`", class_name);
  const std::string value = row.notes.is_required      ? "required"
                            : row.default_text.empty() ? ""
                                                       : fmt::format("`{}`", row.default_text);
  return fmt::format("| {} | `{}` | {} | {} | {} |\n", where, row.name, value, row.range,
                     row.sentence);
}

// What all classes have comes first, once.
std::string options_table(std::string_view word, const std::vector<ClassFields>& classes) {
  std::string text =
      fmt::format("| {} | option | default | range | what it is |\n|---|---|---|---|---|\n", word);
  for (FieldRow row : classes.front().table.rows) {
    if (classes.size() == 1 || !is_in_all(classes, row)) continue;
    for (const ClassFields& one : classes) {
      const FieldRow& own = *find_same(one.table, row);
      if (own.default_text != row.default_text) row.default_text.clear();
    }
    text += row_text("", row);
  }
  for (const ClassFields& one : classes) {
    std::string_view class_name = one.class_name;
    for (const FieldRow& row : one.table.rows) {
      if (classes.size() > 1 && is_in_all(classes, row)) continue;
      text += row_text(class_name, row);
      class_name = "";
    }
  }
  return text;
}

std::string all_options_tables() {
  std::string text;
  for (const auto& [title, word, classes] :
       {std::tuple{"Losses", "loss", fields_of_all(loss_catalog())},
        std::tuple{"Metrics", "metric", fields_of_all(metric_catalog())},
        std::tuple{"Optimizers", "optimizer", fields_of_all(optimizer_catalog())},
        std::tuple{"Learning-rate schedules", "schedule", fields_of_all(schedule_catalog())},
        std::tuple{"Callbacks", "callback", fields_of_all(callback_catalog())},
        std::tuple{"Initializers", "initializer", fields_of_all(initializer_classes())},
        std::tuple{"Regularizers", "regularizer", fields_of_all(regularizer_classes())},
        std::tuple{"Constraints", "constraint", fields_of_all(constraint_classes())}}) {
    text += fmt::format("\n### {}\n\n{}", title, options_table(word, classes));
  }
  return text;
}

std::string document() {
  std::string text = R"(# What is Keras's, and what is not

Made from the catalogs by `tests/conformance/keras_document_test.cc`, which fails when this page is out of date and says how
to write it anew. "As in Keras" is Keras 3.15.1 on TensorFlow, held to its own numbers by tests; an option, a name or a
class that is not here is an error that lists the nearest ones, never skipped.

## Layers

)";
  text += layers_table();
  text +=
      fmt::format(R"(
Operations that Keras keeps as nodes of a Functional model's graph: {}.

No gradient flows through whole numbers and truth values, and the batch stays the first axis.

The activation `sparsemax` gives rows that sum to 1 (Martins and Astudillo 2016); Keras's counts the support wrongly, and its
rows do not.

A model inside a model shows the masks of its inner layers, as in Keras. `MultiHeadAttention` takes the mask off the tensors
that it is called on, as in Keras 3.15: what runs later, and a loss, sees none there, but for calls into which Keras writes
the mask when it builds the graph. (Masks of a batch's padding, which Keras does not have, stay.) Where it has as many heads
as there are steps, all of size 1, Keras adds biases along the steps: so does Chronicler. `initial_state` hides the mask that comes along
with a sequence, as Keras does since version 3 (give `mask` as well).

## Options of the layers

In the order of Keras's constructors. Of a range both ends are in it, unless it says otherwise. All layers have:

{}
A cell has none of the options of its loop (`return_sequences` to `zero_output_for_mask`), and no `activity_regularizer`.

{}## Training

| | as in Keras | besides |
|---|---|---|
| optimizers | {} | |
| schedules | {} | |
| losses | {} | CTC takes `blank` and lengths from masks |
| metrics | {} | the last one, and BLEU, WER, CER, sMAPE, MASE as functions |
| initializers | {} | |
| regularizers | {} | |
| constraints | {} | |
| activations | {}, `glu`, `threshold` | |
| callbacks | {}; `History` is what fit returns, `ProgbarLogger` its `verbose` | BackupAndRestore goes on at any batch, to the same bits |

| where training differs | why |
|---|---|
| weights of samples (B) and of classes also work for outputs of steps (B, T) | Keras fails there, or broadcasts along the wrong axis |
| a mask of steps is of all that a step's output has, whatever its axes: (B, T, F, C) | Keras's losses and metrics fail there |
| `RMSprop`, `Adagrad` and `Nadam` of files of Keras 2.10 and before keep their equations, in `.chronicler` too; in `.keras` they become today's | Keras 3 knows no others |
| `Nadam` of files of Keras 2.11 to 2.15 goes on with the product of its steps | Keras multiplies it once for each weight, and does not save it |
| random numbers are counted, not drawn in turn | the same bits for any number of threads; not the bits of TensorFlow |
| the gradient of an `Embedding` is a list of rows, one for each use of an id, on which clipping and squares work before they are added, as in Keras on TensorFlow | Keras on JAX and PyTorch adds them up first |
| cross-entropy looks behind a last softmax or sigmoid as Keras on TensorFlow does, but not behind that of an unrolled `SimpleRNN` | the fused kernels keep no sums before the activation; there it is clipped |
| the names `crossentropy`, `ce`, `huber_loss`, `logcosh`, `kld` and `fbeta_score` are read; files hold what Keras reads | earlier versions of Keras had them |
| where a loss is NaN or infinite `fit` goes on, as Keras's does, and `History::not_finite` says at which batch and in which layer; the program stops there with status 1 | nothing that follows is a number |

## Options of what trains

In the order of Keras's arguments. A row without a class stands for all of its kind; one without a default has its own in
each. `none` is Python's `None`.
{}
## What differs on purpose

`./scripts/test-with-keras` shows real Keras every option of every class, in files that Chronicler has written, and takes
these differences and no others.

{}
## Files

| file | read | written | note |
|---|---|---|---|
| `.keras` of Keras 2.13 to 3.15 | yes | yes; Keras 3.4 to 3.15 read it (3.0 to 3.3 know Orthogonal, the default of recurrent kernels, by another name) | optimizer's state; under `assets/chronicler/`: `model.assets()`, carried states, seeds of dropout |
| `.keras` of Keras 3.0 to 3.3 in which masks meet in `Add`, `Concatenate`, `Multiply` and their kin | yes | | with the masks, as Keras 3.15 reads it; those versions lost them there (one of their outputs differed by 0.97) |
| a `Concatenate` called `concatenate` or `concatenate_1` in a model with masks | yes | as `layer_concatenate`; not where it is an output and nothing else | Keras 3.15 makes an operation of that name where it joins masks, and then refuses the file |
| metrics by name in an `.h5` file (`"mae"`) | yes | | by their classes, as Keras 3 reads them: results are called `mean_absolute_error` |
| `.weights.h5` of Keras 2.12 to 3.15 | weights | weights | into a model of the same layers: `load_weights`, `chronicler convert --like` |
| `.h5` of `save_weights` of Keras 1 and 2 | weights | no | by the order of the layers, as in Keras |
| `model.to_json()` of Keras 1 to 3 | architecture | no | `chronicler convert WEIGHTS OUT.keras --architecture FILE.json` |
| `.h5`, `.hdf5` of Keras 1 to 3 | yes | no | `hard_sigmoid` of Keras 1 and 2 is `hard_sigmoid_keras2`, which `.keras` files have as that of Keras 3 with scaled weights, and a new optimizer; where no weights lead to it, such a model is for `.chronicler` alone. CuDNNLSTM and CuDNNGRU, and the gates of Keras 1, become the plain layers; then the optimizer starts anew |
| `.safetensors` | weights | weights | by Keras's paths, or by PyTorch's names; read also from several files by their `model.safetensors.index.json` |
| `.chronicler` | yes | yes | all of the above in one safetensors file |

A file is what its first bytes say, whatever it is called. A model of a small type (`float16`, `mixed_bfloat16`) is computed in
float32, and loading says so. Keras 2 applied the mask of a sequence also where states are given: of its files the mask
becomes a part of the graph. Several inputs with masks are joined as Keras 3.15 joins them, which Keras 2 to 3.13 did otherwise.

## Missing

| what | why |
|---|---|
)",
                  joined(layers::operation_names()), shared_options_table(), options_tables(),
                  joined(optimizers::class_names()), joined(schedules::class_names()),
                  joined(losses::class_names()), joined(metrics::class_names()),
                  joined(names_of(initializer_classes())), joined(names_of(regularizer_classes())),
                  joined(names_of(constraint_classes())),
                  joined({kernels::activation_names().begin(), kernels::activation_names().end()}),
                  joined(callback_names()), all_options_tables(), other_differences());
  for (const Missing& row : missing) text += fmt::format("| {} | {} |\n", row.what, row.why);
  return text;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Callbacks have members besides, which are functions or lists.
TEST(KerasDocument, FieldsListEveryMember) {
  for (const auto& classes :
       {fields_of_all(loss_catalog()), fields_of_all(metric_catalog()),
        fields_of_all(optimizer_catalog()), fields_of_all(schedule_catalog())}) {
    for (const ClassFields& one : classes)
      EXPECT_EQ(one.table.rows.size(), one.table.members) << one.class_name;
  }
  for (const ClassFields& one : fields_of_all(callback_catalog())) {
    const bool has_others = one.class_name == "Report" || one.class_name == "BackupAndRestore";
    EXPECT_EQ(one.table.rows.size() + (has_others ? 1 : 0), one.table.members) << one.class_name;
  }
}

TEST(KerasDocument, IsUpToDate) {
  const std::string path = (source_dir() / "docs/keras.md").string();
  if (std::getenv("CHRONICLER_WRITE_DOCS") != nullptr) write_file_atomically(path, document());
  EXPECT_TRUE(read(path) == document())
      << "docs/keras.md is out of date: run this test with CHRONICLER_WRITE_DOCS=1";
}

}  // namespace
}  // namespace chronicler::test
