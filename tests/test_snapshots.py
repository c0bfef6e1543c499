"""Snapshot ensembles: members against trainings that end with a cycle, and their mean by hand."""

import keras
import numpy as np
import pytest

import justright as jr
from conftest import Compilations, dense_net, signs
from justright.regularizers.places import ActsOnEnsemble

# Cycles of 2, 4 and 8 epochs: they end with epochs 2, 6 and 14.
CYCLES = jr.WarmRestarts(2, 2)
ENDS = (2, 6, 14)
FAST = keras.optimizers.Adam(0.03)
L = keras.layers


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z, np.float64)))


def softmax(z):
    z = np.exp(np.asarray(z, np.float64) - np.max(z, axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def log_odds(p):
    return np.log(p) - np.log1p(-p)


def mean(outputs):
    return np.mean(np.asarray(outputs, np.float64), axis=0)


# For each task: the last layer, targets from rows' sums, and how outputs are averaged.
TASKS = {
    "binary": (lambda: L.Dense(1, "sigmoid"), lambda s: (s > 0).astype(int), mean),
    "binary logits": (
        lambda: L.Dense(1),
        lambda s: (s > 0).astype(int),
        lambda z: log_odds(mean(sigmoid(z))),
    ),
    "classes": (lambda: L.Dense(3, "softmax"), lambda s: np.digitize(s, [-1, 1]), mean),
    "classes as logits": (
        lambda: L.Dense(3),
        lambda s: np.digitize(s, [-1, 1]),
        lambda z: np.log(mean(softmax(z))),
    ),
    "several labels": (
        lambda: L.Dense(2, "sigmoid"),
        lambda s: np.stack([s > 0, s > 1], axis=1).astype(int),
        mean,
    ),
    "several labels as logits": (
        lambda: L.Dense(2),
        lambda s: np.stack([s > 0, s > 1], axis=1).astype(int),
        lambda z: log_odds(mean(sigmoid(z))),
    ),
    "numbers": (lambda: L.Dense(1), lambda s: s.astype(np.float32), mean),
}


def rows_of(task, count=64, seed=0):
    X = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    return X, TASKS[task][1](X.sum(axis=1))


def net_of(task):
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            keras.Input((5,)),
            L.Dense(8, "relu", name="hidden_0"),
            L.Dense(4, "relu", name="hidden_1"),
            TASKS[task][0](),
        ]
    )


def compared(recipes, rows, model=None, **options):
    usual = {"validation": rows, "seeds": 1, "epochs": 14, "batch_size": 16, "optimizer": FAST}
    return jr.compare(model or dense_net(), rows, recipes, **(usual | options))


def same(ours, theirs, **tolerance):
    assert ours.keys() == theirs.keys()
    for path, value in ours.items():
        np.testing.assert_allclose(
            value, theirs[path], err_msg=path, **(tolerance or {"rtol": 0, "atol": 0})
        )


# What it computes: against Keras, and against NumPy.


def trained_by_keras(model, X, y, epochs, rate, period, multiplier):
    """Keras with the paper's rate, from batch to batch; the weights at the end of each epoch."""

    class Cosine(keras.callbacks.Callback):
        step, start, length = 0, 0, period * 4

        def on_train_batch_begin(self, batch, logs=None):
            if self.step == self.start + self.length:
                self.start, self.length = self.step, self.length * multiplier
            share = (self.step - self.start) / self.length
            self.model.optimizer.learning_rate = rate / 2 * (1 + np.cos(np.pi * share))
            self.step += 1

    ends = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(model.get_weights())
    )
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), "binary_crossentropy")
    model.fit(X, y, batch_size=16, epochs=epochs, shuffle=False, verbose=0,
              callbacks=[Cosine(), keep])  # fmt: skip
    return ends


