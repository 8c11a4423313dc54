"""The drawn play has the layout and the length of Tiny Shakespeare, binds words that stand far apart, and is the same everywhere."""

from __future__ import annotations

import hashlib
import re
import string
import subprocess
import sys
from pathlib import Path

from coursekit.drawn.play import CHARACTERS, THEMES, play

TEXT = play()
SPEECHES = [speech.split(":\n", 1) for speech in TEXT.rstrip("\n").split("\n\n")]


def test_it_is_about_as_long_as_the_real_text_and_uses_its_letters() -> None:
    assert 1_110_000 < len(TEXT) < 1_120_000
    assert set(TEXT) <= set(string.ascii_letters + "\n !$&',-.3:;?")
    assert len(set(TEXT)) >= 58


def test_every_speech_is_a_speaker_and_lines_that_begin_with_a_capital() -> None:
    assert {speaker for speaker, _ in SPEECHES} == set(CHARACTERS)
    lines = [line for _, spoken in SPEECHES for line in spoken.split("\n")]
    assert all(line[0].isupper() or line[0] == "'" for line in lines)
    assert max(map(len, lines)) <= 46


def test_every_speech_ends_a_sentence() -> None:
    assert all(spoken[-1] in ".!?" for _, spoken in SPEECHES)


def test_a_verb_agrees_with_its_subject_across_a_clause() -> None:
    flat = re.sub(r"\s+", " ", TEXT)
    flat = re.sub(r"(?i)(why do|how does) [^?]*\?", "", flat)  # where the verb comes without its ending
    for theme in THEMES:
        plain, with_s = ("|".join(verb[i] for verb in theme.verbs) for i in (0, 1))
        one, many = ("|".join(noun[i] for noun in theme.nouns) for i in (0, 1))
        assert re.search(rf"(?i)\b(this|every) (\w+ )?({one}) ({with_s})\b", flat)
        assert not re.search(rf"(?i)\b(this|every) (\w+ )?({one}) ({plain})\b", flat)
        assert not re.search(rf"(?i)\b(these|our) (\w+ )?({many}) ({with_s})\b", flat)


def test_a_scene_keeps_to_one_theme() -> None:
    words = [[noun for pair in theme.nouns for noun in pair] for theme in THEMES]
    for _, spoken in SPEECHES:
        used = set(re.findall(r"[a-z-]+", spoken.lower()))
        assert sum(bool(used & (set(theme) - {"field", "fields", "orchard"})) for theme in words) <= 1


def digest() -> str:
    return hashlib.sha256(play().encode()).hexdigest()


def test_another_process_writes_the_same_text(root: Path) -> None:
    code = "from tests.coursekit.test_drawn_play import digest; print(digest())"
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert run.stdout.strip() == digest(), run.stderr


def test_the_data_card_states_the_checksum_and_the_size_of_the_text(root: Path) -> None:
    card = (root / "datasets" / "drawn-tinyshakespeare.md").read_text(encoding="utf-8")
    assert re.findall(r"\b[0-9a-f]{64}\b", card) == [digest()]
    assert f"{len(TEXT):,} characters in {len(TEXT.splitlines()):,} lines" in card
    assert f"{len(set(TEXT))} different characters" in card


def test_another_seed_or_length_gives_another_play() -> None:
    assert play(5_000) == play(5_000)
    assert play(5_000, seed=1) != play(5_000)
    assert 5_000 <= len(play(5_000)) < 15_000
