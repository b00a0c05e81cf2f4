"""The drills of scripts/delivery: each returns its figures and whether they will do."""

import argparse
import asyncio
import atexit
import collections
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

from graph import NUMBER, SECRET, Graph, Meta

RTT = 0.08


class Program:
    """`acuerdo serve` on an SQLite file of its own."""

    def __init__(self, asked, graph, meta):
        self.binary, self.process, self.meta = asked.program, None, meta
        self.folder = tempfile.mkdtemp(dir=asked.folder)
        with socket.socket() as any_port:
            any_port.bind(("127.0.0.1", 0))
            meta.port = self.port = any_port.getsockname()[1]
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "DATABASE_URL": f"sqlite:{self.folder}/a.db",
            "ACUERDO_BIND": f"127.0.0.1:{self.port}", "ACUERDO_FLOWS_DIR": os.path.abspath(asked.flows),
            "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": "a-token-of-the-drill", "WHATSAPP_ACCESS_TOKEN": "EAAG",
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER, "WHATSAPP_GRAPH_URL": graph.url,
            "SSL_CERT_FILE": f"{asked.folder}/root.pem"}
        subprocess.run([self.binary, "migrate"], env=self.environment, cwd=self.folder, check=True, capture_output=True)

    async def start(self, loops=True):
        with open(f"{self.folder}/acuerdo.toml", "w") as settings:
            settings.write(f'read_receipts = false\nlog = "warn"\n[workers]\nloops = {str(loops).lower()}\n')
        log = open(f"{self.folder}/log", "ab")
        self.process = subprocess.Popen([self.binary, "serve"], env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        atexit.register(self.process.kill)
        self.meta.idle.clear()
        limit = time.time() + 120
        while not await asyncio.to_thread(self.is_ready):
            if self.process.poll() is not None or time.time() > limit:
                sys.exit(f"the program does not serve:\n{open(f'{self.folder}/log').read()[-2000:]}")
            await asyncio.sleep(0.03)
        return self

    def is_ready(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status == 200
        except OSError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def outbox(self):
        database = sqlite3.connect(f"file:{self.folder}/a.db?mode=ro", uri=True, timeout=20)
        with database:
            return dict(database.execute("SELECT status, COUNT(*) FROM outbox GROUP BY 1"))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder)


def person():
    return f"5731{random.randrange(10**8):08d}"


async def world(asked, **graph):
    meta = Meta()
    graph = await Graph(meta, **graph).start(asked.folder, RTT)
    return graph, meta, Program(asked, graph, meta)


async def until_answered(graph, people, seconds):
    """Waits until everybody was answered, at most so long; returns how long it took."""
    began = time.time()
    while time.time() < began + seconds and not graph.times().keys() >= people:
        await asyncio.sleep(0.25)
    return time.time() - began


def figures(graph, people):
    times = graph.times()
    never, doubled = (sum(1 for who in people if wrong(times[who])) for wrong in (lambda n: n == 0, lambda n: n > 1))
    return {"acknowledged": len(people), "never answered": never, "answered twice": doubled}


async def burst(asked):
    """300 people write as fast as it is acknowledged; kill -9 at the 270th acknowledgement, in the middle of the sending."""
    graph, meta, program = await world(asked, statuses=asked.statuses)
    await program.start()
    people, killed = set(), asyncio.Event()

    async def writes():
        who = person()
        await meta.writes(who)
        people.add(who)
        if len(people) >= 270:
            killed.set()

    writing = [asyncio.ensure_future(writes()) for _ in range(300)]
    await killed.wait()
    program.kill()
    held = program.outbox()
    await program.start()
    await asyncio.gather(*writing)
    took = await until_answered(graph, people, 170)
    await asyncio.sleep(5)
    result = figures(graph, people)
    result |= {"being sent at the kill": held.get("sending", 0), "all answered after": f"{took:.0f} s"}
    program.end()
    return result, result["never answered"] == 0 and result["answered twice"] <= 1


async def crash_loop(asked):
    """500 answers wait; kill -9 five times, 0.15 s after the program is ready."""
    graph, meta, program = await world(asked)
    await program.start(loops=False)
    people = {person() for _ in range(500)}
    await asyncio.gather(*map(meta.writes, people))
    program.kill()
    held = []
    for _ in range(5):
        await program.start()
        await asyncio.sleep(0.15)
        program.kill()
        held.append(program.outbox().get("sending", 0))
    await program.start()
    took = await until_answered(graph, people, 170)
    await asyncio.sleep(5)
    result = figures(graph, people)
    result |= {"being sent at each kill": held, "all answered after": f"{took:.0f} s"}
    program.end()
    return result, result["never answered"] == 0 and result["answered twice"] <= 1


async def steady(asked):
    """40 people a second; kill -9 after each 6 s, so many times."""
    graph, meta, program = await world(asked, statuses=asked.statuses)
    await program.start()
    people, going, writing = set(), True, []

    async def writes():
        who = person()
        await meta.writes(who)
        people.add(who)

    async def all_write():
        while going:
            writing.append(asyncio.ensure_future(writes()))
            await asyncio.sleep(1 / 40)

    traffic = asyncio.ensure_future(all_write())
    held = 0
    for _ in range(asked.kills):
        await asyncio.sleep(random.uniform(5, 7))
        program.kill()
        held += program.outbox().get("sending", 0)
        await program.start()
    going = False
    await traffic
    await asyncio.gather(*writing)
    took = await until_answered(graph, people, 200)
    await asyncio.sleep(5)
    result = {"kills": asked.kills, **figures(graph, people)}
    result |= {"being sent at the kills": held, "all answered after": f"{took:.0f} s"}
    program.end()
    return result, result["never answered"] == 0 and result["answered twice"] <= max(1, asked.kills // 100)


async def throttle(asked):
    """2 800 answers wait; 50 a second are taken, then 10, then 70: the share of that from 10 to 20 s after each change."""
    graph, meta, program = await world(asked, statuses=False)
    graph.broken = (503, 131000)
    await program.start()
    await asyncio.gather(*(meta.writes(person()) for _ in range(2_800)))
    while program.outbox().get("queued", 0) < 2_790:
        await asyncio.sleep(1)
    graph.broken = None
    shares = {}
    for per_second in (50, 10, 70):
        graph.per_second = per_second
        await asyncio.sleep(10)
        n_before, refused = len(graph.taken), graph.refused
        await asyncio.sleep(10)
        shares[f"of {per_second}/s"] = round((len(graph.taken) - n_before) / (per_second * 10), 2)
        shares[f"refused at {per_second}/s"] = round((graph.refused - refused) / 10, 1)
    program.end()
    return shares, all(share >= 0.9 for name, share in shares.items() if name.startswith("of"))


async def outage(asked):
    """The Graph API answers 503 with code 131000 for a while, with a kill -9 inside; 200 people wait for answers."""
    graph, meta, program = await world(asked)
    graph.broken = (503, 131000)
    await program.start()
    people = {person() for _ in range(200)}
    began = time.time()
    await asyncio.gather(*map(meta.writes, people))
    await asyncio.sleep(2)
    program.kill()
    await program.start()
    await asyncio.sleep(max(0.0, began + asked.outage - time.time()))
    graph.broken = None
    took = await until_answered(graph, people, 60)
    await asyncio.sleep(5)
    result = {"outage": f"{asked.outage} s", **figures(graph, people), "tries meanwhile": graph.refused}
    result |= {"all answered after": f"{took:.1f} s"}
    program.end()
    return result, result["never answered"] == 0 and result["answered twice"] == 0 and took <= 10


async def flood(asked):
    """One phone writes 300 times in one delivery: what it is sent within two minutes."""
    graph, meta, program = await world(asked)
    await program.start()
    result, least = {}, []
    for text in ("hola", "quien eres"):
        who = person()
        await meta.writes(who, *[text] * 300)
        await asyncio.sleep(120)
        n = graph.times()[who]
        result[f"answers to 300 times «{text}»"] = n
        least.append(1 <= n <= 45)
    result["outbox"] = program.outbox()
    program.end()
    return result, all(least)


DRILLS = {"burst": burst, "crash-loop": crash_loop, "steady": steady, "throttle": throttle, "outage": outage, "flood": flood}


def main():
    told = "\n".join(f"  {name:<12}{drill.__doc__}" for name, drill in DRILLS.items())
    parser = argparse.ArgumentParser(prog="scripts/delivery PATH_OF_ACUERDO", epilog=told, add_help=True,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drill", nargs="*", help="which of them; all without")
    parser.add_argument("--times", type=int, default=1, help="how often each")
    parser.add_argument("--kills", type=int, default=5, help="of `steady`")
    parser.add_argument("--outage", type=float, default=14, help="seconds of `outage`")
    parser.add_argument("--no-statuses", dest="statuses", action="store_false", help="WhatsApp reports nothing")
    parser.add_argument("--flows", default="flows", help="of another version of the program")
    parser.add_argument("--program", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = [name for name in asked.drill if name not in DRILLS]
    if unknown:
        parser.error(f"no drill is called {unknown[0]}")
    well = True
    for name in asked.drill or DRILLS:
        sums, good = collections.Counter(), True
        for _ in range(asked.times):
            result, held = asyncio.run(DRILLS[name](asked))
            good &= held
            print(f"{name:<12}{'' if held else 'FAILED  '}" + ", ".join(f"{what} {n}" for what, n in result.items()), flush=True)
            sums.update({what: n for what, n in result.items() if isinstance(n, int)})
        if asked.times > 1:
            print(f"{name:<12}{asked.times} times: " + ", ".join(f"{what} {n}" for what, n in sums.items()), flush=True)
        well &= good
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
