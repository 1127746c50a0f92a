"""DICOM files of our own for the comparison: what the files of pydicom don't have.

Character sets, private tags, deep nesting, frames and colours of all layouts, and each transfer syntax that the
tools of DCMTK and GDCM can make. `generated_files()` makes them in a temporary folder (Debian packages `dcmtk` and
`libgdcm-tools`) and returns their bytes by name; the first word of a name is its kind.
"""

import os
import struct
import subprocess
import tempfile

import orthanc_server  # noqa: F401  puts tests/integration into the path
from images_case import image  # of tests/integration

UNDEFINED = 0xffffffff
LONG = ("OB", "OW", "OF", "SQ", "UN", "UT", "UC", "UR")


def generated_files(*kinds):
    """All files of some kinds: charset, private, nested, image, syntax."""
    makers = {"charset": charsets, "private": private_tags, "nested": nested, "image": images, "syntax": syntaxes}
    return {f"{kind} {name}": body for kind in kinds for name, body in makers[kind]().items()}


# --- writing by hand, for what pydicom would put right ---

def element(group, number, vr, value):
    """Explicit VR, little endian."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    head = struct.pack("<HH", group, number) + vr.encode()
    return head + (struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))) + value


def sequence(group, number, items, undefined=False, vr="SQ"):
    if not undefined:
        return element(group, number, vr, b"".join(struct.pack("<HHI", 0xfffe, 0xe000, len(item)) + item for item in items))
    body = b"".join(struct.pack("<HHI", 0xfffe, 0xe000, UNDEFINED) + item + struct.pack("<HHI", 0xfffe, 0xe00d, 0)
                    for item in items)
    return (struct.pack("<HH", group, number) + vr.encode() + struct.pack("<HI", 0, UNDEFINED) + body +
            struct.pack("<HHI", 0xfffe, 0xe0dd, 0))


def dicom_file(number, elements, charset=None, name=b"Test^Generated"):
    """A file of few elements and of `elements`, pairs of a tag and its bytes."""
    uid = f"2.25.77{number:04d}"
    sop_class = b"1.2.840.10008.5.1.4.1.1.7"
    meta = (element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", sop_class) + element(2, 3, "UI", uid.encode()) +
            element(2, 0x10, "UI", b"1.2.840.10008.1.2.1") + element(2, 0x12, "UI", b"2.25.77"))
    own = {
        (8, 0x16): element(8, 0x16, "UI", sop_class),
        (8, 0x18): element(8, 0x18, "UI", uid.encode()),
        (8, 0x20): element(8, 0x20, "DA", b"20260102"),
        (8, 0x60): element(8, 0x60, "CS", b"OT"),
        (0x10, 0x10): element(0x10, 0x10, "PN", name),
        (0x10, 0x20): element(0x10, 0x20, "LO", f"GEN{number}".encode()),
        (0x20, 0xd): element(0x20, 0xd, "UI", f"{uid}.1".encode()),
        (0x20, 0xe): element(0x20, 0xe, "UI", f"{uid}.2".encode()),
    }
    if charset is not None:
        own[8, 5] = element(8, 5, "CS", charset)
    own.update(dict(elements))
    return (b"\0" * 128 + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta +
            b"".join(own[tag] for tag in sorted(own)))


# --- character sets (PS3.5 section 6.1, PS3.3 section C.12.1.1.2) ---

def escaped(*parts):
    """Pieces of bytes, and of (escape sequence, text, codec)."""
    return b"".join(part if isinstance(part, bytes) else part[0] + part[1].encode(part[2]) for part in parts)


def japanese(text):
    """JIS X 0208 between its escape sequence and the way back to ASCII."""
    return text.encode("iso2022_jp")


SINGLE = {  # term: Python's codec, a name
    "100": ("latin1", "Jérôme^Bücher"), "101": ("latin2", "Wałęsa^Česky"), "109": ("iso8859_3", "Ĉapelo^Ġorġ"),
    "110": ("iso8859_4", "Ķirsis^Ģirts"), "144": ("iso8859_5", "Люксембург^Анна"), "127": ("iso8859_6", "قباني^لنزار"),
    "126": ("iso8859_7", "Διονυσιος^Αννα"), "138": ("iso8859_8", "שרון^דבורה"), "148": ("iso8859_9", "Çavuşoğlu^İnci"),
    "166": ("tis_620", "นามสกุล^ชื่อ"), "203": ("iso8859_15", "Œuvre^Žan"), "13": ("shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
}
WHOLE = {"ISO_IR 192": ("utf8", "王^小东=Müller^Жук"), "GB18030": ("gb18030", "王^小东=㐀^𠀀"), "GBK": ("gbk", "王^小東")}


def korean(text):
    return b"\x1b$)C" + text.encode("euc_kr")


def chinese(text):
    return b"\x1b$)A" + text.encode("gb2312")


def supplementary(text):
    """JIS X 0212."""
    return text.encode("iso2022_jp_1")


CODE_EXTENSIONS = {
    "japanese 87": (b"\\ISO 2022 IR 87", b"Yamada^Tarou=" + japanese("山田") + b"^" + japanese("太郎") + b"=" +
                    japanese("やまだ") + b"^" + japanese("たろう")),
    "japanese 13 87": (b"ISO 2022 IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=".encode("shift_jis") + japanese("山田").replace(b"\x1b(B", b"\x1b(J") +
                       b"^" + japanese("太郎").replace(b"\x1b(B", b"\x1b(J")),
    "japanese 87 159": (b"\\ISO 2022 IR 87\\ISO 2022 IR 159", b"Kakei^Rin=" + japanese("筧") + supplementary("丂丄") + b"^" + japanese("凛")),
    "korean": (b"\\ISO 2022 IR 149", b"Hong^Gildong=" + korean("洪") + b"^" + korean("吉洞") + b"=" + korean("홍") + b"^" + korean("길동")),
    "chinese 58": (b"\\ISO 2022 IR 58", b"Zhang^XiaoDong=" + chinese("张") + b"^" + chinese("小东")),
    "latin greek cyrillic": (b"ISO 2022 IR 100\\ISO 2022 IR 126\\ISO 2022 IR 144",
                             escaped("é".encode("latin1"), (b"\x1b-F", "Διον", "iso8859_7"), b"^",
                                     (b"\x1b-L", "Люк", "iso8859_5"))),
    "ascii greek": (b"ISO 2022 IR 6\\ISO 2022 IR 126", escaped(b"Dionysios=", (b"\x1b-F", "Διονυσιος", "iso8859_7"))),
}
MISNAMED = {"unknown": b"FOO_IR 7", "empty": b"", "spaced": b" ISO_IR 100 ", "lower case": b"iso_ir 100", "hyphen": b"ISO-IR 100",
            "utf8 with others": b"ISO_IR 192\\ISO 2022 IR 87", "ascii": b"ISO_IR 6", "twice": b"ISO_IR 100\\ISO_IR 144"}


def charset_file(number, charset, name):
    item = element(8, 0x104, "LO", name.split(b"^")[0].split(b"=")[0])
    elements = {
        (8, 0x80): element(8, 0x80, "LO", name.split(b"=")[0]),
        (8, 0x1070): element(8, 0x1070, "PN", name + b"\\" + b"Second^One\\" + name.split(b"=")[0]),
        (8, 0x1032): sequence(8, 0x1032, [item]),
        (0x10, 0x4000): element(0x10, 0x4000, "LT", name + b"\r\nsecond line\t" + name.split(b"=")[0]),
    }
    return dicom_file(number, elements, charset, name)


def charsets():
    files = {}
    number = 100
    for term, (codec, name) in SINGLE.items():
        for form in ("ISO_IR", "ISO 2022 IR"):
            number += 1
            files[f"{form} {term}"] = charset_file(number, f"{form} {term}".encode(), name.encode(codec))
    for term, (codec, name) in WHOLE.items():
        number += 1
        files[term] = charset_file(number, term.encode(), name.encode(codec))
    for label, (charset, name) in CODE_EXTENSIONS.items():
        number += 1
        files[label] = charset_file(number, charset, name)
    for label, charset in MISNAMED.items():
        number += 1
        files[label] = charset_file(number, charset, "Jérôme^B".encode("latin1"))
    files["none"] = charset_file(199, None, "Jérôme^B".encode("latin1"))
    item = element(8, 5, "CS", b"ISO_IR 192") + element(8, 0x104, "LO", "Ünïcödé".encode())
    files["of an item"] = dicom_file(196, {(8, 0x1032): sequence(8, 0x1032, [item])}, b"ISO_IR 101", "Wałęsa".encode("latin2"))
    files["bytes that are no UTF-8"] = charset_file(198, b"ISO_IR 192", b"J\xe9r^\xff\xfe")
    files["unfinished escape"] = charset_file(197, b"\\ISO 2022 IR 87", b"A\x1b$B;3^B\x1b$")
    return files


# --- private tags (PS3.5 section 7.8) ---

def private_tags():
    known = {(0x29, 0x10): element(0x29, 0x10, "LO", b"SIEMENS CSA HEADER"),
             (0x29, 0x1008): element(0x29, 0x1008, "CS", b"IMAGE NUM 4"),
             (0x29, 0x1009): element(0x29, 0x1009, "LO", b"20260102")}
    unknown = {(0x31, 0x10): element(0x31, 0x10, "LO", b"NOBODY KNOWS"),
               (0x31, 0x1001): element(0x31, 0x1001, "LO", b"a\\b\\c"),
               (0x31, 0x1002): element(0x31, 0x1002, "UN", bytes(range(40))),
               (0x31, 0x1003): element(0x31, 0x1003, "DS", b"1.5\\-2e3"),
               (0x31, 0x1004): element(0x31, 0x1004, "US", struct.pack("<3H", 1, 2, 65535)),
               (0x31, 0x1005): element(0x31, 0x1005, "UN", b"text as UN")}
    blocks = {(0x33, 0x10): element(0x33, 0x10, "LO", b"FIRST"), (0x33, 0x11): element(0x33, 0x11, "LO", b"SECOND"),
              (0x33, 0xff): element(0x33, 0xff, "LO", b"LAST"), (0x33, 0x1001): element(0x33, 0x1001, "SH", b"one"),
              (0x33, 0x1101): element(0x33, 0x1101, "SH", b"two"), (0x33, 0xff01): element(0x33, 0xff01, "SH", b"three"),
              (0x33, 0xfeff): element(0x33, 0xfeff, "SH", b"of nobody")}
    item = element(0x31, 0x10, "LO", b"NOBODY KNOWS") + element(0x31, 0x1001, "LO", b"inside")
    sequences = {(0x31, 0x10): unknown[0x31, 0x10],
                 (0x31, 0x1006): sequence(0x31, 0x1006, [item, item], undefined=True),
                 (0x31, 0x1007): sequence(0x31, 0x1007, []),
                 (0x31, 0x1008): sequence(0x31, 0x1008, [b"", item])}
    # A sequence whose writer did not know its VR is implicit inside (PS3.5 section 6.2.2).
    implicit = struct.pack("<HHI", 0x31, 0x10, 12) + b"NOBODY KNOWS" + struct.pack("<HHI", 0x31, 0x1001, 6) + b"inside"
    sequences[0x31, 0x1009] = sequence(0x31, 0x1009, [implicit], undefined=True, vr="UN")
    return {
        "known creator": dicom_file(201, known),
        "unknown creator": dicom_file(202, unknown),
        "several blocks": dicom_file(203, blocks),
        "sequences": dicom_file(204, sequences),
        "no creator": dicom_file(205, {(0x35, 0x1001): element(0x35, 0x1001, "LO", b"alone"),
                                       (0x29, 0x1008): element(0x29, 0x1008, "CS", b"ALONE")}),
        "empty values": dicom_file(206, {(0x31, 0x10): unknown[0x31, 0x10],
                                         (0x31, 0x1001): element(0x31, 0x1001, "LO", b""),
                                         (0x31, 0x1002): element(0x31, 0x1002, "UN", b"")}),
    }


# --- nesting ---

def nested():
    def deep(levels, undefined):
        inner = element(8, 0x100, "SH", b"bottom") + element(8, 0x104, "LO", b"Bottom of all")
        for level in range(levels):
            inner = element(8, 0x100, "SH", f"level {level}".encode()) + sequence(0x40, 0xa730, [inner], undefined)
        return {(0x40, 0xa730): sequence(0x40, 0xa730, [inner], undefined)}

    wide = [element(8, 0x100, "SH", f"code {index}".encode()) for index in range(200)]
    return {"30 levels": dicom_file(301, deep(30, False)), "30 levels undefined": dicom_file(302, deep(30, True)),
            "200 items": dicom_file(303, {(8, 0x1032): sequence(8, 0x1032, wide)}),
            "empty items": dicom_file(304, {(8, 0x1032): sequence(8, 0x1032, [b"", wide[0], b""], True),
                                            (8, 0x1115): sequence(8, 0x1115, [])})}


# --- images ---

def gray(scale, offset=0):
    return [[x * scale + y * 3 + offset for x in range(16)] for y in range(12)]


def colours(shift=0):
    return [[[x * 15, y * 20, 255 - x * 9 - shift] for x in range(16)] for y in range(12)]


def images():
    """Frames of all layouts."""
    return {
        "gray 8, 3 frames": image([gray(2), gray(9), gray(13)], bits=8, instance="2.25.78001"),
        "gray 16, 3 frames": image([gray(2), gray(900), gray(4000)], instance="2.25.78002"),
        "signed 16, 2 frames": image([gray(90, -300), gray(900, -9000)], PixelRepresentation=1, instance="2.25.78003"),
        "colour by pixel, 2 frames": image([colours(), colours(99)], bits=8, colour=True, instance="2.25.78004"),
        "colour by plane, 2 frames": image([colours(), colours(99)], bits=8, colour=True, PlanarConfiguration=1,
                                           instance="2.25.78005"),
        "odd size, 3 frames": image([[[1, 2, 3]] * 3, [[4, 5, 6]] * 3, [[7, 8, 9]] * 3], bits=8, instance="2.25.78006"),
    }


# Each makes one syntax or variant of it; the sources that it must be able to write.
GRAY, DEEP, ALL = ("gray8",), ("gray8", "gray12", "gray16"), ("gray8", "gray12", "gray16", "rgb8", "frames8")
TOOLS = {
    "implicit": (ALL, ["dcmconv", "+ti"]),
    "big endian": (ALL, ["dcmconv", "+tb"]),
    "deflated": (ALL, ["dcmconv", "+td"]),
    "JPEG baseline": (("gray8", "rgb8", "frames8"), ["dcmcjpeg", "+un", "+eb"]),
    "JPEG baseline rgb": (("rgb8",), ["dcmcjpeg", "+un", "+eb", "+cr"]),
    "JPEG extended": (("gray8", "gray12"), ["dcmcjpeg", "+un", "+ee"]),
    "JPEG spectral": (("gray8", "gray12"), ["dcmcjpeg", "+un", "+es"]),
    "JPEG progressive": (("gray8", "gray12", "rgb8"), ["dcmcjpeg", "+un", "+ep"]),
    "JPEG lossless": (ALL, ["dcmcjpeg", "+un", "+el"]),
    "JPEG lossless SV1": (ALL, ["dcmcjpeg", "+un", "+e1"]),
    "JPEG in fragments": (("noise16",), ["dcmcjpeg", "+un", "+e1", "+fs", "1"]),
    "JPEG-LS": (ALL, ["dcmcjpls", "+un", "+el"]),
    "JPEG-LS near": (ALL, ["dcmcjpls", "+un", "+en"]),
    "RLE": (ALL, ["dcmcrle", "+un"]),
    "RLE without offsets": (("gray16", "frames8"), ["dcmcrle", "+un", "-ot"]),
    "GDCM implicit": (GRAY, ["gdcmconv", "--implicit"]),
    "GDCM explicit": (GRAY, ["gdcmconv", "--explicit"]),
    "GDCM deflated": (GRAY, ["gdcmconv", "--deflated"]),
    "GDCM planar": (("rgb8",), ["gdcmconv", "--raw", "--planar-configuration", "1"]),
    "GDCM JPEG": (ALL, ["gdcmconv", "--jpeg"]),
    "GDCM JPEG lossy": (("gray8", "rgb8"), ["gdcmconv", "--jpeg", "--lossy", "-q", "80"]),
    "GDCM JPEG-LS": (("gray8", "gray12", "gray16", "frames8"), ["gdcmconv", "--jpegls"]),
    "GDCM JPEG-LS lossy": (("gray8", "gray12"), ["gdcmconv", "--jpegls", "--lossy", "-e", "2"]),
    "GDCM JPEG 2000": (ALL, ["gdcmconv", "--j2k"]),
    "GDCM JPEG 2000 lossy": (("gray8", "rgb8"), ["gdcmconv", "--j2k", "--lossy", "-r", "5", "--irreversible"]),
    "GDCM JPEG 2000 tiles": (("gray16",), ["gdcmconv", "--j2k", "-t", "8,8", "-n", "2"]),
    "GDCM RLE": (ALL, ["gdcmconv", "--rle"]),
}


def source_file(source, number):
    instance = f"2.25.79{number:04d}"
    if source == "rgb8":
        return image(colours(), bits=8, colour=True, instance=instance)
    if source == "frames8":
        return image([gray(2), gray(9), gray(13)], bits=8, instance=instance)
    if source == "noise16":  # does not become small
        return image([[(x * 40503 + y * 30011) * (x + 7 * y) % 65521 for x in range(64)] for y in range(32)], instance=instance)
    scale, allocated, stored = {"gray8": (15, 8, 8), "gray12": (250, 16, 12), "gray16": (4000, 16, 16)}[source]
    return image(gray(scale), bits=allocated, BitsStored=stored, instance=instance)


def syntaxes():
    files = {}
    with tempfile.TemporaryDirectory(prefix="hilum-generate-") as folder:
        for label, (wanted, command) in TOOLS.items():
            for source in wanted:
                files[f"{label} {source}"] = convert(folder, source_file(source, len(files)), command)
    return files


def convert(folder, body, command):
    source, target = os.path.join(folder, "source.dcm"), os.path.join(folder, "target.dcm")
    with open(source, "wb") as file:
        file.write(body)
    done = subprocess.run([*command, source, target], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 or not os.path.exists(target):
        raise SystemExit(f"{' '.join(command)}: {done.returncode} {done.stderr[-500:]}")
    with open(target, "rb") as file:
        converted = file.read()
    os.unlink(target)
    return converted