def test_it_is_the_mean_of_what_keras_trains_to_the_ends_of_cycles():
    """Running statistics of batch normalization included; a curve of every epoch."""
    X, y = signs(seed=0, count=64)
    keras.utils.set_random_seed(3)
    net = keras.Sequential(
        [
            keras.Input((5,)),
            L.Dense(8, "tanh"),
            L.BatchNormalization(momentum=0.8),
            L.Dense(1, "sigmoid"),
        ]
    )
    study = compared(
        {"it": CYCLES + jr.SnapshotEnsemble(3)}, (X, y), net, shuffle=False, epochs=8,
        initial_weights="model", optimizer=keras.optimizers.SGD(0.2, momentum=0.9),
    )  # fmt: skip
    ends = trained_by_keras(net, X, y, 8, 0.2, 2, 2)

    def predicted(weights):
        w1, b1, gamma, beta, mean_, variance, w2, b2 = (w.astype(float) for w in weights)
        h = (np.tanh(X @ w1 + b1) - mean_) / np.sqrt(variance + 1e-3) * gamma + beta
        return sigmoid(h @ w2 + b2)[:, 0]

    losses = []
    for epoch in range(1, 9):
        members = [*[e for e in ENDS if e < epoch][-2:], epoch]
        p = mean([predicted(ends[e - 1]) for e in members])
        losses.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
    np.testing.assert_allclose(study.curves["val_loss"], losses, atol=2e-5)
    np.testing.assert_allclose(study.predict(X, "it").mean[:, 0], p, atol=2e-5)
    assert [one.epoch for one in study.results[0].members] == [2, 6, 8]


@pytest.mark.parametrize("task", TASKS)
def test_probabilities_are_averaged_and_so_are_numbers(task, tmp_path):
    """Prediction, curves and the plain Keras model, also when saved, against NumPy."""
    rows = rows_of(task)
    study = compared({"it": CYCLES + jr.SnapshotEnsemble(2)}, rows, net_of(task), test=rows)
    model = study.model("it")
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    alone = [model.get_layer(f"member_{i}")(rows[0]) for i in (1, 2)]
    assert np.abs(np.asarray(alone[0]) - np.asarray(alone[1])).max() > 0.01
    expected = TASKS[task][2](alone)
    model.save(tmp_path / "it.keras")
    loaded = keras.models.load_model(tmp_path / "it.keras", compile=False)
    for ours in (study.predict(rows[0], "it").mean, model(rows[0]), loaded(rows[0])):
        np.testing.assert_allclose(ours, expected, atol=1e-5)
    loss, metric = model.evaluate(*rows, verbose=0)
    row = study.table.iloc[0]
    assert row["val_loss"] == pytest.approx(loss, abs=1e-5)
    assert row["test_loss"] == pytest.approx(loss, abs=1e-5)
    assert row["val_metric"] == pytest.approx(metric, abs=1e-5)


def test_the_model_trains_on_with_the_penalties_of_its_members(binary):
    recipe = CYCLES + jr.SnapshotEnsemble(2) + jr.L2(1e-2)
    study = compared({"it": recipe}, binary)
    model = study.model("it")
    kernels = [w for member in study.results[0].members for p, w in member.values.items()
               if p.endswith("kernel")]  # fmt: skip
    penalty = 1e-2 * sum(np.square(w).sum() for w in kernels)
    loss = model.evaluate(*binary, verbose=0)[0]
    assert loss == pytest.approx(study.table["val_loss"][0] + penalty, rel=1e-4)
    model.fit(*binary, epochs=5, verbose=0)
    assert model.evaluate(*binary, verbose=0)[0] < loss


