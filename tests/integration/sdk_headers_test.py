"""Each header of the SDK compiles alone, without a warning, in every language that it promises."""

import os
import pathlib
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ.get("HILUM_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


class SdkHeaders(unittest.TestCase):
    def compile(self, folder, language, standard):
        compiler = os.environ.get("CC", "cc") if language == "c" else os.environ.get("CXX", "c++")
        headers = sorted((SOURCE / folder).rglob("*.h"))
        self.assertTrue(headers, folder)
        for header in headers:
            name = header.relative_to(SOURCE / folder)
            with self.subTest(header=str(name), standard=standard):
                result = subprocess.run(
                    [compiler, f"-std={standard}", *WARNINGS, "-fsyntax-only", "-x", language, "-",
                     f"-I{SOURCE}/sdk/include", f"-I{SOURCE}/sdk/cpp/include"],
                    input=f"#include <{name}>\nint main(void) {{ return 0; }}\n", text=True, capture_output=True, timeout=120)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_c_headers_as_c99(self):
        self.compile("sdk/include", "c", "c99")

    def test_c_headers_as_c11(self):
        self.compile("sdk/include", "c", "c11")

    def test_c_headers_as_cpp11(self):
        self.compile("sdk/include", "c++", "c++11")

    def test_c_headers_as_cpp17(self):
        self.compile("sdk/include", "c++", "c++17")

    def test_cpp_headers(self):
        self.compile("sdk/cpp/include", "c++", "c++17")

    def test_nothing_reaches_into_the_core(self):
        for folder in ("sdk", "samples", "plugins", "lua"):
            for path in (SOURCE / folder).rglob("*"):
                if path.suffix in (".h", ".c", ".cpp"):
                    with self.subTest(file=str(path)):
                        self.assertNotIn('#include "core/', path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
