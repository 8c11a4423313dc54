"""The drawn California housing: 20,640 districts of an invented land with a coast.

Two large cities and about twenty towns lie along a coast with two bays. A price grows with the income
(less and less), near the sea, and in some places and quarters more than in others. It falls where many
people share a house. Old houses cost more in the two cities and less elsewhere. All operations used
round alike on every processor, so every machine gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["COAST", "PLACES", "coast_distance", "districts"]

Array = np.ndarray[Any, np.dtype[Any]]

SEED = 20_640
ROWS = 20_640
CAP = 5.00001  # in $100,000; every more expensive district gets this value

# The coast and the inland border from south to north: (latitude, longitude).
COAST = (
    (32.5, -117.2), (33.3, -118.3), (34.2, -118.1), (35.0, -119.8), (36.0, -121.3), (36.9, -121.1), (37.8, -122.4),
    (38.8, -123.4), (40.0, -123.3), (41.0, -124.1), (42.0, -124.2),
)  # fmt: skip
BORDER = ((32.5, -114.5), (34.8, -114.4), (36.5, -116.6), (39.0, -119.9), (42.0, -120.0))

# Towns: latitude, longitude, share of all districts, spread in degrees, what it adds to the logarithm of a price.
PLACES = (
    (34.05, -117.75, 0.300, 0.26, 0.10), (37.55, -121.85, 0.190, 0.24, 0.32),  # the two cities
    (32.85, -116.95, 0.075, 0.15, 0.05), (38.60, -121.40, 0.060, 0.17, -0.12), (36.75, -119.80, 0.045, 0.15, -0.28),
    (33.60, -116.40, 0.040, 0.15, -0.05), (35.35, -118.95, 0.035, 0.12, -0.30), (36.55, -121.00, 0.025, 0.10, 0.15),
    (34.90, -119.45, 0.022, 0.10, 0.18), (37.65, -120.95, 0.030, 0.12, -0.18), (38.45, -122.70, 0.025, 0.12, 0.12),
    (40.55, -122.35, 0.018, 0.12, -0.30), (39.70, -121.75, 0.018, 0.12, -0.25), (40.85, -123.90, 0.010, 0.08, -0.28),
    (35.90, -120.70, 0.012, 0.10, -0.02), (34.55, -116.95, 0.020, 0.14, -0.22), (39.10, -120.55, 0.012, 0.15, 0.08),
    (41.60, -122.40, 0.006, 0.12, -0.35), (32.80, -115.55, 0.008, 0.10, -0.40), (36.15, -118.95, 0.014, 0.12, -0.35),
)  # fmt: skip
CITIES = PLACES[:2]


def districts(rows: int = ROWS, seed: int = SEED) -> tuple[Array, Array]:
    """Draw districts and their median house value.

    The same arguments give the same bytes.

    Args:
        rows: Number of districts.
        seed: Seed of the random numbers.

    Returns:
        A tuple `(X, y)`: X float64 (rows, 8) with the columns MedInc, HouseAge, AveRooms, AveBedrms,
        Population, AveOccup, Latitude and Longitude; y float64 (rows,) in $100,000, from 0.14999 to 5.00001.
    """
    rng = np.random.Generator(np.random.PCG64([seed]))
    latitude, longitude = _positions(rng, rows)
    sea, city = coast_distance(latitude, longitude), _nearness(latitude, longitude, CITIES)
    quarter = _quarters(latitude, longitude)
    age = _ages(rng, city)
    income = _incomes(rng, sea, city, quarter)
    population, rooms, bedrooms, occupants = _households(rng, income)
    value = _values(rng, income, age, rooms, bedrooms, occupants, sea, city, quarter, _premium(latitude, longitude))
    X = np.stack([income, age, rooms, bedrooms, population, occupants, latitude, longitude], axis=1)
    return X, value


# ── the land ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def coast_distance(latitude: Array, longitude: Array) -> Array:
    """Return the distance to the nearest point of the coast in degrees of latitude (about 111 km each)."""
    at = np.linspace(COAST[0][0], COAST[-1][0], 96)
    nearest = np.full(latitude.shape, np.inf)
    for north, east in zip(at, _line(at, COAST), strict=True):
        nearest = np.minimum(nearest, _squared(latitude, longitude, north, east))
    return np.sqrt(nearest)


def _positions(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Draw the positions of the districts, to a hundredth of a degree.

    Most of them are around a town, some anywhere, and all of them on land.
    """
    table = np.array(PLACES)
    town = np.searchsorted(np.cumsum(table[:, 2]), rng.random(n))  # beyond the last one: the countryside
    north, east, _, spread, _ = table[np.minimum(town, len(PLACES) - 1)].T
    far = 0.35 + 1.3 * rng.random(n) * rng.random(n)
    latitude = north + spread * far * 1.6 * _normal(rng, n)
    longitude = east + spread * far * 2.0 * _normal(rng, n)
    country = town == len(PLACES)
    latitude = np.where(country, 32.6 + 9.2 * rng.random(n), latitude)
    latitude = np.clip(latitude, 32.54, 41.95)
    west, border = _line(latitude, COAST), _line(latitude, BORDER)
    longitude = np.where(country, west + (border - west) * rng.random(n), longitude)
    longitude = np.where(longitude < west, 2 * west - longitude, longitude)  # positions in the sea are mirrored to the shore
    longitude = np.clip(longitude, west + 0.01, np.maximum(border, west + 0.5))
    return _rounded(latitude, 100), _rounded(longitude, 100)


