"""A drawn play, the stand-in for Tiny Shakespeare: speeches by a small grammar, in the layout of a play.

The characters of a scene, its theme, and the number and person of a verb connect words that are far
apart, so a model with a longer memory predicts better. No sentence is taken from any author. Every
machine gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

__all__ = ["CHARACTERS", "play"]

SEED = 15_64
LENGTH = 1_115_000  # characters, about as many as in the real text
WIDTH = 46  # most characters in a line of verse

CHARACTERS = (
    "KING ALDWIN", "QUEEN YSOLDE", "PRINCE EDRIC", "LADY ROSAMUND", "DUKE OF VARENNE", "Jorun", "Quillon", "Xanthe", "Zeno",
    "Bertram", "Cecily", "Frances", "Gideon", "Hale", "Ines", "Kester", "Lucan", "Maud", "Orrin", "Tamsin", "Ursel",
    "First Sailor", "Second Sailor", "First Guard", "Second Guard", "Gardener", "Old Nurse", "Messenger", "Chorus",
)  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """The words of a scene.

    Attributes:
        nouns: Singular and plural of each noun.
        adjectives: Adjectives.
        verbs: Each verb as after "they" and as after "he". All of them take an object.
        places: Phrases that say where.
    """

    nouns: Sequence[tuple[str, str]]
    adjectives: Sequence[str]
    verbs: Sequence[tuple[str, str]]
    places: Sequence[str]


THEMES = (
    Theme(
        (("ship", "ships"), ("wave", "waves"), ("sail", "sails"), ("storm", "storms"), ("gull", "gulls"), ("anchor", "anchors")),
        ("salt", "grey", "restless", "drowned", "windward", "heavy"),
        (("carry", "carries"), ("swallow", "swallows"), ("follow", "follows"), ("outrun", "outruns"), ("break", "breaks")),
        ("beyond the harbour", "upon the open sea", "beneath the tide", "before the wind"),
    ),
    Theme(
        (("sword", "swords"), ("banner", "banners"), ("captain", "captains"), ("wall", "walls"), ("horse", "horses"), ("wound", "wounds")),
        ("bloody", "broken", "faithful", "iron", "hard-won", "sleepless"),
        (("guard", "guards"), ("strike", "strikes"), ("betray", "betrays"), ("summon", "summons"), ("conquer", "conquers")),
        ("before the gate", "upon the field", "behind the hill", "at break of day"),
    ),
    Theme(
        (("heart", "hearts"), ("rose", "roses"), ("letter", "letters"), ("vow", "vows"), ("song", "songs"), ("kiss", "kisses")),
        ("tender", "secret", "foolish", "sweet", "jealous", "half-forgotten"),
        (("love", "loves"), ("forget", "forgets"), ("answer", "answers"), ("charm", "charms"), ("wrong", "wrongs")),
        ("below her window", "in the orchard", "within my breast", "under the moon"),
    ),
    Theme(
        (("crown", "crowns"), ("throne", "thrones"), ("law", "laws"), ("flatterer", "flatterers"), ("coin", "coins"), ("debt", "debts")),
        ("golden", "hollow", "ancient", "royal", "borrowed", "ungrateful"),
        (("govern", "governs"), ("buy", "buys"), ("fear", "fears"), ("judge", "judges"), ("flatter", "flatters")),
        ("at court", "in the council", "behind the throne", "before the people"),
    ),
    Theme(
        (("harvest", "harvests"), ("field", "fields"), ("bee", "bees"), ("orchard", "orchards"), ("lamb", "lambs"), ("furrow", "furrows")),
        ("ripe", "patient", "green", "early", "well-watered", "humble"),
        (("feed", "feeds"), ("gather", "gathers"), ("bless", "blesses"), ("tend", "tends"), ("outlive", "outlives")),
        ("in the valley", "by the mill", "after the rain", "along the hedge"),
    ),
    Theme(
        (("ghost", "ghosts"), ("candle", "candles"), ("dream", "dreams"), ("owl", "owls"), ("shadow", "shadows"), ("grave", "graves")),
        ("pale", "silent", "moonless", "dreadful", "whispering", "cold"),
        (("haunt", "haunts"), ("wake", "wakes"), ("hide", "hides"), ("mock", "mocks"), ("remember", "remembers")),
        ("at midnight", "among the tombs", "in the tower", "beside my bed"),
    ),
)  # fmt: skip

_FEELINGS = ("weary", "glad", "afraid", "content", "ashamed", "resolved", "alone", "undone")
_CRIES = ("O heaven", "Alas", "Peace", "Come", "Hark", "Nay", "Good morrow", "Fie", "In faith", "By my troth")
_LINKS = ("and yet", "for", "but", "so", "while", "though", "since")
_TITLES = ("my lord", "my lady", "good sir", "sweet friend", "cousin", "your grace", "old fool")

T = TypeVar("T")


class _Dice:
    """Random choices from a fixed seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64([seed]))
        self._left: list[int] = []

    def below(self, n: int) -> int:
        """Draw a whole number from 0 to n − 1."""
        if not self._left:
            self._left = self._rng.integers(0, 1 << 31, 1 << 16, dtype=np.int64).tolist()
        return self._left.pop() % n

    def of(self, choices: Sequence[T]) -> T:
        """Draw one of the choices."""
        return choices[self.below(len(choices))]


