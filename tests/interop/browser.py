"""The codecs that viewers run in browsers (tests/interop/browser_codecs), for many frames at a time."""

import json
import pathlib
import tempfile

import numpy

from harness import run

PROGRAM = pathlib.Path(__file__).resolve().parent / "browser_codecs" / "codecs.cjs"
BY_SYNTAX = {"1.2.840.10008.1.2.4.50": "jpeg",
             "1.2.840.10008.1.2.4.80": "jpeg-ls", "1.2.840.10008.1.2.4.81": "jpeg-ls",
             "1.2.840.10008.1.2.4.90": "jpeg-2000", "1.2.840.10008.1.2.4.91": "jpeg-2000",
             "1.2.840.10008.1.2.4.201": "htj2k", "1.2.840.10008.1.2.4.202": "htj2k",
             "1.2.840.10008.1.2.4.203": "htj2k"}


def _work(tasks):
    """[(codec, bytes, frame)] as [(answer, bytes)]."""
    with tempfile.TemporaryDirectory() as folder:
        folder, rows = pathlib.Path(folder), []
        for number, (codec, data, frame) in enumerate(tasks):
            (folder / f"{number}.in").write_bytes(data)
            rows.append({"codec": codec, "from": str(folder / f"{number}.in"), "to": str(folder / f"{number}.out"),
                         **({"frame": frame} if frame else {})})
        answers = json.loads(run("node", PROGRAM, stdin=json.dumps(rows), ok=True).stdout)
        outs = (pathlib.Path(row["to"]) for row in rows)
        return [(answer, out.read_bytes() if out.exists() else b"") for answer, out in zip(answers, outs)]


def decode(codestreams):
    """[(codec, codestream)] as arrays of rows by columns by samples; an error's text where one is not decoded."""
    def array(answer, samples):
        if "error" in answer:
            return answer["error"]
        bits, shape = answer["bitsPerSample"], (answer["height"], answer["width"], answer["componentCount"])
        kind = numpy.dtype(f"<{'i' if answer.get('isSigned') else 'u'}{1 if bits <= 8 else 2}")
        if len(samples) != numpy.prod(shape) * kind.itemsize:
            return f"{len(samples)} bytes of {bits} bits for {shape}"
        return numpy.frombuffer(samples, kind).reshape(shape)
    return [array(*done) for done in _work([(codec, data, None) for codec, data in codestreams])]


def encode(codec, frames, bits):
    """Codestreams of arrays of rows by columns by samples."""
    def task(array):
        rows, columns, samples = array.shape
        return codec, array.tobytes(), {"width": columns, "height": rows, "bitsPerSample": bits,
                                        "componentCount": samples, "isSigned": array.dtype.kind == "i",
                                        "isUsingColorTransform": samples == 3}
    done = _work([task(array) for array in frames])
    wrong = [answer["error"] for answer, _ in done if "error" in answer]
    if wrong:
        raise ValueError(wrong[0])
    return [data for _, data in done]
