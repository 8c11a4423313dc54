# %% [markdown]
# # Lab 6 · Saving and loading
#
# A network that took a night to train is worth nothing if it cannot be found the next morning. You save
# networks in three ways, look into the files, train on after a power cut as if nothing had happened, and learn
# which files you may open and which you should not.
#
# - **Time**: about two hours for reading and writing; sections 1–6 and 7–11 make two good
#   evenings. The computer itself needs about a minute.
# - **Points**: 30, of which 2 are for a written question.
#
# **When you have finished, you can**
#
# - save a whole model, its weights alone, or an exported version of it, and say what each of them keeps,
# - open a model file without Keras and read what is in it,
# - keep the best version of a training, and go on after an interruption with the same result,
# - write a layer of your own that survives saving and loading,
# - tell a truncated, a damaged, a foreign and a dangerous file apart, and write an error message that helps.
#
# **How a section goes**: an idea, a *prediction* that you write down before you run the cell, an exercise and its
# checks, and a look at the result. The checks stand below the exercise, folded. Press *Shift+Enter* in your answer,
# then once more for each check; leave them folded. (A click on one unfolds it; in JupyterLab a click on the bar at
# its left edge folds it again.) A card says whether a check passes, or what is probably wrong. More checks of the same
# kind run when your notebook is marked.
#
# **Write down** each prediction, on paper or in a cell of your own: the written questions ask for some of them. To
# answer a written question, double-click the text *YOUR ANSWER HERE* (or select it
# and press *Enter*), and write in its place.
#
# **What counts.** Where a docstring says *int*, *float* or *bool*, a NumPy number of that kind is as good. You may use every
# function of the libraries that the lab imports, unless the exercise says otherwise. Warnings cost nothing.
#
# **AI tools.** Ask them to explain an idea, an error message or a line of code, as you would ask a friend who has
# done the lab. What stands in your answer cells you write yourself, and you can explain every line of it. The
# written questions ask what *you* predicted and what *your* run showed: only your notebook knows that. If a tool
# helped with an answer, say so there: which one, and with what. If your course has rules of its own, those hold.
#
# **Where you stand.** `coursekit.progress()`, in a new cell, shows at any time which checks pass and what is still
# open. After a restart of the kernel, or where a cell says `NameError`, run all cells above it first: *Run ▸ Run All
# Above Selected Cell* (in Colab *Runtime ▸ Run before*).
#
# **Locked cells.** The set-up, the numbers in capitals such as `EPOCHS`, functions that are given and the checks are
# locked: JupyterLab ignores what you type there. To try another number, write it into a new cell below (press *Esc*,
# then *B*), such as `EPOCHS = 20`; run that cell and those after it. Delete it before you hand in, because your
# notebook is marked with what stands in it.
#
# To read: *Hands-On Machine Learning* (HOML), chapter 10, on saving models and callbacks. You know
# Fashion-MNIST and training from Lab 2, and the functional API from Labs 2 and 3.

# %% given="setup"
import contextlib
import json
import shutil
import zipfile
from pathlib import Path

import coursekit
import keras
import matplotlib.pyplot as plt
import numpy as np
from coursekit import check, data, exports, plotting, training

coursekit.setup("lab06_saving")

# %% [markdown]
# ## 1 · A network that forgets (5 minutes)
#
# We need something worth keeping: a small network and 4,000 images. Note the first layer after the input.
# `Rescaling` divides the bytes by 255, *inside* the network. Had we divided the images ourselves, no model file
# would know about it, and whoever loads the network next year would feed it numbers that are far too large.
# **Whatever belongs to the network, put into the network.**

# %% given="network"
def build_network():
    """784-64-10 for images of bytes: a new network with fresh random weights, compiled."""
    clothes_network = keras.Sequential(
        [
            keras.Input((28, 28), name="image"),
            keras.layers.Rescaling(1 / 255, name="scale"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(64, activation="relu", name="hidden"),
            keras.layers.Dense(10, activation="softmax", name="classes"),
        ],
        name="clothes",
    )
    adam = keras.optimizers.Adam(0.001)
    clothes_network.compile(
        optimizer=adam, loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return clothes_network


print("loading the images …")
fashion = data.load_fashion_mnist()
images, labels = fashion.X_train[:4000], fashion.y_train[:4000]
new_images, new_labels = fashion.X_valid[:1000], fashion.y_valid[:1000]

# %% given="budget" parameters=true
EPOCHS = 40  # of the long training in section 7

# %% trains=true
network = build_network()
training.fit(network, images, labels, epochs=3, batch_size=64)  # model.fit, but faster (Lab 2)
network_answers = network.predict(new_images, verbose=0)
right = np.mean(network_answers.argmax(axis=1) == new_labels)
print(f"right answers on {len(new_images)} new images: {right:.0%}")

# %% [markdown]
# This network lives in the memory of the Python process behind your notebook, and nowhere else.
#
# **Predict before you run.** You restart the kernel and run `build_network()` again. What do you get: the
# trained network, an untrained one, or the same untrained one as before?
#
# <details><summary>Answer</summary>
#
# An untrained one. The *code* describes the architecture. What training found, the weights, is in no line of
# code. (With the seed that the set-up cell sets, even the same random start may come out again, but not the
# training.)
#
# </details>
#
# All files of this lab go into a folder `lab06_models` beside the notebook. A cell that runs again replaces what it made
# there, so keep nothing of your own in it. You may delete the folder at any time; every cell makes again what it needs.
#
# The checks below do not need a good network, only a quick one. This cell makes toys for them: networks with 6
# inputs, 5 hidden neurons and 3 classes. `trained_toy()` gives one that looks as if it had been trained for a
# while: its weights, and the memory of its optimizer, hold random numbers that no two calls share.

# %% given="toys"
def new_toy(hidden=5, optimizer="adam"):
    """6-5-3, compiled, with fresh random weights; the optimizer has not made a step yet."""
    toy = keras.Sequential(
        [
            keras.Input((6,), name="features"),
            keras.layers.Dense(hidden, activation="relu", name="hidden"),
            keras.layers.Dense(3, activation="softmax", name="classes"),
        ],
        name="toy",
    )
    chosen = keras.optimizers.get(optimizer)
    # run_eagerly: nothing is compiled into a graph first, which is quicker for a handful of samples
    toy.compile(
        optimizer=chosen,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        run_eagerly=True,
    )
    return toy


def trained_toy(hidden=5, optimizer="adam"):
    """A toy in the middle of its training: random weights, random memory of the optimizer."""
    toy, rng = new_toy(hidden, optimizer), np.random.default_rng()
    toy.optimizer.build(toy.trainable_variables)
    for variable in [*toy.trainable_variables, *toy.optimizer.variables]:
        variable.assign(rng.uniform(0.001, 1, size=variable.shape))
    toy.optimizer.iterations.assign(rng.integers(10, 1000))
    return toy


def answer(model, X):
    """What the model says to X, as a NumPy array: `predict` for a handful of samples."""
    return keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(X, "float32")))


def fresh(name):
    """The path "lab06_models/<name>", with nothing at it: what an earlier run left
    there is removed."""
    place = Path("lab06_models") / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    return str(place)


def served(folder):
    """An exported folder as a server loads it, with TensorFlow alone: `.serve(X)` predicts,
    `.variables` are its arrays."""
    if exports.is_stand_in(folder):  # where Keras cannot export, see section 4
        return exports.StandIn(folder)
    import tensorflow as tf

    return tf.saved_model.load(folder)


exports.prepare()


# %% [markdown]
# ## 2 · Save and load (7 minutes)
#
# Two lines do it:
#
# ```python
# model.save("some/folder/name.keras")                      # the ending must be .keras
# model = keras.models.load_model("some/folder/name.keras")
# ```
#
# `save` does not make folders: `Path(path).parent` is the folder of a path, and `.mkdir(parents=True,
# exist_ok=True)` makes it, with all folders above it, if it is not there.
#
# How do we know that the loaded model is the same? The strictest test there is: give both the same images, and
# ask that the predictions are **equal in every bit**: `np.array_equal`, not "close". Saving rounds nothing, so
# there is no reason to be generous.
#
# ### Exercise 1 (2 points)
#
# Write `save_and_load`.

# %% exercise="save_and_load"
def save_and_load(model, path):
    """Save a whole model to a file, and load it again from there.

    model: a compiled Keras model; it is not changed.
    path: str or pathlib.Path, ends in ".keras". Folders of it that do not exist are made; a file
        that is already there is replaced.
    Returns the model that was loaded from the file: another object, with the same weights, compiled
    like `model`, its optimizer in the same state.
    """
    ### BEGIN SOLUTION
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    return keras.models.load_model(path)
    ### END SOLUTION


# %% tests="save_and_load" points=1
before, X = trained_toy(), np.random.default_rng().normal(size=(8, 6))
expected, folder = answer(before, X), fresh("exercise_1")
with check.explained({
    "No such file": 'the folder is not there yet: make it first, with parents=True, for "a/b/c.keras" needs a and a/b',
    "save_format": "leave save_format out: Keras 3 takes the format from the ending of the path",
    "Invalid filepath extension": "keep the ending .keras of the path",
    "File exists": "the folder may be there already: use exist_ok=True",
    "Is a directory": "you made a folder with the name of the file itself: make Path(path).parent",
    "'str' object has no attribute": "the path may be a str, which has no .parent: start with path = Path(path)",
}), check.unchanged(before, hint="save_and_load changed the model that it was given: save it as it is"):
    after = save_and_load(before, f"{folder}/deep/first.keras")
check.model(after, input_shape=(6,), output_shape=(3,))
check.true(after is not before, "that is the model itself: return what load_model gives")
check.true(Path(f"{folder}/deep/first.keras").is_file(), f"there is no file {folder}/deep/first.keras now")
hint = "the predictions differ: an architecture alone (from_config, clone_model) starts with new random weights"
check.true(np.array_equal(answer(after, X), expected), hint)
with check.explained({
    "Path": "the path may be a pathlib.Path: start with path = Path(path), which takes both kinds",
    "File exists": "the folder may be there already: use exist_ok=True",
}):
    after = save_and_load(before, Path(folder) / "second.keras")
check.true(np.array_equal(answer(after, X), expected), hint)
### BEGIN HIDDEN TESTS
other = trained_toy()
expected = answer(other, X)
check.true(
    np.array_equal(answer(save_and_load(other, f"{folder}/second.keras"), X), expected),
    "a model saved to a path that is already in use must replace the file that is there",
)
check.true(
    Path(f"{folder}/deep/first.keras").is_file(),
    "other files of the folder are gone: a file that is already there is replaced by save itself, so remove nothing",
)
hint = (
    "a path without a folder, such as exercise_1.keras, has none to make: Path(path).parent is then the folder you are in, but\n"
    "os.path.dirname(path) is empty, and os.makedirs refuses that"
)
with check.explained({"No such file": hint, "FileNotFound": hint}):
    save_and_load(other, "exercise_1.keras")
Path("exercise_1.keras").unlink(missing_ok=True)
save_and_load(other, f"{folder}/run.v2.keras")
check.true(Path(f"{folder}/run.v2.keras").is_file(), "there is no file run.v2.keras now: save to the path as it is, whatever dots it holds")
### END HIDDEN TESTS

# %% tests="save_and_load_state" points=1
before = trained_toy()
memory = [keras.ops.convert_to_numpy(variable).tolist() for variable in before.optimizer.variables]
alone = False  # whether it takes nothing but a Path, or a new folder, which costs its point in the test above
try:
    after = save_and_load(before, fresh("exercise_1_state.keras"))
except (AttributeError, FileExistsError):
    alone, after = True, save_and_load(before, Path(fresh("exercise_1_state")) / "state.keras")
check.true(
    after.compiled,
    "the loaded model is not compiled, so it cannot be trained on: load_model compiles it, unless compile=False",
)
check.equal(after.loss, "sparse_categorical_crossentropy", "this is the loss of the loaded model")
check.true(
    after is before or after.optimizer is not before.optimizer,  # whether it is the very model the test above asks
    "the loaded model has the very optimizer of the model that was given, which knows the weights of that one: load_model brings\n"
    "another, with the same memory",
)
check.equal(
    [keras.ops.convert_to_numpy(variable).tolist() for variable in after.optimizer.variables], memory,
    "the optimizer has lost its memory: load_model brings it back, and a new `compile` starts from nothing",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng()
X, y, before = rng.normal(size=(8, 6)), rng.normal(size=(8, 2)), keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
before.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="mse", loss_weights=[3.0], metrics=["mae"], run_eagerly=True)
before.train_on_batch(X, y)
first = before.evaluate(X, y, verbose=0, return_dict=True)
after = save_and_load(before, Path(fresh("exercise_1_mse")) / "mse.keras" if alone else fresh("exercise_1_mse.keras"))
as_it_was = "Return what load_model gives as it is: it is compiled already, and a\nsecond `compile` with other arguments loses some of that"
with check.explained({"Error": f"a model with the loss mse and the metric mae cannot measure after loading. {as_it_was}"}):
    second = after.evaluate(X, y, verbose=0, return_dict=True)
check.equal(
    str(after.get_compile_config()["metrics"]), str(before.get_compile_config()["metrics"]),
    f"these are the metrics of the loaded model, of a model with the metric mae. {as_it_was}",
)
check.close(
    [second["loss"], second["mae"]], [first["loss"], first["mae"]], rtol=1e-4,
    hint=f"the loaded model has another loss than the model, which had mse with loss_weights=[3.0]. {as_it_was}",
)
check.equal(
    after.optimizer.get_config().get("momentum"), 0.9,
    f"this is the momentum of the loaded model's optimizer, of a model with SGD(0.1, momentum=0.9). {as_it_was}",
)
### END HIDDEN TESTS

# %%
network.save(fresh("network.keras"))
network_again = keras.models.load_model("lab06_models/network.keras")
answers_again = network_again.predict(new_images, verbose=0)
print("equal in every bit:", np.array_equal(answers_again, network_answers))

# %% [markdown]
# ## 3 · Look into the file (10 minutes)
#
# A `.keras` file is an ordinary **zip archive**. Any program that opens zip files can open it, and so can
# Python's `zipfile`.
#
# **Predict before you run.** The network has 50,890 parameters, each stored in 4 bytes: 203,560 bytes of
# weights. How large will the file be: half of that, the same, twice, three times?

# %%
def list_parts(path):
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            print(f"{part.file_size:9,} bytes  {part.filename}")


list_parts("lab06_models/network.keras")
network_bytes = Path("lab06_models/network.keras").stat().st_size
print(f"{network_bytes:9,} bytes in all: {network_bytes / 203560:.2f} times the weights")

# %% [markdown]
# <details><summary>Why so large?</summary>
#
# **Adam remembers.** For each weight it keeps two more numbers, a running mean of the gradient and one of its
# square. Three numbers for each parameter make 3 × 203,560 = 610,680 bytes, and some names and tables are
# added. The file is about 3.1 times as large as the weights. If you only want to *use* the network, two thirds
# of the file are ballast; if you want to go on training, they are gold.
#
# </details>
#
# The three parts:
#
# | part | holds |
# |---|---|
# | `metadata.json` | which version of Keras wrote the file, and when |
# | `config.json` | the architecture and how the model was compiled, as text |
# | `model.weights.h5` | all numbers: the weights, and the memory of the optimizer |
#
# JSON is text that `json.loads` turns into Python dictionaries and lists. Here is the `config.json` of a toy,
# with the long parts left out:
#
# ```text
# {"class_name": "Sequential",
#  "config": {"name": "toy",
#             "layers": [{"class_name": "InputLayer", "config": {"name": "features", …}},
#                        {"class_name": "Dense",      "config": {"name": "hidden", "units": 5, …}},
#                        {"class_name": "Dense",      "config": {"name": "classes", "units": 3, …}}]},
#  "compile_config": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001, …}},
#                     "loss": "sparse_categorical_crossentropy", …}}
# ```
#
# In a model that was never compiled, `"compile_config"` is missing, `null` (which becomes `None`) or empty. In one that
# was compiled without an optimizer, the `"optimizer"` in it is `null`.
#
# ### Exercise 2 (2 points)
#
# Write `read_archive`. `archive.namelist()` gives the names of the parts and
# `archive.read(name)` the bytes of one of them.

