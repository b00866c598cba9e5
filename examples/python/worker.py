# A natsjob worker: takes the runs of one job, does the work, and says how each ended.
import asyncio
import json
import signal

import nats

# natsjob:begin
URL = "nats://127.0.0.1:4222"
NAMESPACE = "app"
APP = "shop"
WORKER_ID = "worker-1"  # each worker that runs has its own
# Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.app.shop.report.worker-1
SUBJECT = "natsjob.job.start.app.shop.report"
# natsjob:end


async def work(args):
    """Your work. What it returns is kept with the run; when it raises, the run fails."""
    if args == "fail":
        raise ValueError("told to fail")
    return f"worked on {args}"


async def main():
    client = await nats.connect(URL, name=WORKER_ID, max_reconnect_attempts=-1)
    js = client.jetstream()

    async def put(bucket, key, value):
        await (await js.key_value(bucket)).put(key, json.dumps(value).encode())

    async def take(message):
        run = json.loads(message.data)
        print("run", run["taskId"], flush=True)
        try:
            end = {"status": "success", "reason": await work(run["jobArgs"])}
        except Exception as error:
            end = {"status": "fail", "reason": str(error)}
        if not run["jobEndKvKey"]:
            return  # lite and plus: nobody waits for an answer
        for _ in range(10):  # NATS may be away for a moment, and a lost answer lets the run expire
            try:
                return await put(run["jobEndResultKvBucket"], run["jobEndKvKey"], {**end, "clientId": WORKER_ID})
            except nats.errors.Error as error:
                print("answer not stored:", error, flush=True)
                await asyncio.sleep(1)

    async def beat():
        key = f"natsjob.heartbeat.client.{NAMESPACE}.{APP}.{WORKER_ID}"
        while True:
            try:
                await put("natsjob-heartbeat", key, {"id": WORKER_ID, "namespace": NAMESPACE, "appName": APP})
            except nats.errors.Error as error:
                print("no heartbeat:", error, flush=True)
            await asyncio.sleep(5)

    runs = await client.subscribe(SUBJECT, queue=APP, cb=take)
    beating = asyncio.create_task(beat())
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    await ending.wait()
    await runs.drain()  # takes no more runs, and ends those it has
    beating.cancel()
    await client.close()


asyncio.run(main())
