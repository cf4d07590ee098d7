#!/usr/bin/env python3
"""Train a zoo of real classifiers on handwritten digits and record every answer.

The result is a model x item table with the structure of a language-model
evaluation campaign: families and sizes, a scaling ladder, checkpoints, seeds,
input variants, a little missing data, and an answer key with known errors.

    pip install -r requirements.txt
    python make_digits_zoo.py --out digits-zoo

Everything is seeded and single-threaded: on one machine, two runs write
identical files. Linear-algebra kernels differ between processors, so another
machine may differ in a few borderline answers.
"""

import os

# Thread counts change the order of floating-point sums, so they are fixed
# before NumPy loads its linear-algebra library.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import csv
import json
import math
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

HARNESS = "make_digits_zoo"
HARNESS_VERSION = "1.0"
TASK_VERSION = "1"
BENCHMARK = "digits-zoo"
SEED = 20240917

N_ITEMS = 600
N_WRONG_LEGIBLE, N_WRONG_AMBIGUOUS = 12, 3
N_DUPLICATES, N_CONTRADICTING = 5, 1
N_BLANKS = 3
N_SOURCES = N_ITEMS - N_DUPLICATES - N_CONTRADICTING - N_BLANKS

# The scan noise of an image, in grey levels (0..16). It keeps the strongest
# models off the ceiling and spreads the items in difficulty.
NOISE_SD = (0.0, 2.0, 4.0)

# Digits that resemble each other share a subject.
PAIRS = ((0, 6), (1, 7), (2, 5), (3, 8), (4, 9))
SUBJECT = {d: f"digits-{a}-{b}" for a, b in PAIRS for d in (a, b)}
LOOKALIKE = {a: b for a, b in PAIRS} | {b: a for a, b in PAIRS}

VARIANTS = ("shifted", "noisy", "rotated")

LADDER_WIDTHS = (4, 6, 8, 12, 16, 32)
LADDER_TRAIN = (75, 150, 300, 600, 1200)
LADDER_SEEDS = (1, 2, 3)
TARGET_WIDTHS = (64, 128)
RECIPES = ("clean", "jitter", "labelnoise", "skewed", "mirror")
RECIPE_WIDTHS = (4, 8, 16, 64)

EPOCHS = 40
BATCH = 32
# Dense while the loss falls fast, then evenly spaced so that the tail shows
# the step-to-step noise of a finished run.
CHECKPOINT_EPOCHS = (1, 2, 4, 7, 11, 16, 20, 24, 28, 32, 36, 40)

# Trees and neighbour votes give exact zeros; 1e-4 bounds the log-probability.
LOGP_FLOOR = round(math.log(1e-4), 2)


# --- items ------------------------------------------------------------------


def scan_noise(images, sd, rng):
    noisy = images + np.asarray(sd)[:, None] * rng.standard_normal(images.shape)
    return np.clip(np.round(noisy), 0, 16)


def ascii_art(pixels):
    ramp = " .:-=+*#%@"
    rows = np.round(pixels * 9 / 16).astype(int).reshape(8, 8)
    return "\n".join("".join(ramp[v] for v in row) for row in rows)


@dataclass
class Benchmark:
    pixels: np.ndarray  # what the models see, items x 64
    key: np.ndarray  # the answer key, with its planted errors
    items: list  # one dict per item, for items.parquet
    planted: list  # one dict per planted error, for planted_errors.csv
    variants: dict  # variant name -> pixels


def neighbour_votes(train_x, train_y, x, k=15):
    """Class votes of the k nearest training images: how plainly an item reads."""
    fitted = KNeighborsClassifier(k).fit(train_x, train_y)
    return fitted.predict_proba(x)


def make_variants(pixels, twin_of, rng):
    """Perturb every item; a duplicate gets exactly the perturbation of its twin."""
    grids = pixels.reshape(-1, 8, 8)
    out = {name: np.empty_like(grids) for name in VARIANTS}
    moves = [(0, 0.5), (0, -0.5), (0.5, 0), (-0.5, 0)]
    for i, grid in enumerate(grids):
        move = moves[rng.integers(4)]
        angle = 10.0 if rng.random() < 0.5 else -10.0
        speckle = 3.0 * rng.standard_normal((8, 8))
        out["shifted"][i] = ndimage.shift(grid, move, order=1)
        out["rotated"][i] = ndimage.rotate(grid, angle, reshape=False, order=1)
        out["noisy"][i] = grid + speckle
    for a in out.values():
        for i, twin in twin_of.items():
            a[i] = a[twin]
    return {k: np.clip(np.round(v), 0, 16).reshape(-1, 64) for k, v in out.items()}


