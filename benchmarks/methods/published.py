"""Figures that others published for these methods on CIFAR-10, each with protocol and backbone."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Published:
    """One row of a published table.

    Args:
        contestant: str, whose figures stand beside it.
        protocol: str, ours that it is compared under.
        backbone: str, what the figures were measured on.
        figures: dict, bits to mAP as printed; ties in the source's own order.
        source: str.
        metric: str, the column of our table: `map`, or `map_at_1000_hits`.
    """

    contestant: str
    protocol: str
    backbone: str
    figures: dict
    source: str
    metric: str = "map"


_BITS = (12, 24, 32, 48)
_REPRINT = "reprinted in Adv. Multimedia 2017, table 3"
_DEEPHASH = "DeepHash-pytorch README"
_DEEPBIT = "DeepBit repository, README of 2016"


def _row(contestant, protocol, backbone, values, source, bits=_BITS, metric="map"):
    figures = dict(zip(bits, values, strict=True))
    return Published(contestant, protocol, backbone, figures, source, metric)


PUBLISHED = (
    _row("ksh", "cifar10-s1", "GIST", (0.303, 0.337, 0.346, 0.356), _REPRINT),
    _row("cnnh", "cifar10-s1", "small CNN", (0.439, 0.511, 0.509, 0.522), _REPRINT),
    _row("cnnh-plus", "cifar10-s1", "small CNN", (0.465, 0.521, 0.521, 0.532), _REPRINT),
    _row("dnnh", "cifar10-s1", "NIN", (0.552, 0.566, 0.558, 0.581), _REPRINT),
    _row("dhn", "cifar10-s1", "AlexNet", (0.555, 0.594, 0.603, 0.621), _REPRINT),
    _row("dhn", "cifar10-s1", "AlexNet", (0.781,), f"{_DEEPHASH}, port", (48,)),
    _row("hashnet", "cifar10-s1", "AlexNet", (0.782,), f"{_DEEPHASH}, port", (48,)),
    _row("hashnet", "cifar10-s1b", "AlexNet", (0.794,), "DeepHash-pytorch issue 17", (48,)),
    _row(
        "dpsh",
        "cifar10-s1",
        "AlexNet",
        (0.7505, 0.7724, 0.7758, 0.7828),
        "DPSH-pytorch README",
    ),
    _row("dpsh", "cifar10-s1", "VGG-11", (0.7655, 0.8042, 0.8070, 0.8108), "DPSH-pytorch README"),
    _row("dsh", "cifar10-s1b", "small CNN", (0.6157, 0.6755), "the paper, as quoted", (12, 48)),
    _row("dsh", "cifar10-s1b", "AlexNet", (0.800,), f"{_DEEPHASH}, port", (48,)),
    _row("greedyhash, 60 epochs", "cifar10-s1b", "AlexNet", (0.822,), f"{_DEEPHASH}, paper", (48,)),
    _row("csq", "cifar10-s1b", "AlexNet", (0.790,), f"{_DEEPHASH}, port", (64,)),
    _row("orthohash", "cifar10-s1b", "AlexNet", (0.824,), "orthohash README", (64,)),
    _row("dpn", "cifar10-s1b", "AlexNet", (0.787,), f"{_DEEPHASH}, port", (48,)),
    _row(
        "dlbhc, wide",
        "cifar10-orig",
        "AlexNet",
        (0.8930, 0.8972, 0.8973),
        "caffe-cvprw15 README",
        (12, 32, 48),
        "map_at_1000_hits",
    ),
    _row(
        "deepbit",
        "cifar10-orig",
        "VGG-16",
        (0.2949,),
        _DEEPBIT,
        (64,),
        "map_at_1000_hits",
    ),
    # The baselines of that table are full mAP, as its authors state; ours beside them as well.
    _row("itq", "cifar10-orig", "GIST", (0.1664,), _DEEPBIT, (64,)),
    _row("lsh", "cifar10-orig", "GIST", (0.1507,), _DEEPBIT, (64,)),
    _row("spectral", "cifar10-orig", "GIST", (0.1389,), _DEEPBIT, (64,)),
    _row("pcah", "cifar10-orig", "GIST", (0.1210,), _DEEPBIT, (64,)),
)
