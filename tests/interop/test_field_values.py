"""What devices of the field write into values against the standard: each object is stored, found by what
it means, and comes back byte for byte; what `pacs dump --json` makes of it is in order, once, by its VR."""

import json
import struct

import pydicom

import harness
import raw_dicom as raw
from harness import pacs, run
from queries import Finder, find, identifier

CT = raw.CT_STORAGE
JPEG = "1.2.840.10008.1.2.4.50"
LONG = {"OB", "OW", "OF", "SQ", "UN", "UT", "UC", "UR"}


def element(tag, vr, value):
    """Explicit VR Little Endian (PS3.5 §7.1.2)."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    head += struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))
    return head + value


def implicit(tag, value):
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def item(content):
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def identity(number, unknown=False):
    """Elements of group 0008 to 0020 that every object has, by tag."""
    vr = "UN" if unknown else "UI"
    return {0x00080016: element(0x00080016, vr, raw.uid_bytes(CT) + b"\0" * (len(CT) % 2)),
            0x00080018: element(0x00080018, vr, f"1.2.9.{number}.1.1".encode().ljust(12, b"\0")),
            0x0020000D: element(0x0020000D, vr, f"1.2.9.{number}".encode().ljust(8, b"\0")),
            0x0020000E: element(0x0020000E, vr, f"1.2.9.{number}.1".encode().ljust(10, b"\0"))}


def data_set(number, elements, unknown=False, behind=b""):
    whole = identity(number, unknown)
    whole.update(elements)
    return b"".join(whole[tag] for tag in sorted(whole)) + behind


class FieldValues(harness.TestCase):
    def setUp(self):
        super().setUp()
        # Takes implicit VR only.
        self.sink = self.start(harness.storescp, self.folder, "+xi")
        self.pacs = self.server({"dicom": {"default_character_set": "ISO_IR 100"},
                                 "remote_ae": [{"ae_title": "TOKYO", "host": "127.0.0.1", "port": 104,
                                                "character_set": "Shift_JIS"},
                                               {"ae_title": "STORESCP", "host": "127.0.0.1",
                                                "port": self.sink.port}]})

    def store(self, number, content, calling="RAW", syntax=raw.EXPLICIT):
        """The status of a C-STORE of these bytes."""
        with raw.Connection(self.pacs.port) as scanner:
            scanner.associate(raw.context(1, CT, [syntax]), calling=calling)
            status = scanner.store(1, CT, f"1.2.9.{number}.1.1", content)
            scanner.release()
        return status

    def get(self, number):
        """The file that DCMTK gets, and its data set as bytes."""
        folder = self.folder / f"got-{number}-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        run("getscu", "-S", "+B", "-od", folder, *self.pacs.peer, "-k", "QueryRetrieveLevel=STUDY",
            "-k", f"StudyInstanceUID=1.2.9.{number}", ok=True)
        [path] = folder.iterdir()
        content = path.read_bytes()
        [at] = struct.unpack_from("<I", content, 140)
        return path, content[144 + at:]

    def comes_back(self, number, content):
        path, received = self.get(number)
        self.assertEqual(received, content)
        return json.loads(pacs("dump", "--json", path, ok=True).stdout)

    def find(self, **keys):
        return find(self.pacs, identifier("STUDY", "ISO_IR 192", StudyInstanceUID="", **keys))

    def stored(self, content):
        """Whether a file of the archive ends with these bytes; ends the server."""
        self.pacs.stop()
        return any(path.read_bytes().endswith(content) for path in self.pacs.objects())

    def departures(self, kind):
        return self.pacs.metrics()[f'pacs_storage_departures_total{{kind="{kind}"}}']

    def test_known_attributes_as_un_are_found_and_answered(self):
        code = implicit(0x00080100, b"C1") + implicit(0x00080102, b"99X ")
        content = data_set(1, {
            0x00080005: element(0x00080005, "UN", b"ISO_IR 192"),
            0x00080020: element(0x00080020, "UN", b"20240131"),
            0x00081032: element(0x00081032, "UN", item(code)),
            0x00100010: element(0x00100010, "UN", "Müller^Ann".encode()),
            0x00100020: element(0x00100020, "UN", b"P1"),
            0x00280010: element(0x00280010, "UN", struct.pack("<H", 512))}, unknown=True)
        self.assertEqual(self.store(1, content), 0)
        for keys in ({"PatientName": "müller*"}, {"PatientID": "P1"}, {"StudyDate": "20240101-20240201"}):
            self.assertEqual(len(self.find(**keys)), 1, keys)
        [answer] = self.find(PatientName="", StudyDate="", Rows="")
        self.assertEqual((str(answer.PatientName), answer.StudyDate), ("Müller^Ann", "20240131"))
        model = self.comes_back(1, content)
        self.assertEqual(model["00100010"], {"vr": "PN", "Value": [{"Alphabetic": "Müller^Ann"}]})
        self.assertEqual(model["00280010"], {"vr": "US", "Value": [512]})
        self.assertEqual(model["00081032"]["Value"][0]["00080100"], {"vr": "SH", "Value": ["C1"]})
        self.assertEqual(self.departures("known_as_un"), 1)
        # Who takes implicit VR only gets the same values.
        path, _ = self.get(1)
        run("dcmconv", "+ti", path, self.folder / "implicit.dcm", ok=True)
        run("movescu", "-S", "-aem", "STORESCP", *self.pacs.peer, "-k", "QueryRetrieveLevel=STUDY",
            "-k", "StudyInstanceUID=1.2.9.1", ok=True)
        [moved] = self.sink.received.iterdir()
        received, expected = pydicom.dcmread(moved), pydicom.dcmread(self.folder / "implicit.dcm")
        self.assertEqual(received.file_meta.TransferSyntaxUID, raw.IMPLICIT)
        received.decode()
        expected.decode()
        self.assertEqual(received, expected)

    def test_elements_of_commands_and_files_are_kept_and_not_acted_upon(self):
        content = (element(0x00000100, "US", b"\1\0") + element(0x00020010, "UI", JPEG.encode()) +
                   data_set(2, {0x00100020: element(0x00100020, "LO", b"P2")}))
        self.assertEqual(self.store(2, content), 0)
        self.assertEqual(len(self.find(PatientID="P2")), 1)
        self.assertEqual(self.departures("foreign_group"), 1)
        self.assertTrue(self.stored(content))

    def test_of_an_attribute_that_comes_twice_the_first_counts(self):
        again = (element(0x00100010, "PN", b"Second") + element(0x00080060, "CS", b"CT") +
                 element(0x00100020, "LO", b"P3"))
        content = data_set(3, {0x00100010: element(0x00100010, "PN", b"First "),
                               0x00100020: element(0x00100020, "LO", b"P3")}, behind=again)
        self.assertEqual(self.store(3, content), 0)
        self.assertEqual(len(self.find(PatientName="First")), 1)
        self.assertEqual(len(self.find(PatientName="Second")), 0)
        path, _ = self.get(3)
        text = pacs("dump", "--json", path, ok=True).stdout
        model = json.loads(text, object_pairs_hook=list)
        tags = [tag for tag, _ in model]
        self.assertEqual(tags, sorted(set(tags)))
        self.assertEqual(dict(json.loads(text))["00100010"]["Value"], [{"Alphabetic": "First"}])
        # Two patients in one object, or two places for it, are nobody's guess.
        for tag, vr, value in ((0x00100020, "LO", b"P9"), (0x0020000D, "UI", b"1.2.9.9\0"),
                               (0x0020000E, "UI", b"1.2.9.9\0"), (0x00080018, "UI", b"1.2.9.9\0")):
            refused = data_set(4, {0x00100020: element(0x00100020, "LO", b"P4")},
                               behind=element(tag, vr, value))
            self.assertEqual(self.store(4, refused) >> 12, 0xC, hex(tag))
            self.pacs.wait_for_line("twice")

    def test_native_pixel_data_under_an_encapsulated_syntax_is_counted_and_told(self):
        content = data_set(5, {0x00100020: element(0x00100020, "LO", b"P5"),
                               0x7FE00010: element(0x7FE00010, "OW", bytes(range(64)))})
        self.assertEqual(self.store(5, content, syntax=JPEG), 0)
        self.assertEqual(self.departures("native_pixel_data"), 1)
        self.assertTrue(self.stored(content))

    def test_text_without_character_set_is_read_in_that_of_its_source(self):
        latin = data_set(6, {0x00100010: element(0x00100010, "PN", "Müller^Jörg".encode("latin-1")),
                             0x00100020: element(0x00100020, "LO", b"P6")})
        self.assertEqual(self.store(6, latin), 0)
        tokyo = data_set(7, {0x00100010: element(0x00100010, "PN", "山田^ソ".encode("shift_jis")),
                             0x00100020: element(0x00100020, "LO", b"P7")})
        self.assertEqual(self.store(7, tokyo, calling="TOKYO"), 0)
        self.assertEqual([ds.StudyInstanceUID for ds in self.find(PatientName="müller*")], ["1.2.9.6"])
        self.assertEqual([ds.StudyInstanceUID for ds in self.find(PatientName="山田*")], ["1.2.9.7"])
        self.assertEqual(self.departures("no_character_set"), 2)
        # Such a peer asks and is answered as it writes, and told so.
        with Finder(self.pacs) as peer:
            [answer], final = peer.find(element(0x00080052, "CS", b"STUDY") +
                                        element(0x00100010, "PN", "Müller*".encode("latin-1")))
            self.assertEqual(final.status, 0)
            self.assertEqual(answer.SpecificCharacterSet, "ISO_IR 100")
            self.assertEqual(str(answer.PatientName), "Müller^Jörg")
        for number, content in ((6, latin), (7, tokyo)):
            self.assertEqual(self.get(number)[1], content)

    def test_a_character_set_is_taken_however_it_is_spelt(self):
        for number, (term, codec) in enumerate((("iso_ir 192", "utf-8"), ("UTF-8", "utf-8"),
                                                ("ISO 2022 GBK", "gbk"), ("ISO_IR_100", "latin-1"),
                                                ("ISO-8859-1", "latin-1"), ("latin1", "latin-1")), 10):
            name = "王^小东" if codec != "latin-1" else "Müller"
            content = data_set(number, {
                0x00080005: element(0x00080005, "CS", term.encode()),
                0x00100010: element(0x00100010, "PN", name.encode(codec)),
                0x00100020: element(0x00100020, "LO", b"Q%d" % number)})
            self.assertEqual(self.store(number, content), 0, term)
            [answer] = self.find(PatientID=f"Q{number}", PatientName=name)
            self.assertEqual(str(answer.PatientName), name, term)
            self.assertEqual(self.get(number)[1], content)

    def test_half_width_kana_are_found_without_their_voicing_mark(self):
        name = "ﾔﾏﾀﾞ^ﾊﾅｺ"
        content = data_set(20, {
            0x00080005: element(0x00080005, "CS", b"ISO_IR 13"),
            0x00100010: element(0x00100010, "PN", bytes(c - 0xFF61 + 0xA1 if c > 0xFF00 else c
                                                        for c in map(ord, name))),
            0x00100020: element(0x00100020, "LO", b"P20")})
        self.assertEqual(self.store(20, content), 0)
        for key in ("ﾔﾏﾀ*", "ﾔ?ﾀ*", "ﾔﾏﾀﾞ*", "ヤマダ*", "ヤマ?^*", "ﾔﾏ??^*"):
            self.assertEqual(len(self.find(PatientName=key)), 1, key)
        self.assertEqual(len(self.find(PatientName="ﾔﾏﾁ*")), 0)
