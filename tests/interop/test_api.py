"""/api as a page or a script uses it: who asks, tokens, configuration, history, its description; and
sending to DCMTK's storescp and to Orthanc, with receivers and servers that go away in the middle."""

import json
import time
import urllib.request

import jsonschema

import harness
import test_retrieve as retrieve
from test_retrieve import CT_SERIES, CT_STUDY, many, received, remote, store

JSON = {"Content-Type": "application/json"}
# A proxy's header makes this machine somebody else.
REMOTE = {"X-Forwarded-For": "192.0.2.7"}


def bearer(token):
    return {**REMOTE, "Authorization": "Bearer " + token}


def body(**members):
    return json.dumps(members).encode()


class Api(harness.ServerTestCase):
    config = {"dicom": {"idle_seconds": 77}}

    def get(self, path, headers=None, status=200):
        answered, text, _ = self.pacs.http(path, headers=headers)
        self.assertEqual(answered, status, text)
        return json.loads(text)

    def test_everybody_learns_who_he_is(self):
        self.assertEqual(self.get("/api/me")["role"], "administrator")
        self.assertEqual(self.get("/api/me", REMOTE)["role"], "anybody")

    def test_tokens_are_made_used_and_revoked(self):
        made = {}
        for role in ("viewer", "administrator"):
            status, text, _ = self.pacs.http("/api/tokens", "POST", body(name="page " + role, role=role), JSON)
            self.assertEqual(status, 201, text)
            made[role] = json.loads(text)
            me = self.get("/api/me", bearer(made[role]["token"]))
            self.assertEqual(me["role"], role)
            self.assertIn("page " + role, me["name"])
        viewer, administrator = made["viewer"], made["administrator"]
        listed = self.get("/api/tokens", bearer(administrator["token"]))["tokens"]
        self.assertLessEqual({viewer["id"], administrator["id"]}, {token["id"] for token in listed})
        self.assertNotIn(viewer["token"], json.dumps(listed))
        for path in ("/api/tokens", "/api/configuration"):
            self.get(path, bearer(viewer["token"]), 403)
            self.get(path, REMOTE, 401)
        status, _, _ = self.pacs.http("/api/tokens/page%20viewer", "DELETE", headers=bearer(viewer["token"]))
        self.assertEqual(status, 403)
        self.assertEqual(self.pacs.http("/api/tokens/page%20viewer", "DELETE")[0], 204)
        self.get("/api/status", bearer(viewer["token"]), 401)
        self.assertEqual(self.pacs.http("/api/tokens/page%20viewer", "DELETE")[0], 404)
        self.assertEqual(self.pacs.http("/api/tokens/" + administrator["id"], "DELETE")[0], 204)

    def test_a_token_that_cannot_be_is_answered_400(self):
        for wrong in (body(name="x"), body(name="", role="viewer"), body(name="x", role="king"),
                      body(name="x", role="anybody"), body(name="x\n", role="viewer"), b"[]", b"{"):
            self.assertEqual(self.pacs.http("/api/tokens", "POST", wrong, JSON)[0], 400, wrong)

    def test_the_configuration_says_where_each_value_comes_from(self):
        keys = {key["key"]: key for key in self.get("/api/configuration")["keys"]}
        self.assertEqual((keys["dicom.idle_seconds"]["value"], keys["dicom.idle_seconds"]["from"]), (77, "file"))
        self.assertEqual(keys["dicom.artim_seconds"]["from"], "default")

    def test_environment_and_command_line_are_named(self):
        server = self.start(harness.Pacs, self.folder, env={"PACS_DICOM_IDLE_SECONDS": "78"})
        keys = {key["key"]: key for key in json.loads(server.http("/api/configuration")[1])["keys"]}
        self.assertEqual((keys["dicom.idle_seconds"]["from"], keys["dicom.idle_seconds"]["where"]),
                         ("environment", "PACS_DICOM_IDLE_SECONDS"))

    def test_the_dictionary_is_sent_once(self):
        status, text, headers = self.pacs.http("/api/attributes")
        attributes = json.loads(text)
        self.assertEqual(attributes["00100010"], ["PatientName", "PN", "Patient's Name"])
        self.assertEqual(attributes["60xx3000"][0], "OverlayData")
        self.assertEqual(self.pacs.http("/api/attributes", headers={"If-None-Match": headers["ETag"]})[0], 304)
        self.assertEqual(status, 200)

    def test_the_description_is_of_every_path_and_of_openapi_3_1(self):
        document = self.get("/api/openapi.json", REMOTE)
        self.assertTrue(document["openapi"].startswith("3.1."))
        for schema in document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        for path, rows in document["paths"].items():
            for method, row in rows.items():
                self.assertTrue(row["summary"] and row["responses"], (method, path))
                if method == "get" and "{" not in path:
                    self.get(path)  # as described: the harness looks

    def test_history_remembers_what_was_stored_over_a_restart(self):
        server = self.start(harness.Pacs, self.folder)
        store(server, retrieve.CT)

        def stored(server, span="hour"):
            history = json.loads(server.http("/api/history?span=" + span)[1])
            return [value for value in history["series"]["stored_objects"] if value]

        harness.eventually(lambda: stored(server) == [1], "the step is over", 30)
        history = json.loads(server.http("/api/history")[1])
        self.assertEqual(history["step_seconds"], 10)
        self.assertEqual({len(values) for values in history["series"].values()}, {360})
        for name in ("memory_bytes", "archive_bytes", "store_p95_ms"):
            self.assertTrue([value for value in history["series"][name] if value], name)
        self.assertEqual(server.http("/api/history?span=year")[0], 400)
        self.assertEqual(server.stop(), 0)
        again = self.start(harness.Pacs, self.folder)
        self.assertEqual(stored(again), [1])
        self.assertEqual(again.stop(), 0)
        (again.data / "history").write_bytes(b"pacs-history 1\nring \xff")
        anew = self.start(harness.Pacs, self.folder)
        self.assertEqual(stored(anew), [])
        self.assertIn("begins anew", anew.log)


