"""Some seconds of tests/soak/fleet: 20 modalities send, query and retrieve at once."""

import importlib.util
import os
import unittest
from importlib.machinery import SourceFileLoader

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "soak", "fleet")
SECONDS = 6


def load():
    loader = SourceFileLoader("fleet", PATH)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fleet", loader))
    loader.exec_module(module)
    return module


class FleetTest(unittest.TestCase):
    def test_some_seconds(self):
        # Memory is judged by the long run: here caches still fill, and sanitizers take their own.
        self.assertEqual(load().run(SECONDS, None, judge_memory=False), [])


if __name__ == "__main__":
    unittest.main()
