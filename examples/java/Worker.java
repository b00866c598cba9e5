// A natsjob worker: takes the runs of one job, does the work, and says how each ended.
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import io.nats.client.support.JsonValueUtils;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

public class Worker {
    // natsjob:begin
    static final String URL = "nats://127.0.0.1:4222";
    static final String NAMESPACE = "app";
    static final String APP = "shop";
    static final String WORKER_ID = "worker-1"; // each worker that runs has its own
    // Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.app.shop.report.worker-1
    static final String SUBJECT = "natsjob.job.start.app.shop.report";
    // natsjob:end

    /** Your work. What it returns is kept with the run; when it throws, the run fails. */
    static String work(String args) throws Exception {
        if (args.equals("fail")) throw new Exception("told to fail");
        return "worked on " + args;
    }

    static Connection nats;

    public static void main(String[] ignored) throws Exception {
        nats = Nats.connect(Options.builder().server(URL).connectionName(WORKER_ID).maxReconnects(-1).build());
        Dispatcher runs = nats.createDispatcher(message -> take(JsonParser.parseUnchecked(message.getData())));
        runs.subscribe(SUBJECT, APP);
        Executors.newSingleThreadScheduledExecutor().scheduleAtFixedRate(Worker::beat, 0, 5, TimeUnit.SECONDS);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runs.drain(Duration.ofSeconds(30)).get(); // takes no more runs, and ends those it has
                nats.close();
            } catch (Exception error) {
                System.err.println(error);
            }
        }));
    }

    static void beat() {
        try {
            put("natsjob-heartbeat", "natsjob.heartbeat.client." + NAMESPACE + "." + APP + "." + WORKER_ID,
                JsonValueUtils.mapBuilder().put("id", WORKER_ID).put("namespace", NAMESPACE).put("appName", APP).toJsonValue());
        } catch (Exception error) {
            System.err.println("no heartbeat: " + error.getMessage());
        }
    }

    static void take(JsonValue run) throws InterruptedException {
        System.out.println("run " + JsonValueUtils.readString(run, "taskId"));
        JsonValueUtils.MapBuilder end = JsonValueUtils.mapBuilder().put("clientId", WORKER_ID);
        try {
            end.put("reason", work(JsonValueUtils.readString(run, "jobArgs"))).put("status", "success");
        } catch (Exception error) {
            end.put("reason", String.valueOf(error.getMessage())).put("status", "fail");
        }
        String key = JsonValueUtils.readString(run, "jobEndKvKey");
        if (key.isEmpty()) return; // lite and plus: nobody waits for an answer
        for (int tries = 0; tries < 10; tries++) { // NATS may be away for a moment, and a lost answer lets the run expire
            try {
                put(JsonValueUtils.readString(run, "jobEndResultKvBucket"), key, end.toJsonValue());
                return;
            } catch (Exception error) {
                System.err.println("answer not stored: " + error.getMessage());
                Thread.sleep(1_000);
            }
        }
    }

    static void put(String bucket, String key, JsonValue value) throws Exception {
        nats.keyValue(bucket).put(key, value.toJson());
    }
}
