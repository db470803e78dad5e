#include "formats/hdf5/hdf5_writer.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/bytes.h"
#include "formats/hdf5/hdf5_layout.h"

namespace chronicler {
namespace {

using hdf5::MessageKind;

// The ranks of B-trees (II.A): a leaf of names holds up to 2 x 4, an inner node up to 2 x 16
// leaves.
constexpr std::uint16_t leaf_rank = 4;
constexpr std::uint16_t inner_rank = 16;
constexpr std::size_t most_in_leaf = std::size_t{2} * leaf_rank;
constexpr std::size_t most_in_node = std::size_t{2} * inner_rank;

constexpr std::size_t alignment = 8;
constexpr std::size_t padded(std::size_t size) {
  return (size + alignment - 1) / alignment * alignment;
}

// A folder or a tensor.
struct Node {
  std::map<std::string, std::unique_ptr<Node>> children;  // in the order of their bytes
  const NamedTensor* tensor = nullptr;
};

void insert(Node& root, const NamedTensor& tensor) {
  Node* node = &root;
  std::size_t begin = 0;
  while (begin <= tensor.name.size()) {
    const std::size_t end = std::min(tensor.name.find('/', begin), tensor.name.size());
    std::unique_ptr<Node>& child = node->children[tensor.name.substr(begin, end - begin)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
    if (node->tensor != nullptr) break;
    begin = end + 1;
  }
  if (node->tensor != nullptr || !node->children.empty())
    throw Error(fmt::format("two weights want the place \"{}\"", tensor.name));
  node->tensor = &tensor;
}

// Where an object is, and for a group what an entry for it repeats.
struct Placed {
  std::uint64_t header = 0;
  std::uint64_t tree = hdf5::undefined_address;
  std::uint64_t heap = hdf5::undefined_address;
  bool is_group() const { return heap != hdf5::undefined_address; }
};

class Writer {
 public:
  explicit Writer(std::size_t expected) { bytes_.reserve(expected); }

  std::string write(const Node& root) {
    bytes_.resize(superblock_bytes);
    const Placed placed = write_group(root);
    std::string superblock = superblock_for(placed);
    std::copy(superblock.begin(), superblock.end(), bytes_.begin());
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t superblock_bytes = 96;

  // Places to write at are multiples of eight.
  std::uint64_t here() {
    bytes_.resize(padded(bytes_.size()));
    return bytes_.size();
  }

  // A symbol table entry (III.C).
  static void append_entry(std::string& bytes, std::uint64_t name, const Placed& placed) {
    append_number(bytes, name);
    append_number(bytes, placed.header);
    append_number(bytes, std::uint32_t{placed.is_group()});
    append_number(bytes, std::uint32_t{0});
    append_number(bytes, placed.is_group() ? placed.tree : 0);
    append_number(bytes, placed.is_group() ? placed.heap : 0);
  }

  // II.A, version 0.
  std::string superblock_for(const Placed& root) const {
    std::string bytes(hdf5::signature);
    bytes += std::string_view("\0\0\0\0\0\x08\x08\0", 8);  // versions 0; 8-byte offsets, lengths
    append_number(bytes, leaf_rank);
    append_number(bytes, inner_rank);
    append_number(bytes, std::uint32_t{0});
    append_number(bytes, std::uint64_t{0});  // where the file begins
    append_number(bytes, hdf5::undefined_address);
    append_number(bytes, std::uint64_t{bytes_.size()});
    append_number(bytes, hdf5::undefined_address);
    append_entry(bytes, 0, root);
    return bytes;
  }

  struct Message {
    MessageKind kind;
    std::string data;
  };
  // An object header of version 1 (IV.A.1.a).
  std::uint64_t write_header(const std::vector<Message>& messages) {
    std::string body;
    for (const Message& message : messages) {
      append_number(body, static_cast<std::uint16_t>(message.kind));
      append_number(body, static_cast<std::uint16_t>(padded(message.data.size())));
      append_number(body, std::uint32_t{0});
      body += message.data;
      body.resize(padded(body.size()));
    }
    const std::uint64_t address = here();
    append_number(bytes_, std::uint16_t{1});
    append_number(bytes_, static_cast<std::uint16_t>(messages.size()));
    append_number(bytes_, std::uint32_t{1});  // one link leads here
    append_number(bytes_, static_cast<std::uint32_t>(body.size()));
    append_number(bytes_, std::uint32_t{0});
    bytes_ += body;
    return address;
  }

  // A group: header, B-tree over leaves of entries, heap of names.
  Placed write_group(const Node& group) {
    std::vector<Placed> children;
    for (const auto& [name, child] : group.children)
      children.push_back(child->tensor != nullptr ? write_dataset(*child->tensor)
                                                  : write_group(*child));
    std::string names(alignment, '\0');  // offset 0: the empty name
    std::vector<std::uint64_t> offsets;
    for (const auto& [name, child] : group.children) {
      offsets.push_back(names.size());
      names += name;
      names.resize(padded(names.size() + 1));
    }
    Placed placed;
    placed.heap = write_heap(names);
    placed.tree = write_tree(children, offsets);
    std::string table;
    append_number(table, placed.tree);
    append_number(table, placed.heap);
    placed.header = write_header({{MessageKind::symbol_table, table}});
    return placed;
  }

  // III.D.
  std::uint64_t write_heap(const std::string& names) {
    constexpr std::uint64_t no_free_block = 1;
    constexpr std::uint64_t heap_header_bytes = 32;
    const std::uint64_t address = here();
    bytes_ += std::string_view("HEAP\0\0\0\0", 8);
    append_number(bytes_, std::uint64_t{names.size()});
    append_number(bytes_, no_free_block);
    append_number(bytes_, address + heap_header_bytes);
    bytes_ += names;
    return address;
  }

  // A node of some level, and the last name in it.
  struct Branch {
    std::uint64_t address;
    std::uint64_t last_name;
  };

  std::uint64_t write_tree(const std::vector<Placed>& children,
                           const std::vector<std::uint64_t>& names) {
    std::vector<Branch> branches;
    for (std::size_t begin = 0; begin < children.size(); begin += most_in_leaf) {
      const std::size_t end = std::min(begin + most_in_leaf, children.size());
      branches.push_back({write_leaf(children, names, begin, end), names[end - 1]});
    }
    std::uint8_t level = 0;
    do {
      std::vector<Branch> above;
      const std::size_t nodes =
          std::max<std::size_t>(1, (branches.size() + most_in_node - 1) / most_in_node);
      const std::uint64_t first = here();
      for (std::size_t node = 0; node < nodes; ++node) {
        const std::size_t begin = node * most_in_node;
        const std::size_t end = std::min(begin + most_in_node, branches.size());
        above.push_back({first + node * node_bytes, end > 0 ? branches[end - 1].last_name : 0});
        write_node(level, branches, begin, end,
                   node > 0 ? above.back().address - node_bytes : hdf5::undefined_address,
                   node + 1 < nodes ? above.back().address + node_bytes : hdf5::undefined_address);
      }
      branches = std::move(above);
      ++level;
    } while (branches.size() > 1);
    return branches.front().address;
  }

  // III.B.
  std::uint64_t write_leaf(const std::vector<Placed>& children,
                           const std::vector<std::uint64_t>& names, std::size_t begin,
                           std::size_t end) {
    constexpr std::size_t entry_bytes = 40;
    const std::uint64_t address = here();
    bytes_ += std::string_view("SNOD\x01\0", 6);
    append_number(bytes_, static_cast<std::uint16_t>(end - begin));
    for (std::size_t i = begin; i < end; ++i) append_entry(bytes_, names[i], children[i]);
    bytes_.resize(address + 8 + most_in_leaf * entry_bytes);
    return address;
  }

  // III.A.1. Key i is a name not after those of child i; key 0 is the empty name.
  static constexpr std::size_t node_bytes = 24 + (2 * most_in_node + 1) * 8;
  void write_node(std::uint8_t level, const std::vector<Branch>& branches, std::size_t begin,
                  std::size_t end, std::uint64_t left, std::uint64_t right) {
    const std::size_t start = bytes_.size();
    bytes_ += std::string_view("TREE\0", 5);
    append_number(bytes_, level);
    append_number(bytes_, static_cast<std::uint16_t>(end - begin));
    append_number(bytes_, left);
    append_number(bytes_, right);
    append_number(bytes_, begin > 0 ? branches[begin - 1].last_name : 0);
    for (std::size_t i = begin; i < end; ++i) {
      append_number(bytes_, branches[i].address);
      append_number(bytes_, branches[i].last_name);
    }
    bytes_.resize(start + node_bytes);
  }

  static std::string_view type_of(const NamedTensor& tensor) {
    if (tensor.whole) return hdf5::int64_type;
    switch (tensor.value.dtype()) {
      case DType::float32:
        return hdf5::float32_type;
      case DType::float64:
        return hdf5::float64_type;
      case DType::int32:
        return hdf5::int32_type;
      case DType::boolean:
      case DType::text:
        break;
    }
    throw Error(fmt::format("\"{}\" holds truth values, which Keras's files cannot", tensor.name));
  }

  Placed write_dataset(const NamedTensor& tensor) {
    const std::uint64_t data = tensor.value.size() > 0 ? here() : hdf5::undefined_address;
    const std::size_t begin = bytes_.size();
    if (tensor.whole) {
      for (const double value : tensor.value.span<double>())
        append_number(bytes_, static_cast<std::int64_t>(value));
    } else {
      bytes_.append(static_cast<const char*>(tensor.value.view().raw()), tensor.value.bytes());
    }
    const std::uint64_t size = bytes_.size() - begin;

    // IV.A.2.b, version 1 with largest extents, as Keras's files have it.
    const Shape& shape = tensor.value.shape();
    std::string dataspace("\x01", 1);
    append_number(dataspace, static_cast<std::uint8_t>(shape.rank()));
    append_number(dataspace, static_cast<std::uint8_t>(shape.rank() > 0 ? 1 : 0));
    dataspace.resize(alignment);
    for (int copy = 0; copy < 2; ++copy) {
      for (const std::int64_t extent : shape) append_number(dataspace, extent);
    }
    std::string layout("\x03\x01", 2);  // IV.A.2.i, version 3, contiguous
    append_number(layout, data);
    append_number(layout, size);
    return {write_header({{MessageKind::dataspace, dataspace},
                          {MessageKind::datatype, std::string(type_of(tensor))},
                          {MessageKind::fill_value, std::string("\x02\x02\x02\x01\0\0\0\0", 8)},
                          {MessageKind::layout, layout}})};
  }

  std::string bytes_;
};

}  // namespace

std::string write_hdf5(const NamedTensors& tensors) {
  Node root;
  std::size_t expected = 4096;
  for (const NamedTensor& tensor : tensors) {
    insert(root, tensor);
    expected += tensor.value.bytes() + 1024;
  }
  return Writer(expected).write(root);
}

}  // namespace chronicler
