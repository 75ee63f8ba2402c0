"""What people install: a wheel, an editable install and a bare checkout all find the zoo."""

import email
import json
import os
import pathlib
import shutil
import site
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

import keras_hashing

NOT_COPIED = [
    *(".*_cache", ".git", ".hypothesis", ".venv", "__pycache__", "*.egg-info"),
    *("build", "demo-output", "dist", "runs"),
]

# Prints where the package and the zoo's data are, what the zoo lists, and what one entry gives.
SCRIPT = """
import json, pathlib
import keras_hashing as kh
from keras_hashing import resources
names = kh.zoo.list()
model = kh.zoo.load(names[0])
print(json.dumps({
    "package": kh.__file__,
    "files": sorted(str(path.relative_to(resources.zoo_root()))
                    for path in pathlib.Path(resources.zoo_root()).rglob("*") if path.is_file()),
    "root": str(resources.zoo_root()),
    "names": names,
    "bits": model.bits,
    "codes": list(kh.zoo.codes(names[0]).database_codes.shape),
}))
"""


@pytest.fixture(scope="module")
def source(repository, tmp_path_factory):
    """A copy of the checkout, so that builds leave nothing behind in it."""
    folder = tmp_path_factory.mktemp("source") / "keras_hashing"
    ignored = shutil.ignore_patterns(*NOT_COPIED)
    return shutil.copytree(repository, folder, ignore=ignored)


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def zoo_files(source):
    root = source / "zoo"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def build_wheel(project, folder):
    run(["pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, project])
    (path,) = folder.glob("keras_hashing-*.whl")
    return path


def names_in(wheel):
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


def run(arguments, python=sys.executable, cwd=None, **variables):
    """Standard output of `python -m ARGUMENTS`, without the caller's import path."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-m", *map(str, arguments)] if arguments[0] != "-c" else [python, *arguments],
        cwd=cwd,
        env={**clean, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def empty_environment(folder):
    """A new environment with the dependencies of this one, but without keras_hashing.

    A path file adds this environment's folder; path files inside that folder, such as the one
    of an editable install, are not read a second time.
    """
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    place = pathlib.Path(run(["-c", "import site; print(site.getsitepackages()[0])"], python)[:-1])
    (place / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return python


def install(python, *arguments):
    options = ["--no-deps", "--no-build-isolation", "--ignore-installed"]
    run(["pip", "--python", python, "install", *options, *arguments])


def report(python, cwd, **variables):
    """What SCRIPT prints, run from a folder that has nothing to do with the package."""
    return json.loads(run(["-c", SCRIPT], python, cwd, **variables).splitlines()[-1])


def check_report(found, zoo_files, source):
    assert found["files"] == zoo_files
    entries = sorted(path.name for path in (source / "zoo" / "entries").iterdir())
    assert found["names"] == entries
    assert found["bits"] > 0
    assert found["codes"][1] == -(-found["bits"] // 8)


def test_wheel_holds_the_package_and_the_zoo_and_nothing_else(wheel, source, zoo_files):
    names = names_in(wheel)
    assert wheel.stat().st_size < 95_000_000
    code = {
        str(path.relative_to(source))
        for path in (source / "keras_hashing").rglob("*")
        if path.is_file()
    }
    assert code <= set(names)
    assert {f"keras_hashing/_zoo/{name}" for name in zoo_files} <= set(names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"keras_hashing"}
    assert {"LICENSE", "NOTICE"} <= {name.split("/")[-1] for name in names if "dist-info" in name}


def test_wheel_says_what_it_is(wheel):
    (name,) = (name for name in names_in(wheel) if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as opened:
        facts = email.message_from_bytes(opened.read(name))
    assert facts["Version"] == keras_hashing.__version__
    classifiers = facts.get_all("Classifier")
    for version in ("3.11", "3.12", "3.13"):
        assert f"Programming Language :: Python :: {version}" in classifiers
    assert "image retrieval" in facts["Keywords"]


def test_source_archive_builds_the_same_wheel(wheel, source, tmp_path):
    build = f"import setuptools.build_meta as build; build.build_sdist({str(tmp_path)!r})"
    run(["-c", build], cwd=source)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"LICENSE", "Makefile", "tests/conftest.py"} <= names
    again = build_wheel(archive, tmp_path / "again")
    assert sorted(names_in(again)) == sorted(names_in(wheel))


@pytest.mark.slow
def test_installed_wheel_loads_the_zoo(wheel, source, zoo_files, tmp_path):
    python = empty_environment(tmp_path / "environment")
    install(python, wheel)
    found = report(python, tmp_path)
    assert found["package"].startswith(str(tmp_path))
    assert found["root"].startswith(str(tmp_path))
    check_report(found, zoo_files, source)


@pytest.mark.slow
def test_editable_install_loads_the_zoo(source, zoo_files, tmp_path):
    python = empty_environment(tmp_path / "environment")
    install(python, "--editable", source)
    found = report(python, tmp_path)
    assert found["package"].startswith(str(source))
    check_report(found, zoo_files, source)


@pytest.mark.slow
def test_bare_checkout_loads_the_zoo(source, zoo_files, tmp_path):
    python = empty_environment(tmp_path / "environment")
    found = report(python, tmp_path, PYTHONPATH=str(source))
    assert found["package"].startswith(str(source))
    check_report(found, zoo_files, source)


def test_without_data_files_the_error_says_where_it_looked(source, tmp_path):
    folder = shutil.copytree(source / "keras_hashing", tmp_path / "bare" / "keras_hashing")
    python = empty_environment(tmp_path / "environment")
    code = (
        "from keras_hashing import resources\n"
        "try: resources.zoo_path('samples')\n"
        "except FileNotFoundError as error: print(error)"
    )
    said = run(["-c", code], python, tmp_path, PYTHONPATH=str(folder.parent))
    assert str(folder.parent / "zoo" / "samples") in said
    assert "Install the package again" in said
