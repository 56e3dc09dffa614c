import json
import subprocess

import pytest

SETTINGS = """
[project]
name = "p"
[tool.audit]
select = ["stubs", "lint.ruff", "claims"]
inputs = ["weights"]
exclude = [{ path = "out", reason = "the report" }]
[tool.audit.claims]
documents = ["d.md"]
"""


@pytest.fixture
def project(tmp_path, monkeypatch, audit):
    """A project that has just been audited, its report in `out`."""
    monkeypatch.chdir(tmp_path)
    files = {
        "pyproject.toml": SETTINGS, "code.py": "import sys\n\nprint(sys.argv)\n", "d.md": "3<!-- claim: a -->\n",
        "claims.toml": '[a]\nevidence = "m.json"\nkey = "x"\n', "m.json": json.dumps({"x": 3}),
        "weights/w.bin": "0101",
    }  # fmt: skip
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    status, out, err = audit("--output", "out")
    assert status == 0, out + err
    return tmp_path


@pytest.fixture
def keys(tmp_path):
    """(private, public) as openssl writes them."""
    private, public = tmp_path / "out" / "key.pem", tmp_path / "out" / "pub.pem"
    private.parent.mkdir(exist_ok=True)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return str(private), str(public)