def _quarters(latitude: Array, longitude: Array) -> Array:
    """Return how wealthy a quarter is, from about -1 to 1: ridges and valleys that cross the land and its cities."""
    ridges = _wave((latitude + 0.35 * longitude) / 0.95) + _wave((0.9 * longitude - 0.3 * latitude) / 0.8)
    hills = _wave(latitude / 0.4 + 0.2) * _wave(longitude / 0.45)
    return 0.4 * ridges + 0.6 * hills


def _premium(latitude: Array, longitude: Array) -> Array:
    """Return what the nearest towns add to the logarithm of a price. It fades within some tenths of a degree."""
    total = np.zeros(latitude.shape)
    for north, east, _, spread, premium in PLACES:
        total = total + premium * _fade(_squared(latitude, longitude, north, east), 2.2 * spread)
    return total


def _nearness(latitude: Array, longitude: Array, places: Sequence[tuple[float, ...]]) -> Array:
    """Return 1 in the centre of one of the places, falling to 0 far from all of them."""
    near = np.zeros(latitude.shape)
    for north, east, _, spread, _ in places:
        near = np.maximum(near, _fade(_squared(latitude, longitude, north, east), 1.6 * spread))
    return near


# ── the people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _ages(rng: np.random.Generator, city: Array) -> Array:
    """Draw the median age of the houses in years, from 1 to 52. As in the census, 52 means 52 or more."""
    return np.clip(np.floor(23.5 + 20 * city + 13 * _normal(rng, len(city)) + 0.5), 1, 52)


def _incomes(rng: np.random.Generator, sea: Array, city: Array, quarter: Array) -> Array:
    """Draw the median income in $10,000, from 0.4999 to 15.0001, with four decimals."""
    logarithm = 1.17 + 0.16 * quarter + 0.14 * _fade(sea * sea, 0.5) + 0.08 * city + 0.45 * _normal(rng, len(sea))
    return _rounded(np.clip(_exp(logarithm), 0.4999, 15.0001), 10_000)


