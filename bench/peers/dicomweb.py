"""Clients of DICOMweb for the benchmark: they discard what they receive."""

import http.client
import pathlib
import re
import subprocess
import tempfile
import time

import servers


class Client:
    """One connection to a server, kept alive."""

    def __init__(self, name, server):
        self.root = servers.WEB_ROOTS[name]
        self.connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=600)

    def get(self, path, **headers):
        """(seconds to the first byte of the body, seconds to the last, bytes)"""
        started = time.monotonic()
        self.connection.request("GET", self.root + path,
                                headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = self.connection.getresponse()
        total = len(answer.read(1))
        first = time.monotonic() - started
        while piece := answer.read(1 << 20):
            total += len(piece)
        if answer.status != 200:
            raise AssertionError(f"{path} answered {answer.status}")
        return first, time.monotonic() - started, total


def load(name, server, paths, accept, connections, seconds):
    """wrk over paths in turn: requests a second."""
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "paths.lua"
        rows = ",".join(f'"{servers.WEB_ROOTS[name]}{path}"' for path in paths)
        script.write_text(f'local paths = {{{rows}}}\nlocal at = 0\n'
                          "request = function()\n  at = at % #paths + 1\n"
                          f'  return wrk.format("GET", paths[at], {{["Accept"] = \'{accept}\'}})\nend\n')
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script,
                               f"http://127.0.0.1:{server.http_port}"], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise AssertionError(done.stdout)
    return (int(re.search(r"(\d+) requests in", done.stdout).group(1)),
            float(re.search(r"Requests/sec: +([\d.]+)", done.stdout).group(1)))
