# %% [markdown]
# # Minima, integrals, motion

# %%
import numpy as np
from scipy import integrate, optimize

# %% solution="rosenbrock"
def rosenbrock(p):
    ### BEGIN SOLUTION
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2
    ### END SOLUTION

# %% tests="rosenbrock_values" points=1
assert rosenbrock([1, 1]) == 0
assert rosenbrock(np.array([0.0, 1.0])) == 101

# %% tests="rosenbrock_minimum" points=2
found = optimize.minimize(rosenbrock, [-1, 2], method="Nelder-Mead", options={"maxiter": 400})
assert np.allclose(found.x, 1, atol=1e-3)

# %% solution="fit"
def fit_line(x, y):
    """Slope and intercept by least squares, as scipy.optimize.curve_fit finds them, and their covariance."""
    ### BEGIN SOLUTION
    return optimize.curve_fit(lambda t, a, b: a * t + b, x, y)
    ### END SOLUTION

# %% tests="fit_values" points=2
x = np.arange(10.0)
(slope, intercept), cov = fit_line(x, 3 * x - 1 + 0.01 * np.sin(x))
assert abs(slope - 3) < 0.01 and abs(intercept + 1) < 0.01
assert cov.shape == (2, 2)

# %% solution="pendulum"
def pendulum(t, state, length=1.0, g=9.81):
    """Time derivatives of (angle, speed)."""
    ### BEGIN SOLUTION
    angle, speed = state
    return [speed, -g / length * np.sin(angle)]
    ### END SOLUTION

# %% tests="pendulum_derivative" points=1
assert np.allclose(pendulum(0, (np.pi / 2, 1.0)), [1.0, -9.81])

# %% tests="pendulum_energy" points=2
path = integrate.solve_ivp(pendulum, (0, 3), [0.5, 0], rtol=1e-8, atol=1e-8)
energy = path.y[1] ** 2 / 2 - 9.81 * np.cos(path.y[0])
assert path.success
assert np.ptp(energy) < 1e-4

# %% solution="work"
def work(force, a, b):
    """The integral of force over [a, b]."""
    ### BEGIN SOLUTION
    value, error = integrate.quad(force, a, b)
    return value
    ### END SOLUTION

# %% tests="work_of_functions" points=1
assert abs(work(np.sin, 0, np.pi) - 2) < 1e-8
assert abs(work(lambda s: 3.0, 0, 2) - 6) < 1e-8

# %% tests="work_asks_everywhere" points=1
asked = []

def force(s):
    asked.append(s)
    return s**2

work(force, 0, 1)
assert len(asked) > 10 and min(asked) < 0.1 and max(asked) > 0.9

# %% solution="solution"
### BEGIN SOLUTION
result = optimize.root_scalar(lambda z: z**3 - 2, bracket=[0, 2])
### END SOLUTION

# %% tests="solution_root" points=1
assert result.converged
assert abs(result.root - 2 ** (1 / 3)) < 1e-9

# %% solution="spline"
def curve(xs, ys):
    """A function that interpolates the points with a cubic spline."""
    ### BEGIN SOLUTION
    from scipy.interpolate import CubicSpline
    return CubicSpline(xs, ys)
    ### END SOLUTION

# %% tests="spline_values" points=1
s = curve([0, 1, 2, 3], [0, 1, 8, 27])
assert abs(s(1.5) - 3.375) < 1e-9
assert abs(s.derivative()(1.0) - 3) < 1e-9
