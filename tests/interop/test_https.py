"""Who may what over HTTP and HTTPS: tokens, client certificates, this machine; with curl and openssl."""

import json
import unittest

import harness


class Https(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.files = {}
        for name in ("server", "reader", "stranger"):
            key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
            harness.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        f"/O=Hospital/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                        "-keyout", key, "-out", certificate, ok=True)
            self.files[name] = (key, certificate)

    def https_server(self, client_certificate="off", **http):
        key, certificate = self.files["server"]
        tls = {"port": harness.free_port(), "certificate": certificate, "key": key,
               "client_certificate": client_certificate}
        if client_certificate != "off":
            tls["ca"] = self.files["reader"][1]
        server = self.server({"http": http, "http.tls": tls})
        server.url = f"https://127.0.0.1:{tls['port']}"
        return server

    def curl(self, url, *options, client=None):
        """The status and the body."""
        command = ["curl", "-sS", "--cacert", self.files["server"][1], "-w", "\n%{http_code}", *options]
        if client:
            command += ["--key", self.files[client][0], "--cert", self.files[client][1]]
        done = harness.run(*command, url)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def token(self, server, role, *more):
        done = harness.pacs("token", "create", "--name", "the test", "--role", role, "--config", server.config_file, "--json",
                            *more, ok=True)
        return json.loads(done.stdout)

    # A proxy's header makes this machine somebody else.
    REMOTE = ("-H", "X-Forwarded-For: 192.0.2.7")

    def test_over_https_this_machine_reads_the_status(self):
        server = self.https_server()
        status, body = self.curl(server.url + "/api/status")
        self.assertEqual(status, 200)
        self.assertTrue(json.loads(body)["ready"])
        self.assertNotEqual(harness.run("curl", "-sS", server.url + "/api/status").returncode, 0,
                            "a certificate that nobody vouches for")
        self.assertNotEqual(harness.run("curl", "-sS", server.url.replace("https", "http")).returncode, 0,
                            "in clear to the TLS port")
        self.assertEqual(self.curl(server.url + "/healthz")[0], 200, "and the port goes on")

    def test_a_token_opens_what_its_role_may_until_it_is_revoked(self):
        server = self.https_server()
        status_url = server.url + "/api/status"
        self.assertEqual(self.curl(status_url, *self.REMOTE)[0], 401)
        viewer, admin = self.token(server, "viewer"), self.token(server, "administrator")
        bearer = {one["id"]: ("-H", "Authorization: Bearer " + one["token"]) for one in (viewer, admin)}
        self.assertEqual(self.curl(status_url, *self.REMOTE, *bearer[viewer["id"]])[0], 200)
        remote = ("-X", "PUT", "-H", "Content-Type: application/json", "-d", '{"host": "127.0.0.1", "port": 104}')
        ae = server.url + "/api/remote-aes/NEW"
        self.assertEqual(self.curl(ae, *self.REMOTE, *remote)[0], 401)
        status, body = self.curl(ae, *self.REMOTE, *bearer[viewer["id"]], *remote)
        self.assertEqual(status, 403)
        self.assertIn("administrator", body)
        self.assertEqual(self.curl(ae, *self.REMOTE, *bearer[admin["id"]], *remote)[0], 201)
        listed = harness.pacs("token", "list", "--config", server.config_file, ok=True).stdout
        self.assertIn(viewer["id"], listed)
        self.assertNotIn(viewer["token"], listed)
        self.assertNotIn(viewer["token"], server.log)
        harness.pacs("token", "revoke", viewer["id"], "--config", server.config_file, ok=True)
        self.assertEqual(self.curl(status_url, *self.REMOTE, *bearer[viewer["id"]])[0], 401)
        self.assertEqual(self.curl(status_url, *self.REMOTE, *bearer[admin["id"]])[0], 200)

    def test_a_browser_logs_in_with_a_token_and_out(self):
        server = self.https_server()
        jar = self.folder / "cookies"
        login = ("-b", jar, "-c", jar, "-H", "Content-Type: application/json")
        self.assertEqual(self.curl(server.url + "/login", *self.REMOTE)[0], 200, "the page itself")
        self.assertEqual(self.curl(server.url + "/login", *self.REMOTE, *login, "-d", '{"token": "pacs_no"}')[0], 401)
        body = json.dumps({"token": self.token(server, "viewer")["token"]})
        self.assertEqual(self.curl(server.url + "/login", *self.REMOTE, *login, "-d", body)[0], 204)
        cookie = jar.read_text()
        self.assertIn("#HttpOnly_127.0.0.1\tFALSE\t/\tTRUE", cookie, "for HTTPS only, and not for scripts")
        self.assertEqual(self.curl(server.url + "/api/status", *self.REMOTE, "-b", jar)[0], 200)
        self.assertEqual(self.curl(server.url + "/logout", *self.REMOTE, *login, "-d", "{}")[0], 204)
        self.assertEqual(self.curl(server.url + "/api/status", *self.REMOTE, "-b", jar)[0], 401)

    def test_a_client_certificate_may_what_the_configuration_says(self):
        server = self.https_server("optional", clients=["viewer CN=reader,O=Hospital"])
        url = server.url + "/api/status"
        self.assertEqual(self.curl(url, *self.REMOTE, client="reader")[0], 200)
        self.assertEqual(self.curl(url, *self.REMOTE)[0], 401)
        self.assertEqual(self.curl(server.url + "/api/conflicts/1.2", "-X", "DELETE", *self.REMOTE, client="reader")[0],
                         403)
        refused = harness.run("curl", "-sS", "--cacert", self.files["server"][1], "--key", self.files["stranger"][0],
                              "--cert", self.files["stranger"][1], url)
        self.assertNotEqual(refused.returncode, 0, "a certificate that is not trusted")
        server.wait_for_line("an HTTPS connection was refused")

    def test_a_port_that_asks_for_certificates_takes_nobody_without(self):
        server = self.https_server("required", clients=["viewer CN=reader,O=Hospital"])
        self.assertNotEqual(harness.run("curl", "-sS", "--cacert", self.files["server"][1],
                                        server.url + "/healthz").returncode, 0)
        self.assertEqual(self.curl(server.url + "/healthz", client="reader")[0], 200)

    def test_http_beyond_this_machine_needs_a_proxy_or_consent(self):
        for http, starts in (({}, False), ({"proxies": ["192.0.2.1"]}, True),
                             ({"allow_unauthenticated_remote": True}, True)):
            config = self.folder / "remote.toml"
            harness.write_toml(config, {"http": {"listen": "0.0.0.0", **http}})
            done = harness.run(harness.PROGRAM, "config", "check", "--config", config)
            self.assertEqual(done.returncode == 0, starts, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
