#!/usr/bin/env python3
"""Put the licences of all that is inside a repaired wheel into it.

wheel_licences.py WHEEL: one file for each source package of Debian whose library was copied into the wheel, or whose
headers were compiled in (the -dev packages of scripts/packages.txt), with the common licences that it refers to. The
wheel is written anew, with files in order of their names and the time of SOURCE_DATE_EPOCH.
"""

import base64
import hashlib
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON_LICENCE = re.compile(rb"/usr/share/common-licenses/[A-Z][A-Za-z0-9.-]*[A-Za-z0-9]")
SUM_IN_NAME = re.compile(r"-[0-9a-f]{8}\.so")
OURS = "libno_encryption.so"  # scripts/wheel says what it is
INTRODUCTION = """\
Inside this wheel, as shared libraries of their own in chronicler.libs or compiled into the
extension, are parts of these Debian source packages, each under the licence in the file of its
name; Debian has their sources (https://sources.debian.org).

"""


def dev_packages() -> list[str]:
    """Return the packages of [core] whose headers are compiled in."""
    core = (ROOT / "scripts/packages.txt").read_text().split("[core]")[1].split("\n[")[0]
    names = [line.split()[0] for line in core.splitlines() if line.strip() and line[0] != "#"]
    return [name for name in names if name.endswith("-dev")]


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def package_of(library: str) -> str:
    """Return the Debian package that brings a library of this file name."""
    answer = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"error: no Debian package has {library}, so its licence is not known")
    return answer.stdout.split(":")[0]


def licences(libraries: list[str]) -> dict[str, bytes]:
    """Return the licence files, by the names that they get in the wheel."""
    packages = {package_of(name) for name in libraries} | set(dev_packages())
    files: dict[str, bytes] = {}
    sources: set[str] = set()
    for package in sorted(packages):
        form = "-f=${source:Package} ${source:Version}\n"
        source = run("dpkg-query", "-W", form, package).splitlines()[0]
        sources.add(source)
        text = Path("/usr/share/doc", package, "copyright").read_bytes()
        files[f"third-party/{source.split()[0]}.txt"] = text
        for common in COMMON_LICENCE.findall(text):
            file = Path(common.decode()).resolve()
            files[f"third-party/common-licenses/{file.name}"] = file.read_bytes()
    files["third-party/README.txt"] = (INTRODUCTION + "\n".join(sorted(sources)) + "\n").encode()
    return dict(sorted(files.items()))


def record(contents: dict[str, bytes], name: str) -> bytes:
    """Return the RECORD of a wheel: each file with its sum and size."""
    rows = []
    for file, data in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{file},sha256={digest},{len(data)}\n")
    return "".join([*rows, f"{name},,\n"]).encode()


def write(path: Path, contents: dict[str, bytes], modes: dict[str, int]) -> None:
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", "1767225600")))[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = modes.get(name, 0o100644) << 16
            archive.writestr(entry, data)


def main(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        contents = {entry.filename: archive.read(entry) for entry in entries}
        modes = {entry.filename: entry.external_attr >> 16 for entry in entries}
    info = next(name for name in contents if name.endswith(".dist-info/METADATA")).split("/")[0]
    # A copied library bears a part of its sum in its name: libzip-5c554ca2.so.4.0.
    copied = [SUM_IN_NAME.sub(".so", name.split("/")[1]) for name in contents if ".libs/" in name]
    texts = licences([name for name in copied if name != OURS])
    contents.update({f"{info}/licenses/{name}": text for name, text in texts.items()})
    head, _, description = contents[f"{info}/METADATA"].partition(b"\n\n")
    head += b"".join(b"\nLicense-File: " + name.encode() for name in ["third-party/nanobind.txt", *texts])
    contents[f"{info}/METADATA"] = head + b"\n\n" + description
    del contents[f"{info}/RECORD"]
    contents = dict(sorted(contents.items(), key=lambda item: (item[0].startswith(info), item[0])))
    contents[f"{info}/RECORD"] = record(contents, f"{info}/RECORD")
    write(path, contents, modes)
    print(f"{len(copied)} libraries, {len(texts)} licence texts")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
