#!/usr/bin/python3
"""Makes the seeds of the Accept, multipart and HTTP request targets.

    tests/fuzz/make_web_corpus.py       writes tests/fuzz/corpus/fuzz_{accept,multipart,http_request}/
"""

import hashlib
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ACCEPTS = [
    'multipart/related; type="application/dicom"; transfer-syntax=*',
    "multipart/related;type=application/octet-stream;transfer-syntax=1.2.840.10008.1.2.1;q=0.9, */*;q=0.1",
    'multipart/related; type="application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.70"',
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    r'application/dicom+json;q=0, a/b; c="d \"e\\"',
    "/studies/1.2.3/series?limit=3&00100010=A%5E*&accept=application/dicom%2Bjson%3Bq%3D1",
    "http://host:8080/a/../b//c?includefield=all&PatientName=a+b",
]
# A boundary line may end with blanks; the boundary of these is "b". The first byte and one is how
# many bytes with the lengths of pieces follow.
MULTIPARTS = [
    b"--b\r\nContent-Type: application/dicom\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
    b"preamble\r\n--b \t\r\nA: b\r\n c\r\n\r\nx\r\n\r\n--bb\r\n\r\n\r\n--b--epilogue\r\n--b\r\n",
    b"--b\nA: b\n\n\r\n--\r\nx\n--b-\n--b--",
    b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--",
    b"--b\r\nA: b\r\n--b\r\n\r\n\r\n--b--",
    b"--b\r\n\r\n" + b"\r" * 20 + b"\n--b",
]
REQUESTS = [
    b"GET /a/x?y=z&y HTTP/1.1\r\nHost: localhost:8080\r\nAccept-Encoding: gzip\r\n\r\n"
    b"HEAD /a/b HTTP/1.1\r\nHost: pacs.example\r\nConnection: close\r\n\r\n",
    b"POST /json HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    b"OPTIONS /a/x HTTP/1.1\r\nHost: localhost\r\nOrigin: https://viewer.example\r\n"
    b"Access-Control-Request-Method: POST\r\n\r\n",
    b"PUT /stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\nGET /a/%C3%A9 HTTP/1.0\r\n\r\n",
    b"PUT /stream HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde",
    b"POST /a/y HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    b"POST /a/y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999\r\n\r\n",
    b"GET http://localhost/a/../b HTTP/1.1\nHost: a\nHost: b\n\n",
    b"GET /a/x HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: pacs.example\r\n"
    b"Forwarded: for=192.0.2.1;proto=https;host=\"pacs.example:1\"\r\nX-Forwarded-Prefix: /p\r\n\r\n",
]


def seed(target, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)


def main():
    for text in ACCEPTS:
        seed("fuzz_accept", text.encode())
    for number, content in enumerate(MULTIPARTS):
        sizes = bytes(range(1, number + 2))
        seed("fuzz_multipart", bytes([len(sizes) - 1]) + sizes + content)
    for number, content in enumerate(REQUESTS):
        sizes = bytes(range(number, 3 * number + 3))
        seed("fuzz_http_request", bytes([len(sizes) - 1]) + sizes + content)


if __name__ == "__main__":
    main()
