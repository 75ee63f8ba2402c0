"""Command line of the comparison: which runs are due, by how many processes, and the report."""

import argparse
import concurrent.futures
import multiprocessing
import os
import pathlib

from tqdm.auto import tqdm

RESULTS = pathlib.Path("docs/results")


def main():
    arguments = parse()
    # Before TensorFlow starts, here and in the workers: a thread each, so that workers add up.
    os.environ.update(
        TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="2",
    )  # fmt: skip
    from benchmarks.methods import feature_sets, plan, references, report
    from benchmarks.methods.table import Table

    arguments.cache.mkdir(parents=True, exist_ok=True)
    table = Table(arguments.results / "methods.csv")
    if not arguments.report_only:
        feature_sets.compute(arguments.cache, arguments.data_dir)
        if not table.select(stage="reference"):
            table.add(references.rows(arguments.cache, arguments.data_dir))
        # A setting is chosen before the runs that use it are known.
        for due in (plan.validation_runs, plan.test_runs):
            runs = [run for run in due(table, arguments.methods) if not table.has(run)]
            execute_all(runs, table, arguments)
    report.write(table, arguments.results)


def parse():
    parser = argparse.ArgumentParser(description="Compare all methods on equal terms.")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets; default: its own")
    parser.add_argument(
        "--cache", type=pathlib.Path, default=pathlib.Path("features"), help="folder for features"
    )
    parser.add_argument("--results", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    parser.add_argument("--methods", nargs="*", help="only these contestants")
    parser.add_argument("--report-only", action="store_true", help="no runs, only plot and tables")
    return parser.parse_args()


def execute_all(runs, table, arguments):
    from benchmarks.methods.runs import execute

    if not runs:
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(arguments.workers, mp_context=context) as pool:
        futures = {
            pool.submit(execute, run, str(arguments.cache), arguments.data_dir): run for run in runs
        }
        bar = tqdm(concurrent.futures.as_completed(futures), total=len(futures))
        for future in bar:
            bar.set_postfix_str(futures[future].contestant)
            table.add(future.result())


if __name__ == "__main__":
    main()
