"""The drawn California housing looks like the real one, teaches the same lessons, and is the same everywhere."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import skew
from sklearn.linear_model import HuberRegressor, LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from coursekit import data
from coursekit.data.cache import Cache
from coursekit.data.registry import course_registry
from coursekit.drawn import housing

X, y = housing.districts()
COLUMN = {name: X[:, i] for i, name in enumerate(data.housing.FEATURE_NAMES)}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> data.Housing:
    settings = data.Settings(course_registry(), Cache(tmp_path_factory.mktemp("cache")), mode="drawn")
    return data.load_california_housing(settings=settings)


def test_it_has_the_shapes_and_types_of_the_real_set(loaded: data.Housing) -> None:
    assert loaded.source == "drawn"
    for part, n in (("train", 11_610), ("valid", 3_870), ("test", 2_580)):
        inputs, targets = getattr(loaded, f"X_{part}"), getattr(loaded, f"y_{part}")
        assert (inputs.shape, inputs.dtype, targets.shape, targets.dtype) == ((n, 8), np.float64, (n,), np.float64)


# The real set: median 3.53, 29, 5.23, 1.05, 1166, 2.82, 34.3, -118.5.
@pytest.mark.parametrize(
    ("name", "low", "high", "median"),
    [
        ("MedInc", 0.4999, 15.0001, (3.3, 3.7)),
        ("HouseAge", 1, 52, (27, 31)),
        ("AveRooms", 0.8, 250, (4.9, 5.4)),
        ("AveBedrms", 0.3, 60, (1.03, 1.07)),
        ("Population", 3, 36_000, (1_050, 1_250)),
        ("AveOccup", 0.6, 1_300, (2.7, 3.0)),
        ("Latitude", 32.5, 42, (34, 36)),
        ("Longitude", -124.4, -114.2, (-120, -118)),
    ],
)
def test_each_column_has_the_range_and_the_middle_of_the_real_one(
    name: str, low: float, high: float, median: tuple[float, float]
) -> None:
    column = COLUMN[name]
    assert low <= column.min()
    assert column.max() <= high
    assert median[0] <= np.median(column) <= median[1]


def test_targets_are_capped_at_five_for_about_one_district_in_twenty() -> None:
    assert y.min() >= 0.14999
    assert y.max() == 5.00001
    assert 0.04 < (y == y.max()).mean() < 0.06  # the real set: 4.7 %
    assert not ((y > 5) & (y < y.max())).any()


def test_ages_stop_at_fifty_two_for_about_one_district_in_twenty() -> None:
    assert (COLUMN["HouseAge"] % 1 == 0).all()
    assert 0.04 < (COLUMN["HouseAge"] == 52).mean() < 0.08  # 6.2 %


def test_incomes_and_populations_are_skewed_and_their_logarithms_hardly() -> None:
    for name in ("MedInc", "Population"):
        assert skew(COLUMN[name]) > 1.2
        assert abs(skew(np.log(COLUMN[name]))) < 0.6


def test_a_few_districts_lie_far_outside_in_rooms_and_occupants() -> None:
    assert COLUMN["AveRooms"].max() > 100  # 142
    assert COLUMN["AveBedrms"].max() > 15  # 34
    assert COLUMN["AveOccup"].max() > 500  # 1,243
    assert (COLUMN["AveOccup"] > 10).mean() < 0.01
    assert COLUMN["AveOccup"].std() > 5  # so dividing by it leaves all other districts nearly alike


def test_every_district_lies_on_land_and_no_two_are_the_same() -> None:
    assert housing.coast_distance(COLUMN["Latitude"], COLUMN["Longitude"]).min() >= 0
    at = COLUMN["Latitude"].astype(float)
    coast = np.interp(at, *np.array(housing.COAST).T)
    assert (COLUMN["Longitude"] > coast - 0.02).all()
    assert len({row.tobytes() for row in X}) == len(X)


def test_prices_are_higher_by_the_sea_and_in_the_cities() -> None:
    sea = housing.coast_distance(COLUMN["Latitude"].astype(float), COLUMN["Longitude"].astype(float))
    assert y[sea < 0.15].mean() > y[sea > 1].mean() + 0.7
    assert 0.6 < np.corrcoef(COLUMN["MedInc"], y)[0, 1] < 0.8  # 0.69


def rmse(model: object, inputs: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sqrt(np.mean((np.ravel(model.predict(inputs)) - targets) ** 2)))  # type: ignore[attr-defined]


def engineered(inputs: np.ndarray) -> np.ndarray:
    place = inputs[:, 6:8]
    waves = [wave(k * place) for k in (1, 2, 4, 8) for wave in (np.sin, np.cos)]
    return np.hstack([np.log(inputs[:, [0, 2, 3, 4, 5]]), inputs[:, [1, 6, 7]], *waves])


def test_a_line_beats_the_mean_a_network_the_line_and_better_features_the_network(loaded: data.Housing) -> None:
    import keras

    from coursekit import training

    train, valid = (loaded.X_train, loaded.y_train), (loaded.X_valid, loaded.y_valid)
    mean = float(np.sqrt(np.mean((loaded.y_train.mean() - loaded.y_valid) ** 2)))
    linear = rmse(LinearRegression().fit(*train), *valid)
    network = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=[50, 50, 50], random_state=42))
    plain = rmse(network.fit(*train), *valid)

    scaler = StandardScaler().fit(engineered(loaded.X_train))
    better_X, better_valid = (scaler.transform(engineered(part)) for part in (loaded.X_train, loaded.X_valid))
    layers = [keras.layers.Dense(units, activation="relu") for units in (256, 128, 64)]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    steps = 20 * -(-len(better_X) // 128)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)), "mse")
    training.fit(model, better_X, loaded.y_train, epochs=20, batch_size=128, verbose=0)
    better = float(np.sqrt(np.mean((model.predict(better_valid, verbose=0)[:, 0] - loaded.y_valid) ** 2)))

    assert 1.1 < mean < 1.25  # the real set: 1.15
    assert 0.65 < linear < 0.8  # 1.05, 0.67 without its three worst districts
    assert 0.50 <= plain <= 0.55  # 0.505
    assert better < plain - 0.03  # 0.06 less


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_without_normalisation_the_same_network_learns_badly(loaded: data.Housing) -> None:
    raw = MLPRegressor(hidden_layer_sizes=[50, 50, 50], random_state=42, max_iter=8)
    scaled = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=[50, 50, 50], random_state=42, max_iter=8))
    raw.fit(loaded.X_train, loaded.y_train)
    scaled.fit(loaded.X_train, loaded.y_train)
    assert rmse(raw, loaded.X_valid, loaded.y_valid) > 1.2 * rmse(scaled, loaded.X_valid, loaded.y_valid)


def test_with_planted_outliers_the_huber_loss_beats_the_squared_one(loaded: data.Housing) -> None:
    rng = np.random.default_rng()
    spoilt = loaded.y_train.copy()
    spoilt[rng.choice(len(spoilt), len(spoilt) // 20, replace=False)] = 50
    scaler = StandardScaler().fit(engineered(loaded.X_train))
    train, valid = scaler.transform(engineered(loaded.X_train)), scaler.transform(engineered(loaded.X_valid))
    squared, huber = LinearRegression().fit(train, spoilt), HuberRegressor(max_iter=300).fit(train, spoilt)
    assert rmse(huber, valid, loaded.y_valid) < 0.5 * rmse(squared, valid, loaded.y_valid)


def digest() -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in housing.districts())).hexdigest()


def test_another_process_draws_the_same_bytes(root: Path) -> None:
    code = "from tests.coursekit.test_drawn_housing import digest; print(digest())"
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert run.stdout.strip() == digest(), run.stderr


def test_the_data_card_states_the_checksum_of_what_is_drawn(root: Path) -> None:
    """The figures quoted in the labs were measured on these bytes; a change of the drawing must be made knowingly."""
    card = (root / "datasets" / "drawn-california-housing.md").read_text(encoding="utf-8")
    assert re.findall(r"\b[0-9a-f]{64}\b", card) == [digest()]


def test_another_seed_draws_other_districts() -> None:
    ours, other = housing.districts(100), housing.districts(100, seed=1)
    assert not np.array_equal(ours[0], other[0])
    assert ours[0].shape == other[0].shape == (100, 8)