def make_benchmark(x, y, sd, train_x, train_y, rng):
    """Turn the held-out images into 600 items and plant the key errors."""
    votes = neighbour_votes(train_x, train_y, x)
    own = votes[np.arange(len(y)), y]
    legible = rng.permutation(np.flatnonzero((own == 1.0) & (sd <= 2.0)))
    ambiguous = rng.permutation(np.flatnonzero((own >= 0.4) & (own <= 0.7)))

    key = y.copy()
    errors = []  # (row, kind, true answer, row of the twin, note)
    for j, i in enumerate(legible[:N_WRONG_LEGIBLE]):
        if j % 2:
            key[i], why = (y[i] + 1) % 10, "legible; next digit keyed"
        else:
            key[i], why = LOOKALIKE[y[i]], "legible; look-alike digit keyed"
        errors.append((i, "wrong_key", y[i], None, why))
    for i in ambiguous[:N_WRONG_AMBIGUOUS]:
        rivals = votes[i].copy()
        rivals[y[i]] = -1
        key[i] = rivals.argmax()
        errors.append((i, "wrong_key", y[i], None, "ambiguous; second reading keyed"))

    touched = {e[0] for e in errors}
    free = [i for i in rng.permutation(len(y)) if i not in touched]
    pixels, truth, keys, sds = list(x), list(y), list(key), list(sd)
    for j, i in enumerate(free[: N_DUPLICATES + N_CONTRADICTING]):
        row = len(pixels)
        pixels.append(x[i])
        truth.append(y[i])
        sds.append(sd[i])
        if j < N_DUPLICATES:
            keys.append(y[i])
            errors.append((row, "duplicate", y[i], i, "same image, same key"))
        else:
            keys.append(LOOKALIKE[y[i]])
            note = "same image, look-alike digit keyed"
            errors.append((row, "contradicting_duplicate", y[i], i, note))

    blanks = (
        (np.zeros(64), "empty image"),
        (rng.integers(0, 17, 64).astype(float), "uniform noise, no digit"),
        (np.where(rng.random(64) < 0.2, 8.0, 0.0), "scattered specks, no digit"),
    )
    for image, note in blanks[:N_BLANKS]:
        row = len(pixels)
        pixels.append(image)
        truth.append(-1)
        keys.append(int(rng.integers(10)))
        sds.append(None)
        errors.append((row, "blank", None, None, note))

    # Shuffled so that an item's number says nothing about its origin.
    order = rng.permutation(len(pixels))
    place = {int(row): at for at, row in enumerate(order)}
    ids = [f"digit-{at + 1:04d}" for at in range(len(order))]

    pixels = np.array(pixels)[order]
    keys = np.array(keys, dtype=int)[order]
    items = []
    for at, row in enumerate(order):
        about = truth[row] if truth[row] >= 0 else keys[at]
        items.append(
            {
                "benchmark": BENCHMARK,
                "subject": SUBJECT[int(about)],
                "item": ids[at],
                "native_id": str(at),
                "question": ascii_art(pixels[at]),
                "options": json.dumps([str(d) for d in range(10)]),
                "gold": int(keys[at]),
                "gold_text": str(keys[at]),
                "metadata_json": json.dumps({"noise_sd": sds[row]}),
            }
        )
    planted = [
        {
            "item": ids[place[int(row)]],
            "kind": kind,
            "true_answer": "" if true is None else int(true),
            "keyed_answer": int(keys[place[int(row)]]),
            "duplicate_of": "" if twin is None else ids[place[int(twin)]],
            "note": note,
        }
        for row, kind, true, twin, note in errors
    ]
    twin_of = {
        place[int(row)]: place[int(twin)] for row, _, _, twin, _ in errors if twin is not None
    }
    variants = make_variants(pixels, twin_of, rng)
    return Benchmark(pixels, keys, items, sorted(planted, key=lambda p: p["item"]), variants)


# --- training data ------------------------------------------------------------