def test_training_is_that_of_the_recipe_without_it(binary):
    """The same weights at the ends of cycles; one member is the baseline, and so is one cycle."""
    recipes = {"alone": CYCLES, "one": CYCLES + jr.SnapshotEnsemble(1)}
    short = [compared({"alone": CYCLES}, binary, epochs=epochs) for epochs in ENDS[:2]]
    study = compared(recipes | {"three": CYCLES + jr.SnapshotEnsemble(3)}, binary)
    alone, one, three = study.results
    np.testing.assert_allclose(one.curves, alone.curves, rtol=1e-6)
    np.testing.assert_allclose(three.curves[:2], alone.curves[:2], rtol=1e-6)
    assert (three.curves[2:, 0] != alone.curves[2:, 0]).all()
    assert not alone.earlier
    assert not one.earlier
    assert [member.epoch for member in three.members] == list(ENDS)
    for member, twin in zip(three.members, [*(s.results[0] for s in short), alone], strict=True):
        same(member.values, twin.values, rtol=1e-5, atol=1e-6)


def test_a_trial_alone_is_the_trial_among_others_and_cycles_are_data(binary):
    recipe = CYCLES + jr.SnapshotEnsemble(3)
    many = compared({"it": recipe, "others": jr.WarmRestarts(5, 1) + jr.SnapshotEnsemble(3)},
                    binary, seeds=3)  # fmt: skip
    with Compilations() as compiled:
        alone = compared({"it": recipe}, binary, seeds=[2])
    assert compiled.count == 0
    one, other = alone.results[0], many.results[2]
    np.testing.assert_array_equal(one.curves, other.curves)
    assert [member.epoch for member in many.results[3].members] == [5, 10, 14]
    for ours, theirs in zip(one.members, other.members, strict=True):
        assert ours.epoch == theirs.epoch
        same(ours.values, theirs.values)


# What it stands beside.


def test_early_stopping_restores_the_members_of_the_best_epoch(held_out):
    """A trial of the same program that ends at the best epoch has the same members."""
    rows = signs(seed=0, count=40)
    recipe = CYCLES + jr.SnapshotEnsemble(2) + jr.BatchNorm(0.5)
    options = {"validation": held_out, "test": held_out, "batch_size": 8}
    study = compared({"it": recipe + jr.EarlyStopping(4)}, rows, seeds=4, epochs=60, **options)
    assert (study.table["outcome"] == "stopped").all()
    assert not set(study.table["best_epoch"]) & set(ENDS), "the middle of a cycle is wanted"
    for result in study.results:
        seed = result.trial.seed
        short = compared({"it": recipe}, rows, seeds=[seed], epochs=result.best_epoch, **options)
        twin = short.results[0]
        assert [one.epoch for one in result.members] == [
            max(e for e in (*ENDS, 30) if e < result.best_epoch),
            result.best_epoch,
        ]
        for ours, theirs in zip(result.members, twin.members, strict=True):
            assert ours.epoch == theirs.epoch
            same(ours.values, theirs.values)
        assert result.test == twin.test
        loss = study.model("it", seed=seed).evaluate(*held_out, verbose=0)[0]
        assert study.table["val_loss"][seed] == pytest.approx(loss, abs=1e-5)


@pytest.mark.parametrize(
    ("average", "first"),
    [(jr.EMA(0.8), True), (jr.EMA(0.8), False), (jr.SWA(0), True), (jr.Lookahead(3, 0.5), False)],
)
def test_members_are_what_averages_of_the_weights_would_predict_with(binary, average, first):
    """In either order of the recipe."""
    snapshots = jr.SnapshotEnsemble(2)
    beside = CYCLES + (average + snapshots if first else snapshots + average)
    members = compared({"it": beside}, binary).results[0].members
    for member in members:
        alone = compared({"it": CYCLES + average}, binary, epochs=member.epoch).results[0]
        same(member.values, alone.values, rtol=1e-5, atol=1e-6)
    assert [member.epoch for member in members] == [6, 14]


def test_swa_averages_what_snapshots_keep(binary):
    restarts = jr.WarmRestarts(2, 1)
    study = compared({"swa": restarts + jr.SWA(2), "kept": restarts + jr.SnapshotEnsemble(4)},
                     binary, epochs=8)  # fmt: skip
    swa, kept = study.results
    assert [member.epoch for member in kept.members] == [2, 4, 6, 8]
    for path, value in swa.values.items():
        ends = [member.values[path] for member in kept.members[1:]]
        np.testing.assert_allclose(value, mean(ends), atol=1e-6)


