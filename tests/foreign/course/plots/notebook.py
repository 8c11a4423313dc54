# %% [markdown]
# # Plots

# %%
%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 2 * np.pi, 50)

# %% [markdown]
# Draw sine (solid) and cosine (dashed) over `x` in one axes, with a title, both axes' labels and a legend. Keep the axes in `ax`.

# %% solution="two_lines"
### BEGIN SOLUTION
fig, ax = plt.subplots()
ax.plot(x, np.sin(x), label="sine")
ax.plot(x, np.cos(x), "--", label="cosine")
ax.set_title("Two waves")
ax.set_xlabel("x")
ax.set_ylabel("y")
ax.legend()
### END SOLUTION

# %% tests="two_lines_data" points=2
assert len(ax.lines) == 2
assert np.allclose(ax.lines[0].get_ydata(), np.sin(x))
assert ax.lines[1].get_linestyle() == "--"

# %% tests="two_lines_labels" points=2
assert ax.get_title().strip()
assert ax.get_xlabel() and ax.get_ylabel()
assert [t.get_text() for t in ax.get_legend().get_texts()] == ["sine", "cosine"]

# %% solution="histogram"
def histogram(values, bins=10):
    """Draw a histogram in a new figure; return the axes."""
    ### BEGIN SOLUTION
    figure, axes = plt.subplots()
    axes.hist(values, bins=bins)
    return axes
    ### END SOLUTION

# %% tests="histogram_bars" points=2
before = len(plt.get_fignums())
h = histogram([1, 1, 2, 5], bins=4)
assert len(plt.get_fignums()) == before + 1
assert [p.get_height() for p in h.patches] == [2, 1, 0, 1]

# %% tests="histogram_alone" points=1
# Figures of earlier cells have been shown, and so closed, by %matplotlib inline.
h = histogram([1, 2])
assert len(plt.get_fignums()) == 1
assert plt.gca() is h

# %% solution="scatter"
def scatter(points, ax):
    """Draw the points, an array of shape (n, 2), into the given axes. Returns nothing."""
    ### BEGIN SOLUTION
    ax.scatter(points[:, 0], points[:, 1])
    ### END SOLUTION

# %% tests="scatter_in_given_axes" points=2
figure, axes = plt.subplots(1, 2)
assert scatter(np.array([[0, 1], [2, 3]]), axes[1]) is None
assert len(axes[0].collections) == 0
assert axes[1].collections[0].get_offsets().tolist() == [[0, 1], [2, 3]]

# %% solution="saved"
def save(name):
    """Save a bar chart of 1, 2, 3 as PNG under this name."""
    ### BEGIN SOLUTION
    plt.figure()
    plt.bar([0, 1, 2], [1, 2, 3])
    plt.savefig(name)
    ### END SOLUTION

# %% tests="saved_picture" points=1
save("bars.png")
assert len(plt.gcf().axes[0].patches) == 3
picture = plt.imread("bars.png")
assert picture.ndim == 3 and picture.std() > 0
