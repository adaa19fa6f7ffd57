"""The portfolio command in this process, on small chunks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from portfolio import command
from portfolio.report.page import report_page
from portfolio.tables.table_files import TableFiles
from tests.support.commands import CommandResult, run_main

SMALL_CHUNKS = {"chunk_bytes": 6_000, "chunk_rows": 20}


def run_command(
    capsys: Any,
    folder: Path,
    *arguments: object,
    sizes: Mapping[str, int] = SMALL_CHUNKS,
    with_report: bool = False,
) -> CommandResult:
    """Run the command on small chunks, by default without the charts, which take half a second."""
    find = TableFiles.find

    def find_small(patterns: Sequence[str]) -> TableFiles:
        return TableFiles(find(patterns).names, **sizes)

    with (
        mock.patch.object(TableFiles, "find", find_small),
        mock.patch("portfolio.report.page.report_page", report_page if with_report else str),
    ):
        return run_main(capsys, command.main, arguments, {"RESSOURCES_DIR": folder})
