# %% [markdown]
# # Sales
# Work with the table `sales.csv`.

# %% locked="load"
import numpy as np
import pandas as pd

sales = pd.read_csv("sales.csv")
shops = pd.DataFrame({"shop": ["north", "south", "east"], "city": ["Umeå", "Lund", "Kalmar"]})

# %% [markdown]
# The revenue of each shop, as a Series sorted from high to low. Missing amounts count as 0. `df` stays as it is.

# %% solution="revenue"
def revenue(df):
    ### BEGIN SOLUTION
    full = df.fillna({"amount": 0})
    return (full.amount * full.price).groupby(full["shop"]).sum().sort_values(ascending=False)
    ### END SOLUTION

# %% tests="revenue_values" points=2
r = revenue(sales)
assert list(r.index) == ["south", "west", "north"]
assert np.isclose(r["north"], 2.2)
### BEGIN HIDDEN TESTS
pd.testing.assert_series_equal(revenue(sales.head(2)), pd.Series([2.2], index=pd.Index(["north"], name="shop")))
### END HIDDEN TESTS

# %% tests="revenue_leaves_the_table" points=1
before = sales.copy()
revenue(sales)
pd.testing.assert_frame_equal(sales, before)

# %% solution="merge"
def with_city(df, cities):
    ### BEGIN SOLUTION
    return df.merge(cities, on="shop", how="left")
    ### END SOLUTION

# %% tests="merge_keeps_rows" points=2
m = with_city(sales, shops)
assert len(m) == len(sales)
assert m.city.isna().sum() == 1
assert list(m.columns) == [*sales.columns, "city"]

# %% solution="sizes"
def sizes(df):
    """A categorical column: small, medium, large, in this order, with bounds 2 and 5."""
    ### BEGIN SOLUTION
    return pd.cut(df.amount.fillna(0), [-1, 2, 5, np.inf], labels=["small", "medium", "large"])
    ### END SOLUTION

# %% tests="sizes_ordered" points=1
s = sizes(sales)
assert s.cat.ordered
assert list(s.cat.categories) == ["small", "medium", "large"]

# %% tests="sizes_values" points=1
assert list(s) == ["medium", "small", "large", "small", "medium"]

# %% solution="when"
def in_utc(df):
    """The column `when`, which is Stockholm time, in UTC."""
    ### BEGIN SOLUTION
    return pd.to_datetime(df.when).dt.tz_localize("Europe/Stockholm").dt.tz_convert("UTC")
    ### END SOLUTION

# %% tests="when_is_aware" points=1
w = in_utc(sales)
assert str(w.dt.tz) == "UTC"
assert w[1] == pd.Timestamp("2024-01-02 22:30", tz="UTC")

# %% tests="when_by_day" points=1
assert in_utc(sales).dt.day.value_counts().to_dict() == {2: 2, 5: 2, 3: 1}

# %% [markdown]
# Make `table`, with shops as rows and items as columns and the summed amounts in it.

# %% solution="pivot"
### BEGIN SOLUTION
table = sales.pivot_table(index="shop", columns="item", values="amount", aggfunc="sum", fill_value=0)
### END SOLUTION

# %% tests="pivot_values" points=2
assert table.shape == (3, 2) or table.shape == (3, 3)
assert table.loc["south", "apple"] == 10
assert (table.dtypes != object).all()
