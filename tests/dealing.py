"""How the tests are dealt to the workers of pytest-xdist."""

from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/end_to_end/", "tests/colorlib/pipeline/")  # folders whose files share a fixture that takes long
APART = "tests/end_to_end/test_apps.py"  # which needs none of it


class Dealer(LoadFileScheduling):
    """Deals whole files, in the order in which they were collected, and the files of some folders as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return file if file == APART else next((folder for folder in TOGETHER if file.startswith(folder)), file)
