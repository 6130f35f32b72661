"""Files that were made to do harm, under a checksum that fits them: refused, and at no cost."""

import hashlib
import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from refused_files import refused

import rbmbook as rb
from rbmbook import storage


def sealed(content):
    """The bytes of a file with a checksum that fits them: what an attacker would write."""
    return content[:-64] + hashlib.sha256(content[:-64]).hexdigest().encode()


def test_a_wrong_byte_under_a_right_checksum_is_refused_or_harmless(tmp_path):
    """Harmless: what the archive says of dates and systems, or numbers that are as good."""
    path, rbm = tmp_path / "model.npz", rb.RBM.random(3, 2, rng=1, visible=rb.Gaussian())
    rbm.save(path)
    good = path.read_bytes()
    assert sealed(good) == good
    same = 0
    for position in range(len(good) - 64):
        wrong = bytes([good[position] ^ 255])
        path.write_bytes(sealed(good[:position] + wrong + good[position + 1 :]))
        try:
            same += rb.RBM.load(path) == rbm
        except ValueError as error:
            assert "model.npz" in str(error)
        else:
            assert rb.RBM.load(path) == rbm
    assert same < len(good) / 5


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(shape, descr="<f8"):
    """The head of an array of which there are no numbers."""
    file = io.BytesIO()
    entries = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, entries)
    return file.getvalue()


def archive(path, members, compression=zipfile.ZIP_STORED):
    """A file of a machine with other members, under a right checksum."""
    rbm = rb.RBM.random(3, 2, rng=1)
    storage.write(path, "RBM", rbm.arrays(), description=rbm.description())
    with zipfile.ZipFile(path) as file:
        found = [(member.filename, file.read(member)) for member in file.infolist()]
    found = [(name, content) for name, content in found if name not in dict(members)]
    with zipfile.ZipFile(path, "w") as file:
        file.comment = bytes(64)
        for name, content in found:
            file.writestr(name, content)
        for name, content in members:
            file.writestr(name, content, compression)
    path.write_bytes(sealed(path.read_bytes()))


class Trap:
    """Unpickled, it ends the program."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('code from the file ran')",))


NAMES = ["../W.npy", "/etc/W.npy", "C:\\W.npy", "W", "W.npy.npy/x.npy", "W\n.npy", ".npy", "Ẅ.npy"]
HARM = {
    "pickle": ([("W.npy", npy(np.array([Trap()], dtype=object)))], "dtype object"),
    "more than there is": ([("W.npy", header((10**12, 10**3)))], "0 bytes for float64"),
    "negative": ([("W.npy", header((-1, -1)) + bytes(8))], "."),
    "long text": ([("W.npy", header((1,), "<U500000000"))], "dtype <U500000000"),
    "text": ([("W.npy", npy(np.array("x")))], "dtype <U1"),
    "raw": ([("W.npy", npy(np.zeros(2, "V9")))], "dtype"),
    "parts": ([("W.npy", npy(np.zeros(2, [("x", "f8")])))], "dtype"),
    "columns first": ([("W.npy", npy(np.ones((2, 3), "f").T))], "bytes for float32"),
    "no array": ([("W.npy", b"")], "."),
    "another version": ([("W.npy", b"\x93NUMPY\x09\x00")], "no array as written here"),
    "long header": ([("W.npy", b"\x93NUMPY\x01\x00\xff\xff" + b" " * 65535)], "."),
    "twice": ([("a.npy", npy(np.zeros(3, "f"))), ("a.npy", npy(np.zeros(3, "f")))], "'a.npy'"),
    "unused": ([("x.npy", npy(np.zeros(3)))], "the array 'x' is not expected"),
    **{name: ([(name, npy(np.zeros(3)))], "an entry of a strange name") for name in NAMES},
}


# zipfile itself warns of a second entry of a name
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", HARM)
def test_a_harmful_member_is_refused_without_taking_memory(kind, tmp_path):
    path, (members, reason) = tmp_path / "model.npz", HARM[kind]
    archive(path, members)
    assert spent(lambda: refused(path, reason)) < 2**22


def spent(action):
    """The most memory that was taken at a time, in bytes."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["x", "W", storage.META])
def test_what_is_compressed_is_refused_before_it_is_read(name, tmp_path):
    path = tmp_path / "model.npz"
    content = npy(np.zeros(10**8, np.uint8))
    archive(path, [(f"{name}.npy", content)], zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**6
    assert spent(lambda: refused(path, rf"the entry '{name}\.npy' is compressed")) < 2**22


def test_entries_that_lie_over_each_other_are_refused(tmp_path):
    """Names for the same bytes: together they would be larger than the file."""
    path = tmp_path / "model.npz"
    archive(path, [("x0.npy", npy(np.zeros(1000)))])
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        start = file.start_dir
    at = content.rindex(b"PK\1\2", start, content.rindex(b"PK\5\6"))
    end = content.rindex(b"PK\5\6")
    entry = content[at:end]
    more = b"".join(entry.replace(b"x0.npy", b"x%d.npy" % i) for i in range(1, 9))
    tail = bytearray(content[end:])
    count = int.from_bytes(tail[8:10], "little") + 8
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = (end - start + len(more)).to_bytes(4, "little")
    path.write_bytes(sealed(content[:end] + more + bytes(tail)))
    refused(path, "larger than the file|Overlapped")


DEEP = b'{"kind": "RBM", "format": 2, "description": ' + b"[" * 10**5 + b"]" * 10**5 + b"}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b" " * (storage.META_BYTES + 1000), "bytes of JSON"),
        (DEEP, "recursion|depth"),
        (b"[1, 2]", "."),
        (b"{", "."),
        (b"\xff", "."),
        (b"", "."),
        (b'{"kind": {"__array__": ["x"], "dtype": "U500000000"}}', "dtype"),
        (b'{"kind": {"__array__": [1], "dtype": "(1000,1000,1000)f8"}}', "dtype"),
        (b'{"kind": {"__array__": [1], "dtype": "O"}}', "dtype"),
        (b'{"kind": {"__array__": [1]}}', "dtype"),
        (b'{"kind": ' + b"9" * 5000 + b"}", "."),
    ],
    ids=range(11),
)
def test_json_that_does_harm_is_refused(text, reason, tmp_path):
    path = tmp_path / "model.npz"
    archive(path, [(f"{storage.META}.npy", npy(np.frombuffer(text, np.uint8)))])
    assert spent(lambda: refused(path, reason)) < 2**26
