"""The figures of an entry's card, all of them computed from its codes."""

CUTOFF = 1000
RADIUS = 2


def figures_of(codes, bits):
    """Every figure of a card that codes and labels alone give.

    Args:
        codes: `keras_hashing.zoo.stored_codes.Codes`.
        bits: int, the code length.

    Returns:
        Dict of figure's name, its convention in brackets, to a float in [0, 1] or an int. Without
        labels only what describes the codes themselves.
    """
    # Loads TensorFlow, which a list of entries can do without.
    from keras_hashing.auditing import bit_columns, repeats

    found = {} if codes.query_labels is None else _retrieval(codes, bits)
    items = len(codes.database_codes)
    share_on = bit_columns.on_shares(bit_columns.pack_columns(codes.database_codes, bits), items)
    unique = len(repeats.group_sizes(codes.database_codes))
    return {
        **found,
        "bits_on(min)": float(share_on.min()),
        "bits_on(mean)": float(share_on.mean()),
        "bits_on(max)": float(share_on.max()),
        "duplicate_codes": 1.0 - unique / items,
    }


def _retrieval(codes, bits):
    from keras_hashing import evaluation

    arguments = (
        codes.query_codes,
        codes.query_labels,
        codes.database_codes,
        codes.database_labels,
    )
    cutoff, radius = min(CUTOFF, len(codes.database_codes)), min(RADIUS, bits)
    report = evaluation.evaluate(*arguments, bits=bits, at=(cutoff,), radius=radius)
    in_order = evaluation.evaluate(*arguments, bits=bits, ties="index")
    return {
        "map(expected)": float(report.map),
        "map(best)": float(report.map_best),
        "map(worst)": float(report.map_worst),
        "map(index)": float(in_order.map),
        f"map@{cutoff}(hits)": float(report.map_at_hits[cutoff]),
        f"map@{cutoff}(min)": float(report.map_at_min[cutoff]),
        f"map@{cutoff}(total)": float(report.map_at_total[cutoff]),
        f"precision@radius{radius}": float(report.precision_radius),
        f"empty@radius{radius}": float(report.empty_radius),
        "queries_without_relevant": int(report.queries_without_relevant),
    }