# %% exercise="read_archive"
def read_archive(path):
    """What a .keras file says about itself, read with `zipfile` and `json` alone.

    path: str, a .keras file. It may hold layers that this Keras does not know, so do not load it
        as a model.
    Returns a dict with four entries:
        "files": list of the names of all parts, sorted
        "keras_version": str, the version of Keras that wrote the file
        "layers": list of the class names of the model's own layers, in the order of the file, input
            layers included (of a model among them just its class, not its layers)
        "optimizer": str, the class name of the optimizer, or None if there is none, as in a model
            never compiled, or compiled without one
    """
    ### BEGIN SOLUTION
    with zipfile.ZipFile(path) as archive:
        files = sorted(archive.namelist())
        metadata, config = (json.loads(archive.read(name)) for name in ("metadata.json", "config.json"))
    optimizer = (config.get("compile_config") or {}).get("optimizer")
    return {
        "files": files,
        "keras_version": metadata["keras_version"],
        "layers": [layer["class_name"] for layer in config["config"]["layers"]],
        "optimizer": optimizer["class_name"] if optimizer else None,
    }
    ### END SOLUTION


# %% tests="read_archive" points=1
toy_file = fresh("exercise_2.keras")
new_toy().save(toy_file)
with check.explained({
    "indices must be integers": "the parts are text: json.loads(…) turns a part into dictionaries and lists",
    "KeyError: 'layers'": 'one dictionary deeper: the list of layers stands in config["config"]["layers"]',
    "KeyError: 'config'": '"config" stands once more in config.json, one dictionary deep; metadata.json has no such entry,\n'
    'nor has a dictionary that you have taken out with ["config"] already',
    "KeyError: 'keras_version'": "keras_version stands in metadata.json",
    "KeyError: 'compile_config'": 'compile_config stands in config.json, beside "config", not in it',
    "KeyError: 'optimizer'": 'the optimizer stands in config.json, one dictionary deeper: ["compile_config"]["optimizer"]',
    "KeyError: 'class_name'": "class_name stands in config.json: that of a layer in its entry of the list of layers",
    "There is no item named": "the names of the parts are metadata.json and config.json, as archive.namelist() shows",
    "has no attribute 'read'": "json.load wants an open file: use json.loads for what archive.read(name) gives",
    "JSONDecodeError": "json.loads wants what is in a part, archive.read(name), not its name",
}):
    found = read_archive(toy_file)
check.true(isinstance(found, dict), "return a dictionary")
check.equal(sorted(found), ["files", "keras_version", "layers", "optimizer"], "these are the keys of your dictionary")
names = ["config.json", "metadata.json", "model.weights.h5"]
check.equal(
    found["files"], names, "the names of the parts",
    mistakes={"the right names, but not sorted": ["metadata.json", "config.json", "model.weights.h5"]},
)
check.equal(found["keras_version"], keras.version(), "the entry keras_version of metadata.json")
check.equal(
    found["layers"], ["InputLayer", "Dense", "Dense"],
    mistakes={
        "these are the names of the layers; the class stands under class_name": ["features", "hidden", "classes"],
        "the input layer is missing": ["Dense", "Dense"],
        "that is the class of the whole model": ["Sequential"],
    },
    hint="the classes of the layers, in their order in config.json",
)
### BEGIN HIDDEN TESTS
strange = fresh("exercise_2_strange.keras")
kinds = ["InputLayer", "Spectrogram", "Dense", f"Mystery{np.random.default_rng().integers(1000)}"]
with zipfile.ZipFile(strange, "w") as made:
    made.writestr("assets/words.txt", "shirt")
    made.writestr("metadata.json", json.dumps({"keras_version": "3.99.1", "date_saved": "2031-01-01@00:00:00"}))
    entries = [
        {"module": "someone", "class_name": kind, "registered_name": f"ours>{kind[:3]}", "config": {"name": kind.lower()}}
        for kind in kinds
    ]
    entries[1]["config"]["layers"] = [entries[0], entries[2]]  # a model among the layers, whose own layers do not count
    whole = {"class_name": "Functional", "config": {"name": "strange", "layers": entries}}
    lion = {"class_name": "Lion", "registered_name": "ours>Fast", "config": {"name": "lion"}}
    made.writestr("config.json", json.dumps({**whole, "compile_config": {"optimizer": lion}}))
    made.writestr("model.weights.h5", b"")
unknown = "the file holds layers that this Keras does not know, so load_model fails: read it with zipfile and json alone"
by_name = "this file has one more part, assets/words.txt, and that is the first one: read metadata.json and config.json by their names"
causes = {"JSONDecodeError": by_name, "Could not locate class": unknown, "could not be deserialized": unknown, "h5": unknown, "HDF5": unknown}
with check.explained(causes):
    found = read_archive(strange)
check.equal(
    found["keras_version"], "3.99.1", "the version of Keras that wrote this file stands in its metadata.json",
    mistakes={"that is the version of the Keras that reads the file; the one that wrote it stands in metadata.json": keras.version()},
)
check.true(
    list(found["layers"]) != [kinds[0], kinds[1], kinds[0], *kinds[2:3], *kinds[2:]],
    "one of the layers of this file is a model: of that just its class belongs into the list, not its layers",
)
check.equal(
    [found["files"], found["layers"]], [["assets/words.txt", *names], kinds],
    "the parts and the layers of a file with one more part and unknown layers: take both from the file as they are, the class of a\n"
    "layer from class_name",
)
check.true(
    found["optimizer"] != "ours>Fast",
    "the optimizer of this file was registered under another name too: take its class from class_name, and not from registered_name",
)
### END HIDDEN TESTS

# %% tests="read_archive_optimizer" points=1
toy_file = fresh("exercise_2_adam.keras")
new_toy().save(toy_file)
with check.explained({
    "has no attribute 'read'": "json.load wants an open file: use json.loads for what archive.read(name) gives",
    "JSONDecodeError": "json.loads wants what is in a part, archive.read(name), not its name",
}):
    found = read_archive(toy_file)
check.equal(
    found["optimizer"], "Adam",
    "the class name of the optimizer; its own name, such as adam_1, is something else",
)
plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
plain.save(toy_file)
with check.explained({
    "KeyError": "this model was never compiled, so its file names no optimizer: use .get, and return None",
    "NoneType": "this model was never compiled, so there is nothing to look into: return None",
}):
    found = read_archive(toy_file)
check.true(found["optimizer"] is None, "this model was never compiled: the optimizer is None")
### BEGIN HIDDEN TESTS
plain.compile(optimizer=keras.optimizers.RMSprop(0.01), loss="mse")
plain.save(toy_file)
check.equal(read_archive(toy_file)["optimizer"], "RMSprop", "another optimizer, another class name")
with zipfile.ZipFile(toy_file) as archive:
    contents = {name: archive.read(name) for name in archive.namelist()}
bare = {key: value for key, value in json.loads(contents["config.json"]).items() if key != "compile_config"}
for kind, entry in {
    "never compiled, in whose file compile_config is missing": {},
    "never compiled, in whose file compile_config is null": {"compile_config": None},
    "never compiled, in whose file compile_config is empty": {"compile_config": {}},
    "compiled without an optimizer, in whose file the optimizer of compile_config is null":
        {"compile_config": {"optimizer": None, "loss": "mse"}},
}.items():
    with zipfile.ZipFile(fresh("exercise_2_bare.keras"), "w") as made:
        for name, content in contents.items():
            made.writestr(name, json.dumps({**bare, **entry}) if name == "config.json" else content)
    hint = f"a model that was {kind}: the optimizer is None"
    with check.explained({"KeyError": hint, "TypeError": hint, "NoneType": hint}):
        try:
            found = read_archive("lab06_models/exercise_2_bare.keras")
        except AttributeError as error:
            if "attribute 'build'" not in str(error):
                raise
            continue  # load_model itself fails without an optimizer; whether it is used is asked above
    check.true(found["optimizer"] is None, hint)
### END HIDDEN TESTS

# %%
for entry, fact in read_archive("lab06_models/network.keras").items():
    print(f"{entry:14s} {fact}")

# %% [markdown]
# Remember this trick. When a file does not load, look into it before you ask somebody: which Keras wrote it,
# and which layers does it want?

# %% [markdown]
# ## 4 · Three ways to save (8 minutes)
#
# | call | what it writes | made for |
# |---|---|---|
# | `model.save("m.keras")` | one zip archive, the whole model | going on tomorrow, giving it to a colleague |
# | `model.save_weights("m.weights.h5")` | one HDF5 file (a format for large arrays), numbers only | a program that builds the network itself |
# | `model.export("m", verbose=False)` | a folder, a TensorFlow **SavedModel** | servers and telephones, which run no Keras |
#
# An exported folder is loaded as a single layer that can predict:
# `keras.layers.TFSMLayer("m", call_endpoint="serve")`, where `"serve"` is the name of the function in it. It has no layers inside that you could look at, and no
# `fit`. Keras on JAX can export, but not load such a layer: `served("m")` of section 1 does it with TensorFlow, and has
# `.serve(X)` and `.variables`. Keras on PyTorch may not export at all. In this notebook `model.export` then writes a stand-in, which only
# `served` can load, and says so. The checks take it for an export.
#
# You will meet older programs. Until Keras 2 the format was an argument, and `"tf"` meant a SavedModel folder.
#
# **Predict before you run.** What does Keras 3 make of the old line: does it write the folder, write something
# else, or refuse?

# %%
try:
    network.save("lab06_models/old_style", save_format="tf")
except ValueError as refused:
    print(refused)

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# It refuses, which is good (though its advice still mentions `.h5`, a format of the past): the old call would write one thing and a reader of today would expect another.
# Whoever wrote `save_format="tf"` meant either the whole model (now `save` with the ending `.keras`) or a
# version for a server (now `export`).
#
# </details>
#
# A trap remains. `model.save("m.weights.h5")` is *not* refused, because the path ends in `.h5`. It writes a
# whole model in a format of the past, and `load_weights` will not understand it.
#
# ### Exercise 3 (2 points)
#
# Write `save_any`, which chooses the right call by the ending of the path.

# %% exercise="save_any"
def save_any(model, path):
    """Save `model` in the way that the ending of `path` asks for.

    model: a compiled Keras model; it is not changed.
    path: str; its folder exists. It ends in ".keras": the whole model. It ends in ".weights.h5":
        its weights. It ends otherwise: `path` is the name of a folder for an exported SavedModel.
    Returns nothing.
    """
    ### BEGIN SOLUTION
    if path.endswith(".keras"):
        model.save(path)
    elif path.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.export(path, verbose=False)
    ### END SOLUTION


# %% tests="save_any" points=1
before, X = trained_toy(), np.random.default_rng().normal(size=(8, 6))
expected = answer(before, X)
changed = "save_any changed the model that it was given: save it as it is"
text = 'path is a str and no pathlib.Path: path.endswith(".keras") asks for its end'
with check.explained({"'str' object has no attribute": text}), check.unchanged(before, hint=changed):
    save_any(before, fresh("exercise_3.keras"))
check.true(Path("lab06_models/exercise_3.keras").is_file(), "there is no file lab06_models/exercise_3.keras now")
after = keras.models.load_model("lab06_models/exercise_3.keras")
check.true(np.array_equal(answer(after, X), expected), "the whole model in a .keras file predicts something else")
with check.unchanged(before, hint=changed):
    save_any(before, fresh("exercise_3.weights.h5"))
check.true(
    not Path("lab06_models/exercise_3.weights.h5").is_dir(),
    "lab06_models/exercise_3.weights.h5 is a folder now, an export. (Path.suffix gives only the last ending, .h5.)",
)
check.true(Path("lab06_models/exercise_3.weights.h5").is_file(), "there is no file lab06_models/exercise_3.weights.h5 now")
after = trained_toy()
with check.explained({
    "received 0 variables": "that is a whole model in the old HDF5 format: use save_weights for .weights.h5, not save",
}):
    after.load_weights("lab06_models/exercise_3.weights.h5")
check.true(np.array_equal(answer(after, X), expected), "the weights in the .weights.h5 file are others")
### BEGIN HIDDEN TESTS
def same_numbers(these, those):
    """Whether two lists of variables hold the same numbers."""
    return [keras.ops.convert_to_numpy(v).tolist() for v in these] == [keras.ops.convert_to_numpy(v).tolist() for v in those]


Path(fresh("my.weights.h5.old")).mkdir()
hint = 'the ENDING of the path decides: "lab06_models/my.weights.h5.old/toy.keras" asks for a whole model'
with check.explained({"must end in": hint}):
    save_any(before, fresh("my.weights.h5.old/toy.keras"))
check.true(zipfile.is_zipfile("lab06_models/my.weights.h5.old/toy.keras"), hint)
hint = (
    "epoch.07.keras ends in .keras, and epoch.07.weights.h5 in .weights.h5: take the end of the name, not all of it from its first dot on\n"
    '(Path.suffixes gives every piece behind a dot). path.endswith(".keras") asks for the end'
)
for name in ("epoch.07.keras", "epoch.07.weights.h5"):
    with check.explained({"ValueError": hint}):
        save_any(before, fresh(name))
    check.true(Path(f"lab06_models/{name}").is_file(), hint)
whole = keras.models.load_model("lab06_models/exercise_3.keras")
check.true(
    whole.compiled and same_numbers(whole.optimizer.variables, before.optimizer.variables),
    "the model in the .keras file is not compiled as the model was, or its optimizer has lost its memory: save the model itself, not a\n"
    "copy of it",
)
### END HIDDEN TESTS

# %% tests="save_any_export" points=1
before, X = trained_toy(), np.random.default_rng().normal(size=(8, 6)).astype("float32")
expected = answer(before, X)
with check.explained({
    "Invalid filepath extension": "`save` refuses a path without ending: a SavedModel is written by `export`",
    "save_format": "the argument save_format is a thing of the past: a SavedModel is written by `export`",
    "must end in": "`save_weights` wants the ending .weights.h5: a SavedModel is written by `export`",
    "'str' object has no attribute": 'path is a str and no pathlib.Path: path.endswith(".keras") asks for its end',
    "IndexError": 'a path may have no dot at all: path.endswith(".keras") asks for its end, whatever is in it',
}), check.unchanged(before, hint="save_any changed the model that it was given: save it as it is"):
    save_any(before, fresh("exercise_3/keras"))
check.true(
    Path("lab06_models/exercise_3/keras/saved_model.pb").is_file(),
    "lab06_models/exercise_3/keras should be a folder with an exported SavedModel now, for the path does not end in .keras;\n"
    'path.endswith(".keras") asks that',
)
### BEGIN HIDDEN TESTS
exported = served("lab06_models/exercise_3/keras")
check.close(
    np.asarray(exported.serve(X)), expected, atol=1e-6,
    hint="the exported model does not predict what the model predicts: export the model that you are given",
)
hint = "a path that ends neither in .keras nor in .weights.h5 names a folder for an export, even if it contains a dot"
with check.explained({"ValueError": hint}):
    save_any(before, fresh("exercise_3.weights.h5.keras_v1.2"))
    check.true(Path("lab06_models/exercise_3.weights.h5.keras_v1.2/saved_model.pb").is_file(), hint)
Path(fresh("my.weights")).mkdir()
hint = (
    "only .weights.h5 asks for weights, with its first dot and at the end, not .h5 alone, which Path.suffix gives for both:\n"
    "weights.h5, here in the folder my.weights, is a folder for an export"
)
with check.explained({"ValueError": hint}):
    save_any(before, fresh("my.weights/weights.h5"))
check.true(Path("lab06_models/my.weights/weights.h5/saved_model.pb").is_file(), hint)
### END HIDDEN TESTS

# %% given="sizes"
network.save_weights("lab06_models/network.weights.h5")
network.export("lab06_models/network_exported", verbose=False)
not_compiled = keras.Model(network.inputs, network.outputs)  # the same layers, but never compiled
not_compiled.save("lab06_models/network_not_compiled.keras")

# %%
sizes = {}
for saved in (
    "network.keras",
    "network_not_compiled.keras",
    "network.weights.h5",
    "network_exported",
):
    pieces = [Path("lab06_models") / saved, *(Path("lab06_models") / saved).rglob("*")]
    sizes[saved] = sum(piece.stat().st_size for piece in pieces if piece.is_file()) / 1000
figure, bars = plt.subplots(figsize=(7, 2.2), layout="constrained")
bars.bar_label(
    bars.barh(list(sizes), list(sizes.values()), color=plotting.COLOURS[0]), fmt=" {:.0f} kB"
)
bars.axvline(203.56, color="black", linestyle="--", linewidth=1)
bars.set(xlabel="kB (dashed: the weights alone)", xlim=(0, 1.15 * max(sizes.values())))
bars.invert_yaxis()
said = ", ".join(f"{saved} {kilobytes:.0f} kB" for saved, kilobytes in sizes.items())
said += ". A line marks the weights alone, 204 kB."
plotting.describe(bars, f"Bars, the size of the network saved in four ways: {said}");

