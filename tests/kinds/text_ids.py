"""Folders whose clients have texts as ids, some of them awkward."""

import shutil
from pathlib import Path

import pandas as pd

from credit_scoring.data.artifacts import ID, NEW_FILE, REFERENCE_FILE
from tests.support.bundles.folders import write_metadata

AWKWARD_IDS = [
    "LP001002", "lp001002", "LP001002 ", " 7", "7", "007", "-0", "1e5", "1_0", "0x10", "12.0",
    "true", "null", "nan", "NaN", "NA", "None", "inf", "__proto__", "constructor", "toString",
    "a+b", "a b", "a%20b", "%41", "100%", "a/b?c=d&param_name=e#f", "a;b", "x:y", '"quoted"',
    "it's", "one, two", "two\nlines", "a\ttab", "a\r\nb", "back\\slash", "\\u003a", "=1+1",
    "<b>bold</b>", "*bold* _it_ $x$ `c` [l](m) :smile:", "é", "e\u0301", "\uff11\uff12", "Ünï 🙂",
    "\u202eright", "\u0661", "\ufeffmark", "x" * 100,
]  # fmt: skip


def text_ids(clients: int) -> list[str]:
    """Ids of so many clients, the awkward ones first."""
    plain = (f"LP{number:06}" for number in range(2000, 2000 + clients))
    return [*AWKWARD_IDS, *plain][:clients]


def with_text_ids(folder: Path, out: Path) -> list[str]:
    """Write a folder with the same clients in the same order, and return the new ones' ids."""
    shutil.copytree(folder, out)
    for name in (REFERENCE_FILE, NEW_FILE):
        table = pd.read_csv(out / name, dtype="str", keep_default_na=False)
        table[ID] = text_ids(len(table))
        table.to_csv(out / name, index=False, quoting=1)
    write_metadata(out)
    return text_ids(len(table))
