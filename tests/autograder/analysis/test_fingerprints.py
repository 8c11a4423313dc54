"""Words and fingerprints stay the same under what a copy changes cheaply, and long common pieces share one."""

from __future__ import annotations

import io
import random
import tokenize
from itertools import chain

import pytest

from autograder.analysis.fingerprints import LEAST, WINDOW, K, every_piece, fingerprints_of, winnow
from autograder.analysis.tokens import statements_of

CODE = '''def loss(y, y_hat):
    """The mean error."""
    total = 0.125  # so far
    for a, b in zip(y, y_hat):
        total += np.abs(a - b) ** 2
    return total / len(y), "done at last"
'''


def words(source: str) -> list[str]:
    return list(chain.from_iterable(statement.words for statement in statements_of(source)))


def digests(source: str) -> set[int]:
    return {found.digest for found in fingerprints_of(source)}


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_new_names_comments_numbers_and_line_breaks_leave_the_words_alone() -> None:
    copy = CODE.replace("total", "acc").replace("y_hat", "guess").replace("# so far", "# start").replace("0.125", "7")
    copy = copy.replace("zip(y, guess)", "zip(\n        y,\n        guess)").replace("The mean error.", "A\n    longer one.")
    assert words(copy) == words(CODE)
    assert words(CODE.replace("np.abs", "np.exp")) != words(CODE)


@pytest.mark.parametrize(
    ("written", "formatted"),
    [
        ("return a, f(b)", "return (\n    a,\n    f(b),\n)"),
        ("x = [a, b]", "x = [\n    a,\n    b,\n]"),
        ("x = a + b", "x = (a +\n     b)"),
    ],
)
def test_a_formatter_leaves_the_words_alone(written: str, formatted: str) -> None:
    assert words(formatted) == words(written)


@pytest.mark.parametrize("source", ["x = (a) + (b)", "x = f((a), (b))", "x = (a)(b)", "y = (a, b)[0]", "x = ("])
def test_other_brackets_stay(source: str) -> None:
    assert words(source).count("(") == source.count("(")


def test_words_and_their_lines_are_those_of_the_standard_library() -> None:
    stands = {tokenize.NUMBER: "N", tokenize.STRING: "S"}
    kinds = {tokenize.NAME, tokenize.OP, *stands}
    found = [token for token in tokenize.generate_tokens(io.StringIO(CODE).readline) if token.type in kinds]
    found = [token for token in found if "mean error" not in token.string]
    ours = [pair for words, lines in statements_of(CODE) for pair in zip(words, lines, strict=True)]
    assert [line + 1 for _, line in ours] == [token.start[0] for token in found]
    expected = [stands.get(token.type, token.string) for token in found]
    assert all(mine in ("V", word) for (mine, _), word in zip(ours, expected, strict=True))
    assert {"def", "for", "in", "return", "zip", "len", "np", "abs"} <= {mine for mine, _ in ours}


def test_a_semicolon_and_a_line_break_end_a_statement_and_brackets_hold_it_together() -> None:
    assert [statement.words for statement in statements_of("a = 1; b = [2,\n 3]\n\nc")] == [
        ("V", "=", "N"),
        ("V", "=", "[", "N", ",", "N", "]"),
        ("V",),
    ]


@pytest.mark.parametrize(
    "broken", ["def f(:\n  x = (1,", "x = '''open", "x = \ud800 'a", "\x00", "!pip install x\n%time y = 1", "(" * 5000]
)
def test_broken_code_has_words_and_fingerprints_too(broken: str) -> None:
    assert words(broken)
    assert digests(f"{broken}\nf(a, b)[c].d(e)" if "(" not in broken and "'" not in broken else broken) is not None


# ── fingerprints ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(30))
def test_a_common_run_of_13_words_in_a_statement_is_always_found(seed: int) -> None:
    draw = random.Random(seed)
    run = " ".join(f".a{draw.randrange(40)}" for _ in range((K + WINDOW) // 2))  # two words each
    mine, theirs = (" ".join(f".{side}{draw.randrange(40)}" for _ in range(draw.randrange(30))) for side in "mt")
    assert digests(f"x {mine} {run}") & digests(f"x {run} {theirs}")


def test_winnowing_takes_the_rightmost_minimum_of_every_window() -> None:
    hashes = [3, 1, 4, 1, 5, 9, 2, 6]
    by_hand = {max(range(start, start + 4), key=lambda i: (-hashes[i], i)) for start in range(5)}
    assert set(winnow(hashes, 4)) == by_hand
    assert winnow(hashes[:2], 4) == [1]
    assert winnow([]) == []


def test_added_and_moved_statements_and_cells_change_no_other_fingerprint() -> None:
    lines = ["a = f(b, c=1) + g(d)", "model.add(keras.layers.Dense(3))", "e[i, :] = np.dot(a, b.T)"]
    whole = digests("\n".join(lines))
    assert whole == set().union(*map(digests, lines))
    assert whole <= digests("\n".join(["print(1)", *reversed(lines), "x = [1, 2, 3, 4]"]))


def test_a_short_statement_is_one_fingerprint_and_a_very_short_one_none() -> None:
    assert len(fingerprints_of("x = f(a)")) == 1
    assert len(words("x = f(a)")) == LEAST
    assert fingerprints_of("x = f()"[:5]) == ()


def test_a_fingerprint_knows_its_lines() -> None:
    [*_, last] = fingerprints_of("\n\nfoo(a,\n  b)\n")
    assert (last.first, last.last) == (2, 3)


def test_all_pieces_hold_the_fingerprints_of_every_part() -> None:
    statement = "return np.maximum(z, 0), 1 / (1 + np.exp(-z)), np.tanh(z)"
    assert digests(statement) <= every_piece(statement)
    assert digests(statement.removesuffix(", np.tanh(z)")) <= every_piece(statement)


def test_fingerprints_are_the_same_on_every_machine() -> None:
    from hashlib import blake2b

    text = "\n".join(["V", "=", "V", "(", "V", ")"])
    expected = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    assert digests("x = f(a)") == {expected}
