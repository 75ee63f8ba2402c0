"""Which runs are due: choices of setting first, then the tests of what was chosen."""

from benchmarks.methods.runs import Run
from benchmarks.methods.settings import CHOICE_BITS, CONTESTANTS, NESTED, NESTED_BITS, SEEDS


def validation_runs(table, names=None):
    """One run for each setting of each contestant that has a choice."""
    return [
        Run("validation", protocol, name, setting, CHOICE_BITS, 0)
        for name, contestant in _contestants(names)
        for protocol in contestant.chosen_on
        if len(contestant.settings) > 1
        for setting in range(len(contestant.settings))
    ]


def test_runs(table, names=None):
    """All runs with the chosen settings; the table must hold the validation runs."""
    runs = []
    for name, contestant in _contestants(names):
        if "cifar10-s1" in contestant.chosen_on:
            setting = chosen(table, name, contestant)
            for bits in contestant.bits:
                runs += [
                    Run("test", "cifar10-s1", name, setting, bits, seed)
                    for seed in contestant.seeds
                ]
            if 48 in contestant.bits:
                runs += [
                    Run("unseen", "cifar10-s1", name, setting, 48, seed)
                    for seed in contestant.seeds
                ]
            if name in NESTED:
                bits = max(NESTED_BITS)
                runs += [Run("nested", "cifar10-s1", name, setting, bits, s) for s in SEEDS]
            for bits in contestant.original_bits:
                runs.append(Run("test", "cifar10-orig", name, setting, bits, 0))
        if "multifashion" in contestant.chosen_on:
            setting = chosen(table, name, contestant, "multifashion")
            runs += [
                Run("test", "multifashion", name, setting, 48, seed) for seed in contestant.seeds
            ]
    return sorted(runs, key=lambda run: run.seed)  # a whole table early, then other seeds


def chosen(table, name, contestant, protocol="cifar10-s1"):
    """The setting with the highest mAP on the validation images."""
    if len(contestant.settings) == 1:
        return 0
    rows = table.select(stage="validation", protocol=protocol, contestant=name)
    if len(rows) < len(contestant.settings):
        raise ValueError(f"{name}: {len(rows)} of its settings were tried on {protocol}.")
    return max(rows, key=lambda row: row["map"])["setting"]


def _contestants(names):
    return [(name, CONTESTANTS[name]) for name in (names or CONTESTANTS)]
