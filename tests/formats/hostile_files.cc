#include "formats/hostile_files.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "formats/archive.h"
#include "formats/bytes.h"
#include "formats/hdf5/hdf5_reader.h"
#include "formats/hdf5/hdf5_writer.h"
#include "formats/keras/keras_file.h"
#include "formats/keras/legacy_file.h"
#include "formats/mutation.h"
#include "formats/safetensors/native_file.h"
#include "support/allocation_count.h"
#include "support/source_dir.h"

namespace chronicler::test {
namespace {

Sequential small_sequential() {
  return Sequential(
      {layers::Input(Shape{None, 3}), layers::LSTM({.units = 4, .return_sequences = true}),
       layers::Dropout({.rate = 0.25}), layers::GRU({.units = 2, .kernel_regularizer = "l2"}),
       layers::Dense({.units = 1, .activation = "sigmoid"})},
      "small");
}

// An encoder and a decoder: states as edges, two inputs.
Functional small_graph() {
  const Symbol source = Input({.shape = {None, 3}, .name = "source"});
  const Symbol target = Input({.shape = {None, 2}, .name = "target"});
  const Symbols encoded =
      layers::GRU({.units = 4, .return_state = true, .name = "encoder"})(source);
  const Symbol decoded = layers::GRU({.units = 4, .return_sequences = true, .name = "decoder"})(
      target, {.initial_state = encoded.from(1)});
  return Functional({source, target}, {layers::Dense({.units = 2, .name = "out"})(decoded)},
                    "translator");
}

// Two vocabularies, one of them with weights, as Keras keeps them: in files of the archive.
Sequential small_vocabulary(const char* output_mode) {
  const LayerPtr words = layers::TextVectorization({.output_mode = output_mode});
  layers::adapt(*words, std::vector<std::string>{"the cat the mat", "a dog", "the dog"});
  Sequential model({layers::Input({.dtype = "string"}), words}, "texts");
  if (output_mode == std::string("int"))
    model.add(layers::Embedding({.input_dim = 7, .output_dim = 2, .mask_zero = true}));
  model.add(layers::Dense({.units = 1}));
  return model;
}

// What loading one of these files, of some ten thousand bytes, may take from the heap in all: work
// and memory in proportion, told without a clock. What loops without taking any, ctest ends.
constexpr std::int64_t most_bytes = 1 << 20;
constexpr std::int64_t most_blocks = 10'000;

// A way to damage a file of one kind, and to load it: only this is counted.
struct Attack {
  std::string name;
  std::function<std::string(Mutator&)> damaged;
  void (*load)(const std::string& bytes);
};

void load_keras(const std::string& bytes) { make_model(read_keras(bytes)); }
void load_native(const std::string& bytes) { make_model(read_native(bytes)); }
void load_legacy(const std::string& bytes) { make_model(read_legacy(bytes)); }
void load_hdf5(const std::string& bytes) { read_hdf5(bytes); }
void load_array(const std::string& bytes) { read_npy(bytes); }

Attack on_bytes(std::string name, std::string file, void (*load)(const std::string&)) {
  return {std::move(name),
          [file = std::move(file)](Mutator& mutator) { return mutator.damaged(file); }, load};
}
// On the configuration in an archive.
Attack on_config(std::string name, const std::string& metadata, const std::string& config,
                 const std::string& weights) {
  return {std::move(name),
          [=](Mutator& mutator) {
            return write_archive({{"metadata.json", metadata},
                                  {"config.json", mutator.damaged_json(config)},
                                  {"model.weights.h5", weights}});
          },
          load_keras};
}

std::string member(const std::vector<ArchiveMember>& members, const std::string& name) {
  for (const ArchiveMember& one : members) {
    if (one.name == name) return one.bytes;
  }
  return {};
}

// The whole archive; its configuration; its weights.
void add_keras_attacks(const Model& model, std::vector<Attack>& attacks) {
  const std::string file = write_keras(describe_model(model));
  const auto members = read_archive(file, [](std::string_view) { return true; });
  const std::string config = member(members, "config.json");
  const std::string weights = member(members, "model.weights.h5");
  attacks.push_back(on_bytes("archive", file, load_keras));
  attacks.push_back(on_config("config.json", member(members, "metadata.json"), config, weights));
  attacks.push_back({"model.weights.h5",
                     [=](Mutator& mutator) {
                       return write_archive({{"config.json", config},
                                             {"model.weights.h5", mutator.damaged(weights)}});
                     },
                     load_keras});
}

void add_vocabulary_attacks(std::vector<Attack>& attacks) {
  for (const char* mode : {"int", "tf_idf"}) {
    const Sequential model = small_vocabulary(mode);
    add_keras_attacks(model, attacks);
    const auto members =
        read_archive(write_keras(describe_model(model)), [](std::string_view) { return true; });
    attacks.push_back({"vocabulary.txt",
                       [members](Mutator& mutator) {
                         std::vector<ArchiveMember> damaged = members;
                         for (ArchiveMember& one : damaged) {
                           if (one.name.ends_with("vocabulary.txt"))
                             one.bytes = mutator.damaged(one.bytes);
                         }
                         return write_archive(damaged);
                       },
                       load_keras});
  }
}

// Configurations of early versions, in archives, where they can be damaged by their words.
void add_old_attacks(std::vector<Attack>& attacks) {
  const std::string folder = (source_dir() / "tests/golden/versions").string();
  for (const char* name : {"k1.2_sequential", "k1.1_functional", "k2.0_theano_list",
                           "k2.2_nested_list", "k2.2-tf_nulls", "k2.3-tf_op_layers"}) {
    const std::string file = read_file(folder + "/" + name + "/model.h5");
    attacks.push_back(on_bytes(name, file, load_legacy));
    if (!archives_are_available()) continue;
    const std::string config = read_hdf5(file).attributes.at("@model_config").front();
    attacks.push_back(on_config(name, R"({"keras_version": "2.2.4"})", config, write_hdf5({})));
  }
  if (!archives_are_available()) return;
  for (const char* name :
       {"k2.13_nested", "k2.14_seq2seq", "k2.15_operations", "k3.3_merged_masks", "k3.6_masks",
        "k3.6_operations", "k3.15_constants", "k3.15_sequential_nested"}) {
    const std::string file = read_file(folder + "/" + name + "/model.keras");
    const auto members = read_archive(file, [](std::string_view) { return true; });
    attacks.push_back(on_config(name, member(members, "metadata.json"),
                                member(members, "config.json"),
                                member(members, "model.weights.h5")));
  }
}

std::vector<Attack> all_attacks() {
  std::vector<Attack> attacks;
  const Sequential sequential = small_sequential();
  const Functional graph = small_graph();
  for (const Model* model :
       {static_cast<const Model*>(&sequential), static_cast<const Model*>(&graph)}) {
    if (archives_are_available()) add_keras_attacks(*model, attacks);
    attacks.push_back(on_bytes("native", write_native(describe_model(*model)), load_native));
  }
  for (const char* name : {"stack_keras2.h5", "translator_keras3.h5"}) {
    attacks.push_back(on_bytes(
        name, read_file((source_dir() / "tests/golden/legacy" / name).string()), load_legacy));
  }
  add_old_attacks(attacks);
  if (archives_are_available()) add_vocabulary_attacks(attacks);
  // The newest form of HDF5: each kind of index, heaps and trees.
  for (const char* name : {"newest_fixed_array.h5", "newest_extensible_array.h5", "newest_tree.h5",
                           "newest_many.h5", "newest_plain_pieces.h5", "kinds.h5"}) {
    attacks.push_back(
        on_bytes(name, read_file((source_dir() / "tests/golden/hdf5" / name).string()), load_hdf5));
  }
  const std::string array = write_npy(Tensor(Shape{2, 3, 4}));
  std::string fortran = array;
  fortran.replace(fortran.find("False"), 5, "True ");
  std::string halves = write_npy(Tensor(Shape{2, 3, 2}));
  halves.replace(halves.find("<f4', "), 6, ">f2', ");
  halves.resize(halves.size() - 24);
  std::string texts = write_npy(Tensor(Shape{2, 3}));
  texts.replace(texts.find("<f4', "), 6, "<U3', ").replace(texts.find("(2, 3)"), 6, "(2,)  ");
  for (const std::string& file : {array, fortran, halves, texts})
    attacks.push_back(on_bytes("npy", file, load_array));
  return attacks;
}

}  // namespace

Outcomes load_damaged_files(std::uint64_t seed, int count) {
  const std::vector<Attack> attacks = all_attacks();
  Outcomes outcomes;
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const Attack& attack = attacks[static_cast<std::size_t>(i) % attacks.size()];
    const std::uint64_t mutator_seed = seed + static_cast<std::uint64_t>(i);
    Mutator mutator(mutator_seed);
    const std::string bytes = attack.damaged(mutator);
    const AllocationCount heap;
    try {
      attack.load(bytes);
      ++outcomes.loaded;
    } catch (const Error& error) {
      ++outcomes.refused;
      EXPECT_FALSE(error.message().empty());
    } catch (const std::exception& error) {
      ADD_FAILURE() << attack.name << ", seed " << mutator_seed << ": " << error.what();
    }
    EXPECT_LT(heap.bytes(), most_bytes) << attack.name << ", seed " << mutator_seed;
    EXPECT_LT(heap.value(), most_blocks) << attack.name << ", seed " << mutator_seed;
  }
  return outcomes;
}

}  // namespace chronicler::test
