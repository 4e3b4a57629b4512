"""Alerts as signed POST requests."""

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from application.ports.clock import Clock
from domain.rules.alert import Alert
from infrastructure.delivery.channel import Delivery, DeliveryFailed
from infrastructure.delivery.signature import HEADER, sign
from infrastructure.delivery.targets import Resolve, address_of, resolve

_PORTS = {"http": 80, "https": 443}


class WebhookChannel:
    """Sends the same body and the same Idempotency-Key however often it tries. Redirects are not followed.

    encode: makes the body. client: with time limits of its own.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        allow_private: bool,
        encode: Callable[[Alert], bytes],
        client: httpx.AsyncClient,
        clock: Clock,
        resolver: Resolve = resolve,
    ) -> None:
        self._url = urlsplit(url)
        self._secret = secret
        self._allow_private = allow_private
        self._encode = encode
        self._client = client
        self._clock = clock
        self._resolver = resolver

    async def send(self, delivery: Delivery) -> None:
        url = self._url
        host, port = url.hostname or "", url.port or _PORTS[url.scheme]
        address = await address_of(host, port, self._resolver, self._allow_private)
        body = self._encode(delivery.alert)
        headers = {
            "Host": url.netloc.rpartition("@")[2],
            "Content-Type": "application/json",
            "User-Agent": "marketdata",
            "Idempotency-Key": delivery.key,
            HEADER: sign(self._secret, self._clock.now_us() // 1_000_000, body),
        }
        target = httpx.URL(url.geturl()).copy_with(host=address, port=port)
        request = self._client.build_request(
            "POST", target, headers=headers, content=body, extensions={"sni_hostname": host}
        )
        try:
            response = await self._client.send(request, stream=True)
            await response.aclose()
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"no answer ({type(error).__name__})") from None
        if not response.is_success:
            raise DeliveryFailed(f"the answer is {response.status_code}")


def new_client(timeout_seconds: float) -> httpx.AsyncClient:
    """A client for all webhooks. Neither proxies nor credentials come from the environment."""
    return httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False, trust_env=False)
