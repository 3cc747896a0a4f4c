"""TLS files that a server can't use."""

import subprocess

import pytest


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def encrypt(key):
    openssl("pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", key.with_suffix(".new"))
    key.with_suffix(".new").replace(key)


def wrong_tls_files(tls):
    """What an operator may take for the server's certificate and key, by what is wrong with it."""
    key, certificate = tls / "server.key", tls / "server.pem"
    yield "does not belong", lambda: openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                                             "-out", key)
    yield "unencrypted", lambda: encrypt(key)
    yield "too small", lambda: openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=localhost",
                                       "-keyout", key, "-out", certificate)
    yield "not a PEM certificate", lambda: certificate.write_bytes(b"")
    yield "private key", lambda: key.write_bytes(b"")


@pytest.mark.parametrize("number", range(5))
def test_config_check_refuses_the_tls_files_that_serve_refuses(fresh_server, number):
    server = fresh_server(start=False)
    words, spoil = list(wrong_tls_files(server.data / "tls"))[number]
    spoil()
    checked, served = (
        server.command(*command, "--config", server.config, check=False) for command in (("config", "check"), ("serve",))
    )
    assert (checked.returncode, served.returncode) == (1, 1)
    assert words in checked.stderr and checked.stdout == ""
    assert checked.stderr == served.stderr.splitlines(keepends=True)[-1]
