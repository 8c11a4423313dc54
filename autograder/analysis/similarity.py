"""Which works of a class share what chance does not explain.

Fingerprints of the release, of the reference solution and of what much of the class shares are set
aside; what is left is a work's *own* code. A shared fingerprint counts ln(N / works that have it). Per
exercise this is averaged over the own code of the shorter answer, and the exercises are added up: two
students who share one answer by chance score little, two who share rare things in many exercises score
much, and a work is not near another because it is short. With the same rare mistake an exercise counts
more. The result is a ranking and no verdict.

This module knows works as sources; it knows no files, no pages and no names of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from autograder.analysis.fingerprints import every_piece, fingerprints_of
from autograder.analysis.works import Work

__all__ = ["LITTLE", "Pair", "Shared", "Similarity", "similarity_of"]

MOST = 20  # pairs that are ranked
LITTLE = 8  # own fingerprints below which a work is not compared
FEW, PART, MANY = 10, 0.2, 400  # a fingerprint of more than max(FEW, PART of all) or MANY works is common
SAME_MISTAKE = 1.25  # weight of an exercise in which both made the same rare mistake
BLOCK = 256  # works whose scores are in memory at one time


@dataclass(frozen=True)
class Shared:
    """What two works share in one exercise.

    Attributes:
        exercise: Name of the exercise.
        score: What it adds to the score of the pair.
        share: Shared part of the own code of the shorter answer, 0–1.
        rare: Number of shared fingerprints that no other work has.
        fewest: Number of works that have the rarest of them.
        mistakes: Rare messages of failed tests that both have.
        digests: The shared fingerprints.
    """

    exercise: str
    score: float
    share: float
    rare: int
    fewest: int
    mistakes: tuple[str, ...]
    digests: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """Two works.

    Attributes:
        one: A work of this class.
        other: Another one, of this class or an earlier year.
        score: Sum over the exercises.
        share: Shared part of the own code of the work that has less, 0–1.
        exercises: What they share, the most telling exercise first.
    """

    one: Work
    other: Work
    score: float
    share: float
    exercises: tuple[Shared, ...]


@dataclass(frozen=True)
class Similarity:
    """A comparison of a class.

    Attributes:
        compared: Number of works of this class with enough own code.
        earlier: Number of works of earlier years with enough own code.
        little: Names of the works of this class with too little own code.
        typical: Score of the nearest work of a student in the middle of the class.
        pairs: The nearest pairs, the nearest first; no more than there are works.
        identical: Works of the same file, byte for byte; one of each group at least is of this class.
    """

    compared: int
    earlier: int
    little: tuple[str, ...]
    typical: float
    pairs: tuple[Pair, ...]
    identical: tuple[tuple[Work, ...], ...] = ()


def similarity_of(works: Sequence[Work], given: Iterable[str], most: int = MOST) -> Similarity:
    """Compare the works of a class with each other and with those of earlier years.

    Args:
        works: The works. Two of earlier years are not compared with each other.
        given: Code that says nothing about a pair: cells of the release, and the reference solution.
        most: Number of pairs that are ranked.

    Returns:
        The ranking.
    """
    works = sorted(works, key=lambda work: work.earlier)  # this class comes first
    ours = sum(not work.earlier for work in works)
    parts = _parts(works, frozenset().union(*map(every_piece, given)))
    own = sum((part.sizes for part in parts), np.zeros(len(works), dtype=np.int64))
    enough = own >= LITTLE
    nearest, found = _ranked(parts, enough, ours, max(1, min(most, int(enough.sum()))))
    typical = float(np.median(nearest)) if len(nearest) else 0.0
    pairs = [_pair(works, parts, own, one, other) for score, one, other in found if score > 0]
    little = sorted(work.name for work, much in zip(works[:ours], enough[:ours], strict=True) if not much)
    compared, earlier = int(enough[:ours].sum()), int(enough[ours:].sum())
    return Similarity(compared, earlier, tuple(little), typical, tuple(pairs), tuple(_identical(works)))


def _identical(works: Iterable[Work]) -> Iterator[tuple[Work, ...]]:
    same: dict[str, list[Work]] = {}
    for work in works:
        same.setdefault(work.sha256, []).append(work)
    for digest, group in same.items():
        if digest and len(group) > 1 and not group[0].earlier:
            yield tuple(group)


# ── the code of one exercise ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Part:
    """The own code of all works in one exercise.

    Attributes:
        exercise: Name of the exercise.
        digests: Fingerprints that stand for the columns, (columns,).
        held: Which work has which fingerprint, (works, columns).
        holders: Number of works that have each, (columns,).
        weights: Rarity of each, (columns,).
        sizes: Number of own fingerprints of each work, (works,).
        messages: Messages that stand for the columns of `failed`.
        failed: Which work has which rare message, (works, messages).
    """

    exercise: str
    digests: NDArray[np.uint64]
    held: csr_matrix
    holders: NDArray[np.int64]
    weights: NDArray[np.float64]
    sizes: NDArray[np.int64]
    messages: tuple[str, ...]
    failed: csr_matrix

    def scores(self, rows: slice) -> NDArray[np.float64]:
        """Return what the exercise adds to the score of each of these works with every work."""
        shared = (self.held[rows].multiply(self.weights).tocsr() @ self.held.T).toarray()
        shared /= 1 + np.minimum(self.sizes[rows, None], self.sizes[None])  # 1: a single statement weighs half an exercise
        if self.messages:
            shared[(self.failed[rows] @ self.failed.T).toarray() > 0] *= SAME_MISTAKE
        return shared


def _parts(works: Sequence[Work], given: frozenset[int]) -> list[_Part]:
    exercises = dict.fromkeys(exercise for work in works for exercise in work.cells)
    common = min(MANY, max(FEW, PART * len(works)))
    return [_part(works, exercise, given, common) for exercise in exercises]


def _part(works: Sequence[Work], exercise: str, given: frozenset[int], common: float) -> _Part:
    found = [
        {mark.digest for source in work.cells.get(exercise, ()) for mark in fingerprints_of(source)} - given for work in works
    ]
    rows = np.repeat(np.arange(len(works)), [len(digests) for digests in found])
    digests = np.fromiter((digest for own in found for digest in sorted(own)), dtype=np.uint64, count=len(rows))
    columns, places, holders = np.unique(digests, return_inverse=True, return_counts=True)
    kept = (holders <= common)[places]
    held = _table(rows[kept], places[kept], (len(works), len(columns)))
    sizes = np.bincount(rows[kept], minlength=len(works))
    messages, failed = _failed(works, exercise, common)
    return _Part(exercise, columns, held, holders, np.log(len(works) / np.maximum(1, holders)), sizes, messages, failed)


def _failed(works: Sequence[Work], exercise: str, common: float) -> tuple[tuple[str, ...], csr_matrix]:
    """Return the rare messages, and which work has which."""
    said = [(row, message) for row, work in enumerate(works) for message in work.mistakes.get(exercise, ())]
    holders: dict[str, int] = {}
    for _, message in said:
        holders[message] = holders.get(message, 0) + 1
    messages = tuple(sorted(message for message, count in holders.items() if 2 <= count <= common))
    column = {message: place for place, message in enumerate(messages)}
    found = [(row, column[message]) for row, message in said if message in column]
    rows, columns = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return messages, _table(rows, columns, (len(works), len(messages)))


def _table(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)


# ── pairs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ranked(
    parts: Sequence[_Part], enough: NDArray[np.bool_], ours: int, most: int
) -> tuple[NDArray[np.float64], list[tuple[float, int, int]]]:
    """Return the score of each student's nearest work, and (score, one, other) of the nearest pairs."""
    nearest, found = np.zeros(ours), list[tuple[float, int, int]]()
    for start in range(0, ours, BLOCK):
        rows = slice(start, min(start + BLOCK, ours))
        scores = sum((part.scores(rows) for part in parts), np.zeros((rows.stop - start, len(enough))))
        scores[:, ~enough] = 0
        scores[~enough[rows]] = 0
        here = np.arange(start, rows.stop)
        scores[here - start, here] = 0
        nearest[rows] = scores.max(axis=1)
        scores[here[:, None] > np.arange(len(enough))] = 0  # each pair once
        best = np.argpartition(scores, -most, axis=None)[-most:] if most < scores.size else range(scores.size)
        found += [(float(scores.flat[place]), start + int(place) // len(enough), int(place) % len(enough)) for place in best]
        found = sorted(found, key=lambda pair: (-pair[0], pair[1:]))[:most]
    return nearest[enough[:ours]], found


def _pair(works: Sequence[Work], parts: Sequence[_Part], own: NDArray[np.int64], one: int, other: int) -> Pair:
    shared = sorted(_shared(parts, one, other), key=lambda part: (-part.score, part.exercise))
    count = sum(len(part.digests) for part in shared)
    return Pair(
        works[one],
        works[other],
        sum(part.score for part in shared),
        float(count / min(own[one], own[other])),
        tuple(shared),
    )


def _shared(parts: Sequence[_Part], one: int, other: int) -> Iterator[Shared]:
    for part in parts:
        both = np.intersect1d(part.held[one].indices, part.held[other].indices)
        if not len(both):
            continue
        smaller = min(part.sizes[one], part.sizes[other])
        said = np.intersect1d(part.failed[one].indices, part.failed[other].indices)
        score = float(part.weights[both].sum() / (1 + smaller)) * (SAME_MISTAKE if len(said) else 1)
        yield Shared(
            part.exercise,
            score,
            len(both) / float(smaller),
            int((part.holders[both] == 2).sum()),
            int(part.holders[both].min()),
            tuple(part.messages[place] for place in said),
            frozenset(part.digests[both].tolist()),
        )
