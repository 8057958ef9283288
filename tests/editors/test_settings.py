"""The settings for Helix and Zed: they can be read, and name a command and options that there are."""

import os
import pathlib
import subprocess
import tomllib

EDITORS = pathlib.Path(__file__).parent.parent.parent / "lsp" / "editors"
DLM = os.environ["DLM"]


def read(path):
    return tomllib.loads((EDITORS / path).read_text())


def commands(words):
    """Whether the command takes these words, as its help has them."""
    return subprocess.run([DLM, *words, "--help"], capture_output=True).returncode == 0


helix = read("helix/languages.toml")
(language,) = helix["language"]
assert language["file-types"] == ["dlm"]
for name in language["language-servers"]:
    server = helix["language-server"][name]
    assert server["command"] == "dlm" and commands(server["args"]), server
    assert set(server["config"]) == {"hints", "lenses"}
formatter = language["formatter"]
untidy = "model   Net( x:[4] ){\n x->dense( 3 )\n}\n"
tidy = subprocess.run([DLM, *formatter["args"]], input=untidy, capture_output=True, text=True)
assert tidy.stdout == "model Net(x: [4]) {\n    x -> dense(3)\n}\n", tidy

zed = read("zed/extension.toml")
config = read("zed/languages/dlm/config.toml")
assert config["path_suffixes"] == ["dlm"]
assert zed["language_servers"]["dlm"]["languages"] == [config["name"]]
manifest = read("zed/Cargo.toml")
assert manifest["package"]["version"] == zed["version"]
print("settings of Helix and Zed are well")