# %% [markdown]
# A large folder proves little: an export stores the weights twice. But the file of weights is as large as the
# whole model! It cannot hold the weights *alone*, whatever its name
# says. Time to find out what each file really keeps.

# %% [markdown]
# ## 5 · What is kept? (15 minutes)
#
# Four things make up a model in training:
#
# 1. the **network**, so that it can compute predictions: which layers, how large, in which order;
# 2. its **weights**;
# 3. the state of the **optimizer**: Adam's running means, and how many steps it has made;
# 4. how it was **compiled**: the loss, the metrics, which optimizer.
#
# We could read the documentation. Better: measure. First a measuring tool. The weights of a model are
# `model.get_weights()`, a list of arrays. The state of its optimizer is `model.optimizer.variables`, a list of
# variables that `np.array_equal` accepts like arrays. `model.compiled` says whether the model was
# compiled; before that it has no optimizer.
#
# **Predict before you run.** A freshly compiled Adam has 2 variables. After its first step on a toy it has 10.
# Where do the other 8 come from?
#
# <details><summary>Answer</summary>
#
# The toy has 4 arrays of weights (two layers, each with weights and biases), and Adam keeps two arrays for
# each: 2 × 4 = 8. They are made when the optimizer first sees the weights: at the first step, or when you ask
# for it with `model.optimizer.build(model.trainable_variables)`. The two from the beginning are the counter of
# steps and the learning rate.
#
# </details>
#
# ### Exercise 4 (2 points)
#
# Write `same_state`.

# %% exercise="same_state"
def same_state(a, b):
    """Do two models hold exactly the same numbers?

    a, b: Keras models, not changed; their networks may be different.
    Returns a dict of two bools:
        "weights": both have the same number of arrays of weights, with the same shapes and equal
            numbers in them
        "optimizer": the same for the variables of their optimizers; False if one model, or both,
            are not compiled
    """
    ### BEGIN SOLUTION
    def equal(these, those):
        return len(these) == len(those) and all(np.array_equal(x, y) for x, y in zip(these, those))

    compiled = a.compiled and b.compiled
    return {
        "weights": equal(a.get_weights(), b.get_weights()),
        "optimizer": compiled and equal(a.optimizer.variables, b.optimizer.variables),
    }
    ### END SOLUTION


# %% tests="same_state" points=1
first, second = trained_toy(), trained_toy()
second.set_weights(first.get_weights())
hint = "same_state changed a model: it should only look"
with check.explained({
    "ambiguous": "== on arrays gives many answers: np.array_equal gives one, for two arrays at a time",
    "Tensor' object has no attribute": "the variables of an optimizer are no NumPy arrays: np.array_equal takes two of them, as it takes arrays",
}), check.unchanged(first, second, hint=hint):
    found = same_state(first, second)
check.true(isinstance(found, dict), "return a dictionary")
check.equal(sorted(found), ["optimizer", "weights"], "these are the keys of your dictionary")
check.true(
    found["weights"],
    "here all weights are equal, but you say that they are not. np.array_equal takes two arrays, not two lists of them",
)
check.true(not same_state(first, trained_toy())["weights"], "these two toys have different weights, but you say equal")
with check.explained({
    "could not be broadcast": "arrays of different shapes are not equal: np.array_equal says so, == fails",
    "index": "the models may have different numbers of arrays: compare the lengths first",
    "shorter than": "the models may have different numbers of arrays: compare the lengths first",
    "longer than": "the models may have different numbers of arrays: compare the lengths first",
}):
    found = same_state(first, trained_toy(hidden=7))
check.true(not found["weights"], "5 and 7 hidden neurons: the shapes differ, so the weights are not the same")
### BEGIN HIDDEN TESTS
counted, turned = trained_toy(), trained_toy()
whole_numbers = [np.arange(w.size, dtype="float32").reshape(w.shape) for w in counted.get_weights()]  # their sums are exact
counted.set_weights(whole_numbers)
turned.set_weights([w[::-1] for w in whole_numbers])
check.true(
    not same_state(counted, turned)["weights"],
    "every array holds the same numbers in another order: compare them place by place, not their sums",
)
closed, changed = trained_toy(), trained_toy()
changed.set_weights([w + 1 for w in closed.get_weights()])
for each in [*closed.layers, *changed.layers]:
    each.trainable = False
check.true(
    not same_state(closed, changed)["weights"],
    "all layers are frozen here, and all arrays differ: get_weights() gives all weights, trainable_weights only what learns",
)
for part in range(4):
    nudged = first.get_weights()
    nudged[part].flat[-1] = np.nextafter(nudged[part].flat[-1], np.float32(5))
    second.set_weights(nudged)
    check.true(
        not same_state(first, second)["weights"],
        f"only the last number of array {part} differs, by one bit: compare all arrays, and exactly",
    )
bent = [keras.layers.Dense(5, activation="tanh", name="bent"), keras.layers.Dense(3, name="ends")]
renamed = keras.Sequential([keras.Input((6,)), *bent], name="other")
renamed.compile(optimizer="adam", loss="mse")
renamed.set_weights(first.get_weights())
check.true(
    same_state(first, renamed)["weights"],
    "these networks have other names and activations, but the same numbers: compare the arrays, and nothing else",
)
without_weights = [keras.layers.Activation("relu"), keras.layers.Dropout(0.5)]
split = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5), *without_weights, keras.layers.Dense(3)])
split.compile(optimizer="adam", loss="mse")
split.set_weights(first.get_weights())
check.true(
    same_state(first, split)["weights"] and same_state(split, first)["weights"],
    "one network has two layers more, an Activation and a Dropout, which have no weights, and both have the same arrays: compare\n"
    "get_weights() of the models, not layer by layer, and not .variables, which counts the random numbers of Dropout too",
)
narrow, wide = trained_toy(hidden=1), trained_toy(hidden=5)
for toy in (narrow, wide):
    toy.set_weights([np.ones_like(w) for w in toy.get_weights()])
check.true(
    not same_state(narrow, wide)["weights"] and not same_state(wide, narrow)["weights"],
    "all numbers are 1, but the shapes differ, (6, 1) and (6, 5): == stretches the smaller one, np.array_equal does not",
)
tall, broad = (keras.Sequential([keras.Input((n,)), keras.layers.Dense(6 // n, use_bias=False)]) for n in (3, 2))
for each in (tall, broad):
    each.compile(optimizer="adam", loss="mse")
broad.set_weights([tall.get_weights()[0].reshape(2, 3)])
check.true(
    not same_state(tall, broad)["weights"],
    "two arrays hold the same numbers in the same order, but their shapes differ, (3, 2) and (2, 3): compare the arrays as they are, not\n"
    "flattened (ravel, flatten)",
)
plain, twin = (keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)]) for _ in range(2))
twin.set_weights(plain.get_weights())
with contextlib.suppress(AttributeError):  # what becomes of their optimizers is asked below
    check.true(
        same_state(plain, twin)["weights"],
        "these two models are not compiled, but their weights are equal: weights have nothing to do with model.compiled, so compare them always",
    )
longer = keras.Sequential([keras.Input((6,)), *first.layers, keras.layers.Dense(3, name="more")])
longer.compile(optimizer="adam", loss="mse")
check.true(
    not same_state(first, longer)["weights"] and not same_state(longer, first)["weights"],
    "one model has all arrays of the other and two more: they are not the same. Compare the lengths first",
)
### END HIDDEN TESTS

# %% tests="same_state_optimizer" points=1
first, second = trained_toy(), trained_toy()
for mine, theirs in zip(second.optimizer.variables, first.optimizer.variables):
    mine.assign(theirs)
with check.explained({
    "ambiguous": "== on variables gives many answers: np.array_equal gives one, for two variables at a time",
    "Tensor' object has no attribute": "the variables of an optimizer are no NumPy arrays: np.array_equal takes two of them, as it takes arrays",
}):
    found = same_state(first, second)
check.true(
    found["optimizer"], "here all variables of both optimizers are equal, but you say no: compare the variables, and nothing else",
)
check.true(not same_state(first, trained_toy())["optimizer"], "two different states of Adam, but you say equal")
bare = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
with check.explained({"optimizer": "a model that is not compiled has no optimizer to look at: ask model.compiled first"}):
    found = [same_state(*pair)["optimizer"] for pair in ((first, bare), (bare, first), (bare, bare))]
check.true(not any(found), "one model, or both, are not compiled: the answer is False")
### BEGIN HIDDEN TESTS
check.equal(
    [type(entry).__name__.rstrip("_") for entry in found], ["bool"] * 3,
    "the entry is to be a bool: False itself where a model is not compiled, not None. The types of three entries",
)
begun, unused = new_toy(), new_toy()
begun.optimizer.build(begun.trainable_variables)
check.true(
    not same_state(begun, unused)["optimizer"] and not same_state(unused, begun)["optimizer"],
    "one optimizer has memory, all zeros, and the other has none yet (10 variables against 2): that is not the same state. Compare them\n"
    "as they are, and build no optimizer here",
)
for place, name in ((0, "number of steps"), (1, "learning rate"), (-1, "last variable")):
    usual = np.array(keras.ops.convert_to_numpy(second.optimizer.variables[place]))
    second.optimizer.variables[place].assign(usual + 1)
    check.true(
        not same_state(first, second)["optimizer"],
        f"here only the {name} of the optimizer differs: compare all its variables, not only the number of steps",
    )
    second.optimizer.variables[place].assign(usual)
kin = trained_toy()
kin.compile(optimizer=keras.optimizers.AdamW(), loss="mse")
kin.optimizer.build(kin.trainable_variables)
for mine, theirs in zip(kin.optimizer.variables, first.optimizer.variables):
    mine.assign(theirs)
check.true(
    same_state(first, kin)["optimizer"],
    "these optimizers are of two classes, Adam and AdamW, and all their variables are equal: compare the variables, and nothing else",
)
whole_numbers = np.arange(30, dtype="float32").reshape(6, 5)  # their sums are exact
for other, why in (
    (np.nextafter(whole_numbers, np.float32(99)), "differs by one bit from that of the other: compare exactly, as with the weights"),
    (whole_numbers[::-1], "holds the same numbers as that of the other in another order: compare place by place, as with the weights"),
):
    light, heavy = trained_toy(), trained_toy()
    light.set_weights([whole_numbers, *light.get_weights()[1:]])
    heavy.set_weights([other, *light.get_weights()[1:]])
    first.optimizer.variables[2].assign(whole_numbers)
    second.optimizer.variables[2].assign(other)
    check.true(
        same_state(light, heavy)["weights"] or not same_state(first, second)["optimizer"],  # what it says of weights is asked above
        f"one variable of the optimizer {why}",
    )
### END HIDDEN TESTS

# %% [markdown]
# Now the table. Answer four questions for each of the three ways to save:
#
# | entry | the question |
# |---|---|
# | `"network"` | Somebody has only the file (or folder), none of your code. Can they compute predictions? |
# | `"weights"` | Are the weights in it? |
# | `"optimizer"` | Is the memory of the optimizer in it? |
# | `"compile"` | Does it say which loss and which optimizer the model was compiled with? |
#
# **Predict before you run.** Copy this into the next cell and replace each `...` by `True` or `False`. Guess
# first, then find out and correct your guesses.
#
# ```python
# kept = {
#     ".keras":      {"network": ..., "weights": ..., "optimizer": ..., "compile": ...},
#     ".weights.h5": {"network": ..., "weights": ..., "optimizer": ..., "compile": ...},
#     "export":      {"network": ..., "weights": ..., "optimizer": ..., "compile": ...},
# }
# ```
#
# Ways to find out: load what section 4 wrote into `lab06_models`; try `load_model` on each; use `same_state` and the
# sizes. A `.weights.h5` file goes into a new network: `again = build_network()`, then
# `again.optimizer.build(again.trainable_variables)`, so that Adam has places for its memory, then
# `again.load_weights(…)`. What came back? For the export look at the names and shapes in
# `keras.layers.TFSMLayer("lab06_models/network_exported", call_endpoint="serve").variables`, and at whether such a
# layer has a `loss`.
#
# ### Exercise 5 (2 points)
#
# Fill in the table `kept`. The first check does the experiments for `.keras`; the other
# two rows are tested when your notebook is marked.

# %% exercise="kept"
# kept: dict of three dicts, way of saving → question → bool
### BEGIN SOLUTION
kept = {
    ".keras": {"network": True, "weights": True, "optimizer": True, "compile": True},
    ".weights.h5": {"network": False, "weights": True, "optimizer": True, "compile": False},
    "export": {"network": True, "weights": True, "optimizer": False, "compile": False},
}
### END SOLUTION

# %% tests="kept" points=1
for way in (".keras", ".weights.h5", "export"):
    check.true(way in kept, f"the table has no row {way!r}")
    check.equal(sorted(kept[way]), ["compile", "network", "optimizer", "weights"], f"the questions for {way}")
    check.true(all(kept[way][q] in (True, False) for q in kept[way]), f"{way}: replace each ... by True or False")


def sums(variables):
    return [float(np.sum(variable)) for variable in variables]


before, X = trained_toy(), np.random.default_rng().normal(size=(8, 6))
before.save(fresh("exercise_5.keras"))
after = keras.models.load_model("lab06_models/exercise_5.keras")
measured = {
    "network": answer(after, X).shape == (8, 3),
    "weights": all(map(np.array_equal, after.get_weights(), before.get_weights())),
    "optimizer": sums(after.optimizer.variables) == sums(before.optimizer.variables),
    "compile": after.compiled and after.loss == before.loss,
}
for question, expected in measured.items():
    check.equal(kept[".keras"][question], expected, f"the experiment with .keras says otherwise about {question!r}")
### BEGIN HIDDEN TESTS
before.save_weights(fresh("exercise_5.weights.h5"))
after = new_toy()
after.optimizer.build(after.trainable_variables)
after.load_weights("lab06_models/exercise_5.weights.h5")
try:
    keras.models.load_model("lab06_models/exercise_5.weights.h5")
    alone = True
except ValueError:
    alone = False
plain = keras.Sequential([keras.Input((6,)), *before.layers])
plain.load_weights("lab06_models/exercise_5.weights.h5")
measured = {
    "network": alone,
    "weights": all(map(np.array_equal, after.get_weights(), before.get_weights())),
    "optimizer": sums(after.optimizer.variables) == sums(before.optimizer.variables),
    "compile": plain.compiled,
}
advice = {
    "network": "try load_model on a file of weights: it has numbers, but does it say which layers they belong to?",
    "weights": "load the file into a new network and compare",
    "optimizer": "build the optimizer of a new network, load the file, compare with same_state; and look at its size",
    "compile": "load the file into a network that is not compiled: can it be trained now?",
}
wrong = [question for question in measured if kept[".weights.h5"][question] != measured[question]]
check.equal(wrong, [], "the experiment with .weights.h5 says otherwise: " + "; ".join(advice[q] for q in wrong))
### END HIDDEN TESTS

# %% tests="kept_export" points=1
check.true("export" in kept, "the table has no row 'export'")
check.equal(
    sorted(kept["export"]), ["compile", "network", "optimizer", "weights"], "the questions for the exported folder",
)
### BEGIN HIDDEN TESTS
before, X = trained_toy(), np.random.default_rng().normal(size=(8, 6)).astype("float32")
before.export(fresh("exercise_5_export"), verbose=False)
after = served("lab06_models/exercise_5_export")
numbers = [float(np.sum(v)) for v in after.variables]
measured = {
    "network": np.shape(after.serve(X)) == (8, 3),
    "weights": all(float(np.sum(w)) in numbers for w in before.get_weights()),
    "optimizer": len(numbers) > len(before.get_weights()),
    "compile": hasattr(after, "loss"),
}
advice = {
    "network": "load the folder as a TFSMLayer and call it on a few images",
    "weights": "could it predict without them? Look at .variables of the TFSMLayer",
    "optimizer": "count .variables of the TFSMLayer: are there more arrays than the network has weights?",
    "compile": "look whether the TFSMLayer has a loss",
}
wrong = [question for question in measured if kept["export"][question] != measured[question]]
check.equal(wrong, [], "the experiment with the export says otherwise: " + "; ".join(advice[q] for q in wrong))
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Two lines of this table surprise many people who have used Keras for years. A `.weights.h5` file *does* hold
# the memory of the optimizer. And an exported model needs none of your code, although no layer of yours is in
# it: it holds the finished computation.
#
# </details>

# %% [markdown]
# ## 6 · Weights into a rebuilt network (6 minutes)
#
# Programs that train for days often keep only weights: the network is in the program anyway. To go on, build
# the network anew and load the weights. But beware of one quiet loss.
#
# **Predict before you run.** The next cell loads weights into a new network whose Adam has never made a step.
# What happens to Adam's memory, which is in the file?

# %%
rebuilt = build_network()
rebuilt.load_weights("lab06_models/network.weights.h5")
steps, loaded_steps = (int(each.optimizer.iterations) for each in (network, rebuilt))
print(f"steps of the optimizer: saved {steps} · loaded {loaded_steps}")
print("predictions equal:", np.array_equal(rebuilt.predict(new_images, verbose=0), network_answers))

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# The weights are there, the memory of the optimizer is not: a warning, but no error. The new Adam had no
# places for it yet. Build it first, as in section 5.
#
# </details>
#
# What does *not* pass quietly is a file that does not fit the network: Keras raises a `ValueError`. There is an
# argument `skip_mismatch=True` that silences it. The network then keeps random weights wherever something does
# not fit, and you will wonder for days why it is so bad.
#
# ### Exercise 6 (2 points)
#
# Write `restore`.

# %% exercise="restore"
def restore(build, path):
    """A new network in the state that a .weights.h5 file holds.

    build: function without arguments that returns a new compiled model (any optimizer)
        with random weights.
    path: str, a .weights.h5 file that was saved from such a model in the middle of its training.
    Returns a model made by `build`, with the weights and with the state of the optimizer
    from the file.
    Raises ValueError, as Keras does, if the file belongs to a network of other shapes.
    """
    ### BEGIN SOLUTION
    model = build()
    model.optimizer.build(model.trainable_variables)
    model.load_weights(path)
    return model
    ### END SOLUTION


# %% tests="restore" points=1
before, X = trained_toy(), np.random.default_rng().normal(size=(8, 6))
before.save_weights(fresh("exercise_6.weights.h5"))
with check.explained({
    "No model config": "the file holds no architecture: call build(), then load_weights",
    "'function' object has no attribute": "build is a function: call it, model = build()",
}):
    after = restore(new_toy, "lab06_models/exercise_6.weights.h5")
check.true(after is not None, "return the model: load_weights works in place and gives back nothing")
check.model(after, input_shape=(6,), output_shape=(3,))
check.true(np.array_equal(answer(after, X), answer(before, X)), "the predictions differ: are the weights loaded?")
### BEGIN HIDDEN TESTS
def two_from_four():
    another = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    another.compile(optimizer="rmsprop", loss="mse", run_eagerly=True)
    return another


before = two_from_four()
before.optimizer.build(before.trainable_variables)
before.save_weights(fresh("exercise_6_four.weights.h5"))
of_build = "here build makes a network with 4 inputs, compiled with the loss mse: take everything from the model that build() returns, and\ndo not compile it again"
with check.explained({"ValueError": of_build, "ncompatible": of_build}):
    after = restore(two_from_four, "lab06_models/exercise_6_four.weights.h5")
check.true(all(map(np.array_equal, after.get_weights(), before.get_weights())), f"the weights differ. {of_build}")
check.equal(after.loss, "mse", f"{of_build}. Its loss")
check.raises(
    ValueError, restore, lambda: new_toy(hidden=7), "lab06_models/exercise_6.weights.h5",
    hint="a file that does not fit the network must not pass quietly: no skip_mismatch, no `except`",
)
### END HIDDEN TESTS

# %% tests="restore_optimizer" points=1
before = trained_toy()
before.save_weights(fresh("exercise_6_adam.weights.h5"))
after = restore(new_toy, "lab06_models/exercise_6_adam.weights.h5")
check.equal(
    len(after.optimizer.variables), 10,
    "the optimizer has no places for its memory: build it BEFORE you load the file, and do not compile again",
)
check.equal(
    [keras.ops.convert_to_numpy(variable).tolist() for variable in after.optimizer.variables],
    [keras.ops.convert_to_numpy(variable).tolist() for variable in before.optimizer.variables],
    "the optimizer is not in the state of the file: build it BEFORE you load the file, and do not compile again",
)
### BEGIN HIDDEN TESTS
before = trained_toy(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))
before.save_weights(fresh("exercise_6_sgd.weights.h5"))
after = restore(lambda: new_toy(optimizer=keras.optimizers.SGD(0.1, momentum=0.9)), "lab06_models/exercise_6_sgd.weights.h5")
check.equal(
    [keras.ops.convert_to_numpy(variable).tolist() for variable in after.optimizer.variables],
    [keras.ops.convert_to_numpy(variable).tolist() for variable in before.optimizer.variables],
    "wrong for SGD with momentum: use the optimizer that the model was compiled with, do not compile again",
)