class Pool:
    """The training images, with a class-balanced nested order for every seed."""

    def __init__(self, clean, noisy, y):
        self.clean, self.noisy, self.y = clean, noisy, y
        self.orders = {}

    def order(self, seed):
        """Any prefix of the order has near-equal class counts."""
        if seed not in self.orders:
            rng = np.random.default_rng([SEED, 1, seed])
            shuffled = rng.permutation(len(self.y))
            rank = np.empty(len(self.y), dtype=int)
            for d in range(10):
                members = shuffled[self.y[shuffled] == d]
                rank[members] = np.arange(len(members))
            self.orders[seed] = shuffled[np.argsort(rank[shuffled], kind="stable")]
        return self.orders[seed]

    def take(self, n, seed, recipe="plain"):
        rng = np.random.default_rng([SEED, 2, seed])
        chosen = self.order(seed)[:n]
        if recipe == "skewed":
            # Odd digits are ten times rarer; the freed places go to even ones.
            order = self.order(seed)
            weight = np.where(self.y[order] % 2 == 1, 0.1, 1.0)
            chosen = rng.choice(order, size=n, replace=True, p=weight / weight.sum())
        x = (self.clean if recipe == "clean" else self.noisy)[chosen].copy()
        y = self.y[chosen].copy()
        if recipe == "labelnoise":
            hit = rng.random(n) < 0.2  # redrawn at random, so 18 % end up wrong
            y[hit] = rng.integers(0, 10, hit.sum())
        elif recipe == "jitter":
            # Half of the images move by at most one pixel along each axis.
            for i in np.flatnonzero(rng.random(n) < 0.5):
                move = tuple(rng.integers(-1, 2, 2))
                x[i] = ndimage.shift(x[i].reshape(8, 8), move, order=0).ravel()
        elif recipe == "mirror":
            for i in np.flatnonzero(rng.random(n) < 0.5):
                x[i] = x[i].reshape(8, 8)[:, ::-1].ravel()
        return x, y


# --- the zoo ------------------------------------------------------------------


@dataclass
class Spec:
    family: str
    size: str
    n_train: int
    seed: int
    estimator: object
    role: str = "other"
    recipe: str | None = None
    epochs: int | None = None  # set for learners trained by partial_fit
    checkpoints: bool = False
    limit: int | None = None

    @property
    def name(self):
        return f"{self.family}/{self.size}-n{self.n_train}-s{self.seed}"


def centred(pixels):
    """Pixels on a scale that suits gradient descent and kernels."""
    return ((pixels - 5.0) / 8.0).astype(np.float32)


def scaled(*steps):
    return make_pipeline(FunctionTransformer(centred), *steps)


def mlp(widths, seed):
    return MLPClassifier(
        widths, batch_size=BATCH, learning_rate_init=1e-3, alpha=1e-2, random_state=seed
    )


