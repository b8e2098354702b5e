"""Behind HAProxy, which speaks HTTP/2 and TLS to clients and HTTP/1.1 to us: curl for what is said, h2load for many at once."""

import json
import re
import unittest

import pydicom

import harness

FILES = harness.PYDICOM_FILES
NAME = "pacs.example"
REQUESTS = 500 if harness.SANITIZED else 3000

CONFIGURATION = """
global
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:{port} ssl crt {certificate} alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  option forwardfor
  default_backend pacs
backend pacs
  option httpchk GET /readyz
  http-check send hdr Host localhost
  server pacs 127.0.0.1:{server}
"""


class Proxy(harness.ServerTestCase):
    config = {"http": {"proxies": ["127.0.0.1"], "server_names": [NAME]}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key, cls.certificate = cls.class_folder / "key.pem", cls.class_folder / "certificate.pem"
        harness.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                    "-addext", f"subjectAltName=IP:127.0.0.1,DNS:{NAME}", "-keyout", cls.key, "-out", cls.certificate, ok=True)
        both = cls.class_folder / "both.pem"
        both.write_text(cls.certificate.read_text() + cls.key.read_text())
        cls.port = harness.free_port()
        configuration = cls.class_folder / "haproxy.cfg"
        configuration.write_text(CONFIGURATION.format(port=cls.port, certificate=both, server=cls.pacs.http_port))
        proxy = harness.Process("haproxy", "-db", "-f", configuration)
        cls.addClassCleanup(proxy.kill)
        proxy.wait_for_port(cls.port)
        cls.url = f"https://{NAME}:{cls.port}"
        cls.ct = FILES / "CT_small.dcm"
        cls.token = cls.made_token("uploader")
        harness.pacs("store", *cls.pacs.peer, cls.ct, ok=True)

    @classmethod
    def made_token(cls, role):
        done = harness.pacs("token", "create", "--name", "the test", "--role", role, "--config", cls.pacs.config_file, "--json",
                            ok=True)
        return json.loads(done.stdout)["token"]

    def curl(self, path, *options, token=None, name=NAME):
        """(status, version of HTTP, body)"""
        who = ["-H", f"Authorization: Bearer {token}"] if token else []
        done = harness.run("curl", "-sS", "--http2", "-k", "--resolve", f"{name}:{self.port}:127.0.0.1", "-w",
                           "\n%{http_code} %{http_version}", *who, *options, f"https://{name}:{self.port}{path}", ok=True)
        body, _, rest = done.stdout.rpartition("\n")
        status, version = rest.split()
        return int(status), version, body

    def test_urls_are_those_that_the_client_can_follow(self):
        ds = pydicom.dcmread(self.ct, stop_before_pixels=True)
        path = f"/dicomweb/studies/{ds.StudyInstanceUID}"
        instance = f"{path}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
        status, version, body = self.curl("/dicomweb/instances", token=self.token)
        self.assertEqual((status, version), (200, "2"))
        self.assertEqual(json.loads(body)[0]["00081190"]["Value"], [self.url + instance])
        status, _, body = self.curl(f"{path}/metadata", token=self.token)
        self.assertEqual(status, 200)
        uri = json.loads(body)[0]["7FE00010"]["BulkDataURI"]
        self.assertEqual(uri, f"{self.url}{instance}/bulkdata/7FE00010")
        status, _, body = self.curl(uri.removeprefix(self.url), "-o", self.class_folder / "pixels", token=self.token)
        self.assertEqual(status, 200)
        self.assertEqual((self.class_folder / "pixels").read_bytes(), pydicom.dcmread(self.ct).PixelData)
        status, _, body = self.curl("/dicomweb/studies", "-H", "Content-Type: application/dicom", "--data-binary",
                                    f"@{self.ct}", token=self.token)
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["00081199"]["Value"][0]["00081190"]["Value"], [self.url + instance])

    def test_whoever_comes_by_the_proxy_is_not_this_machine(self):
        self.assertEqual(self.curl("/api/status")[0], 401)
        self.assertEqual(self.curl("/healthz")[0], 200)
        self.assertEqual(self.curl("/api/status", token=self.token)[0], 200)
        self.assertEqual(self.curl("/healthz", name="evil.example")[0], 421)

    def test_a_load_over_http_2_has_no_request_that_fails(self):
        study = pydicom.dcmread(self.ct, stop_before_pixels=True).StudyInstanceUID
        for path in ("/dicomweb/studies", f"/dicomweb/studies/{study}/metadata", f"/dicomweb/studies/{study}/rendered"):
            done = harness.run("h2load", "-n", REQUESTS, "-c", 8, "-m", 10, "-H", f"Authorization: Bearer {self.token}",
                               f"https://127.0.0.1:{self.port}{path}", ok=True, timeout=2 * harness.SECONDS_MAX)
            self.assertIn("Application protocol: h2", done.stdout)
            self.assertRegex(done.stdout, rf"{REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout")
            self.assertTrue(re.search(rf"status codes: {REQUESTS} 2xx, 0 3xx, 0 4xx, 0 5xx", done.stdout), done.stdout)


if __name__ == "__main__":
    unittest.main()