def partly_frozen():
    toy = new_toy()
    toy.get_layer("hidden").trainable = False
    toy.compile(optimizer="adam", loss=toy.loss, run_eagerly=True)
    return toy


before = partly_frozen()
before.train_on_batch(np.random.default_rng().normal(size=(8, 6)), np.arange(8) % 3)
before.save_weights(fresh("exercise_6_frozen.weights.h5"))
after = restore(partly_frozen, "lab06_models/exercise_6_frozen.weights.h5")
check.equal(
    [keras.ops.convert_to_numpy(variable).tolist() for variable in after.optimizer.variables],
    [keras.ops.convert_to_numpy(variable).tolist() for variable in before.optimizer.variables],
    "wrong for a network with a frozen layer: the optimizer remembers model.trainable_variables, not model.variables",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · Best against last (8 minutes)
#
# Train long enough on few images, and the validation loss falls, turns and rises (Lab 2, section 11). The
# network that you hold at the end is then not the best that you had. A **callback** can help: an object that
# `fit` calls at certain moments, for example after each epoch. `ModelCheckpoint` saves the model at these
# moments:
#
# ```python
# keras.callbacks.ModelCheckpoint("lab06_models/some.keras", monitor="loss")     # after every epoch, overwrites the file
# model.fit(…, callbacks=[…])
# ```
#
# With `save_best_only=True` it writes the file only when the number that it monitors is better than ever
# before. Which number should decide? The one on images that the network has not learned from: `"val_loss"`.
#
# ### Exercise 7 (2 points)
#
# Write `keep_best`.

# %% exercise="keep_best"
def keep_best(model, X, y, X_valid, y_valid, epochs, path):
    """Train a model, and keep its best version in a file.

    model: a compiled model. It is trained in place, with the optimizer, rate and loss that it was
        compiled with, and ends with the weights of the LAST epoch.
    X, y: training data, in batches of 32 as Keras makes them. X_valid, y_valid: validation data.
        None is changed.
    epochs: int, all of them are run.
    path: str, ends in ".keras", in a folder that exists. Afterwards it holds the whole model as it
        was after the epoch with the lowest validation loss (any of them if there are several).
    Returns the History that fit returns, with the validation loss of every epoch.
    """
    ### BEGIN SOLUTION
    keeper = keras.callbacks.ModelCheckpoint(path, monitor="val_loss", save_best_only=True)
    return model.fit(X, y, epochs=epochs, validation_data=(X_valid, y_valid), callbacks=[keeper], verbose=0)
    ### END SOLUTION


# %% [markdown]
# The checks use a "network" with a single weight, because one can follow it by hand. It starts at 0 and is
# drawn towards 2 by its training data, a fifth of the way in each epoch. The validation data say that 1 would
# be right. So it comes nearer, passes 1, and goes on in the wrong direction: overfitting in its simplest form.

# %% given="one_weight"
def one_weight():
    """y_hat = w · x with w = 0 at the start; one epoch on `pull` moves w a fifth of the
    way to 2."""
    single = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    single.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)
    return single


pull = np.ones((16, 1)), np.full((16, 1), 2.0)  # x and y of the training data: they ask for w = 2
path_of_w = 2 * (1 - 0.8 ** np.arange(1, 7))  # w after 1, 2, … 6 epochs

# %% tests="keep_best" points=1 trains=true
single, best_file = one_weight(), fresh("exercise_7.keras")
missing = f"there is no model in {best_file}: is the checkpoint among the callbacks of fit? And has fit the validation_data?"
with check.explained({
    "File not found": missing,
    "save_weights_only": "the file should hold the whole model: leave save_weights_only out, the path ends in .keras",
}):
    data_of_it = [*(array.copy() for array in pull), np.ones((8, 1)), np.ones((8, 1))]
    with check.unchanged(*data_of_it, hint="keep_best changed its data: give X, y, X_valid and y_valid to fit as they are"):
        keep_best(single, *data_of_it, 5, best_file)
    kept_weight = keras.models.load_model(best_file).get_weights()[0]
check.close(
    kept_weight, [[path_of_w[2]]], rtol=1e-4,
    hint=f"w after epochs 1 to 5 is {np.round(path_of_w[:5], 2)}; validation is best at 1, so the third should be kept",
    mistakes={
        "the file holds the last epoch: use save_best_only=True, and monitor the loss on the validation data":
            [[path_of_w[4]]],
        "the file holds the first epoch: were all epochs run (epochs=epochs)? And a loss is better when it is LOWER (mode)":
            [[path_of_w[0]]],
    },
)
### BEGIN HIDDEN TESTS
best = int(np.random.default_rng().integers(3, 5))
single = one_weight()
keep_best(single, *pull, np.ones((8, 1)), np.full((8, 1), path_of_w[best]), 6, best_file)
whole = keras.models.load_model(best_file)
check.close(
    whole.get_weights()[0], [[path_of_w[best]]], rtol=1e-4,
    hint=f"wrong when epoch {best + 1} of 6 is the best one: keep the one with the lowest validation loss",
)
check.true(
    whole.compiled,
    "the model in the file is not compiled: save the model itself as it was after the best epoch, with loss, optimizer and its state,\n"
    "not a copy of its weights in a new network",
)
check.true(
    int(keras.ops.convert_to_numpy(whole.optimizer.iterations)) > 0,
    "the optimizer in the file has made no step: save the model itself as it was after the best epoch, not a copy of its weights in a\n"
    "new network",
)
check.equal(
    int(keras.ops.convert_to_numpy(whole.optimizer.iterations)), best + 1,
    f"the number of steps of the optimizer in the file, one an epoch, when epoch {best + 1} of 6 is the best one: save the model at the end\n"
    "of that epoch, with its optimizer as it was then, not after the training",
)
single = one_weight()
with check.mutates(single):
    keep_best(single, np.ones((96, 1)), np.full((96, 1), 2.0), np.ones((8, 1)), np.full((8, 1), path_of_w[best]), 2, best_file)
check.equal(
    int(keras.ops.convert_to_numpy(single.optimizer.iterations)), 6,
    "the number of steps of the optimizer in 2 epochs with 96 samples: in batches of 32, as Keras makes them, there are 3 an epoch",
    mistakes={"training.fit takes batches of 128 if you do not say batch_size=32, so there was one step an epoch": 2},
)
after_each = 2 * (1 - 0.8 ** np.array([3, 6]))  # w after its two epochs of three steps
check.close(
    keras.models.load_model(best_file).get_weights()[0], [[after_each[np.argmin(np.abs(after_each - path_of_w[best]))]]], rtol=1e-4,
    hint="there was a file of an earlier training, and a better one: replace it all the same, the file should hold the best version of\n"
    "this training",
)
keep_best(one_weight(), *pull, np.ones((8, 1)), np.full((8, 1), -1e5), 3, best_file)
check.close(
    keras.models.load_model(best_file).get_weights()[0], [[path_of_w[0]]], rtol=1e-4,
    hint="every epoch is worse here than no training at all: the file should hold the model after the best EPOCH, the first, although its\n"
    'loss is large too, about 1e10 (a best loss of your own starts at float("inf"))',
)
### END HIDDEN TESTS

# %% tests="keep_best_history" points=1 trains=true
single = one_weight()
with check.mutates(single):
    record = keep_best(single, *pull, np.ones((8, 1)), np.full((8, 1), 0.7), 4, fresh("exercise_7_history.keras"))
check.true(hasattr(record, "history"), "return the History, which is what fit returns")
check.true("val_loss" in record.history, "there is no val_loss in the history: give fit the validation_data")
check.equal(len(record.history["val_loss"]), 4, "the number of epochs that were run; all 4 are wanted")
### BEGIN HIDDEN TESTS
check.close(
    single.get_weights()[0], [[path_of_w[3]]], rtol=1e-4,
    hint="the model itself should end with the weights of the last epoch; the best version belongs in the file only",
)
check.close(
    record.history["val_loss"], (path_of_w[:4] - 0.7) ** 2, rtol=1e-3, atol=1e-6,
    hint="these are not the validation losses of the 4 epochs: train on X and y, validate on X_valid and y_valid",
)
record = keep_best(one_weight(), *pull, np.ones((8, 1)), np.full((8, 1), 0.5), 13, fresh("exercise_7_rising.keras"))
check.equal(
    len(record.history["val_loss"]), 13,
    "the validation loss rises from epoch 2 on, and all 13 epochs are wanted still: no EarlyStopping",
)
single = one_weight()
single.compile(optimizer=keras.optimizers.SGD(0.25), loss="mae", run_eagerly=True)  # each step is one of 0.25 upwards
single.train_on_batch(*pull)
with check.mutates(single):
    keep_best(single, *pull, np.ones((8, 1)), np.ones((8, 1)), 3, fresh("exercise_7_mae.keras"))
check.close(
    single.get_weights()[0], [[1.0]], rtol=1e-4,
    hint="use the model as it was compiled, with its own optimizer, rate and loss, here SGD(0.25) and the absolute error: do not\n"
    "compile it again",
)
check.equal(
    int(keras.ops.convert_to_numpy(single.optimizer.iterations)), 4,
    "the number of steps of the optimizer of a model that had made one step before, after 3 epochs of one step: go on with its own\n"
    "optimizer and do not compile it again, with one of the same settings neither, for that has no memory",
)
### END HIDDEN TESTS

# %% [markdown]
# **Predict before you run.** Now the clothes: 500 training images, many epochs. Where will the validation loss
# be lowest: at the start, in the middle, at the end? And will the *best* network by its loss also have the best
# accuracy? (Trainings of many epochs can be watched: `training.fit` shows one line while it trains, and with `live=True` the curves.)

# %% trains=true
overfitter = build_network()
overfitter.optimizer.learning_rate = 0.003
keeper_of_clothes = keras.callbacks.ModelCheckpoint(
    "lab06_models/best.keras", monitor="val_loss", save_best_only=True
)
long_run = training.fit(
    overfitter,
    images[:500],
    labels[:500],
    epochs=EPOCHS,
    batch_size=16,
    validation_data=(new_images, new_labels),
    callbacks=[keeper_of_clothes],
)
best_epoch = 1 + int(np.argmin(long_run.history["val_loss"]))
best_of_clothes = keras.models.load_model("lab06_models/best.keras")
held_back = fashion.X_valid[1000:3000], fashion.y_valid[1000:3000]  # images that chose nothing
best_loss, best_accuracy = best_of_clothes.evaluate(*held_back, verbose=0)
last_loss, last_accuracy = overfitter.evaluate(*held_back, verbose=0)
print("on 2,000 other images:")
print(f"best (epoch {best_epoch}): loss {best_loss:.3f}, accuracy {best_accuracy:.3f}")
last_epoch = len(long_run.history["loss"])
print(f"last (epoch {last_epoch}): loss {last_loss:.3f}, accuracy {last_accuracy:.3f}")
curves = plotting.learning_curves(long_run, metric="loss", title="500 training images")
curves.axvline(best_epoch, color="black", linestyle=":", linewidth=1)
curves.annotate(
    "kept",
    (best_epoch, curves.get_ylim()[1]),
    xytext=(3, -10),
    textcoords="offset points",
    fontsize=8,
);

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# After the last epoch the loss on new images is about 1.3 times that of the kept network
# (drawn images: about 1.6 times). The accuracy has *not* fallen with it: on the photographs the last network is
# even about 2 percentage points better, on the drawn images equally good. Training on has not made the network
# more often wrong, it has made it *too sure* where it is wrong. What you monitor is what you get: if the share of
# right answers is what you care about, monitor `"val_accuracy"`.
#
# </details>
#
# Why did we compare on 2,000 images of their own? The best epoch was *chosen* by its loss on the validation
# images, so it looks good on exactly these (Lab 2, written question 2).

# %% [markdown]
# ## 8 · Interrupted (10 minutes)
#
# Colab disconnects, a laptop sleeps, a power cut comes. A training that is to go on later needs *everything* as
# it was: weights, the memory of the optimizer, and the number of the epoch. `BackupAndRestore` keeps the three
# in a folder:
#
# ```python
# keras.callbacks.BackupAndRestore("lab06_models/some_folder")
# ```
#
# After every epoch it writes a backup. When `fit` begins, it looks whether there is one; if so, it loads it and
# goes on with the next epoch. When a training has come to its end, it removes the backup, so that the next
# training starts anew.
#
# Here is a power cut to practise with.

