"""What people see in Chromium: a study opened in the OHIF viewer, and the page over very many studies.

The viewer and its configuration are the same over each server's DICOMweb: Chromium -> HAProxy -> /dicomweb of the server
that is measured; all else of a second pacs, which serves the viewer.
"""

import json
import pathlib
import re

import servers
from measure import WORK, Failed, Run, million_studies, one_study
from servers import harness

HERE = pathlib.Path(__file__).parent

PROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend browser
  bind 127.0.0.1:{port}
  use_backend images if {{ path_beg /dicomweb/ }}
  default_backend viewer
backend images
  http-request replace-path /dicomweb(.*) {root}\\1
  server images 127.0.0.1:{images}
backend viewer
  server viewer 127.0.0.1:{viewer}
"""


def opening(count):
    """Seconds from the address to the first image, and to the last of `count` CT."""
    def measure(name):
        folder, key = one_study("ct", count)
        with Run(name, holds=folder) as run:
            place = pathlib.Path(run.folder) / "viewer"
            place.mkdir()
            port = harness.free_port()
            with harness.running(harness.Pacs(place)) as viewer:
                configuration = place / "haproxy.cfg"
                configuration.write_text(PROXY.format(port=port, root=servers.WEB_ROOTS[name], images=run.server.http_port,
                                                      viewer=viewer.http_port))
                with harness.running(harness.Process("haproxy", "-db", "-f", configuration)) as proxy:
                    proxy.wait_for_port(port)
                    run.watch()
                    done = harness.run("node", HERE / "viewing.mjs", f"http://127.0.0.1:{port}", key.split("=")[1], count, timeout=300)
                    if done.returncode != 0:
                        raise Failed(done.stderr[-300:])
                    result = run.measured()
        return {**json.loads(done.stdout), "cpu": result["cpu"], "peak": result["peak"]}
    return measure


def page_million(name):
    """The page over 1,000,000 studies: words typed letter by letter; of its GETs how long the server worked on them."""
    config = {"storage": {"path": million_studies()}, "http": {"access_log": True}}
    with harness.running(harness.Pacs(WORK / "million-studies", config)) as server:
        done = harness.run("node", HERE / "page.mjs", f"http://127.0.0.1:{server.http_port}", "smith", "P0001234", "ct knee",
                           "2024-05", "A0000", "jo", timeout=120)
        if done.returncode != 0:
            raise Failed(done.stderr[-300:])
        gets = sorted(1000 * float(seconds) for seconds in re.findall(r"method=GET .* seconds=([\d.]+)", server.log))
        return {**json.loads(done.stdout), "get_p95_ms": gets[len(gets) * 95 // 100], "get_ms": gets[-1]}