def build_zoo():
    zoo = []

    def add(family, size, trains, make, seeds=(1, 2), **kw):
        for n in trains:
            for seed in seeds:
                zoo.append(Spec(family, size, n, seed, make(seed), **kw))

    few, mid, many = (75, 300, 1200), (30, 150, 1200), (30, 75, 300, 1200)

    # Linear
    for c in (0.001, 1.0):
        add("logreg", f"c{c:g}", many, lambda s, c=c: scaled(LogisticRegression(C=c, max_iter=200)))
    add("ridge", "a10", few, lambda s: scaled(RidgeClassifier(alpha=10.0)))
    add("lda", "shrink", few, lambda s: LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2))
    add(
        "qda", "shrink", few, lambda s: QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.5)
    )
    add("linsvm", "c0.1", mid, lambda s: scaled(LinearSVC(C=0.1, random_state=s)))
    for loss, size in (("log_loss", "log"), ("hinge", "hinge"), ("perceptron", "perceptron")):
        for n in few:
            add(
                "sgd",
                size,
                (n,),
                lambda s, loss=loss: SGDClassifier(
                    loss=loss, alpha=1e-3, learning_rate="constant", eta0=0.01, random_state=s
                ),
                epochs=EPOCHS,
                checkpoints=n == few[-1],
            )

    # Kernels
    for c in (1, 10):
        add("svm-rbf", f"c{c}", many, lambda s, c=c: scaled(SVC(C=c, gamma=0.05)))
    add("svm-poly", "d3", mid, lambda s: scaled(SVC(kernel="poly", degree=3)))
    add(
        "gp",
        "rbf5",
        (75, 150, 300),
        lambda s: scaled(GaussianProcessClassifier(5.0 * RBF(5.0), optimizer=None, random_state=s)),
        limit=300,
    )
    for k in (20, 100):
        add(
            "fourier",
            f"k{k}",
            few,
            lambda s, k=k: scaled(
                RBFSampler(gamma=0.02, n_components=k, random_state=s),
                LogisticRegression(max_iter=200),
            ),
        )

    # Trees, forests, boosting
    for depth in (2, 4, 8, 16):
        add(
            "tree",
            f"d{depth}",
            few,
            lambda s, d=depth: DecisionTreeClassifier(max_depth=d, random_state=s),
        )
    for trees in (5, 100):
        add(
            "forest", f"t{trees}", few, lambda s, t=trees: RandomForestClassifier(t, random_state=s)
        )
    for trees in (10, 100):
        add(
            "extratrees",
            f"t{trees}",
            few,
            lambda s, t=trees: ExtraTreesClassifier(t, random_state=s),
        )
    for rounds in (5, 20, 100):
        add(
            "adaboost",
            f"r{rounds}",
            few,
            lambda s, r=rounds: AdaBoostClassifier(
                DecisionTreeClassifier(max_depth=2, random_state=s), n_estimators=r, random_state=s
            ),
        )
    for rounds in (5, 40):
        add(
            "histboost",
            f"r{rounds}",
            few,
            lambda s, r=rounds: HistGradientBoostingClassifier(
                max_iter=r, max_leaf_nodes=8, early_stopping=False, random_state=s
            ),
        )

    # Neighbours and prototypes
    for k in (1, 5, 15):
        add("knn", f"k{k}", mid, lambda s, k=k: KNeighborsClassifier(k))
    add("centroid", "l2", mid, lambda s: NearestCentroid())

    # Naive Bayes
    add("nb-gauss", "v10", mid, lambda s: GaussianNB(var_smoothing=0.1))
    add("nb-multi", "a1", mid, lambda s: MultinomialNB())
    add("nb-bern", "b8", mid, lambda s: make_pipeline(Binarizer(threshold=8.0), BernoulliNB()))

    # Readers of a narrow view: they fill the lower half of the ability range.
    for k in (2, 4, 8):
        add(
            "pca-logreg",
            f"k{k}",
            few,
            lambda s, k=k: scaled(PCA(k, random_state=s), LogisticRegression(max_iter=200)),
        )
    for k in (3, 10):
        add(
            "pixels-knn",
            f"k{k}",
            few,
            lambda s, k=k: make_pipeline(SelectKBest(f_classif, k=k), KNeighborsClassifier(5)),
        )
    add("dummy", "uniform", (30,), lambda s: DummyClassifier(strategy="uniform", random_state=s))

    # Neural networks: the ladder, its targets, deeper networks, and recipes
    for h in LADDER_WIDTHS:
        for n in LADDER_TRAIN:
            add(
                "mlp",
                f"h{h}",
                (n,),
                lambda s, h=h: mlp((h,), s),
                LADDER_SEEDS,
                role="rung",
                recipe="plain",
                epochs=EPOCHS,
                checkpoints=n == LADDER_TRAIN[-1],
            )
    for h in TARGET_WIDTHS:
        add(
            "mlp",
            f"h{h}",
            (1200,),
            lambda s, h=h: mlp((h,), s),
            LADDER_SEEDS,
            role="target",
            recipe="plain",
            epochs=EPOCHS,
            checkpoints=True,
        )
    for widths in ((64, 64), (32, 16, 16)):
        add(
            "mlp-deep",
            "x".join(map(str, widths)),
            few,
            lambda s, w=widths: mlp(w, s),
            epochs=EPOCHS,
        )
    for recipe in RECIPES:
        for h in RECIPE_WIDTHS:
            for seed in (1, 2):
                zoo.append(
                    Spec(
                        f"mlp-{recipe}",
                        f"h{h}",
                        1200,
                        seed,
                        mlp((h,), seed),
                        recipe=recipe,
                        epochs=EPOCHS,
                        checkpoints=seed == 1 and h in (8, 64),
                    )
                )
    return zoo


def gets_variants(spec):
    """One well-trained member of every family and size."""
    if spec.seed != 1 or spec.limit is not None:
        return False
    if spec.family == "mlp":
        return spec.n_train == 1200 and spec.size in ("h4", "h8", "h16", "h32", "h64", "h128")
    return spec.n_train == 1200 and not spec.family.startswith("mlp-")


