"""The settings for Helix and Zed: they can be read, and name a command and options that there are."""

import os
import pathlib
import subprocess
import tomllib

EDITORS = pathlib.Path(__file__).parent.parent.parent / "lsp" / "editors"
DLM = os.environ["DLM"]


def read(path):
    return tomllib.loads((EDITORS / path).read_text())


def test_helix_starts_the_server():
    helix = read("helix/languages.toml")
    (language,) = helix["language"]
    assert language["file-types"] == ["dlm"]
    (name,) = language["language-servers"]
    server = helix["language-server"][name]
    assert server["command"] == "dlm"
    # The command takes these words.
    assert subprocess.run([DLM, *server["args"], "--help"], capture_output=True).returncode == 0
    assert server["config"] == {"hints": {"shapes": True, "arguments": True, "sizes": True}, "lenses": True}


def test_helix_formats():
    (language,) = read("helix/languages.toml")["language"]
    formatter = language["formatter"]
    assert formatter["command"] == "dlm"
    untidy = "model   Net( x:[4] ){\n x->dense( 3 )\n}\n"
    tidy = subprocess.run([DLM, *formatter["args"]], input=untidy, capture_output=True, text=True)
    assert tidy.stdout == "model Net(x: [4]) {\n    x -> dense(3)\n}\n", tidy


def test_zed_knows_the_language_and_its_server():
    zed = read("zed/extension.toml")
    config = read("zed/languages/dlm/config.toml")
    assert config["path_suffixes"] == ["dlm"]
    assert zed["language_servers"]["dlm"]["languages"] == [config["name"]]
    assert read("zed/Cargo.toml")["package"]["version"] == zed["version"]
