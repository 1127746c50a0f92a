"""What a plugin author does: installs the SDK, builds the samples somewhere else, and lets the server load them."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from hilum_server import HilumServer

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("HILUM_SOURCE_DIR", HERE.parents[1]))
BUILD = os.environ.get("HILUM_BUILD_DIR", "")
os.environ.setdefault("CMAKE_GENERATOR", "Ninja")  # what the project itself builds with; make may be missing


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command}:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def exported_symbols(shared_object):
    lines = run("nm", "-D", "--defined-only", shared_object).splitlines()
    return [line.split()[-1] for line in lines]


@unittest.skipUnless(BUILD, "HILUM_BUILD_DIR is not set")
class SdkOutside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hilum-sdk-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--component", "sdk", "--prefix", cls.prefix)
        cls.plugins = cls.folder / "plugins"
        cls.plugins.mkdir()

    def build(self, sample, name):
        source = self.folder / sample
        shutil.copytree(SOURCE / "samples/plugins" / sample, source)
        build = self.folder / f"build-{sample}"
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            # sanitizers must be those of the server that loads it
            *([f"-DCMAKE_C_FLAGS={os.environ['HILUM_SAMPLE_FLAGS']}",
               f"-DCMAKE_CXX_FLAGS={os.environ['HILUM_SAMPLE_FLAGS']}"] if os.environ.get("HILUM_SAMPLE_FLAGS") else []))
        run("cmake", "--build", build)
        return shutil.copy(build / f"{name}.so", self.plugins)

    def pkg_config(self, *arguments):
        (file,) = self.prefix.rglob("hilum-sdk.pc")
        return run("pkg-config", *arguments, "hilum-sdk", env={**os.environ, "PKG_CONFIG_PATH": str(file.parent)})

    def test_1_samples_run(self):
        hello = self.build("1-hello-c", "hello")
        recent = self.build("2-listener-cpp", "recent")
        decoder = self.build("3-decoder-cpp", "deflated")
        for plugin in (hello, recent, decoder):
            self.assertEqual(exported_symbols(plugin), ["hilum_plugin_entry"])
        with HilumServer({"StandardPlugins": False, "Plugins": [hello, recent, decoder]}) as server:
            answer = server.get("/hello/world")
            self.assertEqual((answer.status, answer.text()), (200, "Hello, world!\n"))
            self.assertEqual(server.get("/hello/" + "x" * 101).status, 400)
            self.assertEqual(server.post("/hello/world").status, 405)
            self.assertEqual(server.get_json("/recent"), {"Count": 0, "Last": []})
            self.assertEqual(server.stop(), 0)
        countdown = self.build("4-job-cpp", "countdown")
        self.assertEqual(exported_symbols(countdown), ["hilum_plugin_entry"])
        with HilumServer({"Plugins": [countdown]}) as server:
            answer = server.post("/countdown", b'{"From": 3, "Milliseconds": 1, "Synchronous": true}')
            self.assertEqual(answer.status, 200, answer.text())
            self.assertEqual([job["State"] for job in server.get_json("/jobs?expand")], ["Success"])
            self.assertEqual(server.stop(), 0)

    def test_2_pkg_config(self):
        flags = self.pkg_config("--cflags").split()
        plugin = self.folder / "hello-by-hand.so"
        run("cc", "-std=c99", "-shared", "-fPIC", "-o", plugin, SOURCE / "samples/plugins/1-hello-c/hello.c", *flags)
        self.assertIn("hilum_plugin_entry", exported_symbols(plugin))
        self.assertTrue(self.pkg_config("--variable=plugindir").strip().endswith("/lib/hilum/plugins"))

    def test_3_toolbox_is_found(self):
        source = self.folder / "toolbox"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(toolbox LANGUAGES CXX)\n"
            "find_package(Hilum REQUIRED COMPONENTS dicom)\n"
            "add_executable(toolbox main.cpp)\ntarget_link_libraries(toolbox PRIVATE Hilum::dicom)\n", encoding="utf-8")
        (source / "main.cpp").write_text(
            "#include <hilum/dicom/tag.h>\n"
            "int main() { return hilum::dicom::format_tag(hilum::dicom::kPatientId) == \"0010,0020\" ? 0 : 1; }\n",
            encoding="utf-8")
        flags = os.environ.get("HILUM_SAMPLE_FLAGS", "")
        run("cmake", "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_FLAGS={flags}")
        run("cmake", "--build", source / "build")
        run(source / "build/toolbox")

    def test_4_missing_plugin_is_named(self):
        absent = str(self.folder / "absent.so")
        server = HilumServer({"StandardPlugins": False, "Plugins": [absent]})
        self.addCleanup(server.close)
        server.launch()
        self.assertNotEqual(server.wait_for_end(), 0)
        self.assertIn(absent, server.log())

    def test_5_refused_plugin_ends_the_start_unless_told(self):
        text = self.folder / "text.so"
        text.write_text("not a shared object\n" * 10, encoding="utf-8")
        options = {"StandardPlugins": False, "Plugins": [str(text)]}
        server = HilumServer(options)
        self.addCleanup(server.close)
        server.launch()
        self.assertNotEqual(server.wait_for_end(), 0)
        self.assertIn("invalid ELF header", server.log())
        with HilumServer({**options, "PluginsRequired": False}) as tolerant:
            self.assertEqual(tolerant.get("/hello/world").status, 404)


if __name__ == "__main__":
    unittest.main()