def play(length: int = LENGTH, seed: int = SEED) -> str:
    """Return at least `length` characters of a play, in whole scenes. The same arguments give the same text."""
    dice = _Dice(seed)
    speeches: list[str] = []
    count = 0
    while count < length:
        for speech in _scene(dice):
            speeches.append(speech)
            count += len(speech) + 1
    return "\n".join(speeches)


def _scene(dice: _Dice) -> list[str]:
    """Draw the speeches of a scene in which two to four people speak in turn about one theme.

    Each speech is a name, lines and a line end.
    """
    theme = dice.of(THEMES)
    present: list[str] = []
    while len(present) < 2 + dice.below(3):
        name = dice.of(CHARACTERS)
        if name not in present:
            present.append(name)
    speaker = present[0]
    speeches = []
    for _ in range(6 + dice.below(14)):
        others = [name for name in present if name != speaker]
        spoken = " ".join(_sentence(dice, theme, dice.of(others)) for _ in range(1 + dice.below(4)))
        speeches.append(f"{speaker}:\n{_verse(spoken)}\n")
        speaker = dice.of(others)
    return speeches


def _sentence(dice: _Dice, theme: Theme, listener: str) -> str:
    """Draw a sentence that is addressed to the listener."""
    kind = dice.below(8)
    if kind == 0:
        verb = dice.of(theme.verbs)[0]
        text = f"{dice.of(_CRIES)}, {_called(dice, listener)}! {_capital(_may(dice))} I {verb} {_thing(dice, theme)}?"
    elif kind == 1:
        text = f"{dice.of(_CRIES)}! {_capital(_clause(dice, theme))}!"
    elif kind == 2:
        plural = dice.below(2)
        text = (
            f"{'Why do' if plural else 'How does'} {_who(dice, theme, plural)} {dice.of(theme.verbs)[0]} {_thing(dice, theme)}?"
        )
    elif kind == 3:
        text = f"I am {dice.of(_FEELINGS)}, {_called(dice, listener)}; {_clause(dice, theme)}."
    elif kind == 4:
        text = f"{_capital(_clause(dice, theme))}, {dice.of(_LINKS)} {_clause(dice, theme)}."
    elif kind == 5:
        text = f"{_capital(dice.of(theme.verbs)[0])} {_thing(dice, theme)}, {_called(dice, listener)}, {dice.of(theme.places)}."
    elif kind == 6:
        text = f"Is not {_who(dice, theme, 0)} {dice.of(theme.adjectives)}? 'Tis {dice.of(theme.adjectives)}: {_clause(dice, theme)}."
    else:
        text = f"{_capital(_clause(dice, theme))}."
    return text


def _clause(dice: _Dice, theme: Theme) -> str:
    """Draw a main clause."""
    plural = dice.below(2)
    subject = _who(dice, theme, plural)
    if dice.below(4) == 0:  # a clause between subject and verb, so that a model must remember the number
        subject += f" that {dice.of(theme.verbs)[0 if plural else 1]} {_thing(dice, theme)}"
    end = f" {dice.of(theme.places)}" if dice.below(3) == 0 else ""
    return f"{subject} {dice.of(theme.verbs)[0 if plural else 1]} {_thing(dice, theme)}{end}"


def _who(dice: _Dice, theme: Theme, plural: int) -> str:
    """Draw a subject."""
    adjective = f"{dice.of(theme.adjectives)} " if dice.below(2) else ""
    return (
        f"{dice.of(('the', 'these', 'our') if plural else ('the', 'this', 'every'))} {adjective}{dice.of(theme.nouns)[plural]}"
    )


def _thing(dice: _Dice, theme: Theme) -> str:
    """Draw an object."""
    owner = dice.of(("my", "thy", "his", "her", "the", "a king's"))
    adjective = f"{dice.of(theme.adjectives)} " if dice.below(3) == 0 else ""
    return f"{owner} {adjective}{dice.of(theme.nouns)[dice.below(2)]}"


def _called(dice: _Dice, listener: str) -> str:
    """Return the name of the listener as one would say it, or a title."""
    name = listener.title().replace(" Of ", " of ") if listener.isupper() else listener
    return name if dice.below(2) else dice.of(_TITLES)


def _may(dice: _Dice) -> str:
    """Draw an auxiliary verb."""
    return dice.of(("may", "must", "shall", "dare"))


def _capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[0].upper() + text[1:]


def _verse(text: str) -> str:
    """Break a text into lines of at most WIDTH characters that start with a capital letter, as in verse."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(_capital(line))
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, _capital(line)])
