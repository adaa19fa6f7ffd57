"""Clients whom an option names."""

import pytest

from register.retention.targets import Target


@pytest.mark.parametrize(
    ("text", "clients"),
    [
        ("7", [7, "7"]), ("-7", [-7, "-7"]), ("0", [0, "0"]), ("007", ["007"]), ("+7", ["+7"]),
        (" 7 ", [" 7 "]), ("-0", ["-0"]), ("7\n", ["7\n"]), ("seven", ["seven"]),
        ("\u0667", ["\u0667"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
def test_only_a_number_as_it_is_written_means_a_number(store, text, clients):
    assert Target.of_client(store, text).subjects == (
        store.subject(text), *(store.subject(one) for one in clients if one != text),
    )  # fmt: skip
