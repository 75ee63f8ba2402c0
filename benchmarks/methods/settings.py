"""The contestants, what all have in common, and the settings that each may choose from."""

import dataclasses
import itertools

BITS = (12, 16, 24, 32, 48, 64, 128)
CHOICE_BITS = 32
NESTED_BITS = (16, 32, 48, 64)
NESTED = ("dhn", "hashnet", "csq", "orthohash")  # contestants nested as well
SEEDS = (0, 1, 2)
EPOCHS = 20
ORIGINAL_EPOCHS = 6  # under `cifar10-orig`, ten times the images
BATCH_SIZE = 64
WEIGHT_DECAY = 1e-4
HEAD = {"hidden": 512, "dropout": 0.5}
MOST_SETTINGS = 6


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A method in the comparison.

    Args:
        method: str, its name in `keras_hashing.methods.NAMES`.
        settings: list of dicts, at most six, of arguments; `learning_rate` is the peak.
        fixed: dict, arguments in all of them.
        labels: which items' labels it may see where some classes are unseen: "all" of its
            training items, the others being left out; "some", the others without; or "none".
        bits: code lengths; default `BITS`.
        original_bits: code lengths measured under `cifar10-orig`.
        chosen_on: protocols on whose validation images a setting is chosen.
        seeds: tuple of ints; a single one for a method that draws nothing.
        epochs, original_epochs: ints; other numbers than `EPOCHS`, and `ORIGINAL_EPOCHS` under
            `cifar10-orig`, leave the common budget.
    """

    method: str
    settings: list
    fixed: dict = dataclasses.field(default_factory=dict)
    labels: str = "all"
    bits: tuple = BITS
    original_bits: tuple = ()
    chosen_on: tuple = ("cifar10-s1",)
    seeds: tuple = SEEDS
    epochs: int = EPOCHS
    original_epochs: int = ORIGINAL_EPOCHS

    def __post_init__(self):
        assert 1 <= len(self.settings) <= MOST_SETTINGS, self.method


def grid(**values):
    """All combinations: `grid(a=[1, 2], b=[3])` is `[{a: 1, b: 3}, {a: 2, b: 3}]`."""
    return [
        dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())
    ]


VARIANT_BITS = (12, 24, 32, 48)
ORIGINAL_BITS = (64,)
BOTH = ("cifar10-s1", "multifashion")
LINEAR = {"hidden": None, "dropout": 0.0}  # the papers' one layer on a frozen backbone

RATES = [1e-3, 2e-3]
SLOW_RATES = [1e-4, 1e-3]
DHN = grid(learning_rate=[1e-3], alpha=[0.1, 0.25, 1.0], quantization_weight=[0.02, 0.3])
HASHNET = grid(learning_rate=RATES, alpha=[0.1, None])


def unsupervised(method, settings, seeds=SEEDS, **fixed):
    return Contestant(
        method, settings, fixed, labels="none", original_bits=ORIGINAL_BITS, seeds=seeds
    )


CONTESTANTS = {
    "dhn": Contestant("dhn", DHN, chosen_on=BOTH),
    "dhn-q": Contestant(
        "dhn",
        grid(learning_rate=[3e-4, 1e-3], alpha=[0.1, 0.25, 1.0]),
        {"variant": "q"},
        bits=VARIANT_BITS,
    ),
    "dhn-e": Contestant(
        "dhn",
        grid(learning_rate=[3e-4, 1e-3], quantization_weight=[0.0, 0.002, 0.02]),
        {"variant": "e"},
        bits=VARIANT_BITS,
    ),
    "hashnet": Contestant("hashnet", HASHNET, chosen_on=BOTH),
    "hashnet-c": Contestant("hashnet", HASHNET, {"variant": "c"}, bits=(), chosen_on=BOTH[1:]),
    "hashnet-w": Contestant("hashnet", HASHNET, {"variant": "w"}, bits=(), chosen_on=BOTH[1:]),
    "hashnet-sgn": Contestant("hashnet", HASHNET, {"variant": "sgn"}, bits=(), chosen_on=BOTH[1:]),
    "dnnh": Contestant("dnnh", grid(learning_rate=RATES)),
    "cnnh": Contestant("cnnh", grid(learning_rate=RATES)),
    "cnnh-plus": Contestant(
        "cnnh", grid(learning_rate=RATES), {"variant": "plus"}, bits=VARIANT_BITS
    ),
    "dlbhc": Contestant("dlbhc", grid(learning_rate=RATES), original_bits=(12, 32, 48)),
    "dlbhc, wide": Contestant(
        "dlbhc",
        [{"learning_rate": 1e-3}],
        {"hidden": 1024, "dropout": 0.2},
        bits=(),
        original_bits=(12, 32, 48),
        original_epochs=12,
    ),
    "dpsh": Contestant(
        "dpsh",
        grid(learning_rate=[5e-4, 1e-3], quantization_weight=[0.002, 0.02]),
        {"hidden": None},  # its unbounded outputs do not bear the noise of two dropouts
    ),
    "dsh": Contestant("dsh", grid(learning_rate=RATES, regularization_weight=[0.001, 0.01])),
    "csq": Contestant("csq", grid(learning_rate=RATES, quantization_weight=[1e-4, 0.05])),
    "greedyhash": Contestant(
        "greedyhash", grid(learning_rate=RATES, quantization_weight=[0.01, 0.1])
    ),
    "orthohash": Contestant("orthohash", grid(learning_rate=RATES, margin=[0.2, 0.4])),
    "greedyhash, 60 epochs": Contestant(
        "greedyhash",
        grid(learning_rate=RATES, quantization_weight=[0.01, 0.1]),
        bits=(48,),
        epochs=60,
    ),
    "dpn": Contestant("dpn", grid(learning_rate=RATES, margin=[1.0, 2.0])),
    "talr": Contestant("talr", grid(learning_rate=RATES, bins=[None, 16])),
    "greedyhash-u": unsupervised(
        "greedyhash",
        grid(learning_rate=SLOW_RATES, quantization_weight=[0.01, 0.1]),
        variant="unsupervised",
        **LINEAR,
    ),
    "bihalf": unsupervised(
        "bihalf", grid(learning_rate=SLOW_RATES, gap_weight=[1.0, 6.0]), **LINEAR
    ),
    "cibhash": unsupervised(
        "cibhash",
        grid(learning_rate=[1e-3], noise=[0.1, 0.5], view_dropout=[0.1, 0.5]),
        hidden=512,
    ),
    "deepbit": unsupervised(
        "deepbit",
        grid(learning_rate=SLOW_RATES, quantization_weight=[0.1, 1.0]),
        rotation_weight=0.0,
        **LINEAR,
    ),
    "usdh": unsupervised(
        "usdh",
        grid(learning_rate=SLOW_RATES, quantization_weight=[0.1, 1.0]),
        rotation_weight=0.0,
        **LINEAR,
    ),
    "lsh": unsupervised("lsh", [{}]),
    "superbit": unsupervised("superbit", [{}]),
    "pcah": unsupervised("pcah", [{}], seeds=SEEDS[:1]),
    "itq": unsupervised("itq", [{}]),
    "spectral": unsupervised("spectral", [{}], seeds=SEEDS[:1]),
    "semantic": unsupervised("semantic", grid(threshold=[0.5, "median"])),
    "mixed": Contestant(
        "mixed",
        grid(learning_rate=[1e-3], temperature=[1.0, 2.0], shrinkage=[1.0, 3.0]),
        labels="some",
    ),
    "ksh": Contestant("ksh", [{}], bits=VARIANT_BITS),
}