# %% given="power_cut"
class PowerCut(keras.callbacks.Callback):
    """Stops the training with an error when the given epoch, counted from 0, is about to begin."""

    def __init__(self, epoch):
        super().__init__()
        self.cut = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.cut:
            raise RuntimeError(f"power cut: {epoch} epochs are finished")


class Snapshot(keras.callbacks.Callback):
    """Copies a folder, as a power cut would leave it, when the given epoch, counted from 0, is
    about to begin."""

    def __init__(self, epoch, folder, copy):
        super().__init__()
        self.when, self.folder, self.copy = epoch, folder, copy

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.when and Path(self.folder).is_dir():
            shutil.copytree(self.folder, self.copy)


# %% [markdown]
# How shall we judge it? A training that was interrupted must end with **the same weights** as one that was not.
# For that, every batch must be the same too. `fit` shuffles the samples, and no backup holds the state of that
# lottery: whether a resumed training happens to meet the same order again depends on seeds, versions and settings.
# With `shuffle=False` the order is fixed, and the results can be compared. (In real work you shuffle: the resumed
# training is then as good as the other one, but need not be equal.)
#
# **Predict before you run.** Somebody backs up the weights and the epoch, but not the memory of Adam. Will the
# weights at the end be equal, nearly equal, or completely different?
#
# <details><summary>Answer</summary>
#
# Nearly equal. Adam starts its running means from nothing, its first steps differ, and everything after them
# differs a little. No error, no warning: you see it only if you compare. On long trainings it shows as a bump
# in the loss at each restart.
#
# </details>
#
# ### Exercise 8 (3 points)
#
# Write `train_resumable`.

# %% exercise="train_resumable"
def train_resumable(model, X, y, epochs, folder, callbacks=()):
    """Train a model, and go on where an interrupted training stopped.

    model: a compiled model, trained in place with the optimizer, rate and loss that it
        was compiled with.
    X, y: arrays, used in their order (no shuffling), in batches of 32.
    epochs: int, epochs of the whole training. folder: str, for the backup; missing or empty if
        there is none yet. callbacks: a list or tuple of more callbacks for fit, which are told the
        number of the epoch in the whole training, from 0.
    After every epoch there is a backup in `folder`. If a training with this folder was interrupted
    before, weights, state of the optimizer and number of the epoch are taken from the backup, and
    only the missing epochs, at least one, are run.
    Returns the History of the epochs that were run now. When the last epoch is done, no backup
        is left (an empty folder may be).
    """
    ### BEGIN SOLUTION
    backup = keras.callbacks.BackupAndRestore(folder)
    return model.fit(X, y, epochs=epochs, shuffle=False, callbacks=[backup, *callbacks], verbose=0)
    ### END SOLUTION


# %% tests="train_resumable" points=1 trains=true
rng = np.random.default_rng()
X, y, start = rng.normal(size=(80, 6)), rng.integers(0, 3, size=80), new_toy(optimizer=keras.optimizers.Adam(0.01))
same_start = keras.models.clone_model(start)
same_start.compile(optimizer=keras.optimizers.Adam(0.01), loss=start.loss, run_eagerly=True)
same_start.set_weights(start.get_weights())
a_tuple = "callbacks may be a tuple, and a list of callbacks stays as it is: write [backup, *callbacks]"
with check.mutates(start), check.explained({"can only concatenate": a_tuple, "'tuple' object": a_tuple}):
    record = train_resumable(start, X.copy(), y.copy(), 3, fresh("exercise_8"))
check.true(hasattr(record, "history"), "return the History, which is what fit returns")
check.equal(len(record.history["loss"]), 3, "the number of epochs of a training that nobody interrupts; 3 are wanted")
check.true(
    not any(found.is_file() for found in Path("lab06_models/exercise_8").rglob("*")),  # empty folders hold no backup
    "the training came to its end, but the backup is still there: the next training would not start anew",
)
same_start.fit(X, y, epochs=3, shuffle=False, verbose=0)
check.close(
    np.concatenate([w.ravel() for w in start.get_weights()]),
    np.concatenate([w.ravel() for w in same_start.get_weights()]), rtol=1e-5, atol=1e-6,
    hint="without an interruption it should be the same as model.fit with shuffle=False and batches of 32, and is not",
)
### BEGIN HIDDEN TESTS
Path(fresh("exercise_8_empty")).mkdir()
empty = "the folder is there, but empty, as a training that came to its end may leave it: that is no backup, so start anew, with the first epoch"
with check.explained({"Error": empty}):
    train_resumable(new_toy(), X[:32].copy(), y[:32].copy(), 2, "lab06_models/exercise_8_empty")
as_it_was = "use the model as it was compiled, with its own optimizer, rate and loss, here SGD with momentum, which had\nmade a step before, and the squared error: do not compile it again"
start = new_toy()
same_start = keras.models.clone_model(start)
for toy in (start, same_start):
    toy.compile(optimizer=keras.optimizers.SGD(0.07, momentum=0.5), loss="mse", run_eagerly=True)
same_start.set_weights(start.get_weights())
one_hot = np.eye(3)[y[:40]]
for toy in (start, same_start):  # its momentum is the memory of the optimizer
    toy.train_on_batch(X[:40], one_hot)
causes = {"can only concatenate": a_tuple, "'tuple' object": a_tuple, "ValueError": as_it_was, "InvalidArgument": as_it_was, "shape": as_it_was}
with check.mutates(start), check.explained(causes):
    train_resumable(start, X[:40].copy(), one_hot.copy(), 2, fresh("exercise_8_sgd"), callbacks=(PowerCut(9),))
same_start.fit(X[:40], one_hot, epochs=2, shuffle=False, verbose=0)
check.close(
    np.concatenate([w.ravel() for w in start.get_weights()]),
    np.concatenate([w.ravel() for w in same_start.get_weights()]), rtol=1e-5, atol=1e-6, hint=as_it_was,
)
### END HIDDEN TESTS

# %% tests="train_resumed" points=2 trains=true
rng = np.random.default_rng()
X, y = rng.normal(size=(64, 6)), rng.integers(0, 3, size=64)


def starting_from(weights):
    begun = new_toy(optimizer=keras.optimizers.Adam(0.01))
    begun.set_weights(weights)
    return begun


weights = new_toy().get_weights()
never = starting_from(weights)
never_folder = fresh("exercise_8_never")
a_list = "callbacks may be a list too: write [backup, *callbacks], which takes both"
with check.mutates(never), check.explained({"can only concatenate": a_list}):
    train_resumable(never, X, y, 4, never_folder, [])  # whether a tuple will do as well is asked above
check.between(
    max(np.abs(a - b).max() for a, b in zip(never.get_weights(), weights)), 1e-3, 0.4,
    name="how far the weights moved in 4 epochs",
    low_hint="the model that was given is not trained: train it in place",
    high_hint="Adam with its rate of 0.01 moves no weight that far: are there 4 epochs, of batches of 32?",
)
cut_folder = fresh("exercise_8_cut")
finished = False
with contextlib.suppress(RuntimeError):
    train_resumable(starting_from(weights), X, y, 4, cut_folder, callbacks=[PowerCut(2)])
    finished = True
check.true(
    not finished,
    "the power cut did not happen: give fit the callbacks too, let it count the epochs of the whole training (initial_epoch), and do not\n"
    "catch its error",
)
resumed = new_toy(optimizer=keras.optimizers.Adam(0.01))  # a new process: other weights, nothing remembered
with check.mutates(resumed):
    record = train_resumable(resumed, X, y, 4, cut_folder, [])
check.equal(
    len(record.history["loss"]), 2,
    "the number of epochs after the power cut: 2 of 4 were finished, so 2 are left",
    mistakes={"all 4 epochs were run again: the backup was not used, or not its number of the epoch": 4},
)
check.close(
    np.concatenate([w.ravel() for w in resumed.get_weights()]),
    np.concatenate([w.ravel() for w in never.get_weights()]), rtol=1e-5, atol=1e-6,
    hint="the resumed training ends with other weights than the uninterrupted one: are weights AND the memory of the\n"
    "optimizer in the backup, and is the order of the samples fixed?",
)
### BEGIN HIDDEN TESTS
left = [any(found.is_file() for found in Path(place).rglob("*")) for place in (never_folder, cut_folder)]
check.true(
    left[0] or not left[1],  # what a training without a power cut leaves is asked above
    "the training that went on after a power cut came to its end, but its backup is still there: remove it in this case too, or the next\n"
    "training would not start anew",
)
folder = fresh("exercise_8_twice")
for cut in (1, 3):  # two power cuts in one training
    finished = False
    with contextlib.suppress(RuntimeError):
        train_resumable(starting_from(weights), X, y, 4, folder, callbacks=[PowerCut(cut)])
        finished = True
    check.true(
        not finished,
        f"the power cut after epoch {cut} did not happen: give fit the other callbacks too when there is a backup to go on from, and let it\n"
        "go on with the number of the epoch from there (initial_epoch)",
    )
resumed = new_toy(optimizer=keras.optimizers.Adam(0.01))
with check.mutates(resumed):
    record = train_resumable(resumed, X, y, 4, folder, [])
check.close(
    np.concatenate([[len(record.history["loss"])], *[w.ravel() for w in resumed.get_weights()]]),
    np.concatenate([[1], *[w.ravel() for w in never.get_weights()]]), rtol=1e-5, atol=1e-6,
    hint="after a second power cut, with 3 of 4 epochs done, 1 epoch is left, and the weights should be the same in the end",
)
with contextlib.suppress(RuntimeError):
    train_resumable(starting_from(weights), X, y, 4, fresh("exercise_8_mine"), callbacks=[PowerCut(2)])
record = train_resumable(starting_from(weights), X, y, 4, fresh("exercise_8_yours"), [])
check.equal(
    len(record.history["loss"]), 4,
    "the number of epochs of a training with another folder than that of an interrupted one: it starts anew, for the backup\n"
    "belongs into the folder that is given",
)
running, moved = fresh("exercise_8_running"), fresh("exercise_8_moved")
train_resumable(starting_from(weights), X, y, 4, running, callbacks=[Snapshot(2, running, moved)])
resumed = starting_from(weights)
with check.mutates(resumed):
    record = train_resumable(resumed, X, y, 4, moved, [])
check.equal(
    len(record.history["loss"]), 2,
    "the number of epochs left, from a copy of the folder that was made when 2 of 4 epochs were finished: after every epoch the\n"
    "backup should be in the files of the folder, for a power cut raises no error that you could catch, and leaves nothing in memory",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** Six epochs on the clothes, without and with a power cut after the third.

# %% trains=true
starting_weights = build_network().get_weights()


def clothes_with(weights):
    begun = build_network()
    begun.set_weights(weights)
    return begun


uninterrupted = clothes_with(starting_weights)
print("training without a power cut …")
whole_run = train_resumable(uninterrupted, images[:2000], labels[:2000], 6, fresh("backup_whole"))
backup_folder = fresh("backup_cut")
print("training with a power cut …")
try:
    begun_run = clothes_with(starting_weights)
    some = images[:2000], labels[:2000]
    train_resumable(begun_run, *some, 6, backup_folder, callbacks=[PowerCut(3)])
except RuntimeError as cut:
    print(cut)
print("going on …")
resumed_clothes = build_network()
rest_of_run = train_resumable(resumed_clothes, *some, 6, backup_folder)
pairs_of_weights = zip(resumed_clothes.get_weights(), uninterrupted.get_weights())
largest_difference = max(np.abs(mine - theirs).max() for mine, theirs in pairs_of_weights)
print(f"epochs after the cut: {len(rest_of_run.history['loss'])}")
print(f"largest difference of a weight: {largest_difference}")
figure, lines = plt.subplots(figsize=(5, 3), layout="constrained")
lines.plot(
    range(1, 7), whole_run.history["loss"], color=plotting.COLOURS[0], label="never interrupted"
)
lines.plot(
    range(4, 7),
    rest_of_run.history["loss"],
    "o",
    color=plotting.COLOURS[1],
    label="after the power cut",
)
lines.set(xlabel="epoch", ylabel="loss")
lines.legend(frameon=False, fontsize=8)
plotting.describe(
    lines, "Loss of six epochs as a line; the three epochs after the power cut lie on it as dots."
);

# %% [markdown]
# ## 9 · Your own layers (12 minutes)
#
# A `.keras` file says "here comes a `Dense` layer with 64 neurons", and Keras knows what a `Dense` layer is. It
# cannot know a class that *you* wrote. Two things are needed:
#
# - **`get_config`** returns the arguments with which the object can be made again, as plain numbers, strings
#   and lists. Begin with what the parent class returns (the name, the data type and so on).
# - **`register_keras_serializable`** puts the class on a list, under a package and a name. When a file asks for
#   this name, Keras looks there. The program that loads the file must run the class's code first: *the file
#   holds the settings, never your code*.
#
# Weights need nothing of this. They are numbers, and they travel in `model.weights.h5`.
#
# A complete example, a loss that you may know from statistics. A forecast that is too low costs `quantile` for
# each unit, one that is too high costs `1 − quantile`:

# %% given="pinball"
@keras.saving.register_keras_serializable(package="lab06")
class PinballLoss(keras.losses.Loss):
    """quantile · (y − ŷ) where the forecast ŷ is too low, (1 − quantile) · (ŷ − y) where it
    is too high."""

    def __init__(self, quantile=0.5, name="pinball", **kwargs):
        super().__init__(name=name, **kwargs)  # kwargs: what every loss has, passed on as it is
        self.quantile = quantile

    def call(self, y_true, y_pred):
        gap = y_true - y_pred
        cost = keras.ops.maximum(self.quantile * gap, (self.quantile - 1) * gap)
        return keras.ops.mean(cost, axis=-1)

    def get_config(self):
        return {**super().get_config(), "quantile": self.quantile}


# %%
careful = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
careful.compile(optimizer="adam", loss=PinballLoss(quantile=0.9))
careful.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
careful.save(fresh("careful.keras"))
careful_again = keras.models.load_model("lab06_models/careful.keras")
loss_again = careful_again.loss
print("loss after loading:", type(loss_again).__name__, "with quantile", loss_again.quantile)

# %% [markdown]
# **Predict before you run.** What would have happened (a) without the line that starts with `@`, and (b)
# without `"quantile"` in `get_config`? Which of the two is worse?
#
# <details><summary>Answer</summary>
#
# (a) `load_model` stops with an error: it cannot find a class `PinballLoss`. (b) It loads, without a word, and
# the quantile is 0.5 again, the default. That is worse: you find it out weeks later, or never. (A layer without
# any `get_config` gets one that Keras guesses from the arguments of `__init__`, good enough for plain numbers and
# strings. A loss does not: without `get_config` its quantile is lost as in (b). So always write one.)
#
# </details>
#
# A layer works in the same way. It has one method more, `build(self, input_shape)`, which makes its weights as
# soon as the shape of the input is known. A shape is a tuple: `(3,)` for three numbers, `()` for a single one. In
# `input_shape`, as everywhere, the last entry is the number of features. Here is a whole layer, with one weight:

# %% given="shift"
@keras.saving.register_keras_serializable(package="lab06")
class Shift(keras.layers.Layer):
    """inputs + step · offset, with one trainable number, offset, that all features share; it
    starts at 0."""

    def __init__(self, step=1.0, **kwargs):
        super().__init__(**kwargs)  # name, dtype, trainable: the parent class knows what to do
        self.step = step

    def build(self, input_shape):
        self.offset = self.add_weight(shape=(), initializer="zeros", name="offset")

    def call(self, inputs):
        return inputs + self.step * self.offset

    def get_config(self):
        return {**super().get_config(), "step": self.step}


# %%
shifted = keras.Sequential([keras.Input((3,)), Shift(step=0.5, name="up")])
shifted.save(fresh("shifted.keras"))
up_again = keras.models.load_model("lab06_models/shifted.keras").get_layer("up")
print("layer after loading:", type(up_again).__name__, "with step", up_again.step)
print("its weights:", up_again.get_weights())

# %% [markdown]
# What stands in `self` after `build` is found again in `call`. Computations use `keras.ops`, which has most functions of
# NumPy under the same names: Keras can follow them for the gradient, NumPy's it cannot.
#
# ### Exercise 9 (3 points)
#
# Write the layer `SoftClip`, which lets no feature grow beyond a limit. It has a
# trainable `gain` *for each feature*, and computes
#
# $$\mathrm{limit} \cdot \tanh\left(\frac{\mathrm{gain} \cdot x}{\mathrm{limit}}\right)$$
#
# Write it in place of the `raise`: a class with the methods `__init__`, `build`, `call` and `get_config`, registered in
# the package `lab06`. Use `keras.ops.tanh`, not NumPy's.

# %% exercise="soft_clip"
# SoftClip(limit=1.0, **kwargs): a keras.layers.Layer, registered as "lab06>SoftClip".
#   limit: float above 0. kwargs: what every layer takes (name, dtype, trainable), passed on to
#      keras.layers.Layer.
#   Inputs: floats of shape (n, …, features), any number of axes in between. Output: the same shape.
#   gain: the only weight, trainable, shape (features,), one for each entry of the last axis; all 1
#      at the start. (The input_shape of `build` begins with the size of the batch, or None, and
#      ends with the number of features.)
#   get_config: a dict from which SoftClip.from_config makes a layer of the same limit, name, dtype
#      and so on.
### BEGIN SOLUTION
@keras.saving.register_keras_serializable(package="lab06")
class SoftClip(keras.layers.Layer):
    def __init__(self, limit=1.0, **kwargs):
        super().__init__(**kwargs)
        self.limit = limit

    def build(self, input_shape):
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")

    def call(self, inputs):
        return self.limit * keras.ops.tanh(self.gain * inputs / self.limit)

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}
### END SOLUTION

