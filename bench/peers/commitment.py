"""A modality that asks for commitment and times the answers."""

import time

import servers  # noqa: F401  (first: it puts the interoperability tests on the path)
import test_commitment


def measure(server, folder, count):
    """Seconds to the response of N-ACTION, and to the report that all of them are committed."""
    asked = test_commitment.encoded(test_commitment.request(test_commitment.identities(folder)))
    with test_commitment.Modality(server) as modality:
        started = time.monotonic()
        status = modality.asks(asked)
        answered = time.monotonic() - started
        if status != 0:
            raise AssertionError(f"N-ACTION was answered {status:04X}")
        event, report = modality.hears_bytes()
        reported = time.monotonic() - started
    committed, failed = test_commitment.of_report(test_commitment.decoded(report))
    if event != 1 or failed or len(committed) != count:
        raise AssertionError(f"{len(committed)} committed, {len(failed)} failed")
    return answered, reported