def gets_options(spec):
    return spec.seed == 1 and spec.n_train == 1200


# --- sizes and compute ----------------------------------------------------------


def count_params(model, n_features=64):
    """Fitted numbers a model needs to answer, or None where that is moot."""
    if hasattr(model, "steps"):
        parts = [count_params(step) for _, step in model.steps]
        return sum(p for p in parts if p) or None
    if hasattr(model, "coefs_"):
        return sum(a.size for a in model.coefs_ + model.intercepts_)
    if isinstance(model, SVC):
        return model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size
    if hasattr(model, "coef_"):
        return model.coef_.size + np.size(model.intercept_)
    if isinstance(model, PCA):
        return model.components_.size + model.mean_.size
    if isinstance(model, RBFSampler):
        return model.random_weights_.size + model.random_offset_.size
    if isinstance(model, DecisionTreeClassifier):
        return 3 * model.tree_.node_count  # feature, threshold, value
    if isinstance(model, HistGradientBoostingClassifier):
        return 3 * sum(len(t.nodes) for step in model._predictors for t in step)
    if hasattr(model, "estimators_"):
        return sum(count_params(m) or 0 for m in model.estimators_) or None
    if isinstance(model, KNeighborsClassifier):
        return model._fit_X.size + model._fit_X.shape[0]
    if isinstance(model, NearestCentroid):
        return model.centroids_.size
    if isinstance(model, GaussianNB):
        return model.theta_.size + model.var_.size + model.class_prior_.size
    if hasattr(model, "feature_log_prob_"):
        return model.feature_log_prob_.size + model.class_log_prior_.size
    if isinstance(model, QuadraticDiscriminantAnalysis):
        return sum(r.size for r in model.rotations_) + model.means_.size
    return None


def training_cost(spec, model, n_params, epochs):
    """(examples seen, FLOPs). FLOPs are 6 x params x examples: a multiply-add
    forward and two backward. Null for learners without gradient steps."""
    if spec.epochs is not None:
        seen = spec.n_train * epochs
        return float(seen), 6.0 * n_params * seen
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if isinstance(last, LogisticRegression):
        passes = int(np.max(last.n_iter_))
        seen = spec.n_train * passes
        return float(seen), 6.0 * count_params(last) * seen
    return float(spec.n_train), None


def updates(spec, epochs):
    """Optimiser steps after so many epochs; plain SGD steps on every example."""
    if isinstance(spec.estimator, MLPClassifier):
        return epochs * math.ceil(spec.n_train / BATCH)
    return epochs * spec.n_train


# --- evaluation -------------------------------------------------------------------


def quantise(logp):
    """Two decimals, three near zero: enough for means, and it compresses."""
    logp = np.maximum(logp, LOGP_FLOOR)
    return np.where(np.abs(logp) < 0.1, np.round(logp, 3), np.round(logp, 2)) + 0.0


def answer(model, x):
    """Chosen class, and log-probabilities where the model states any."""
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(x), dtype=int), None
    p = np.zeros((len(x), 10))
    p[:, np.asarray(model.classes_, dtype=int)] = model.predict_proba(x)
    with np.errstate(divide="ignore"):
        logp = np.maximum(np.log(p), LOGP_FLOOR)
    return p.argmax(axis=1), logp


def describe(estimator):
    """The estimator as scikit-learn prints it, on one line."""
    if isinstance(estimator, Pipeline):
        return " + ".join(describe(step) for _, step in estimator.steps)
    if isinstance(estimator, FunctionTransformer):
        return estimator.func.__name__
    return " ".join(repr(estimator).split())


