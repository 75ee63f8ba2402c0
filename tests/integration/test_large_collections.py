"""`docs/large_collections.md` with a real PostgreSQL and a file of Milvus Lite."""

import os
import re
import subprocess
import sys

import pytest

from tests.index import stores

pytestmark = pytest.mark.engines


def test_the_page_runs(repository, tmp_path):
    page = (repository / "docs" / "large_collections.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    program = "\n".join(blocks)
    check = "\nfor found in zip(index.search(codes[:5], 10), again.search(codes[:5], 10)):"
    check += "\n    np.testing.assert_array_equal(*found)"
    check += "\nassert len(memory) == 5_000"
    with stores.postgres() as dsn:
        program = program.replace("postgresql://127.0.0.1/images", dsn)
        assert dsn in program
        done = subprocess.run(
            [sys.executable, "-c", program + check],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(repository), "TF_CPP_MIN_LOG_LEVEL": "2"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "codes.db").is_file()
    assert (tmp_path / "copy.index").is_file()


def test_its_table_names_what_the_conformance_list_promises(repository):
    from tests.conformance.test_indexes import BACKENDS

    page = (repository / "docs" / "large_collections.md").read_text(encoding="utf-8")
    kinds = {backend.options.get("backend", "exact") for backend in BACKENDS.values()}
    assert all(f'`"{kind}"`' in page for kind in kinds)
