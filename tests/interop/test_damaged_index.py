"""A damaged index: what the program says, and that following it literally brings every image back."""

import re

import harness
from harness import pacs

CT = harness.PYDICOM_FILES / "CT_small.dcm"
MR = harness.PYDICOM_FILES / "MR_small.dcm"


class DamagedIndex(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        # Two runs: the journal does not hold what was stored in the first.
        for file in (CT, MR):
            self.at(self.data, "import", file, ok=True)

    def at(self, folder, *arguments, **options):
        return pacs(*arguments, "--set", f"storage.path={folder}", **options)

    def damage(self, how):
        index = self.data / "index.sqlite"
        size = index.stat().st_size
        with open(index, "r+b") as file:
            if how == "cut":
                file.truncate(size // 3)
            else:
                file.seek(4096 * 3)
                file.write(b"?" * (size - 4096 * 3))

    def test_what_is_said_can_be_followed(self):
        for how in ("cut", "garbled"):
            with self.subTest(how):
                self.damage(how)
                done = self.at(self.data, "verify", ok=False)
                self.assertIn("the index is damaged. Move index.sqlite", done.stderr)
                for file in re.findall(r"index\.sqlite[-a-z]*", done.stderr):
                    (self.data / file).unlink(missing_ok=True)
                self.assertRegex(self.at(self.data, "verify", ok=True).stdout, "verified 2 objects.*all intact")
                self.at(self.data, "import", MR, ok=True)  # is there already, and known
                self.assertRegex(self.at(self.data, "verify", ok=True).stdout, "verified 2 objects.*all intact")
