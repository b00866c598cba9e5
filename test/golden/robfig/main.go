// Answers golden rows with the Go library natsjob's users know, and the DST policies by brute force.
// See README.md for how to run it.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

type row struct {
	Expression string   `json:"expression"`
	Zone       string   `json:"zone"`
	From       string   `json:"from"`
	Count      int      `json:"count,omitempty"`
	Robfig     []string `json:"robfig,omitempty"`
	Error      string   `json:"error,omitempty"`
	Differs    string   `json:"differs,omitempty"`
}

// A fixed local time of day over a few days around a clock change.
type dstRow struct {
	Time   string   `json:"time"`
	Zone   string   `json:"zone"`
	From   string   `json:"from"`
	Days   int      `json:"days"`
	Once   []string `json:"once"`
	Skip   []string `json:"skip"`
	Compat []string `json:"compat"`
}

type table struct {
	Rows []row    `json:"rows"`
	Dst  []dstRow `json:"dst"`
}

var parser = cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

func main() {
	var t table
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		log.Fatal(err)
	}
	for i := range t.Rows {
		answer(&t.Rows[i])
	}
	for i := range t.Dst {
		scan(&t.Dst[i])
	}
	if err := json.NewEncoder(os.Stdout).Encode(t); err != nil {
		log.Fatal(err)
	}
}

func answer(r *row) {
	expression := r.Expression
	if !strings.Contains(expression, "TZ=") {
		expression = "CRON_TZ=" + r.Zone + " " + expression
	}
	schedule, err := parser.Parse(expression)
	if err != nil {
		r.Error = err.Error()
		return
	}
	count := r.Count
	if count == 0 {
		count = 5
	}
	r.Robfig = []string{}
	for at := parse(r.From); len(r.Robfig) < count; {
		at = schedule.Next(at)
		if at.IsZero() {
			return
		}
		r.Robfig = append(r.Robfig, text(at))
	}
}

// scan looks at every second: no cron code, only the meaning of the policies.
func scan(r *dstRow) {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		log.Fatal(err)
	}
	wanted, err := time.Parse("15:04:05", r.Time)
	if err != nil {
		log.Fatal(err)
	}
	r.Once, r.Skip, r.Compat = []string{}, []string{}, []string{}
	shown := map[string]bool{}
	from := parse(r.From)
	// Begin a day early so that a time shown before `from` and again after it is known as a repeat.
	before := wall(from.Add(-24*time.Hour - time.Second), zone)
	for at := from.Add(-24 * time.Hour); at.Before(from.Add(time.Duration(r.Days) * 24 * time.Hour)); at = at.Add(time.Second) {
		local := wall(at, zone)
		inside := at.After(from)
		target := time.Date(local.Year(), local.Month(), local.Day(), wanted.Hour(), wanted.Minute(), wanted.Second(), 0, time.UTC)
		if local.Equal(target) {
			again := shown[local.String()]
			shown[local.String()] = true
			if inside {
				r.Compat = append(r.Compat, text(at))
				if !again {
					r.Once = append(r.Once, text(at))
					r.Skip = append(r.Skip, text(at))
				}
			}
		} else if inside && local.Sub(before) > time.Second {
			// The clock jumped: was the time of day, on any date, among what it jumped over?
			for missed := before.Add(time.Second); missed.Before(local); missed = missed.Add(time.Second) {
				if missed.Hour() == wanted.Hour() && missed.Minute() == wanted.Minute() && missed.Second() == wanted.Second() {
					r.Once = append(r.Once, text(at))
					break
				}
			}
		}
		before = local
	}
}

// wall is what the clock shows, as if it were UTC.
func wall(at time.Time, zone *time.Location) time.Time {
	l := at.In(zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
}

func parse(s string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		log.Fatal(err)
	}
	return at
}

func text(at time.Time) string {
	return at.UTC().Format("2006-01-02T15:04:05Z")
}
