"""Brokers that speak TLS, and let nobody in without a password."""

import shutil
import subprocess
from pathlib import Path

from deploy.kafka.broker import Brokers

from support.canaries import CANARY

PROTOCOL = "SASL_SSL"
PASSWORD = f"{CANARY}-of-a-member"
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def can_certify() -> bool:
    """Whether certificates can be made here."""
    return shutil.which("openssl") is not None


class SecureBrokers:
    """A broker with a certificate of its own. certificate: what a client trusts."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.certificate = directory / "certificate.pem"
        both = directory / "both.pem"
        key = directory / "key.pem"
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
        subprocess.run([*new, "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
        both.write_text(key.read_text() + self.certificate.read_text())
        users = f'user_broker="{CANARY}" user_marketdata="{PASSWORD}"'
        login = f'{_LOGIN} required username="broker" password="{CANARY}" {users};'
        self.brokers = Brokers(
            directory / "brokers",
            protocol=PROTOCOL,
            more={
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": both,
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": self.certificate,
                "sasl.enabled.mechanisms": "PLAIN",
                "sasl.mechanism.inter.broker.protocol": "PLAIN",
                "listener.name.sasl_ssl.plain.sasl.jaas.config": login,
            },
        )

    def client(self, password: str = PASSWORD) -> dict[str, str]:
        """The settings in `cluster.kafka` of who comes with a password."""
        return {
            "security.protocol": PROTOCOL,
            "ssl.ca.location": str(self.certificate),
            "sasl.mechanism": "PLAIN",
            "sasl.username": "marketdata",
            "sasl.password": password,
        }
