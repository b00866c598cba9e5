// A natsjob worker: takes the runs of one job, does the work, and says how each ended.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsjob:begin
const url = "nats://127.0.0.1:4222"
const namespace = "app"
const app = "shop"
const workerID = "worker-1" // each worker that runs has its own
// Broadcast: nc.Subscribe, without a queue. Ultra: natsjob.job.client-start.app.shop.report.worker-1
const subject = "natsjob.job.start.app.shop.report"

// natsjob:end

// Your work. What it returns is kept with the run; with an error the run fails.
func work(args string) (string, error) {
	if args == "fail" {
		return "", errors.New("told to fail")
	}
	return "worked on " + args, nil
}

func main() {
	stopping, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	closed := make(chan struct{})
	nc, err := nats.Connect(url, nats.Name(workerID), nats.MaxReconnects(-1), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		log.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		log.Fatal(err)
	}
	if _, err = nc.QueueSubscribe(subject, app, func(message *nats.Msg) { take(js, message.Data) }); err != nil {
		log.Fatal(err)
	}
	for {
		key := "natsjob.heartbeat.client." + namespace + "." + app + "." + workerID
		if err := put(js, "natsjob-heartbeat", key, map[string]string{"id": workerID, "namespace": namespace, "appName": app}); err != nil {
			log.Print("no heartbeat: ", err)
		}
		select {
		case <-time.After(5 * time.Second):
		case <-stopping.Done():
			nc.Drain() // takes no more runs, and ends those it has
			<-closed
			return
		}
	}
}

func take(js jetstream.JetStream, message []byte) {
	var run struct{ TaskID, JobArgs, JobEndKvKey, JobEndResultKvBucket string }
	if err := json.Unmarshal(message, &run); err != nil {
		log.Print(err)
		return
	}
	log.Print("run ", run.TaskID)
	end := map[string]string{"status": "success", "clientId": workerID}
	reason, err := work(run.JobArgs)
	if err != nil {
		end["status"], reason = "fail", err.Error()
	}
	end["reason"] = reason
	if run.JobEndKvKey == "" {
		return // lite and plus: nobody waits for an answer
	}
	for range 10 { // NATS may be away for a moment, and a lost answer lets the run expire
		if err = put(js, run.JobEndResultKvBucket, run.JobEndKvKey, end); err == nil {
			return
		}
		log.Print("answer not stored: ", err)
		time.Sleep(time.Second)
	}
}

func put(js jetstream.JetStream, bucket, key string, value any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	store, err := js.KeyValue(ctx, bucket)
	if err != nil {
		return err
	}
	text, err := json.Marshal(value)
	if err == nil {
		_, err = store.Put(ctx, key, text)
	}
	return err
}
