"""Small HDF5 files in every form that weights come in, and in forms that must be refused.

    python make_hdf5.py      writes *.h5 beside this script; needs h5py

The readable ones hold "layers/dense/vars/0", a float32 array (5, 3) of 0.5 * index, and "layers/dense/vars/1", which is
int64 7.
"""
import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
VALUES = (0.5 * np.arange(15, dtype="f4")).reshape(5, 3)


def write(name, fill, **options):
    with h5py.File(HERE / f"{name}.h5", "w", **options) as file:
        fill(file)


def weights(**options):
    def fill(file):
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", data=VALUES, **options)
        group.create_dataset("1", data=np.int64(7))
    return fill


def one(**options):
    return lambda file: file.create_dataset("w", **options)


write("plain", weights())
write("newest", weights(), libver="latest")
write("v108", weights(), libver=("v108", "v108"))
write("chunked", weights(chunks=(2, 2)))
write("gzip", weights(chunks=(2, 2), compression="gzip"))
write("gzip_shuffle_checksum", weights(chunks=(4, 3), compression="gzip", shuffle=True, fletcher32=True))

# Every index of pieces that the newest form has, each with its checksums.
PACKED = dict(compression="gzip", shuffle=True, fletcher32=True)
write("newest_single_piece", weights(chunks=(5, 3), **PACKED), libver="latest")
write("newest_fixed_array", weights(chunks=(2, 2), **PACKED), libver="latest")
write("newest_extensible_array", weights(chunks=(1, 1), maxshape=(None, 3), fletcher32=True), libver="latest")
write("newest_tree", weights(chunks=(2, 2), maxshape=(None, None), **PACKED), libver="latest")
write("newest_plain_pieces", weights(chunks=(2, 2)), libver="latest")
write("checksum", weights(chunks=(2, 2), fletcher32=True))


def attributes(file):
    weights()(file)
    file.attrs["backend"] = "tensorflow"
    file.attrs["names"] = np.array([b"dense", b"lstm_1"])
    file.attrs["words"] = ["alpha", "beta"]
    file.attrs["number"] = 3
    file["layers"].attrs["empty"] = ""


def many(file):
    for i in range(300):
        file.create_dataset(f"vars/{i}", data=np.float32(i))


def compact(file):
    space = h5py.h5s.create_simple((3,))
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.COMPACT)
    dataset = h5py.h5d.create(file.id, b"w", h5py.h5t.IEEE_F32LE, space, creation)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2, 3], dtype="f4"))


write("attributes", attributes)
write("many", many)
write("compact", compact)
write("doubles", lambda file: (one(data=np.array([1.5, -2.5]))(file), file.create_dataset("i", data=np.int32([3, -4]))))
write("empty_array", lambda file: file.create_dataset("w", shape=(0, 4), dtype="f4"))



def newest_many(file):
    """More links and attributes than a header holds: heaps and trees, two levels of them."""
    for i in range(70):
        file.create_dataset(f"vars/{i}", data=np.float32(i))
    for i in range(12):
        file.attrs[f"a{i}"] = np.bytes_(f"text {i}")


def kinds(file):
    for kind in ("f2", ">f2", ">f4", ">f8", "i1", "u1", "i2", ">u2", ">i4", "u4", ">i8", "u8"):
        file[kind.replace(">", "big_")] = np.array([1, 2, 100], dtype=kind)
    for name, value in (("wide_u4", 1 << 31), ("wide_u8", 1 << 40)):
        file[name] = np.array([value, 1, 0], dtype=name[-2:])
    brain = (np.array([1.5, -2.0], dtype="f4").view("u4") >> 16).astype("u2").view("V2")
    file["brain"] = brain
    file["brain"].attrs["dtype"] = "bfloat16"


write("newest_many", newest_many, libver="latest")
write("kinds", kinds)

# To be refused.
write("never_written", one(shape=(1 << 30, 1 << 30), dtype="f4", chunks=(1 << 10, 1 << 10)))
write("never_written_flat", one(shape=(1 << 20,), dtype="f4"))
write("too_large", one(data=np.array([1 << 60])))
write("text", one(data="words"))
write("compound", one(data=np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])))
write("soft_link", lambda file: (weights()(file), file.__setitem__("w", h5py.SoftLink("/layers"))))
write("external_link", lambda file: file.__setitem__("w", h5py.ExternalLink("/etc/passwd", "/")))
write("hard_link_loop", lambda file: file.create_group("a").__setitem__("b", file["a"]))
write("two_names", lambda file: (weights()(file), file.__setitem__("again", file["layers/dense/vars/0"])))
write("external_data", one(shape=(4,), dtype="f4", external=[("/etc/passwd", 0, 16)]))
write("lzf", one(data=VALUES, chunks=(2, 2), compression="lzf"))


def virtual(file):
    layout = h5py.VirtualLayout(shape=(5, 3), dtype="f4")
    layout[:] = h5py.VirtualSource("plain.h5", "layers/dense/vars/0", shape=(5, 3))
    file.create_virtual_dataset("w", layout)


write("virtual", virtual)
write("user_block", weights(), userblock_size=512)