# %% given="clip_report"
def clip_report(X, gains=None, copied=False, **arguments):
    """Make SoftClip(**arguments), show it X, and say in plain values what it is and what it does.

    X: float array (n, …, features); None only looks at the layer. gains: float array (features,) to
        put into the layer first; None leaves it as it starts.
    copied: whether to report on the layer that SoftClip.from_config makes of the config.
    Returns a dict: name, is_trainable and dtype of the layer; and, if there is X, outputs, an array
    of its shape; weights, the arrays before gains were set; trainable, the shapes of the trainable
    ones.
    """
    clip = SoftClip(**arguments)
    if copied:
        config = json.dumps(clip.get_config())  # a config must be plain enough for a file
        clip = SoftClip.from_config(json.loads(config))
    report = {"name": clip.name, "is_trainable": clip.trainable, "dtype": clip.compute_dtype}
    if X is None:
        return report
    clip.build(np.shape(X))
    clip.trainable = False  # as in use: nothing learns here
    outputs, weights = answer(clip, X), clip.get_weights()
    if gains is not None:
        clip.set_weights([gains])
        outputs = answer(clip, X)
    clip.trainable = report["is_trainable"]
    shapes = [tuple(w.shape) for w in clip.trainable_weights]
    return {**report, "outputs": outputs, "weights": weights, "trainable": shapes}


def clip_file(X, kernel, **arguments):
    """Save a network of SoftClip(**arguments) and a Dense layer in lab06_models/exercise_9.keras,
    load it, and ask both.

    X: float array (n, features). kernel: float array (features, units), put into the Dense layer.
    Returns a dict: shapes, those of the network's weights; and, if the Dense layer has any, before
    and after, the two outputs.
    """
    features, units = kernel.shape
    network = keras.Sequential(
        [keras.Input((features,)), SoftClip(**arguments), keras.layers.Dense(units)]
    )
    shapes = [tuple(w.shape) for w in network.get_weights()]
    if kernel.shape not in shapes:
        return {"shapes": shapes}
    spread = [np.linspace(0.5, 2, int(np.prod(shape))).reshape(shape) for shape in shapes]
    network.set_weights([kernel if w.shape == kernel.shape else w for w in spread])
    network.save(fresh("exercise_9.keras"))
    again = keras.models.load_model("lab06_models/exercise_9.keras")
    return {"shapes": shapes, "before": answer(network, X), "after": answer(again, X)}


# %% tests="soft_clip" points=1
X = np.array([[-9.0, -1.0, 0.0], [0.5, 2.0, 30.0]])
with check.explained({
    "decorator()": 'the brackets are missing: @keras.saving.register_keras_serializable(package="lab06")',
    "to a shape": "a shape is a tuple: (input_shape[-1],), with the comma",
    "Layer.__init__() takes": "kwargs is a dictionary, to be passed on with two stars: super().__init__(**kwargs)",
    "'SoftClip' object has no attribute": "a method asks self for something that it does not have: what __init__ and build make, they must\n"
    "keep, self.gain = self.add_weight(…)",
}):
    report = clip_report(X, limit=2.0)
check.true(
    len(report["weights"]) <= 1,
    f"the layer has {len(report['weights'])} weights, and gain should be the only one: keep the limit as a plain number, self.limit = limit",
)
check.true(all((w == 1).all() for w in report["weights"]), 'the gains start at 1: add_weight(…, initializer="ones")')
check.close(
    report["outputs"], [[-1.999506, -0.924234, 0.0], [0.489837, 1.523188, 2.0]], atol=1e-5,
    mistakes={
        "the division by the limit inside of tanh is missing": [[-2.0, -1.523188, 0.0], [0.924234, 1.928055, 2.0]],
        "the factor limit in front is missing": [[-0.999753, -0.462117, 0.0], [0.244919, 0.761594, 1.0]],
        "that is a hard clip: the formula has a tanh": [[-2.0, -1.0, 0.0], [0.5, 2.0, 2.0]],
        "the limit was not used: is it kept in __init__?": [[-1.0, -0.761594, 0.0], [0.462117, 0.964028, 1.0]],
    },
    hint="limit · tanh(gain · x / limit), all gains 1",
)
check.equal(
    report["trainable"], [(3,)],
    "the shapes of the trainable weights; there should be one, gain, with an entry for each feature",
    mistakes={"there are no trainable weights: make gain with self.add_weight in build": []},
)
gains = np.array([1.0, 0.5, 2.0])
check.close(
    clip_report(X, gains, limit=2.0)["outputs"], [[-1.999506, -0.489837, 0.0], [0.489837, 0.924234, 2.0]], atol=1e-5,
    hint="with the gains 1, 0.5 and 2: each feature is multiplied by its own gain, inside of tanh",
)
### BEGIN HIDDEN TESTS
limit, X = float(np.random.default_rng().uniform(0.5, 4)), np.random.default_rng().normal(scale=3, size=(4, 5, 3))
hint = "wrong for inputs (4, 5, 3): the gains belong to the LAST axis, there are 3 of them"
with check.explained({"broadcast": hint, "ncompatible shapes": hint, "must match the size": hint}):
    report = clip_report(X, limit=limit)
check.close(report["outputs"], limit * np.tanh(X / limit), atol=1e-5, hint=f"wrong for a limit of {limit:.3f} and inputs (4, 5, 3)")
check.equal(report["trainable"], [(3,)], hint)
gains = np.random.default_rng().uniform(0.5, 2, size=3) * [1, -1, 1]
check.close(
    clip_report(X, gains, limit=limit)["outputs"], limit * np.tanh(gains * X / limit), atol=1e-5,
    hint="wrong for gains of both signs: take each gain as it is, a negative one too",
)
for limit in (1e-6, 1e6):
    check.close(
        clip_report(limit * X, limit=limit)["outputs"] / limit, np.tanh(X), rtol=1e-4, atol=1e-5,
        hint=f"wrong for a limit of {limit:g}: every limit above 0 is allowed. Take it as it is, and add nothing to it. The output, divided by\n"
        "the limit",
    )
hint = "SoftClip() without a limit has the limit 1.0: give it this default, def __init__(self, limit=1.0, **kwargs)"
with check.explained({"required positional argument": hint, "required keyword-only argument": hint}):
    report = clip_report(X)
check.close(report["outputs"], np.tanh(X), atol=1e-5, hint=hint)
### END HIDDEN TESTS

# %% tests="soft_clip_config" points=1
far = np.full((1, 1), 1e6)  # where the output is the limit, or its negative
with check.explained({
    "decorator()": 'the brackets are missing: @keras.saving.register_keras_serializable(package="lab06")',
    "unexpected keyword": "__init__ must take **kwargs and pass them on: super().__init__(**kwargs)",
    "Layer.__init__() takes": "kwargs is a dictionary, to be passed on with two stars: super().__init__(**kwargs)",
    "'SoftClip' object has no attribute": "a method asks self for something that it does not have: what __init__ and build make, they must\n"
    "keep, self.gain = self.add_weight(…)",
}):
    report = clip_report(far, limit=2.5, name="squeeze")
check.equal(report["name"], "squeeze", "the name of the layer: pass what is in kwargs on, super().__init__(**kwargs)")
with check.explained({
    "unexpected keyword": "get_config returns something that __init__ does not take",
    "Unrecognized keyword": "get_config returns something that __init__ does not take",
    "has no attribute": "get_config asks for something that the layer does not have",
    "NoneType": "get_config returns None: it must return a dictionary, and `update` changes one in place and returns nothing",
    "JSON serializable": "get_config may hold plain numbers, strings and lists alone: no NumPy number, self.limit = limit",
}):
    remade = clip_report(far, copied=True, limit=2.5, name="squeeze")
check.close(
    np.abs([report["outputs"], remade["outputs"]]), [[[2.5]], [[2.5]]], rtol=1e-4,
    hint="the limits of a layer and of the layer made from its config; both should be 2.5",
    mistakes={"the limit is lost: put it into the dictionary that get_config returns": [[[2.5]], [[1.0]]]},
)
### BEGIN HIDDEN TESTS
limit = float(np.random.default_rng().uniform(0.2, 0.9))
remade = clip_report(far, copied=True, limit=limit, name="frozen", trainable=False)
check.equal(
    [remade["name"], remade["is_trainable"]], ["frozen", False],
    "name and trainable of the layer made from the config are wrong: start from super().get_config()",
)
check.close(np.abs(remade["outputs"]), [[limit]], rtol=1e-4, hint="the limit of the layer made from the config")
ways = {False: "pass all of kwargs on: super().__init__(**kwargs)", True: "start from super().get_config()"}
for copied, advice in ways.items() if remade["weights"] else ():  # whether gain is a weight is asked above
    made = "made from the config of one with dtype" if copied else "with dtype"
    with check.explained({"unexpected keyword": advice}):
        half = clip_report(None, copied=copied, limit=2.0, dtype="float16")
    check.equal(half["dtype"], "float16", f"the dtype of a layer {made}=float16: {advice}")
### END HIDDEN TESTS

# %% tests="soft_clip_file" points=1
rng = np.random.default_rng()
X, kernel = rng.normal(size=(8, 6)), rng.normal(size=(6, 3))
symbols = "Keras cannot look through NumPy functions, use keras.ops.tanh"
with check.explained({
    **dict.fromkeys(("call numpy()", "__array__", "_error_repr", "meta tensor"), symbols),
    "Could not locate class": 'the class is not registered: @keras.saving.register_keras_serializable(package="lab06")',
    "could not be deserialized": 'is the class registered, @keras.saving.register_keras_serializable(package="lab06"),\n'
    "and does __init__ take everything that get_config returns?",
    "Layer.__init__() takes": "kwargs is a dictionary, to be passed on with two stars: super().__init__(**kwargs)",
    "'SoftClip' object has no attribute": "a method asks self for something that it does not have: what __init__ and build make, they must\n"
    "keep, self.gain = self.add_weight(…)",
    "should return a dict": "get_config returns None: it must return a dictionary, and `update` changes one in place and returns nothing",
}):
    report = clip_file(X, kernel, limit=0.3)
check.true(
    (6, 3) in report["shapes"],
    f"the Dense layer behind yours has no weights: {symbols}",
)
check.close(
    report["after"], report["before"], atol=1e-6,
    hint="the loaded model predicts something else: is every argument in get_config?",
)
with zipfile.ZipFile("lab06_models/exercise_9.keras") as archive:
    listed = json.loads(archive.read("config.json"))["config"]["layers"]
    stored = archive.read("model.weights.h5")
check.equal(
    [layer["registered_name"] for layer in listed if layer["class_name"] == "SoftClip"], ["lab06>SoftClip"],
    'the name of the class in files; use package="lab06"',
)
### BEGIN HIDDEN TESTS
import io

import h5py

arrays = []
with h5py.File(io.BytesIO(stored)) as weights:
    weights.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