class Recorder:
    def __init__(self, bench):
        self.bench = bench
        self.runs, self.blocks, self.options = [], [], []

    def record(self, spec, model, predict_on, *, epochs=None, final=True, variant=None):
        key = self.bench.key
        n = spec.limit or len(key)
        pixels = self.bench.pixels if variant is None else self.bench.variants[variant]
        chosen, logp = answer(model, predict_on(pixels[:n]))
        step = None if spec.epochs is None else updates(spec, epochs)

        run = spec.name
        if not final:
            run += f"@step{step}"
        if variant:
            run += f"+{variant}"
        gold_logp = margin = None
        if logp is not None:
            own = logp[np.arange(n), key[:n]]
            rivals = logp.copy()
            rivals[np.arange(n), key[:n]] = -np.inf
            gold_logp = quantise(own)
            margin = np.round(own - rivals.max(axis=1), 2) + 0.0
            if final and variant is None and gets_options(spec):
                self.options.append((run, np.round(logp, 2) + 0.0))
        self.blocks.append((run, spec.name, chosen, gold_logp, margin))

        n_params = count_params(model)
        tokens, flops = training_cost(spec, model, n_params, epochs)
        self.runs.append(
            {
                "run": run,
                "model": spec.name,
                "model_raw": describe(spec.estimator),
                "revision": None if final else f"step{step}",
                "step": step,
                "params": None if n_params is None else float(n_params),
                "tokens": tokens,
                "flops": flops,
                "prompt_variant": variant,
                "seed": spec.seed,
                "limit": spec.limit,
                "family": spec.family,
                "size": spec.size,
                "n_train": spec.n_train,
                "role": spec.role,
                "recipe": spec.recipe,
            }
        )
        return float(np.mean(chosen == key[:n]))


def train_and_record(spec, pool, recorder):
    x, y = pool.take(spec.n_train, spec.seed, spec.recipe or "plain")
    model = spec.estimator
    if spec.epochs is None:
        model.fit(x, y)
        prepare = np.asarray
        epochs = None
    else:
        prepare = centred
        x = centred(x)
        for epoch in range(1, spec.epochs + 1):
            if isinstance(model, SGDClassifier):
                # partial_fit reuses random_state, so a fresh order is given here.
                shuffle = np.random.default_rng([SEED, 3, spec.seed, epoch]).permutation(len(y))
                model.partial_fit(x[shuffle], y[shuffle], classes=np.arange(10))
            else:
                model.partial_fit(x, y, classes=np.arange(10))
            if spec.checkpoints and epoch in CHECKPOINT_EPOCHS and epoch < spec.epochs:
                recorder.record(spec, model, prepare, epochs=epoch, final=False)
        epochs = spec.epochs
    accuracy = recorder.record(spec, model, prepare, epochs=epochs)
    if gets_variants(spec):
        for variant in VARIANTS:
            recorder.record(spec, model, prepare, epochs=epochs, variant=variant)
    return accuracy


# --- files ------------------------------------------------------------------------


def write(path, columns, *, plain=()):
    """Parquet with fixed options; `plain` columns skip the dictionary."""
    table = pa.table(columns)
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=[c for c in table.column_names if c not in plain],
        dictionary_pagesize_limit=8 << 20,
        data_page_size=8 << 20,
        row_group_size=4 << 20,
        write_statistics=True,
        store_schema=False,
    )
    return table.num_rows


def write_items(path, bench):
    kinds = {"gold": pa.int16()}
    names = list(bench.items[0])
    return write(
        path,
        {c: pa.array([i[c] for i in bench.items], kinds.get(c, pa.string())) for c in names},
    )


def write_runs(path, runs):
    def column(name, kind):
        return pa.array([r.get(name) for r in runs], kind)

    def constant(value, kind):
        return pa.array([value] * len(runs), kind)

    s, i, f = pa.string(), pa.int64(), pa.float64()
    return write(
        path,
        {
            "run": column("run", s),
            "model": column("model", s),
            "model_raw": column("model_raw", s),
            "revision": column("revision", s),
            "step": column("step", i),
            "params": column("params", f),
            "tokens": column("tokens", f),
            "flops": column("flops", f),
            "dtype": constant(None, s),
            "harness": constant(HARNESS, s),
            "harness_version": constant(HARNESS_VERSION, s),
            "task_version": constant(TASK_VERSION, s),
            "n_shot": constant(None, i),
            "prompt_variant": column("prompt_variant", s),
            "chat_template_sha": constant(None, s),
            "temperature": constant(None, f),
            "seed": column("seed", i),
            "timestamp": constant(None, s),
            "limit": column("limit", i),
            "files": constant(None, s),
            "family": column("family", s),
            "size": column("size", s),
            "n_train": column("n_train", i),
            "role": column("role", s),
            "recipe": column("recipe", s),
        },
    )


