// A natsjob worker: takes the runs of one job, does the work, and says how each ended.
using System.Runtime.InteropServices;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Net;

// natsjob:begin
const string url = "nats://127.0.0.1:4222";
const string ns = "app";
const string app = "shop";
const string workerId = "worker-1"; // each worker that runs has its own
// Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.app.shop.report.worker-1
const string subject = "natsjob.job.start.app.shop.report";
// natsjob:end

// Your work. What it returns is kept with the run; when it throws, the run fails.
async Task<string> Work(string args)
{
    await Task.Yield();
    if (args == "fail") throw new InvalidOperationException("told to fail");
    return $"worked on {args}";
}

await using var nats = new NatsConnection(new NatsOpts { Url = url, Name = workerId });
var buckets = nats.CreateKeyValueStoreContext();
await using var runs = await nats.SubscribeCoreAsync<byte[]>(subject, queueGroup: app);

using var stopping = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
    _ = runs.DrainAsync(); // takes no more runs, and ends those it has
}
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

var beating = Beat();
await foreach (var message in runs.Msgs.ReadAllAsync()) await Take(JsonSerializer.Deserialize<JsonElement>(message.Data));
await beating;

async Task Take(JsonElement run)
{
    string Text(string name) => run.GetProperty(name).GetString() ?? "";
    Console.WriteLine($"run {Text("taskId")}");
    var (status, reason) = ("success", "");
    try { reason = await Work(Text("jobArgs")); }
    catch (Exception error) { (status, reason) = ("fail", error.Message); }
    if (Text("jobEndKvKey") == "") return; // lite and plus: nobody waits for an answer
    for (var tries = 0; tries < 10; tries++) // NATS may be away for a moment, and a lost answer lets the run expire
    {
        try
        {
            await Put(Text("jobEndResultKvBucket"), Text("jobEndKvKey"), new { status, reason, clientId = workerId });
            return;
        }
        catch (Exception error) { Console.Error.WriteLine($"answer not stored: {error.Message}"); }
        await Task.Delay(1_000);
    }
}

async Task Beat()
{
    while (!stopping.IsCancellationRequested)
    {
        try { await Put("natsjob-heartbeat", $"natsjob.heartbeat.client.{ns}.{app}.{workerId}", new { id = workerId, @namespace = ns, appName = app }); }
        catch (Exception error) { Console.Error.WriteLine($"no heartbeat: {error.Message}"); }
        try { await Task.Delay(5_000, stopping.Token); }
        catch (OperationCanceledException) { }
    }
}

async Task Put(string bucket, string key, object value) =>
    await (await buckets.GetStoreAsync(bucket)).PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(value));
