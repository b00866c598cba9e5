// Made by build/snippets.mjs from examples/. Do not edit.
export { fillSnippet, UnsafeSnippetValue, type SnippetValues } from '../snippets/fill-snippet.ts';

export type SnippetId = 'python' | 'node';

/** A complete worker in one language. `install` and `run` are shell lines for a folder that holds only `file`. */
export interface Snippet {
  readonly id: SnippetId;
  readonly label: string;
  readonly file: string;
  readonly install: string;
  readonly run: string;
  /** The program with {{url}} {{namespace}} {{app}} {{job}} {{subject}} {{workerId}} in it: see fillSnippet. */
  readonly text: string;
}

export const SNIPPETS: readonly Snippet[] = [
  {
    id: "python",
    label: "Python",
    file: "worker.py",
    install: "python3 -m venv .venv && .venv/bin/pip install nats-py==2.16.0",
    run: ".venv/bin/python worker.py",
    text: "# A natsjob worker: takes the runs of one job, does the work, and says how each ended.\nimport asyncio\nimport json\nimport signal\n\nimport nats\n\nURL = \"{{url}}\"\nNAMESPACE = \"{{namespace}}\"\nAPP = \"{{app}}\"\nWORKER_ID = \"{{workerId}}\"  # each worker that runs has its own\n# Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.{{namespace}}.{{app}}.{{job}}.{{workerId}}\nSUBJECT = \"{{subject}}\"\n\n\nasync def work(args):\n    \"\"\"Your work. What it returns is kept with the run; when it raises, the run fails.\"\"\"\n    if args == \"fail\":\n        raise ValueError(\"told to fail\")\n    return f\"worked on {args or 'nothing'}\"\n\n\nasync def main():\n    client = await nats.connect(URL, name=WORKER_ID, max_reconnect_attempts=-1)\n    js = client.jetstream()\n\n    async def put(bucket, key, value):\n        await (await js.key_value(bucket)).put(key, json.dumps(value).encode())\n\n    async def take(message):\n        run = json.loads(message.data)\n        print(\"run\", run[\"taskId\"], flush=True)\n        try:\n            end = {\"status\": \"success\", \"reason\": await work(run[\"jobArgs\"])}\n        except Exception as error:\n            end = {\"status\": \"fail\", \"reason\": str(error)}\n        if not run[\"jobEndKvKey\"]:\n            return  # lite and plus: nobody waits for an answer\n        for _ in range(10):  # NATS may be away for a moment, and a lost answer lets the run expire\n            try:\n                return await put(run[\"jobEndResultKvBucket\"], run[\"jobEndKvKey\"], {**end, \"clientId\": WORKER_ID})\n            except nats.errors.Error as error:\n                print(\"answer not stored:\", error, flush=True)\n                await asyncio.sleep(1)\n\n    async def beat():\n        key = f\"natsjob.heartbeat.client.{NAMESPACE}.{APP}.{WORKER_ID}\"\n        while True:\n            try:\n                await put(\"natsjob-heartbeat\", key, {\"id\": WORKER_ID, \"namespace\": NAMESPACE, \"appName\": APP})\n            except nats.errors.Error as error:\n                print(\"no heartbeat:\", error, flush=True)\n            await asyncio.sleep(5)\n\n    runs = await client.subscribe(SUBJECT, queue=APP, cb=take)\n    beating = asyncio.create_task(beat())\n    ending = asyncio.Event()\n    for number in (signal.SIGINT, signal.SIGTERM):\n        asyncio.get_running_loop().add_signal_handler(number, ending.set)\n    await ending.wait()\n    await runs.drain()  # takes no more runs, and ends those it has\n    beating.cancel()\n    await client.close()\n\n\nasyncio.run(main())\n",
  },
  {
    id: "node",
    label: "Node.js",
    file: "worker.mjs",
    install: "npm install @nats-io/kv@3.4.0 @nats-io/transport-node@3.4.0",
    run: "node worker.mjs",
    text: "// A natsjob worker: takes the runs of one job, does the work, and says how each ended.\nimport { setTimeout as pause } from 'node:timers/promises';\nimport { Kvm } from '@nats-io/kv';\nimport { connect } from '@nats-io/transport-node';\n\nconst url = '{{url}}';\nconst namespace = '{{namespace}}';\nconst app = '{{app}}';\nconst workerId = '{{workerId}}'; // each worker that runs has its own\n// Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.{{namespace}}.{{app}}.{{job}}.{{workerId}}\nconst subject = '{{subject}}';\n\n/** Your work. What it returns is kept with the run; when it throws, the run fails. */\nasync function work(args) {\n  if (args === 'fail') throw new Error('told to fail');\n  return `worked on ${args || 'nothing'}`;\n}\n\nconst nats = await connect({ servers: url, name: workerId, maxReconnectAttempts: -1 });\nconst buckets = new Kvm(nats);\nconst heartbeats = await buckets.open('natsjob-heartbeat');\nconst runs = nats.subscribe(subject, { queue: app });\n\nconst key = `natsjob.heartbeat.client.${namespace}.${app}.${workerId}`;\nconst beat = () => heartbeats.put(key, JSON.stringify({ id: workerId, namespace, appName: app }))\n  .catch((error) => console.error('no heartbeat:', error.message));\nawait beat();\nconst beating = setInterval(beat, 5_000);\n\n// Takes no more runs, and ends those it has.\nfor (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void runs.drain());\n\nfor await (const message of runs) {\n  const run = message.json();\n  console.log('run', run.taskId);\n  const end = { status: 'success', clientId: workerId };\n  try {\n    end.reason = await work(run.jobArgs);\n  } catch (error) {\n    Object.assign(end, { status: 'fail', reason: String(error.message ?? error) });\n  }\n  if (run.jobEndKvKey !== '') await answer(run, end); // lite and plus: nobody waits for an answer\n}\nclearInterval(beating);\nawait nats.drain();\n\n/** Tries for a while: NATS may be away for a moment, and a lost answer lets the run expire. */\nasync function answer(run, end) {\n  for (let tries = 1; tries <= 10; tries++) {\n    try {\n      const results = await buckets.open(run.jobEndResultKvBucket);\n      return await results.put(run.jobEndKvKey, JSON.stringify(end));\n    } catch (error) {\n      console.error('answer not stored:', error.message);\n      await pause(1_000);\n    }\n  }\n}\n",
  },
];