def write_responses(path, bench, blocks):
    items = np.array([i["item"] for i in bench.items])
    subjects = np.array([i["subject"] for i in bench.items])
    lengths = [len(chosen) for _, _, chosen, _, _ in blocks]
    at = np.concatenate([np.arange(n) for n in lengths])
    chosen = np.concatenate([b[2] for b in blocks])
    gold = bench.key[at]

    def floats(which):
        parts = [
            np.full(n, np.nan) if b[which] is None else b[which] for b, n in zip(blocks, lengths)
        ]
        values = np.concatenate(parts)
        return pa.array(values.astype(np.float32), pa.float32(), mask=np.isnan(values))

    rows = len(at)
    return write(
        path,
        {
            "model": pa.array(np.repeat([b[1] for b in blocks], lengths), pa.string()),
            "benchmark": pa.array([BENCHMARK] * rows, pa.string()),
            "subject": pa.array(subjects[at], pa.string()),
            "item": pa.array(items[at], pa.string()),
            "score": pa.array((chosen == gold).astype(np.float64)),
            "metric": pa.array(["acc"] * rows, pa.string()),
            "filter": pa.array([None] * rows, pa.string()),
            "primary": pa.array([True] * rows, pa.bool_()),
            "repeat": pa.array(np.zeros(rows, np.int32)),
            "run": pa.array(np.repeat([b[0] for b in blocks], lengths), pa.string()),
            "status": pa.array(["ok"] * rows, pa.string()),
            "chosen": pa.array(chosen.astype(np.int16)),
            "gold": pa.array(gold.astype(np.int16)),
            "logp_gold": floats(3),
            "logp_margin": floats(4),
        },
    )


def write_options(path, bench, options):
    items = np.array([i["item"] for i in bench.items])
    per_run = len(items) * 10
    return write(
        path,
        {
            "run": pa.array(np.repeat([run for run, _ in options], per_run), pa.string()),
            "item": pa.array(np.tile(np.repeat(items, 10), len(options)), pa.string()),
            "option": pa.array(np.tile(np.arange(10, dtype=np.int16), len(options) * len(items))),
            "logp": pa.array(np.concatenate([p.ravel() for _, p in options]).astype(np.float32)),
        },
    )


def write_planted(path, planted):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.DictWriter(f, list(planted[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(planted)
    return len(planted)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "digits-zoo")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    started = time.time()

    digits = load_digits()
    clean, labels = digits.data, digits.target
    rng = np.random.default_rng(SEED)
    sd = rng.choice(NOISE_SD, size=len(labels))
    noisy = scan_noise(clean, sd, rng)

    train, test = train_test_split(
        np.arange(len(labels)), test_size=N_SOURCES, stratify=labels, random_state=SEED
    )
    pool = Pool(clean[train], noisy[train], labels[train])
    bench = make_benchmark(noisy[test], labels[test], sd[test], noisy[train], labels[train], rng)

    zoo = build_zoo()
    names = [s.name for s in zoo]
    assert len(set(names)) == len(names)
    recorder = Recorder(bench)
    accuracy = {}
    for done, spec in enumerate(zoo, 1):
        accuracy[spec.name] = train_and_record(spec, pool, recorder)
        if done % 50 == 0:
            print(f"{done}/{len(zoo)} models, {time.time() - started:.0f} s", flush=True)

    args.out.mkdir(parents=True, exist_ok=True)
    rows = {
        "responses.parquet": write_responses(
            args.out / "responses.parquet", bench, recorder.blocks
        ),
        "items.parquet": write_items(args.out / "items.parquet", bench),
        "runs.parquet": write_runs(args.out / "runs.parquet", recorder.runs),
        "options.parquet": write_options(args.out / "options.parquet", bench, recorder.options),
        "planted_errors.csv": write_planted(args.out / "planted_errors.csv", bench.planted),
    }

    acc = np.array(list(accuracy.values()))
    cuts = np.quantile(acc, [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
    finals = [r for r in recorder.runs if r["revision"] is None]
    print(f"models          {len(zoo)}")
    print(f"checkpoint runs {len(recorder.runs) - len(finals)}")
    print(f"variant runs    {sum(r['prompt_variant'] is not None for r in finals)}")
    print("accuracy        " + " ".join(f"{q:.3f}" for q in cuts) + "  (0 10 25 50 75 90 100 %)")
    total = 0
    for name, count in rows.items():
        size = (args.out / name).stat().st_size
        total += size
        print(f"{name:20s} {count:8d} rows {size:9d} bytes")
    print(f"total {total} bytes, {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