def _households(rng: np.random.Generator, income: Array) -> tuple[Array, Array, Array, Array]:
    """Draw the population, and the rooms, bedrooms and occupants per household.

    The last three are ratios of whole numbers, as in a census.
    """
    n = len(income)
    share = income / (income + 4)
    crowd = 2.95 * _exp(0.20 * _normal(rng, n) - 0.30 * (share - 0.45))
    population = np.floor(1130 * _exp(0.70 * _normal(rng, n))) + 3
    per_room = 5.15 * _exp(0.17 * _normal(rng, n) + 0.75 * (share - 0.47))
    per_bed = 1.055 * _exp(0.055 * _normal(rng, n))
    kind, size = rng.random(n), rng.random(n)
    barracks, resort = kind < 0.006, kind > 0.992
    long_tail = 1 / (1.004 - size)  # from 1 to 250, most of it below 3
    crowd = np.where(barracks, crowd * (1 + 2 * long_tail), crowd)
    empty = np.where(resort, 1.5 + np.minimum(long_tail, 25), 1)  # holiday houses: many rooms per household
    population = np.where(resort, np.floor(population / (4 * empty)) + 3, population)
    households = np.maximum(np.floor(population / crowd + 0.5), 1)
    rooms = np.maximum(np.floor(households * per_room * empty + 0.5), 1)
    bedrooms = np.maximum(np.floor(households * per_bed * (0.15 + 0.85 * empty) + 0.5), 1)
    return population, rooms / households, bedrooms / households, population / households


def _values(
    rng: np.random.Generator,
    income: Array,
    age: Array,
    rooms: Array,
    bedrooms: Array,
    occupants: Array,
    sea: Array,
    city: Array,
    quarter: Array,
    premium: Array,
) -> Array:
    """Draw the median house value in $100,000, to the nearest $100, from 0.14999 to 5.00001."""
    earned = 11 * income / (income + 16)  # the tenth $10,000 buys less than the second
    place = 1.05 * premium + 0.42 * _fade(sea * sea, 0.28) + 0.28 * quarter
    old = (age - 28) / 24
    house = 0.16 * old * (2.2 * city - 0.5) + 0.5 * (bedrooms / rooms - 0.21)
    crowding = np.sqrt(2.8 / np.clip(occupants, 1, 12))
    value = earned * crowding * _exp(place + house - 0.18 + 0.20 * _normal(rng, len(income)))
    return np.where(value > 5, CAP, np.maximum(_rounded(value, 1000), 0.14999))


# ── arithmetic that is the same everywhere ───────────────────────────────────────────────────────────────────────────


def _normal(rng: np.random.Generator, n: int) -> Array:
    """Draw n nearly normal numbers: the sum of twelve uniform ones, less six."""
    total = rng.random(n)
    for _ in range(11):
        total = total + rng.random(n)
    return total - 6


def _exp(value: Array) -> Array:
    """Return the exponential function of small values as (1 + value/1024)^1024, which needs only products."""
    power = 1 + value / 1024
    for _ in range(10):
        power = power * power
    return power


def _wave(value: Array) -> Array:
    """Return a smooth wave of period 1 between -1 and 1, made of parabolas."""
    t = 2 * (value - np.floor(value)) - 1
    return 4 * t * (1 - np.abs(t))


def _fade(squared: Array, reach: float) -> Array:
    """Return 1 at distance 0, 1/4 at `reach`, and less beyond."""
    near = 1 / (1 + squared / (reach * reach))
    return near * near


def _squared(latitude: Array, longitude: Array, north: float, east: float) -> Array:
    """Return the squared distance in degrees of latitude. A degree of longitude counts 0.82 here."""
    dy, dx = latitude - north, 0.82 * (longitude - east)
    return dy * dy + dx * dx


def _line(at: Array, points: Sequence[tuple[float, float]]) -> Array:
    """Return the values of the broken line through `points` (position, value); constant beyond its ends."""
    total = np.full(at.shape, points[0][1])
    for (p0, v0), (p1, v1) in pairwise(points):
        total = total + (v1 - v0) * np.clip((at - p0) / (p1 - p0), 0, 1)
    return total


def _rounded(value: Array, parts: int) -> Array:
    """Round values to multiples of 1 / parts."""
    return np.floor(value * parts + 0.5) / parts
