"""A fake Graph API behind TLS and a network, and a fake Meta that delivers messages and statuses."""

import asyncio
import collections
import hashlib
import hmac
import json
import random
import ssl
import time

SECRET = "secret-of-the-drill"
NUMBER = "106540352242922"


async def request(reader):
    """Headers in lower case and the body of one request; None at the end of the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return first, headers, body


def answer(status, body, more=""):
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\n{more}\r\n"
    return head.encode() + raw


class Graph:
    """What was taken is in `taken`: time, person, text, and the mark that we sent it under."""

    def __init__(self, meta, statuses=True):
        self.meta, self.statuses = meta, statuses
        self.taken, self.refused = [], 0
        self.broken = None  # (HTTP status, code)
        self.per_second = self.tokens = 0.0
        self.counted_at = time.monotonic()
        self.reports = set()

    async def start(self, folder, rtt):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/leaf.pem", f"{folder}/leaf.key")
        inner = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context, backlog=1024)
        inner_port = inner.sockets[0].getsockname()[1]

        async def network(reader, writer):
            await asyncio.sleep(rtt)  # SYN and its answer
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", inner_port)
            except OSError:
                writer.close()
                return
            try:
                await asyncio.gather(carry(reader, far_writer, rtt / 2), carry(far_reader, writer, rtt / 2))
            except asyncio.CancelledError:
                writer.close()  # The drill is over.

        outer = await asyncio.start_server(network, "127.0.0.1", 0, backlog=1024)
        self.url = f"https://localhost:{outer.sockets[0].getsockname()[1]}"
        return self

    async def serve(self, reader, writer):
        try:
            while True:
                first, _, body = await request(reader)
                status, said, more = await self.reply(first, body)
                writer.write(answer(status, said, more))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            writer.close()

    async def reply(self, first, body):
        if not first.startswith("POST") or b'"status":"read"' in body:
            return 200, {"success": True}, ""
        message = json.loads(body)
        if self.broken:
            self.refused += 1
            await asyncio.sleep(0.05)
            return self.broken[0], {"error": {"message": "drill", "code": self.broken[1]}}, ""
        if self.per_second and not self.takes():
            self.refused += 1
            await asyncio.sleep(0.05)
            return 429, {"error": {"message": "drill", "code": 130429}}, ""
        kind = message["type"]
        text = message[kind].get("body", "")
        to = str(message.get("to") or message.get("recipient")).lstrip("+")
        mark, wamid = message.get("biz_opaque_callback_data"), f"wamid.OUT{len(self.taken):08d}"
        self.taken.append((time.time(), to, text if isinstance(text, str) else text["text"], mark))
        if self.statuses:
            report = asyncio.ensure_future(self.report(wamid, mark, to))
            self.reports.add(report)
            report.add_done_callback(self.reports.discard)
        await asyncio.sleep(random.uniform(0.05, 0.15))
        return 200, {"messages": [{"id": wamid}], "contacts": [{"input": to, "wa_id": to}]}, ""

    def takes(self):
        now = time.monotonic()
        most = max(1.0, self.per_second / 10)
        self.tokens = min(most, self.tokens + (now - self.counted_at) * self.per_second)
        self.counted_at = now
        taken = self.tokens >= 1
        self.tokens -= taken
        return taken

    async def report(self, wamid, mark, to):
        for kind in ("sent", "delivered"):
            await asyncio.sleep(random.uniform(0.2, 1.0))
            status = {"id": wamid, "status": kind, "timestamp": str(int(time.time())), "recipient_id": to,
                      "biz_opaque_callback_data": mark}
            await self.meta.deliver({"statuses": [status]})

    def times(self):
        return collections.Counter(to for _, to, _, _ in self.taken)


async def carry(reader, writer, delay):
    """Bytes from one side to the other, each `delay` seconds later."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    async def write():
        while True:
            at, data = await queue.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            if not data:
                writer.close()
                return
            try:
                writer.write(data)
                await writer.drain()
            except (ConnectionError, RuntimeError):
                return

    writing = asyncio.ensure_future(write())
    data = b"start"
    while data:
        try:
            data = await reader.read(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        await queue.put((loop.time() + delay, data))
    await writing


class Meta:
    """Delivers to one webhook, again and again until it is acknowledged."""

    def __init__(self):
        self.port, self.idle, self.n = None, [], 0
        self.gate = asyncio.Semaphore(64)

    def message(self, person, text):
        self.n += 1
        return {"id": f"wamid.IN{self.n:08d}", "from": person, "timestamp": str(int(time.time())), "type": "text",
                "text": {"body": text}}

    async def writes(self, person, *texts):
        """Returns when it was acknowledged."""
        contact = {"wa_id": person, "profile": {"name": "Ana"}}
        messages = [self.message(person, text) for text in texts or ("hola",)]
        await self.deliver({"contacts": [contact], "messages": messages})
        return time.time()

    async def deliver(self, value):
        metadata = {"display_phone_number": "573000000000", "phone_number_id": NUMBER}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        body = {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}
        raw = json.dumps(body).encode()
        signature = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        head = (f"POST /webhook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                f"x-hub-signature-256: sha256={signature}\r\ncontent-length: {len(raw)}\r\n\r\n")
        while await self.post(head.encode() + raw) != 200:
            await asyncio.sleep(0.2)

    async def post(self, raw):
        async with self.gate:
            try:
                reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(raw)
                await asyncio.wait_for(writer.drain(), 20)
                first, _, _ = await asyncio.wait_for(request(reader), 20)
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                return None
            self.idle.append((reader, writer))
            return int(first.split(" ")[1])
