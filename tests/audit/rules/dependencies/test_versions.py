from dataclasses import replace

import pytest

from audit.model import Location
from audit.rules.dependencies.versions import impossible, releases
from audit.rules.requirements import parsed


@pytest.mark.parametrize(
    ("line", "lowest", "highest", "reason"),
    [
        ("torch==1.99.0", None, None, "torch 1.99.0 was never published: 2.0.0 follows 1.13.1"),
        ("torch==1.13.9", None, None, "torch 1.13.9 was never published: 2.0.0 follows 1.13.1"),
        ("opencv-python==4.5.5", None, None, "was never published: 4.5.5.62 follows 4.5.4.60"),
        ("torch==1.99.0+cu118", None, None, ""),
        ("torch==99.0", None, None, "2.15.0 is the newest that is known"),
        ("torch==3.0.0", None, None, ""),
        ("torch==2027.1", None, None, ""),
        ("pyarrow==27.1", None, None, ""),
        ("torch==2.999", None, None, ""),
        ("numpy==2.4.99", None, None, ""),
        ("pillow==99.0", None, None, "is the newest that is known"),
        ("pyarrow==45.0", None, None, ""),
        ("torch==0.0.1", None, None, ""),
        ("nobody-knows-this==1.0", (3, 12), (3, 12), ""),
        ("scikit-learn==1.3", (3, 9), (3, 11), ""),
        ("tensorflow==1.15", (3, 8), (3, 8), "1.15 has no build for Python 3.8: 3.7 is the last that has one"),
        ("torch==2.0.0+cu118", (3, 12), None, "2.0.0 has no build for Python 3.12: 3.11 is the last that has one"),
        ("numpy==2.1.0", (3, 8), (3, 9), "numpy 2.1.0 needs Python 3.10, and 3.9 is stated"),
        ("numpy==2.1.0; python_version >= '3.10'", (3, 8), (3, 9), ""),
        ("numpy>=2.1.0", (3, 8), (3, 9), "numpy 2.1 and later need Python 3.10, and 3.9 is stated"),
        ("numpy>=2.1.0", (3, 8), None, ""),
        ("numpy>=2.1.0,<2.1", None, None, "no version of numpy is >=2.1.0,<2.1"),
    ],
)
def test_a_pin_is_held_against_what_was_published(line, lowest, highest, reason):
    found = impossible(parsed(line, Location("requirements.txt", 1)), lowest, highest)
    assert found.endswith(reason) if reason else not found


def test_conda_builds_what_it_likes_but_not_for_older_pythons():
    pin = replace(parsed("numpy==1.19.2", Location("environment.yml", 1)), specifier="=1.19.2")
    assert impossible(pin, (3, 12), (3, 12)) == ""
    newer = replace(pin, specifier="=2.1.0")
    assert "needs Python 3.10" in impossible(newer, (3, 8), (3, 8))


@pytest.mark.parametrize(
    ("line", "path", "reason"),
    [
        ("sklearn", "setup.py", "scikit-learn is meant"),
        ("cv2", "requirements.txt", "opencv-python is meant"),
        ("yaml", "environment.yml", ""),
        ("os", "requirements.txt", "it is a part of Python"),
        ("python", "environment.yml", ""),
        ("bs4", "requirements.txt", ""),
    ],
)
def test_names_of_modules_are_no_names_of_distributions(line, path, reason):
    found = impossible(parsed(line, Location(path, 1)), None, None)
    assert found.endswith(reason) if reason else not found


def test_the_name_of_a_file_states_its_python():
    line = "numpy==1.19.5"
    assert "no build for Python 3.11" in impossible(parsed(line, Location("requirements-py311.txt", 1)), None, None)
    assert impossible(parsed(line, Location("requirements.txt", 1)), None, None) == ""


def test_the_list_is_in_order_and_makes_sense():
    for name, listed in releases().items():
        assert list(listed) == sorted(listed), name
        assert all(release.highest is None or release.lowest <= release.highest for release in listed.values()), name
    assert {"torch", "tensorflow", "numpy"} <= releases().keys()
