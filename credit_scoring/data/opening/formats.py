"""The format of a model file by its first bytes, told before any of it is unpickled."""

import io
import pickletools
import zipfile
from codecs import getincrementaldecoder
from dataclasses import dataclass
from itertools import islice

HEAD = 4096  # bytes that tell a format
_CHANCE = 4  # instructions that a text may hold by chance; a pickle of a model has more

ADOPT = "`./startup.sh python -m training adopt FILE --table TABLE` makes a folder from it"
AGAIN = "copy or download it again"
NOT_A_MODEL = "put the model's file in its place"
NOT_READ = "such models are not read; scikit-learn's, LightGBM's, XGBoost's and CatBoost's are"


@dataclass(frozen=True)
class Format:
    """A format that is not a pickle.

    Attributes:
        name: the format, as a noun in a sentence.
        next_step: the advice to someone who has such a file.
    """

    name: str
    next_step: str


CATBOOST = Format("a CatBoost model (.cbm)", ADOPT)
LIGHTGBM = Format("a LightGBM model in text (.txt)", ADOPT)
XGBOOST_JSON = Format("an XGBoost model in JSON (.json)", ADOPT)
XGBOOST_UBJSON = Format("an XGBoost model in UBJSON (.ubj)", ADOPT)
XGBOOST_BINARY = Format(
    "an XGBoost model in the binary format that XGBoost 3.1 dropped",
    "save it as .ubj by the XGBoost that wrote it",
)
SKOPS = Format("a skops file", "name it model.skops")
LFS = Format("a pointer of Git LFS, not the model itself", "fetch the model by `git lfs pull`")
EMPTY = Format("an empty file", AGAIN)
HTML = Format("a web page, as a download that went wrong leaves", AGAIN)

_PREFIXES: tuple[tuple[bytes, Format], ...] = (
    (b"version https://git-lfs.github.com/spec/", LFS),
    (b"CBM1", CATBOOST),
    (b"tree\nversion=", LIGHTGBM),
    (b"binf", XGBOOST_BINARY),
    (b"\x89HDF\r\n\x1a\n", Format("an HDF5 file, such as Keras writes", NOT_READ)),
    (b"PAR1", Format("a Parquet table", NOT_A_MODEL)),
    (b"SQLite format 3\0", Format("an SQLite database", NOT_A_MODEL)),
    (b"%PDF", Format("a PDF document", NOT_A_MODEL)),
    (b"RDX", Format("an R workspace", NOT_READ)),
    (b"X\n\0\0\0", Format("an R object (.rds)", NOT_READ)),
    (b"ZF", Format("a pickle of joblib before 0.10", "write it again by a newer joblib")),
    (b"\x04\x22\x4d\x18", Format("compressed by LZ4", "write it again by joblib's compress=3")),
    (b"\x28\xb5\x2f\xfd", Format("compressed by Zstandard", "unpack it")),
    (b"7z\xbc\xaf\x27\x1c", Format("a 7-Zip archive", "unpack it")),
    (b"Rar!", Format("a RAR archive", "unpack it")),
)
_TEXTS: tuple[tuple[bytes, Format], ...] = (
    (b"<!doctype html", HTML),
    (b"<html", HTML),
    (b"<?xml", Format("an XML text, perhaps PMML", NOT_READ)),
    (b"<pmml", Format("a PMML model", NOT_READ)),
)
_OTHER_TEXT = Format("a text, not a model", NOT_A_MODEL)
_CSV = Format("a text, perhaps a CSV table", NOT_A_MODEL)
_JSON = Format("a JSON text of no model that is known here", NOT_A_MODEL)
_ONNX = Format("an ONNX model", NOT_READ)
_TAR = Format("a tar archive", "unpack it")
_PYTORCH = Format("a PyTorch file", NOT_READ)
_KERAS = Format("a Keras model", NOT_READ)
_NUMPY = Format("an archive of NumPy arrays (.npz)", NOT_A_MODEL)
_ZIP = Format("a zip archive", "unpack it")
_CUT_ZIP = Format("a zip archive whose end is missing", AGAIN)


def format_of(head: bytes, content: bytes) -> Format | None:
    """The format of a file that is not a pickle; None for a pickle and for an unknown format.

    Args:
        head: the first `HEAD` bytes of the content.
        content: the whole file, or the head again if only that is at hand.
    """
    if not content:
        return EMPTY
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    if head.startswith(b"PK\x03\x04"):
        return _format_of_zip(content)
    if head[:1] == b"{" and b"learner" in head[:64] and b"\0" in head[:16]:
        return XGBOOST_UBJSON
    if head[257:262] == b"ustar":
        return _TAR
    if _is_onnx(head):
        return _ONNX
    return _format_of_text(head) if _is_text(head) else None


def _format_of_zip(content: bytes) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return _CUT_ZIP
    if "schema.json" in names:
        return SKOPS
    if any(name.endswith("/data.pkl") for name in names):
        return _PYTORCH
    if any(name.endswith(".weights.h5") for name in names):
        return _KERAS
    return _NUMPY if names and all(name.endswith(".npy") for name in names) else _ZIP


def _is_onnx(head: bytes) -> bool:
    """True for a protocol buffer of field 1 (a version up to 31), then field 2, a text."""
    return head[:1] == b"\x08" and len(head) > 3 and head[1] < 32 and head[2:3] in b"\x12\x3a"


def _is_text(head: bytes) -> bool:
    """True for a text that is not a pickle of protocol 0, which looks like one."""
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(head)  # the end may cut a character
        next(islice(pickletools.genops(head), _CHANCE, None))
    except UnicodeDecodeError:
        return False
    except (ValueError, StopIteration):  # no pickle: not an instruction, or not in its place
        return all(character >= " " or character in "\t\r\n" for character in text)
    return False


def _format_of_text(head: bytes) -> Format:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for prefix, found in _TEXTS:
        if start.startswith(prefix):
            return found
    if start.startswith((b"{", b"[")):
        if b'"learner"' in start:
            return XGBOOST_JSON
        catboost = (b'"oblivious_trees"', b'"features_info"', b'"model_info"')
        is_catboost = any(key in start for key in catboost)
        return Format("a CatBoost model in JSON", "save it as .cbm") if is_catboost else _JSON
    first = start.partition(b"\n")[0]
    return _CSV if any(separator in first for separator in (b",", b";", b"\t")) else _OTHER_TEXT
