"""What one would write in Python: read, parse, and for each so many rows one Arrow table, which goes to the lake.

With `deltalake` it is appended to a Delta table (its default: snappy); with `duckdb` DuckDB's COPY makes a Parquet file of it, which is put to S3 beside others.
It reads in the fastest way that nats-py has, an ordered consumer with a callback (measured: 14 us of CPU a message; `fetch(5000)`, which acknowledgements
need, takes 80), so it promises nothing: no position, a crash loses what is in memory or begins anew, no dead letter for what cannot be parsed, no
order in files, and a message is a tick whatever it says. Called by run.ts; prints one JSON line.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time

import duckdb
import nats
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from pyarrow import fs

given = json.loads(sys.argv[1])


def table_of(ticks):
    timestamp = pa.array([tick["timestamp"] for tick in ticks], pa.timestamp("ms", "UTC")).cast(pa.timestamp("us", "UTC"))
    return pa.table(
        {
            "timestamp": timestamp,
            "exchange": [tick["exchange"] for tick in ticks],
            "symbol": [tick["symbol"] for tick in ticks],
            "price": pa.array([tick["price"] for tick in ticks], pa.float64()),
            "qty": pa.array([tick["qty"] for tick in ticks], pa.float64()),
            "side": pa.array([tick.get("side") for tick in ticks], pa.string()),
            "trade_id": [str(tick["trade_id"]) for tick in ticks],
            "dt": pc.strftime(timestamp, "%Y-%m-%d"),
        }
    )


def to_deltalake():
    """Gives what appends a table, and what tells the bytes of the files."""
    key, secret = given["keys"]
    uri = f"s3://{given['path']}"
    storage = {"AWS_ENDPOINT_URL": given["s3"], "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
    storage |= {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def write(table, _):
        write_deltalake(uri, table, mode="append", partition_by=["dt"], storage_options=storage)

    def written():
        actions = DeltaTable(uri, storage_options=storage).get_add_actions(flatten=True)
        return sum(actions.column("size_bytes").to_pylist())

    return write, written


def to_duckdb():
    key, secret = given["keys"]
    scheme, address = given["s3"].split("://")
    s3 = fs.S3FileSystem(access_key=key, secret_key=secret, endpoint_override=address, scheme=scheme, region="us-east-1")
    connection = duckdb.connect()
    sizes = []

    def write(table, number):
        connection.register("ticks", table)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ticks.parquet")
            connection.execute(f"COPY ticks TO '{path}' (FORMAT parquet, COMPRESSION snappy)")
            sizes.append(os.path.getsize(path))
            fs.copy_files(path, f"{given['path']}/{number}.parquet", destination_filesystem=s3)

    return write, lambda: sum(sizes)


def peak_mib():
    """Memory at most; what getrusage says may be that of the process which started this one."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


async def main():
    write, written = {"deltalake": to_deltalake, "duckdb": to_duckdb}[given["sink"]]()
    connection = await nats.connect(given["nats"])
    commits, ticks = [], []
    rows = 0
    done = asyncio.get_running_loop().create_future()

    async def take(message):
        nonlocal rows
        ticks.append(json.loads(message.data))
        rows += 1
        if done.done() or (len(ticks) < given["commitRows"] and rows < given["count"]):
            return
        write(table_of(ticks), len(commits))
        commits.append({"rows": rows, "ms": time.monotonic() * 1000})
        ticks.clear()
        if rows == given["count"]:
            done.set_result(None)

    unlimited = {"pending_msgs_limit": -1, "pending_bytes_limit": -1}
    await connection.jetstream().subscribe("ticks.>", stream=given["stream"], ordered_consumer=True, cb=take, **unlimited)
    await done
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"commits": commits, "bytes": written(), "cpuSeconds": cpu, "peakMiB": peak_mib()}))
    await connection.close()


asyncio.run(main())
