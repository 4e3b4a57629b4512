"""The system's clocks."""

import asyncio
import time


class SystemClock:
    # The function itself, because it is called five times per request.
    monotonic = staticmethod(time.monotonic)

    def now_us(self) -> int:
        return time.time_ns() // 1_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
