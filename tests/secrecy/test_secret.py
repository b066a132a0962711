"""A secret shows in no text, however it is asked for."""

from __future__ import annotations

import copy
import gc
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import msgspec
import pytest

from engine.secrecy.redaction import redact
from engine.secrecy.secret import DEPARTED_KEPT, HIDDEN, Secret

KEY = "sk-test-4fG7hJ2kL9mN3pQ6rS8t"


class Holder(msgspec.Struct):
    """A value that has a secret among its fields."""

    key: Secret


def test_no_way_of_printing_a_secret_prints_it() -> None:
    from rich.console import Console
    from rich.pretty import Pretty

    secret = Secret(KEY)
    pretty = StringIO()
    Console(file=pretty, width=200).print(Pretty({"key": secret}))
    for text in (
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>60}",
        f"{secret:.40}",
        repr([secret]),
        repr(Holder(secret)),
        pretty.getvalue(),
    ):
        assert HIDDEN in text
        assert KEY not in text


@pytest.mark.parametrize(
    "leave",
    [
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        lambda secret: copy.deepcopy({"key": secret}),
        lambda secret: msgspec.json.encode(Holder(secret)),
        vars,
    ],
)
def test_a_secret_cannot_be_copied_pickled_or_encoded(leave: object) -> None:
    assert callable(leave)
    with pytest.raises(TypeError) as refused:
        leave(Secret(KEY))
    assert KEY not in str(refused.value)


def test_a_secret_is_looked_for_while_it_lives_and_some_time_after() -> None:
    value = "a passphrase of no known shape"
    secret = Secret(value)
    others = [Secret(f"another one, the {number}th") for number in range(DEPARTED_KEPT)]
    assert redact(f"<{value}>") == f"<{HIDDEN}>"
    del secret
    gc.collect()
    assert redact(f"<{value}>") == f"<{HIDDEN}>"
    others.clear()
    gc.collect()
    assert redact(f"<{value}>") == f"<{value}>"


def test_a_value_held_twice_stays_known_when_one_holder_goes() -> None:
    first, second = Secret(KEY), Secret(KEY)
    del first
    others = [Secret(f"another one, the {number}th") for number in range(DEPARTED_KEPT)]
    others.clear()
    gc.collect()
    assert redact(KEY.lower() + KEY).endswith(HIDDEN)
    assert second


def test_secrets_come_and_go_on_many_threads_while_texts_are_redacted() -> None:
    kept = Secret(KEY)

    def churn(name: int) -> int:
        for number in range(300):
            assert Secret(f"thread {name}, secret {number}")
        return sum(KEY in redact(f"<{kept.reveal()}>") for _ in range(300))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(churn, range(4))) == [0, 0, 0, 0]


def test_a_short_value_is_not_looked_for_in_other_texts() -> None:
    secret = Secret("buy")
    assert redact("buy low, sell high") == "buy low, sell high"
    assert secret.redact("buy low") == f"{HIDDEN} low"


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret("x")