def test_an_input_is_out_where_no_member_reads_it(binary):
    X, y = binary
    X = np.concatenate([X, np.random.default_rng(1).normal(size=(80, 6))], axis=1)
    rows = X.astype(np.float32), y
    recipe = jr.WarmRestarts(5, 1) + jr.GroupLasso(0.1) + jr.SnapshotEnsemble(3)
    study = compared({"it": recipe}, rows, dense_net(features=11), epochs=15)
    table = study.inputs("it")
    members = study.results[0].members
    norms = [np.linalg.norm(one.values["hidden_0/kernel"], axis=1) for one in members]
    out = [set(np.flatnonzero(norm == 0)) for norm in norms]
    in_all = set.intersection(*out)
    assert in_all
    assert in_all != set.union(*out)
    assert set(np.flatnonzero(table["survives"] == 0)) == in_all
    np.testing.assert_allclose(table["norm"], np.sqrt(np.mean(np.square(norms), axis=0)), rtol=1e-6)
    moved = rows[0].copy()
    moved[:, list(in_all)] += 100
    for predict in (lambda X: study.predict(X, "it").mean, study.model("it")):
        np.testing.assert_array_equal(predict(moved), predict(rows[0]))


def test_branches_of_a_member_have_the_rate_of_its_epoch(binary):
    recipe = CYCLES + jr.StochasticDepth(jr.Linear(0.9, 0, 13)) + jr.SnapshotEnsemble(3)
    study = compared({"it": recipe}, binary, dense_net((8, 8)), test=binary)
    model = study.model("it")
    scales = [
        [layer.scale for layer in model.get_layer(f"member_{i}").layers if "scale" in vars(layer)]
        for i in (1, 2)
    ]
    np.testing.assert_allclose(scales, [[1 - 0.9 * 12 / 13], [1 - 0.9 * 8 / 13]], rtol=1e-5)
    expected = model.predict(binary[0], verbose=0)
    np.testing.assert_allclose(study.predict(binary[0], "it").mean, expected, atol=1e-6)
    loss = model.evaluate(*binary, verbose=0)[0]
    assert study.table["val_loss"][0] == pytest.approx(loss, abs=1e-5)
    assert study.table["test_loss"][0] == pytest.approx(loss, abs=1e-5)


def test_learned_rates_are_each_members_own(binary):
    study = compared(
        {"it": CYCLES + jr.ConcreteDropout(1e-3, 0.1) + jr.SnapshotEnsemble(2)}, binary
    )
    model, newest = study.model("it"), study.settled("it").techniques[1]
    assert isinstance(newest, jr.Dropout)
    rates = [
        [one.rate for one in model.get_layer(f"member_{i}").layers if isinstance(one, L.Dropout)]
        for i in (1, 2)
    ]
    assert rates[0] != rates[1]
    np.testing.assert_allclose(rates[1], newest.rate.values, rtol=1e-6)


def test_noise_is_drawn_by_each_member_and_a_sample_is_their_mean(binary):
    still, noisy = (CYCLES + jr.Dropout(rate) + jr.SnapshotEnsemble(3) for rate in (0.0, 0.4))
    study = compared({"still": still, "noisy": noisy}, binary)
    X = np.repeat(binary[0][:1], 300, axis=0)
    alike = study.predict(X, "still", samples=3)
    np.testing.assert_allclose(alike.mean, study.predict(X, "still").mean, atol=1e-6)
    assert alike.spread.max() < 1e-6
    model = study.model("noisy")
    passes = [np.asarray(model.get_layer(f"member_{i}")(X, training=True)) for i in (1, 2, 3)]
    # Independent masks: the variance of a mean of three is a ninth of the sum of theirs.
    expected = np.sqrt(sum(p.var(ddof=1) for p in passes)) / 3
    one, again = (study.predict(X, "noisy", samples=20) for _ in range(2))
    np.testing.assert_array_equal(one.mean, again.mean)
    assert np.sqrt(np.square(one.spread).mean()) == pytest.approx(expected, rel=0.15)
    assert one.mean.mean() == pytest.approx(mean(passes).mean(), abs=0.02)