check.true(
    any(a.shape == kernel.shape and np.allclose(a, kernel, atol=1e-6) for a in arrays),
    "the file does not hold the weights of the network that was saved",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 10 · Files from strangers, and files that are broken (40 minutes)
#
# Keras has a layer that holds a Python function: `Lambda(lambda x: …)`. It is handy, and it has a price. When
# such a model is saved, the compiled *code* of the function goes into the file. Whoever loads the file runs
# that code. And code can do everything that you can do: read your files, send them away, delete them.
#
# **Predict before you run.** The next two cells make such a file and load it. Its code is harmless, it writes a note into the
# folder `lab06_models`. When will the note appear: when the model is loaded, when it predicts, or never?

# %% given="stranger"
def leave_a_note(place):
    """A model whose Lambda layer writes a file when it runs."""
    inner = keras.layers.Lambda(
        lambda x: (__import__("pathlib").Path(place).write_text("I was here"), x)[1]
    )
    return keras.Sequential([keras.Input((6,)), inner, keras.layers.Dense(3)])


# %%
note = Path(fresh("note.txt"))
leave_a_note(str(note)).save(fresh("stranger.keras"))
note.unlink()  # the file is made; from here on the note can come from nobody but the file
try:
    keras.models.load_model("lab06_models/stranger.keras")
except ValueError as refused:
    print("refused:", refused)
print("a note in the folder:", note.exists())
keras.models.load_model("lab06_models/stranger.keras", safe_mode=False)
print("a note in the folder, after loading without safe mode:", note.exists())

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# Loading was enough; nobody asked the model for anything.
#
# </details>
#
# By default `load_model` works in **safe mode** and
# refuses files with code in them. That is why you should look twice when somebody tells you to switch it off.
#
# Safe mode is a good lock on one door. It does not make a file harmless in every other way, so the rule stays:
# *a model file from a stranger is a program from a stranger.* The same holds for pickles (Python's own way to
# write objects into a file), which run code when they are opened, for exported SavedModels, which may contain operations that read and write files, and for
# notebooks.

# %% [markdown]
# ### Written question 1 (2 points)
#
# In a forum somebody offers `super_model.keras` and writes: "Works only with `load_model(…,
# safe_mode=False)`. Don't worry, that is just a Keras bug."
#
# 1. Why does Keras really refuse this file?
# 2. You load it as the stranger says, on the laptop with your photographs and passwords. Name two things that
#    could happen. Is it safe if you never call `predict`? When had you predicted that the note appears, and what did
#    your two lines above say?
# 3. What could you do to use the model (or its weights) without that risk? Name one way.
# 4. What should the stranger have done so that the model can be loaded in safe mode?

# %% [markdown] written="stranger" points=2
# Half a point each.
#
# 1. The file contains a Lambda layer (or another object) with Python code inside it. Loading it means running
#    this code, and Keras cannot know what it does. The refusal is no bug.
# 2. Anything that the student's own programs may do: copy or delete files, read passwords, install programs,
#    use the computer for other purposes (two sensible examples). Not calling `predict` does not help: the code
#    runs when the model is loaded, as the note in section 10 shows. The half point needs the student's prediction, right
#    or wrong, and what the cell printed.
# 3. One of: open the archive with `zipfile` and read `config.json` without running anything; ask for a
#    `.weights.h5` file (or take `model.weights.h5` out of the archive) and load it into a network built by
#    one's own code; run it in a container or a virtual machine with nothing to steal and no network; write the
#    Lambda layer anew as a layer of one's own. "Use a virus scanner" or "trust many downloads" earn nothing.
# 4. Replace the Lambda layer by a layer of Keras or by a class with `get_config`, registered with
#    `register_keras_serializable`, and publish the code of this class, so that one can read it first.

# %% [markdown]
# Files break in duller ways much more often: a download stops half-way, a disk is full, a wrong file gets the
# name. What does Keras say then?
#
# **Predict before you run.** Five files with some trouble, and one that is not there. For which of them will Keras's
# message tell you what is wrong?

# %% given="broken"
def broken_files():
    """Make one file of each kind in lab06_models/broken; returns {kind: path}."""
    place = Path(fresh("broken"))
    place.mkdir()
    trained_toy().save(place / "whole.keras")
    whole = (place / "whole.keras").read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    contents = {
        "truncated": whole[: len(whole) // 2],
        "damaged": bytes(flipped),
        "foreign": b"<html>Page not found",
    }
    for kind, content in contents.items():
        (place / f"{kind}.keras").write_bytes(content)
    with (
        zipfile.ZipFile(place / "whole.keras") as old,
        zipfile.ZipFile(place / "version.keras", "w") as new,
    ):
        for name in old.namelist():
            new.writestr(
                name, '{"keras_version": "9.1.0"}' if name == "metadata.json" else old.read(name)
            )
    leave_a_note(str(place / "note.txt")).save(place / "unsafe.keras")
    (place / "note.txt").unlink()
    return {
        kind: str(place / f"{kind}.keras") for kind in ("missing", *contents, "version", "unsafe")
    }


# %%
for trouble, spoiled in broken_files().items():
    try:
        keras.models.load_model(spoiled)
        print(f"{trouble:10s} loaded without a word")
    except Exception as raised:
        print(f"{trouble:10s} {type(raised).__name__}: {str(raised)[:90]}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# "File not found" for three different troubles, two of them about files that are there! And a file from a Keras
# that does not exist yet is loaded as if nothing were strange. (Here it went well. With a real file of another
# generation you would get some error about an argument that nobody has heard of.)
#
# </details>
#
# A good error message answers three questions: **which** file, **what** is wrong with it, **what to do** now.
# The last part is given here:

# %% given="remedies"
REMEDIES = {
    "missing": "there is no such file. Check the spelling, and the folder you are in: "
    "Path.cwd() shows it.",
    "truncated": "the file is cut off, its end is missing. "
    "Copy or download it again and compare the sizes.",
    "damaged": "the file is damaged, a checksum does not fit. Copy or download it again.",
    "foreign": "this is no .keras file, whatever its name says. "
    "Ask for what model.save('….keras') writes.",
    "version": "another generation of Keras wrote the file. "
    "Use that one, or ask for a file from yours.",
    "unsafe": "the file holds code that would run on your machine. "
    "Do not load it; ask for a version without Lambda.",
}


def verdict(load, file):
    """What load(file) says of a file, in a word: "good", or the kind of trouble if its error is as
    it should be."""
    try:
        result = load(file)
    except NotImplementedError:
        raise
    except Exception as error:
        kinds = [kind for kind in REMEDIES if REMEDIES[kind] in str(error)]
        wanted = FileNotFoundError if kinds == ["missing"] else ValueError
        if len(kinds) != 1:
            return f"none of the REMEDIES in {type(error).__name__}: {error}"
        if not isinstance(error, wanted):
            return f"{kinds[0]}, but as {type(error).__name__}, not as {wanted.__name__}"
        named = str(file) in str(error) or str(Path(file)) in str(error)
        return kinds[0] if named else f"{kinds[0]}, but the message does not name the file"
    return (
        "good" if isinstance(result, keras.Model) else f"no error, and no model either: {result!r}"
    )


# %% [markdown]
# ### Exercise 10 (6 points)
#
# Write `load_model_safely`. The kinds, and how to recognise them:
#
# | kind | how to recognise it |
# |---|---|
# | `"missing"` | nothing is at this path |
# | `"truncated"` | the file is empty; or it begins with the four bytes `b"PK\x03\x04"`, as every zip archive with something in it does, but `zipfile.is_zipfile` says no: the table at its end is missing |
# | `"damaged"` | it is a zip archive, but one of its parts does not fit its checksum, a number computed from all its bytes. `archive.testzip()` returns the name of the first bad part, or `None`; reading a bad part raises `zipfile.BadZipFile` |
# | `"foreign"` | a folder; a file that is not empty and does not begin with these four bytes; or a zip archive in which one of the three parts `metadata.json`, `config.json`, `model.weights.h5` is missing |
# | `"version"` | the first number of the file's `keras_version` in `metadata.json`, which every file here has (the 3 of 3.13.2), is not that of `keras.version()` |
# | `"unsafe"` | Keras refuses it in safe mode. The `ValueError` of `load_model` then speaks of `safe_mode` |
#
# A file with none of these troubles is loaded. (No file in the checks has two troubles at once, a bad part that is
# compressed, or a damaged table.)
#
# **The order of the questions matters**, because each can only be asked when the ones before it are answered: a folder
# has no first bytes, and what is no zip archive has no parts. A good order: Is anything there? Is it a folder? How does it
# begin? Does `zipfile.is_zipfile` say yes? Are the three parts in it? Do they fit their checksums? Which version? And only
# then let Keras load it. Write one question, run the checks, go on with the next; every question has its own point.
# (`with open(path, "rb") as file: start = file.read(4)` reads the first four bytes; `b"…"` is how Python writes bytes.)
# Write helper functions if you like; they may stand in the same cell.

# %% exercise="load_model_safely"
def load_model_safely(path):
    """Load a .keras file, or say which file cannot be loaded, why, and what to do.

    path: str or pathlib.Path, ends in ".keras". No code from the file is run, and the file
        is not changed.
    Returns the loaded model, compiled if it was compiled.
    Raises FileNotFoundError for the kind "missing" and ValueError for the other kinds; the message
    contains the path as it was given (or as `pathlib.Path` writes it) and, letter for letter,
    REMEDIES[kind]. Any other error of Keras is passed on as it is.
    """
    ### BEGIN SOLUTION
    def refuse(kind, error=ValueError):
        return error(f"{path}: {REMEDIES[kind]}")

    place = Path(path)
    if not place.exists():
        raise refuse("missing", FileNotFoundError)
    if place.is_dir():
        raise refuse("foreign")
    start = place.read_bytes()[:4]
    if start not in (b"", b"PK\x03\x04"):
        raise refuse("foreign")
    if not zipfile.is_zipfile(place):
        raise refuse("truncated")
    try:
        with zipfile.ZipFile(place) as archive:
            if not {"metadata.json", "config.json", "model.weights.h5"} <= set(archive.namelist()):
                raise refuse("foreign")
            if archive.testzip() is not None:
                raise refuse("damaged")
            version = json.loads(archive.read("metadata.json"))["keras_version"]
    except zipfile.BadZipFile as error:
        raise refuse("damaged") from error
    if version.split(".")[0] != keras.version().split(".")[0]:
        raise refuse("version")
    try:
        return keras.models.load_model(place)
    except ValueError as error:
        if "safe_mode" in str(error):
            raise refuse("unsafe") from error
        raise
    ### END SOLUTION


# %% tests="safely_missing" points=1
before, good_file, X = trained_toy(), fresh("exercise_10.keras"), np.random.default_rng().normal(size=(8, 6))
before.save(good_file)
content = Path(good_file).read_bytes()
check.equal(verdict(load_model_safely, good_file), "good", "this file is as it should be")
after = load_model_safely(good_file)
check.true(after.compiled, "the loaded model is not compiled, and the saved one was: load_model compiles it, unless compile=False")
check.true(np.array_equal(answer(after, X), answer(before, X)), "the loaded model is not the saved one")
check.true(Path(good_file).read_bytes() == content, "the file is not what it was: load_model_safely should only read it")
check.equal(verdict(load_model_safely, "lab06_models/nowhere.keras"), "missing", "there is no file lab06_models/nowhere.keras")
### BEGIN HIDDEN TESTS
check.equal(
    [verdict(load_model_safely, Path(good_file)), verdict(load_model_safely, Path("lab06_models/no_folder/toy.keras"))],
    ["good", "missing"],
    "a good file and one in a folder that does not exist, both given as pathlib.Path: path + \": …\" fails for a Path, an\n"
    "f-string takes both",
)
Path(fresh("exercise_10_path.keras")).write_bytes(content[:200])
Path(fresh("exercise_10_letter.keras")).write_text("Dear Sir")
found = [verdict(load_model_safely, Path(f"lab06_models/exercise_10_{name}.keras")) for name in ("path", "letter")]
check.true(
    not any("in TypeError" in said or "in AttributeError" in said for said in found),
    f"for broken files, given as pathlib.Path, it says {found}: path + \": …\" fails for a Path, an f-string takes both",
)
winding = "lab06_models/../lab06_models/nowhere.keras"
check.equal(verdict(load_model_safely, winding), "missing", f"the message should hold the path as it was given, here {winding}")
### END HIDDEN TESTS

# %% tests="safely_truncated" points=1
trained_toy().save(fresh("exercise_10_whole.keras"))
whole, short_file = Path("lab06_models/exercise_10_whole.keras").read_bytes(), fresh("exercise_10_short.keras")
Path(short_file).write_bytes(whole[: len(whole) // 2])
check.equal(verdict(load_model_safely, short_file), "truncated", "only the first half of the file is there")
Path(short_file).write_bytes(b"")
check.equal(
    verdict(load_model_safely, short_file), "truncated", "the file is there, but empty",
    mistakes={"an empty file is called foreign; it counts as truncated": "foreign"},
)
### BEGIN HIDDEN TESTS
lengths = [5, int(np.random.default_rng().integers(100, len(whole) - 100)), len(whole) - 1]
found = []
for length in lengths:
    Path(short_file).write_bytes(whole[:length])
    found.append(verdict(load_model_safely, short_file))
check.equal(
    found, ["truncated"] * 3,
    f"the file cut to {lengths} of its {len(whole)} bytes. The table of a zip archive is at its very end:\n"
    "zipfile.is_zipfile finds out whether it is there",
)
### END HIDDEN TESTS

# %% tests="safely_damaged" points=1
trained_toy().save(fresh("exercise_10_whole.keras"))
whole, damaged_file = Path("lab06_models/exercise_10_whole.keras").read_bytes(), fresh("exercise_10_damaged.keras")
flipped = bytearray(whole)
flipped[len(whole) // 2] ^= 255  # turn round all 8 bits of one byte, in the middle of the weights
Path(damaged_file).write_bytes(flipped)
check.equal(
    verdict(load_model_safely, damaged_file), "damaged", "one byte in the middle of the weights was changed",
    mistakes={"a file with a changed byte was loaded: ask archive.testzip() first": "good"},
)
### BEGIN HIDDEN TESTS
found = {}
with zipfile.ZipFile("lab06_models/exercise_10_whole.keras") as archive:
    parts = {part.filename: (part.header_offset + 30 + len(part.filename), part.file_size) for part in archive.infolist()}
for name, (offset, size) in parts.items():
    flipped = bytearray(whole)
    flipped[offset + int(np.random.default_rng().integers(size))] ^= 1
    Path(damaged_file).write_bytes(flipped)
    found[name] = verdict(load_model_safely, damaged_file)
check.equal(
    found, dict.fromkeys(parts, "damaged"),
    "one bit was changed in each of the three parts in turn: every part has a checksum, and testzip looks at all",
)
Path(damaged_file).write_bytes(whole)
with zipfile.ZipFile(damaged_file, "a") as grown:
    grown.writestr("notes.txt", "trained on a rainy Sunday")
Path(damaged_file).write_bytes(Path(damaged_file).read_bytes().replace(b"a rainy Sunday", b"a sunny Monday"))
found = verdict(load_model_safely, damaged_file)
check.true(
    found in ("damaged", "foreign"),  # whether one more part is allowed is asked below
    f"a file with one more part, notes.txt, of which the content was changed, is called {found}: testzip looks at all parts, not only at\n"
    "the three of Keras",
)
### END HIDDEN TESTS

# %% tests="safely_foreign" points=1
text_file, zip_file = fresh("exercise_10_text.keras"), fresh("exercise_10_zip.keras")
Path(text_file).write_text("<html><body>Page not found</body></html>")
check.equal(
    verdict(load_model_safely, text_file), "foreign", "this is a page of text with the name of a model",
    mistakes={
        "you call it truncated; but it does not begin like a zip archive": "truncated",
        "you call it damaged; but it does not begin like a zip archive": "damaged",
    },
)
with zipfile.ZipFile(zip_file, "w") as made:
    made.writestr("holiday.txt", "a zip archive, but not of a model")
check.equal(verdict(load_model_safely, zip_file), "foreign", "a zip archive without the three parts of a model")
folder = Path(fresh("exercise_10_folder.keras"))
folder.mkdir()
check.equal(verdict(load_model_safely, str(folder)), "foreign", "this is a folder")
### BEGIN HIDDEN TESTS
trained_toy().save_weights(fresh("exercise_10.weights.h5"))
renamed = shutil.copy("lab06_models/exercise_10.weights.h5", fresh("exercise_10_renamed.keras"))
check.equal(verdict(load_model_safely, str(renamed)), "foreign", "a .weights.h5 file that was renamed")
Path(text_file).write_text("PKW, five doors, one owner")
check.equal(
    verdict(load_model_safely, text_file), "foreign",
    'a text that begins with the letters PK: a zip archive begins with four bytes, b"PK\\x03\\x04"',
)
Path(text_file).write_bytes(b"PK")
check.equal(
    verdict(load_model_safely, text_file), "foreign",
    'a file of the two letters PK: it is not empty, and it does not begin with the four bytes b"PK\\x03\\x04"',
    mistakes={"you call it truncated; but it is not empty, and it does not begin with the four bytes": "truncated"},
)
trained_toy().save(fresh("exercise_10_whole.keras"))
Path(text_file).write_bytes(b"Dear Sir," + Path("lab06_models/exercise_10_whole.keras").read_bytes())
check.equal(
    verdict(load_model_safely, text_file), "foreign",
    "a letter with a model behind it: zipfile.is_zipfile says yes, for it looks at the end, but the file does not begin with the four bytes",
)
found = []
for left_out in ("metadata.json", "config.json", "model.weights.h5"):
    with zipfile.ZipFile("lab06_models/exercise_10_whole.keras") as old, zipfile.ZipFile(zip_file, "w") as new:
        for name in old.namelist():
            if name != left_out:
                new.writestr(name, old.read(name))
    found.append(verdict(load_model_safely, zip_file))
check.equal(found, ["foreign"] * 3, "each of the three parts of a model was left out in turn")
with zipfile.ZipFile("lab06_models/exercise_10_whole.keras") as old, zipfile.ZipFile(zip_file, "w") as new:
    for name in old.namelist():
        new.writestr(f"toy/{name}", old.read(name))
check.equal(
    verdict(load_model_safely, zip_file), "foreign",
    "a zip archive of a folder: its three parts are toy/metadata.json, toy/config.json and toy/model.weights.h5. Ask for the whole names\n"
    "in archive.namelist(), not for their number or for pieces of them",
)
with zipfile.ZipFile("lab06_models/exercise_10_whole.keras", "a") as grown:
    grown.writestr("notes.txt", "trained on a rainy Sunday")
found = verdict(load_model_safely, "lab06_models/exercise_10_whole.keras")
check.true(
    found == "good" or found.startswith("no error"),
    f"a good file with one more part is called {found}: foreign is one in which one of the three is missing; another part does no harm",
)
### END HIDDEN TESTS

# %% tests="safely_version" points=1
def written_by(version, file):
    """A good model file that says that this version of Keras wrote it."""
    trained_toy().save(fresh("exercise_10_whole.keras"))
    with zipfile.ZipFile("lab06_models/exercise_10_whole.keras") as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, json.dumps({"keras_version": version}) if name == "metadata.json" else old.read(name))
    return file


generation, rest = keras.version().split(".", 1)
check.equal(
    verdict(load_model_safely, written_by(f"{int(generation) + 1}.0.0", fresh("exercise_10_version.keras"))), "version",
    f"a file of Keras {int(generation) + 1}.0.0, and this is Keras {keras.version()}",
)
### BEGIN HIDDEN TESTS
found = [
    verdict(load_model_safely, written_by(version, fresh("exercise_10_version.keras")))
    for version in (f"{generation}.99.0", f"{generation}.0.1", f"{generation}{rest}", f"{generation}0.1.2")
]
check.equal(
    found, ["good", "good", "version", "version"],
    f"files of Keras {generation}.99.0, {generation}.0.1, {generation}{rest} and {generation}0.1.2: compare the first number"
    " alone, the one before the first dot, as a whole",
)
old = f"{int(generation) - 1}.15.0"
check.equal(
    verdict(load_model_safely, written_by(old, fresh("exercise_10_version.keras"))), "version",
    f"a file of Keras {old}: an older generation is another one too, so ask whether the numbers differ, not which is larger",
)
### END HIDDEN TESTS

# %% tests="safely_unsafe" points=1
note = Path(fresh("exercise_10_note.txt"))
leave_a_note(str(note)).save(fresh("exercise_10_stranger.keras"))
note.unlink()
check.equal(
    verdict(load_model_safely, "lab06_models/exercise_10_stranger.keras"), "unsafe", "this file has a Lambda layer with code",
    mistakes={"a file with code in it was loaded: never use safe_mode=False here": "good"},
)
### BEGIN HIDDEN TESTS
check.true(not note.exists(), "the code in the file was run: never load with safe_mode=False, not even to look")
outer = keras.Sequential([keras.Input((6,)), leave_a_note(str(note))])
outer.save(fresh("exercise_10_inside.keras"))
note.unlink()
check.equal(
    [verdict(load_model_safely, "lab06_models/exercise_10_inside.keras"), note.exists()], ["unsafe", False],
    "here the Lambda layer is in a model inside the model",
)
compact = fresh("exercise_10_compact.keras")
with zipfile.ZipFile("lab06_models/exercise_10_stranger.keras") as old, zipfile.ZipFile(compact, "w") as new:
    for name in old.namelist():
        part = old.read(name)
        new.writestr(name, json.dumps(json.loads(part), separators=(",", ":")) if name == "config.json" else part)
check.equal(
    [verdict(load_model_safely, compact), note.exists()], ["unsafe", False],
    "here the settings are written without blanks: do not look for code yourself, leave it to Keras, whose safe_mode refuses it anywhere",
)
keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="no_Lambda_here")]).save(fresh("exercise_10_name.keras"))
check.equal(
    verdict(load_model_safely, "lab06_models/exercise_10_name.keras"), "good",
    "this file has only a Dense layer, of which the name contains the word Lambda: it is safe",
)
trained_toy().save(fresh("exercise_10_whole.keras"))
for units in (5, 7):  # not compiled: Keras counts the optimizer too among what does not fit
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, name="no_Lambda_here")]).save(fresh(f"exercise_10_{units}.keras"))
with zipfile.ZipFile("lab06_models/exercise_10_7.keras") as seven:
    other_layers = seven.read("config.json")
