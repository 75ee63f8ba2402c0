import pathlib
import subprocess
import sys

import pytest
import typer

import keras_hashing
from keras_hashing.cli import main


def run(*words):
    """The program itself, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "keras_hashing", *words],
        capture_output=True,
        text=True,
        cwd=pathlib.Path(__file__).parents[2],
    )


@pytest.fixture
def command(monkeypatch):
    """Function that makes `keras-hashing try` do something."""

    def install(function):
        app = typer.Typer()
        app.command()(function)
        module = type(sys)("keras_hashing.cli.try")
        module.app = app
        monkeypatch.setitem(sys.modules, "keras_hashing.cli.try", module)
        monkeypatch.setitem(main.COMMANDS, "try", "Try it.")

    return install


def raising(error, place="keras_hashing.cli.try"):
    """A function that raises the error as if it stood in the module `place`."""
    names = {"__name__": place, "error": error}
    exec("def function():\n    raise error", names)
    return names["function"]


def test_help_lists_every_command(call):
    for words in ((), ("--help",)):
        result = call(*words)
        assert result.exit_code == 0
        assert all(name in result.stdout for name in main.COMMANDS)


@pytest.mark.parametrize("name", sorted(main.COMMANDS.keys() - {"demo"}))
def test_help_offers_no_shell_completion(call, name):
    # Completion would be installed for a program of the command's name.
    assert "completion" not in call(name, "--help").stdout


def test_version(call):
    assert call("--version").stdout == f"keras-hashing {keras_hashing.__version__}\n"


def test_help_loads_neither_tensorflow_nor_keras():
    code = (
        "import sys\n"
        "from keras_hashing.cli.main import main\n"
        "for words in (['--help'], ['index', '--help'], ['search', '--help']):\n"
        "    try: main(words)\n"
        "    except SystemExit as end: assert not end.code\n"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_mistake_in_the_real_program(tmp_path):
    done = run("index", str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"keras-hashing: There is no folder {tmp_path / 'none'}. Check the path.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("serch",), "`COMMAND` got the unknown value 'serch'"),
        (("--vrsion",), "No such option: --vrsion"),
        (("index",), "Missing argument 'FOLDER'"),
        (("index", ".", "--bits", "many"), "Invalid value for '--bits'"),
        (("search", "a.jpg", "--fast"), "No such option: --fast"),
    ],
)
def test_a_wrong_call(fails, words, said):
    assert said in fails(*words)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("`x` must be 1;\n got 2."), "`x` must be 1; got 2."),
        (TypeError("no"), "no"),
        (FileNotFoundError(2, "No such file or directory", "a.jpg"), "a.jpg"),
        (FileNotFoundError("There is no index here."), "There is no index here."),
        (PermissionError(13, "Permission denied", "/x"), "Permission denied: /x"),
        (ImportError("Install keras_hashing[faiss]."), "Install keras_hashing[faiss]."),
        (ValueError(), "ValueError"),
        (ValueError("odd name \udcff.jpg"), "odd name ?.jpg"),
    ],
)
def test_what_the_library_raises_is_one_line(fails, command, error, said):
    command(raising(error))
    assert fails("try").endswith(said)


def test_the_traceback_can_be_had(call, command, monkeypatch):
    monkeypatch.setenv("KERAS_HASHING_TRACEBACK", "1")
    error = ValueError("wrong")
    command(raising(error))
    assert call("try").exception is error


@pytest.mark.parametrize(
    ("error", "place", "said"),
    [
        (ValueError("Wrong\n shape."), "keras.src.layers", "ValueError in keras: Wrong shape"),
        (TypeError("no"), "tensorflow.python.eager", "TypeError in tensorflow: no"),
        (ImportError("no CUDA"), "tensorflow", "ImportError in tensorflow: no CUDA"),
        (
            RuntimeError("it stopped"),
            "keras_hashing.x",
            "RuntimeError in keras_hashing: it stopped",
        ),
        (ZeroDivisionError(), "keras_hashing.x", "ZeroDivisionError in keras_hashing"),
    ],
)
def test_what_nobody_foresaw_says_how_to_see_more(call, command, error, place, said):
    command(raising(error, place))
    result = call("try")
    assert (result.exit_code, result.stdout) == (1, "")
    more = "Set KERAS_HASHING_TRACEBACK=1 to see where it comes from."
    assert result.stderr == f"keras-hashing: {said}. {more}\n"


def test_an_error_that_keras_itself_raises(call, command):
    def function():
        import keras

        keras.layers.Dense(-1)

    command(function)
    result = call("try")
    assert result.exit_code == 1
    assert result.stderr.startswith("keras-hashing: ValueError in keras: ")


def test_exit_codes_of_commands_are_kept(call, command):
    command(raising(typer.Exit(3)))
    assert call("try").exit_code == 3
    command(raising(KeyboardInterrupt()))
    assert call("try").exit_code == 130
    command(lambda: None)
    assert call("try").exit_code == 0