@pytest.mark.parametrize("kind", ["convolution", "recurrent"])
def test_other_networks_predict_by_their_members_too(kind):
    layers = {
        "convolution": [L.Conv2D(3, 3, use_bias=False), L.BatchNormalization(momentum=0.5),
                        L.Activation("relu"), L.Flatten()],
        "recurrent": [L.Reshape((6, 6)), L.GRU(4)],
    }[kind]  # fmt: skip
    X = np.random.default_rng(0).normal(size=(48, 6, 6, 1)).astype(np.float32)
    rows = X, (X.sum(axis=(1, 2, 3)) > 0).astype(int)
    keras.utils.set_random_seed(0)
    net = keras.Sequential([keras.Input((6, 6, 1)), *layers, L.Dense(1, "sigmoid")])
    recipe = jr.WarmRestarts(1, 1) + jr.SnapshotEnsemble(3)
    study = compared({"it": recipe}, rows, net, epochs=4)
    model = study.model("it")
    expected = mean([model.get_layer(f"member_{i}")(X) for i in (1, 2, 3)])
    np.testing.assert_allclose(study.predict(X, "it").mean, expected, atol=1e-5)
    loss = model.evaluate(*rows, verbose=0)[0]
    assert study.curves["val_loss"].iloc[-1] == pytest.approx(loss, abs=1e-5)


def test_rows_on_disk_make_the_same_members(binary, tmp_path):
    for name, array in zip("Xy", binary, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    mapped = tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "Xy")
    recipe = {"it": CYCLES + jr.SnapshotEnsemble(2)}
    options = {"validation": binary, "shuffle": False, "epochs": 8}
    keras.utils.set_random_seed(5)
    net = dense_net()
    ours, theirs = (
        jr.compare(net, rows, recipe, seeds=1, batch_size=16, **options)
        for rows in (mapped, binary)
    )
    np.testing.assert_allclose(ours.curves["val_loss"], theirs.curves["val_loss"], rtol=1e-5)
    for a, b in zip(ours.results[0].members, theirs.results[0].members, strict=True):
        assert a.epoch == b.epoch
        same(a.values, b.values, rtol=1e-5, atol=1e-6)


# What it refuses, and what it says.


def test_a_recipe_without_cycles_is_refused_with_the_way_out(binary):
    with pytest.raises(jr.RecipeError, match=r"WarmRestarts\(10, 2\) \+ SnapshotEnsemble\(3\)"):
        compared({"it": jr.SnapshotEnsemble(3)}, binary)


@pytest.mark.parametrize("members", [0, -1, 2.5, True, "3", None])
def test_a_number_of_members_that_is_none_is_refused(members):
    with pytest.raises(jr.RecipeError, match=r"SnapshotEnsemble\(members=.*at least 1"):
        jr.SnapshotEnsemble(members)


def test_two_that_say_which_networks_predict_are_refused(binary):
    @jr.technique
    class Other(jr.Technique, ActsOnEnsemble):
        def networks(self):
            return 2

        def keeps(self, moment):
            return moment.step % 2 == 0

    with pytest.raises(jr.RecipeError, match="keep one of SnapshotEnsemble and Other"):
        compared({"it": CYCLES + jr.SnapshotEnsemble() + Other()}, binary)


def test_it_says_how_many_members_it_has():
    assert str(CYCLES + jr.SnapshotEnsemble()) == "warm restarts 2 2 + snapshot ensemble"
    assert str(jr.SnapshotEnsemble(5)) == "snapshot ensemble (members 5)"