class Sends(harness.TestCase):
    seconds = 90
    QUICK = {"retry_seconds_min": 1, "retry_seconds_max": 1}

    def sending_server(self, *remotes, **tables):
        return self.server({"jobs": self.QUICK, "remote_ae": list(remotes), **tables})

    def send(self, server, destination="STORESCP", **more):
        status, text, headers = server.http(
            "/api/send", "POST", body(destination=destination, study=CT_STUDY, **more), JSON)
        self.assertEqual(status, 202, text)
        job = json.loads(text)["job"]
        self.assertEqual(headers["Location"], f"/api/jobs/{job}")
        return job

    def job(self, server, job):
        status, text, _ = server.http(f"/api/jobs/{job}")
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def becomes(self, server, job, state, seconds=40):
        harness.eventually(lambda: self.job(server, job)["state"] == state,
                           f"{job} is {state}, not {self.job(server, job)}", seconds)
        return self.job(server, job)

    def test_a_study_arrives_at_storescp_as_it_is_stored(self):
        sink = self.start(harness.storescp, self.folder, "+B")
        server = self.sending_server(remote(sink))
        store(server, many(self.folder / "many", 20))
        done = self.becomes(server, self.send(server), "done")
        self.assertEqual((done["kind"], done["subject"], done["destination"]), ("send", CT_STUDY, "STORESCP"))
        self.assertEqual(done["progress"], {"done": 20, "total": 20})
        self.assertEqual(received(sink.received), received(self.folder / "many"))

    def test_a_series_arrives_at_orthanc_over_several_associations(self):
        peer = self.start(harness.orthanc, self.folder)
        server = self.sending_server(remote(peer), dicom={"move_associations": 3})
        store(server, many(self.folder / "many", 30), retrieve.MR)
        self.becomes(server, self.send(server, "ORTHANC", series=CT_SERIES), "done")
        with urllib.request.urlopen(f"http://127.0.0.1:{peer.http_port}/statistics", timeout=20) as answer:
            self.assertEqual(json.load(answer)["CountInstances"], 30)

    def test_a_receiver_that_is_down_gets_it_when_it_is_up(self):
        port = harness.free_port()
        server = self.sending_server({"ae_title": "STORESCP", "host": "127.0.0.1", "port": port})
        store(server, many(self.folder / "many", 3))
        job = self.send(server)
        harness.eventually(lambda: "cannot connect" in self.job(server, job).get("error", ""), "it fails")
        self.assertEqual(self.job(server, job)["progress"], {"done": 0, "total": 3})
        sink = self.folder / "received"
        sink.mkdir()
        process = self.start(harness.Process, "storescp", "-aet", "STORESCP", "-od", sink, port)
        process.wait_for_port(port)
        self.assertGreater(self.becomes(server, job, "done")["attempts"], 1)
        self.assertEqual(len(received(sink)), 3)

    def test_what_the_receiver_takes_nothing_of_is_said_by_name(self):
        profile = self.folder / "only_mr.cfg"
        profile.write_text("[[TransferSyntaxes]]\n[Plain]\nTransferSyntax1 = LittleEndianExplicit\n"
                           "TransferSyntax2 = LittleEndianImplicit\n"
                           "[[PresentationContexts]]\n[OnlyMr]\n"
                           "PresentationContext1 = MRImageStorage\\Plain\n"
                           "PresentationContext2 = VerificationSOPClass\\Plain\n"
                           "[[Profiles]]\n[Default]\nPresentationContexts = OnlyMr\n")
        sink = self.start(harness.storescp, self.folder, "-xf", profile, "Default")
        server = self.sending_server(remote(sink))
        store(server, many(self.folder / "many", 2))
        dead = self.becomes(server, self.send(server), "dead")
        self.assertIn("0 of 2 are sent; 1.2.826.0.1.3680043.9.8", dead["error"])
        self.assertIn("does not take CT Image Storage", dead["error"])

    def slow_sink(self, *options):
        return self.start(harness.storescp, self.folder, "--sleep-during", "1", *options)

    def test_a_cancelled_job_stops_and_goes_on_when_it_is_asked_for_again(self):
        sink = self.slow_sink()
        server = self.sending_server(remote(sink))
        store(server, many(self.folder / "many", 5))
        job = self.send(server)
        harness.eventually(lambda: self.job(server, job)["progress"]["done"] >= 2, "some are sent", 30)
        self.assertEqual(self.job(server, job)["state"], "running")
        self.assertEqual(server.http(f"/api/jobs/{job}/cancel", "POST", b"", JSON)[0], 200)
        time.sleep(4)  # whatever was under way
        self.assertLess(len(received(sink.received)), 5)
        self.assertEqual(self.job(server, job)["state"], "cancelled")
        self.assertEqual(server.http(f"/api/jobs/{job}/retry", "POST", b"", JSON)[0], 200)
        self.becomes(server, job, "done")
        self.assertEqual(received(sink.received).keys(), received(self.folder / "many").keys())

    def test_all_arrive_although_the_server_is_killed_in_the_middle(self):
        sink = self.slow_sink()
        server = self.sending_server(remote(sink))
        store(server, many(self.folder / "many", 6))
        job = self.send(server)
        harness.eventually(lambda: self.job(server, job)["progress"]["done"] >= 3, "some are sent", 30)
        server.kill()
        again = self.sending_server(remote(sink))
        self.becomes(again, job, "done")
        self.assertEqual(received(sink.received).keys(), received(self.folder / "many").keys())

    def test_a_request_that_cannot_be_is_refused_in_words(self):
        server = self.sending_server({"ae_title": "STORESCP", "host": "127.0.0.1", "port": 104})
        store(server, retrieve.CT)
        for status, wrong in ((404, body(destination="NOBODY", study=CT_STUDY)),
                              (404, body(destination="STORESCP", study="1.2.3")),
                              (404, body(destination="STORESCP", study=CT_STUDY, series="1.2.3")),
                              (400, body(destination="STORESCP", study="x")),
                              (400, body(destination="STORESCP")),
                              (400, body(destination="STORESCP", study=CT_STUDY, colour="red")),
                              (400, body(destination="STORESCP", study=7)),
                              (400, b"[]")):
            self.assertEqual(server.http("/api/send", "POST", wrong, JSON)[0], status, wrong)
        self.assertEqual(server.http("/api/send", "POST", body(destination="STORESCP", study=CT_STUDY),
                                     {**JSON, **REMOTE})[0], 401)
        self.assertEqual(json.loads(server.http("/api/jobs")[1])["jobs"], [])
