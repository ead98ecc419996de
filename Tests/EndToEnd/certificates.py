"""Certificates that the tests make with `openssl`."""
import pathlib
import ssl
import subprocess


class Certificate:
    """A certificate for this machine, or another host, signed by itself, and its key, in files."""

    def __init__(self, directory, name, host="localhost", days=2, key=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")):
        self.certificate, self.key = f"{directory}/{name}.pem", f"{directory}/{name}.key"
        request, extensions = f"{directory}/{name}.csr", f"{directory}/{name}.ext"
        pathlib.Path(extensions).write_text(f"subjectAltName=DNS:{host},IP:127.0.0.1\nbasicConstraints=CA:TRUE\n"
                                            "keyUsage=digitalSignature,keyCertSign,keyEncipherment\n")
        for command in (["req", "-newkey", *key, "-nodes", "-subj", f"/CN={name}", "-keyout", self.key, "-out", request],
                        # Only this command takes days that are over.
                        ["x509", "-req", "-in", request, "-signkey", self.key, "-days", str(days), "-extfile", extensions,
                         "-out", self.certificate]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        self.flags = ["--tls-cert", self.certificate, "--tls-key", self.key]

    @property
    def bytes(self):
        """What a client sees of it."""
        return ssl.PEM_cert_to_DER_cert(pathlib.Path(self.certificate).read_text())

    def context(self, version=None):
        """Trusts it, and it alone."""
        context = ssl.create_default_context(cafile=self.certificate)
        if version:
            context.minimum_version = context.maximum_version = version
        return context
