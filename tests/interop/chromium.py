"""Chromium for tests of what people see, driven by tests/interop/pages."""

import json
import pathlib
import subprocess
import threading

import harness

HERE = pathlib.Path(__file__).resolve().parent / "pages"


class Browser:
    """node with Chromium; `browser(name, **what)` runs a scenario and returns its value. `--webgl` lets it draw by
    WebGL, as the viewer does."""

    def __init__(self, *arguments):
        self.popen = subprocess.Popen(["node", HERE / "driver.mjs", *arguments], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, cwd=HERE)

    def __call__(self, run, **what):
        self.popen.stdin.write(json.dumps({"run": run, **what}, default=str) + "\n")
        self.popen.stdin.flush()
        watch = threading.Timer(what.get("seconds", harness.SECONDS_MAX) * 2, self.popen.kill)
        watch.start()
        line = self.popen.stdout.readline()
        watch.cancel()
        if not line:
            raise AssertionError(f"the browser ended in {run}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{run}: {answer['error']}")
        return answer["value"]

    def end(self):
        self.popen.stdin.close()
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        self.popen.stdout.close()
