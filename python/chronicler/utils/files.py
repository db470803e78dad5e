"""Files that lie on this machine, in the place where Keras keeps what it fetched."""

from __future__ import annotations

import os
from typing import Any


def keras_home() -> str:
    """Return Keras's folder: `KERAS_HOME`, or `.keras` in the home folder."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file in Keras's cache, or of a `file://` address.

    Chronicler downloads nothing: if the file is not there, FileNotFoundError says where to put it.

    Parameters
    ----------
    fname : str, optional
        The name in the cache; by default the last part of `origin`.
    origin : str
        Where Keras would take it from.
    extract, untar : bool
        Unpack the archive; the path of the folder is returned.
    file_hash, md5_hash, hash_algorithm
        The checksum that the file must have, "md5" or "sha256".
    cache_subdir, cache_dir
        The folder in the cache, and the cache.
    archive_format, force_download
        Accepted as in Keras.
    """
    from urllib.parse import unquote, urlsplit

    if origin is None and fname is None:
        raise ValueError("get_file: give `origin`, or `fname` of a file in the cache.")
    parts = urlsplit(origin or "")
    name = os.fspath(fname) if fname else os.path.basename(unquote(parts.path))
    if not name or os.sep in name:
        raise ValueError(f"get_file: fname is {fname!r}; expected a name without a folder.")
    folder = os.path.join(os.fspath(cache_dir or keras_home()), cache_subdir)
    kept = os.path.join(folder, name)
    unpacks = extract or untar
    if unpacks and not os.path.exists(kept) and os.path.exists(kept + "_archive"):
        kept += "_archive"
    path = kept
    if parts.scheme == "file":
        path = unquote(parts.path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"There is no file {path}. Chronicler downloads nothing: fetch "
            f"{origin or name} yourself and put it there as {os.path.basename(path)}."
        )
    _check(path, file_hash or md5_hash, "md5" if md5_hash and not file_hash else hash_algorithm)
    if not unpacks:
        return path
    stem = name.partition(".")[0] if fname else name.removesuffix("_archive")
    target = os.path.join(folder, f"{stem}_extracted" if "." in name or not fname else stem)
    _unpack(path, target)
    return target


def _check(path: str, expected: str | None, algorithm: str) -> None:
    if expected is None:
        return
    import hashlib

    kind = (
        "sha256"
        if algorithm == "sha256" or (algorithm == "auto" and len(expected) == 64)
        else "md5"
    )
    digest = hashlib.new(kind, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise ValueError(
            f"The file {path} has the {kind} {digest.hexdigest()}, not {expected}: it is "
            "incomplete or another one. Put the right one there."
        )


def _unpack(path: str, target: str) -> None:
    """Unpack an archive; entries that would lie outside the folder are refused."""
    import tarfile
    import zipfile

    root = os.path.realpath(target)

    def inside(name: str) -> None:
        place = os.path.realpath(os.path.join(root, name))
        if place != root and not place.startswith(root + os.sep):
            raise ValueError(f"The archive {path} has an entry outside its folder: {name!r}.")

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                inside(name)
            archive.extractall(root)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            for member in tar.getmembers():
                inside(member.name)
                if not (member.isfile() or member.isdir()):
                    raise ValueError(
                        f"The archive {path} has an entry that is no file: {member.name!r}."
                    )
            tar.extractall(root)
    else:
        raise ValueError(f"The file {path} is neither a zip nor a tar archive.")