with zipfile.ZipFile("lab06_models/exercise_10_5.keras") as old, zipfile.ZipFile(fresh("exercise_10_mixed.keras"), "w") as new:
    for name in old.namelist():
        new.writestr(name, other_layers if name == "config.json" else old.read(name))
check.true(
    verdict(load_model_safely, "lab06_models/exercise_10_mixed.keras").startswith("none of the REMEDIES"),
    "here the weights do not fit the layer no_Lambda_here: Keras says so in a ValueError of its own, which is to be passed on as it is.\n"
    "Only one that speaks of safe_mode means that the file is unsafe",
)
own_words = verdict(keras.models.load_model, "lab06_models/exercise_10_mixed.keras")[:80]
check.equal(
    verdict(load_model_safely, "lab06_models/exercise_10_mixed.keras")[: len(own_words)], own_words,
    "here the weights do not fit the layers: pass the error of Keras on as it is, with a bare `raise`, not as an error of your own.\n"
    "What comes out",
)
mystery = fresh("exercise_10_mystery.keras")
with zipfile.ZipFile("lab06_models/exercise_10_whole.keras") as old, zipfile.ZipFile(mystery, "w") as new:
    for name in old.namelist():
        part = old.read(name)
        unknown = part.replace(b'"keras.layers", "class_name": "Dense"', b'"someone", "class_name": "Mystery"')
        new.writestr(name, unknown if name == "config.json" else part)
own_words = verdict(keras.models.load_model, mystery)[:80]
check.equal(
    verdict(load_model_safely, mystery)[: len(own_words)], own_words,
    "here a layer is of a class that this Keras does not know, which it says in a TypeError. That is none of the six kinds: pass it on as\n"
    "it is. What comes out",
)
### END HIDDEN TESTS

# %% [markdown]
# **Look.** The same six files, now with your function.

# %%
for trouble, spoiled in broken_files().items():
    try:
        load_model_safely(spoiled)
        print(f"{trouble:10s} loaded!")
    except (ValueError, FileNotFoundError) as raised:
        print(f"{trouble:10s} {raised}")

# %% [markdown]
# ## 11 · Two inputs, two outputs (8 minutes)
#
# A *wide & deep* network (Lab 3) has two inputs and here also two outputs: `main`, the forecast that we want,
# and `aux`, a second forecast that looks at the deep part alone and keeps it honest in training. Each output
# has its own loss and a weight for it. All of that is in the file.

# %% given="wide_deep"
def build_wide_deep(inputs=("wide", "deep"), outputs=("main", "aux")):
    """A compiled network with two inputs of 4 features each and two outputs (n, 1), in
    the given orders."""
    arrivals = {name: keras.Input((4,), name=name) for name in ("wide", "deep")}
    hidden = keras.layers.Dense(8, activation="relu")(arrivals["deep"])
    ends = {
        "main": keras.layers.Dense(1, name="main")(
            keras.layers.concatenate([arrivals["wide"], hidden])
        ),
        "aux": keras.layers.Dense(1, name="aux")(hidden),
    }
    forecaster = keras.Model([arrivals[name] for name in inputs], [ends[name] for name in outputs])
    losses, shares = {"main": "mse", "aux": "mae"}, {"main": 0.9, "aux": 0.1}
    forecaster.compile(optimizer=keras.optimizers.Adam(0.01), loss=losses, loss_weights=shares)
    forecaster.optimizer.build(forecaster.trainable_variables)
    return forecaster


def other_names(inputs, outputs):
    """A network, not compiled, with inputs of 4 features each and outputs (n, 1) of
    the given names."""
    arrivals = [keras.Input((4,), name=name) for name in inputs]
    hidden = keras.layers.Dense(6, activation="relu")(keras.layers.concatenate(arrivals))
    return keras.Model(arrivals, [keras.layers.Dense(1, name=name)(hidden) for name in outputs])


# %%
draw = np.random.default_rng(0).normal
houses = {"wide": draw(size=(400, 4)), "deep": draw(size=(400, 4))}
# A drawn problem, good enough here:
prices = houses["wide"].sum(axis=1) + np.abs(houses["deep"]).sum(axis=1)
forecaster = build_wide_deep()
forecaster.fit(houses, {"main": prices, "aux": prices}, epochs=20, verbose=0)
forecaster.save(fresh("wide_deep.keras"))
loaded_forecaster = keras.models.load_model("lab06_models/wide_deep.keras")
for moment, judged in (("before", forecaster), ("after ", loaded_forecaster)):
    judgement = judged.evaluate(
        houses, {"main": prices, "aux": prices}, batch_size=400, verbose=0, return_dict=True
    )
    print(moment, {key: round(float(number), 4) for key, number in judgement.items()})

# %% [markdown]
# Even the two losses and their weights came back.
#
# The danger is somewhere else. Here both inputs have 4 features. **Predict before you run**: what happens if
# somebody gives the loaded network its two inputs in the wrong order?

# %%
in_order = loaded_forecaster.predict([houses["wide"], houses["deep"]], verbose=0)[0]
swapped = loaded_forecaster.predict([houses["deep"], houses["wide"]], verbose=0)[0]
for order, forecast in (("in order", in_order), ("swapped ", swapped)):
    print(f"{order}: mean squared error {np.mean((forecast[:, 0] - prices) ** 2):.2f}")

# %% [markdown]
# <details><summary>What you should have seen</summary>
#
# No error, only bad forecasts.
#
# </details>
#
# The order in which somebody once wrote the inputs is nothing to rely on a year
# later. **Names** are. A model takes a dictionary, name of the input → array, in place of a list. The names of
# its outputs, in the order in which `predict` returns them, are `model.output_names`.
#
# ### Exercise 11 (2 points)
#
# Write `predict_by_name`.

# %% exercise="predict_by_name"
def predict_by_name(path, features):
    """Predictions of a saved model with several inputs and outputs.

    path: str, a .keras file; its model was made from lists of two or more inputs and outputs, each
        with a name, in any order.
    features: dict, name of an input → array (n, …), one entry for each input, in any order. Neither
        the dict nor an array in it is changed.
    Returns a dict, name of an output → array (n, …) with the predictions.
    """
    ### BEGIN SOLUTION
    model = keras.models.load_model(path)
    return dict(zip(model.output_names, model.predict(features, verbose=0)))
    ### END SOLUTION


# %% tests="predict_by_name" points=1
rng = np.random.default_rng()
features = {"wide": rng.normal(size=(8, 4)).astype("float32"), "deep": rng.normal(size=(8, 4)).astype("float32")}
one = build_wide_deep()
one.save(fresh("exercise_11.keras"))
expected = [keras.ops.convert_to_numpy(part) for part in one([features["wide"], features["deep"]])]
with check.explained({"unexpected keyword argument": "give the model the dictionary as it is, not its entries as arguments"}):
    found = predict_by_name("lab06_models/exercise_11.keras", {**features})
check.true(isinstance(found, dict), "return a dictionary: name of an output → predictions")
check.equal(sorted(found), ["aux", "main"], "these are the names of the outputs in your dictionary")
main, aux = expected
check.true(not np.allclose(found["main"], aux, rtol=1e-4, atol=1e-5), "that is the output aux, and not main")
check.close(found["main"], main, rtol=1e-4, atol=1e-5, hint="these are the predictions of the output main")
### BEGIN HIDDEN TESTS
two = build_wide_deep(inputs=("deep", "wide"))
two.save(fresh("exercise_11_swapped.keras"))
expected = keras.ops.convert_to_numpy(two([features["deep"], features["wide"]])[0])
turned = {"deep": features["deep"], "wide": features["wide"]}
check.close(
    [predict_by_name("lab06_models/exercise_11_swapped.keras", {**given})["main"] for given in (features, turned)],
    [expected, expected], rtol=1e-4, atol=1e-5,
    hint="wrong when the model has its inputs in another order: give the model the dictionary itself, not a list",
)
three = other_names(("spring", "autumn", "summer"), ("main", "aux"))
three.save(fresh("exercise_11_three.keras"))
seasons = {name: rng.normal(size=(40, 4)).astype("float32") for name in ("summer", "spring", "autumn")}
expected = keras.ops.convert_to_numpy(three([seasons[name] for name in ("spring", "autumn", "summer")])[0])
hint = "wrong for a model with three inputs, called spring, autumn and summer: give the model the dictionary itself"
with check.explained({"KeyError": hint, "unpack": hint, "Missing": hint, "expects 3 input": hint}):
    found = predict_by_name("lab06_models/exercise_11_three.keras", {**seasons})
    check.close(found["main"], expected, rtol=1e-4, atol=1e-5, hint=hint)
### END HIDDEN TESTS

# %% tests="predict_by_name_outputs" points=1
features = {name: np.random.default_rng().normal(size=(8, 4)).astype("float32") for name in ("wide", "deep")}
one = build_wide_deep()
one.save(fresh("exercise_11_outputs.keras"))
hint = "predict_by_name changed the dictionary of features, or an array in it: `features.pop` and `-=` work in place"
with check.unchanged(features, hint=hint):
    found = predict_by_name("lab06_models/exercise_11_outputs.keras", features)
check.true(isinstance(found, dict) and "aux" in found, "there is no output aux in what you return")
check.shape(found["aux"], (8, 1), "the predictions of the output aux")
### BEGIN HIDDEN TESTS
two = build_wide_deep(outputs=("aux", "main"))
two.save(fresh("exercise_11_outputs.keras"))
expected = [keras.ops.convert_to_numpy(part) for part in two([features["wide"], features["deep"]])]
found = predict_by_name("lab06_models/exercise_11_outputs.keras", {**features})
check.true(
    isinstance(found["aux"], np.ndarray),
    f"the predictions come back as {type(found['aux']).__name__}: return arrays, as predict gives them, or\n"
    "keras.ops.convert_to_numpy(tensor)",
)
check.close(
    [found["aux"], found["main"]], expected, rtol=1e-4, atol=1e-5,
    hint="wrong when the model has its outputs in another order: take the names from model.output_names",
)
three = other_names(("wide", "deep"), ("warm", "main", "cold"))
pair = keras.layers.Dense(2, name="pair")(three.outputs[2])  # an output (n, 2), made from another output
three = keras.Model(three.inputs, [*three.outputs, pair])
three.save(fresh("exercise_11_outputs.keras"))
expected = [keras.ops.convert_to_numpy(part) for part in three([features["wide"], features["deep"]])]
hint = "for a model with four outputs, called warm, main, cold and pair: take all names from model.output_names"
with check.explained({"unpack": hint, "KeyError": hint, "IndexError": hint}):
    found = predict_by_name("lab06_models/exercise_11_outputs.keras", {**features})
    check.equal(sorted(found), ["cold", "main", "pair", "warm"], hint)
    check.shape(found["pair"], (8, 2), "the predictions of an output with two numbers a sample: return them as predict gives them")
    for name, wanted in zip(("warm", "main", "cold", "pair"), expected):
        check.close(found[name], wanted, rtol=1e-4, atol=1e-5, hint=hint)
### END HIDDEN TESTS

# %% [markdown]
# ## 12 · For a telephone (optional, no marks)
#
# A telephone has no Keras and little memory. **LiteRT** (known as TensorFlow Lite) is a format for it: one
# small file that a small program can run. It is made from the exported model. With its option `optimizations`
# the converter stores weights in 8 bits each instead of 32, which costs a little exactness.
#
# **Predict before you run.** How large will the file be, compared with the weights (204 kB)? How many of the
# 1,000 images will get another class?

# %%
import os
import warnings


@contextlib.contextmanager
def hushed():
    """Keep what the compiled code of the converter says about its own workings out
    of the notebook."""
    usual = os.dup(2)  # 2 is the error stream of the whole process, below Python's sys.stderr
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(usual, 2)
        os.close(usual)


def lite_answers(content, pictures):
    """The predictions of a LiteRT model (bytes) for pictures, one at a time."""
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the runner will move into a package of its own
        runner = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=plain)
    runner.allocate_tensors()
    entry, end = runner.get_input_details()[0]["index"], runner.get_output_details()[0]["index"]
    rows = []
    for picture in pictures:
        runner.set_tensor(entry, picture[np.newaxis].astype("float32"))
        runner.invoke()
        rows.append(runner.get_tensor(end)[0].copy())
    return np.array(rows)


try:
    import tensorflow as tf

    for kind, optimizations in (("32 bits", []), ("8 bits", [tf.lite.Optimize.DEFAULT])):
        converter = tf.lite.TFLiteConverter.from_saved_model("lab06_models/network_exported")
        converter.optimizations = optimizations
        with hushed():
            lite = converter.convert()
            P_lite = lite_answers(lite, new_images)
        changed = np.sum(P_lite.argmax(axis=1) != network_answers.argmax(axis=1))
        gap = np.abs(P_lite - network_answers).max()
        print(f"{kind:7s}: {len(lite) / 1000:.0f} kB")
        print(f"    another class for {changed} of {len(new_images)} images")
        print(f"    largest difference of a probability {gap:.1e}")
except Exception as missing:  # another backend, or a TensorFlow without the converter
    print(f"skipped, LiteRT is not available here: {type(missing).__name__}")

# %% [markdown]
# ## What you learned
#
# - `.keras` keeps everything. `.weights.h5` keeps the numbers, those of the optimizer too, but not the network.
#   An export keeps what is needed to predict.
# - Loading rounds nothing: predictions before and after are equal in every bit. Test it, it costs one line.
# - `ModelCheckpoint` keeps the best version, `BackupAndRestore` the last one, with all that is needed to go on.
# - A class of your own needs `get_config`, and must be registered. Its code is not in the file.
# - A model file from a stranger is a program from a stranger. Leave safe mode on.
# - A good error says which file, what is wrong, and what to do.
# - Inputs and outputs have names. Use them.
#
# ## What to change and try
#
# Locked cells ignore what you type: copy the code that you need into a new cell, and change it there; for a number such as `EPOCHS` a new
# cell with `EPOCHS = 100`, above the cells that use it, is enough. Do it in a copy of this notebook, so that what you hand in stays whole.
#
# - Open `lab06_models/network.keras` with the zip program of your computer. Change a number in `config.json`, say the
#   64 neurons, and load it. Who complains, and how?
# - Use `training.fit(…, batch_size=32)` in exercise 8, which draws a new order in every epoch. How different are
#   the weights at the end? And the accuracy?
# - Leave the memory of the optimizer out of the backup (section 6 shows how). How large is the difference after
#   six epochs?
# - Give `ModelCheckpoint` the name `"lab06_models/{epoch:02d}.keras"` and average the predictions of the last five
#   files. Is the average better than the best of them?
# - Save `network` as float16: `build_network()` after `keras.config.set_dtype_policy("float16")`, then copy the
#   weights. How large is the file, and how many images change their class? (Set the policy back afterwards.)

# %% [markdown]
# ## Hand in
#
# The first cell shows where you stand. The second one runs everything once more from top to bottom, tells you what is still missing, and
# writes the file to hand in: save the notebook before you run it. (It takes about as long as all cells
# together took you, says how long, and asks once for your student ID.) Run both as often as you like. If they end with `NameError`, the kernel
# was restarted: run the first code cell of the notebook, with `import coursekit`, and then these two again.

# %%
coursekit.progress()

# %%
coursekit.submit()
