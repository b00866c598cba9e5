// A natsjob worker: takes the runs of one job, does the work, and says how each ended.
use async_nats::{ConnectOptions, Error, jetstream};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{pin::pin, time::Duration};
use tokio::{select, signal, spawn, time::sleep};

// natsjob:begin
const URL: &str = "nats://127.0.0.1:4222";
const NAMESPACE: &str = "app";
const APP: &str = "shop";
const WORKER_ID: &str = "worker-1"; // each worker that runs has its own
// Broadcast: nats.subscribe(SUBJECT). Ultra: natsjob.job.client-start.app.shop.report.worker-1
const SUBJECT: &str = "natsjob.job.start.app.shop.report";
// natsjob:end

/// Your work. What it returns is kept with the run; with an error the run fails.
async fn work(args: &str) -> Result<String, Error> {
    if args == "fail" {
        return Err("told to fail".into());
    }
    Ok(format!("worked on {args}"))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let nats = ConnectOptions::new()
        .name(WORKER_ID)
        .max_reconnects(None)
        .connect(URL)
        .await?;
    let js = jetstream::new(nats.clone());
    let mut runs = nats.queue_subscribe(SUBJECT, APP.into()).await?;
    spawn(beat(js.clone()));
    let mut asked_to_stop = pin!(asked_to_stop());
    let mut stopping = false;
    loop {
        select! {
            message = runs.next() => match message {
                Some(message) => take(&js, &message.payload).await,
                None => return Ok(()),
            },
            () = &mut asked_to_stop, if !stopping => {
                stopping = true;
                runs.drain().await?; // takes no more runs, and ends those it has
            }
        }
    }
}

async fn take(js: &jetstream::Context, message: &[u8]) {
    let run: Value = serde_json::from_slice(message).unwrap_or_default();
    let text = |name: &str| run[name].as_str().unwrap_or_default();
    println!("run {}", text("taskId"));
    let (status, reason) = match work(text("jobArgs")).await {
        Ok(reason) => ("success", reason),
        Err(error) => ("fail", error.to_string()),
    };
    if text("jobEndKvKey").is_empty() {
        return; // lite and plus: nobody waits for an answer
    }
    let end = json!({ "status": status, "reason": reason, "clientId": WORKER_ID });
    for _ in 0..10 {
        // NATS may be away for a moment, and a lost answer lets the run expire
        match put(js, text("jobEndResultKvBucket"), text("jobEndKvKey"), &end).await {
            Ok(()) => return,
            Err(error) => eprintln!("answer not stored: {error}"),
        }
        sleep(Duration::from_secs(1)).await;
    }
}

async fn beat(js: jetstream::Context) {
    let key = format!("natsjob.heartbeat.client.{NAMESPACE}.{APP}.{WORKER_ID}");
    let body = json!({ "id": WORKER_ID, "namespace": NAMESPACE, "appName": APP });
    loop {
        if let Err(error) = put(&js, "natsjob-heartbeat", &key, &body).await {
            eprintln!("no heartbeat: {error}");
        }
        sleep(Duration::from_secs(5)).await;
    }
}

async fn put(js: &jetstream::Context, bucket: &str, key: &str, value: &Value) -> Result<(), Error> {
    js.get_key_value(bucket)
        .await?
        .put(key, value.to_string().into())
        .await?;
    Ok(())
}

/// Ctrl-C, or SIGTERM where there is one.
async fn asked_to_stop() {
    #[cfg(unix)]
    let mut term =
        signal::unix::signal(signal::unix::SignalKind::terminate()).expect("a signal handler");
    #[cfg(unix)]
    let term = term.recv();
    #[cfg(not(unix))]
    let term = std::future::pending::<()>();
    select! { _ = signal::ctrl_c() => {}, _ = term => {} }
}
