package supervise

import (
	"testing"
	"time"
)

// fake is a program, a manager and a clock: the test acts, and awaits what comes of it.
type fake struct {
	ready    chan struct{}
	ended    chan int
	requests chan Request
	reports  chan Report
	timers   chan timer
	closed   chan struct{}
	killed   chan struct{}
	end      chan End
}

type timer struct {
	after time.Duration
	fire  chan time.Time
}

func (f *fake) Ready() <-chan struct{} { return f.ready }
func (f *fake) Ended() <-chan int      { return f.ended }
func (f *fake) CloseInput()            { f.closed <- struct{}{} }
func (f *fake) Kill()                  { f.killed <- struct{}{} }

func start() *fake {
	f := &fake{
		ready: make(chan struct{}), ended: make(chan int), requests: make(chan Request), reports: make(chan Report, 100),
		timers: make(chan timer, 100), closed: make(chan struct{}, 100), killed: make(chan struct{}, 100), end: make(chan End, 1),
	}
	go func() {
		f.end <- Supervise(f, Outside{
			Requests: f.requests,
			Report:   func(report Report) { f.reports <- report },
			After: func(after time.Duration) <-chan time.Time {
				fire := make(chan time.Time)
				f.timers <- timer{after, fire}
				return fire
			},
		})
	}()
	return f
}

func (f *fake) expectReport(t *testing.T, want Report) {
	t.Helper()
	select {
	case got := <-f.reports:
		if got != want {
			t.Fatalf("reported %+v, want %+v", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("no report, want %+v", want)
	}
}

// fire lets the next timer that was asked for run out.
func (f *fake) fire(t *testing.T, after time.Duration) {
	t.Helper()
	one := <-f.timers
	if one.after != after {
		t.Fatalf("a timer of %v, want %v", one.after, after)
	}
	one.fire <- time.Time{}
}

func (f *fake) expectEnd(t *testing.T, want End) {
	t.Helper()
	if got := <-f.end; got != want {
		t.Fatalf("ended as %+v, want %+v", got, want)
	}
	select {
	case report := <-f.reports:
		t.Fatalf("reported %+v too", report)
	default:
	}
}

func TestStartsRunsAndStopsInOrder(t *testing.T) {
	f := start()
	f.expectReport(t, Report{StartPending, 1, Hint})
	f.fire(t, Step)
	f.expectReport(t, Report{StartPending, 2, Hint})
	close(f.ready)
	f.expectReport(t, Report{Running, 0, 0})
	f.requests <- Interrogate
	f.expectReport(t, Report{Running, 0, 0})
	<-f.timers // of the start, which is over
	f.requests <- Stop
	f.expectReport(t, Report{StopPending, 1, Hint})
	<-f.closed
	f.fire(t, Step)
	f.expectReport(t, Report{StopPending, 2, Hint})
	f.requests <- Stop
	f.requests <- Interrogate
	f.expectReport(t, Report{StopPending, 2, Hint})
	f.ended <- 0
	f.expectEnd(t, End{Wanted: true})
	if len(f.closed) > 0 || len(f.killed) > 0 {
		t.Fatal("its input was closed twice, or it was killed")
	}
}

func TestKillsWhatDoesNotEnd(t *testing.T) {
	f := start()
	close(f.ready)
	f.expectReport(t, Report{StartPending, 1, Hint})
	f.expectReport(t, Report{Running, 0, 0})
	<-f.timers
	f.requests <- Stop
	f.expectReport(t, Report{StopPending, 1, Hint})
	<-f.timers
	f.fire(t, Patience)
	<-f.killed
	f.ended <- 1
	f.expectEnd(t, End{Code: 1, Wanted: true, Killed: true})
}

func TestTellsAnEndOfTheProgramsOwn(t *testing.T) {
	f := start()
	close(f.ready)
	f.expectReport(t, Report{StartPending, 1, Hint})
	f.expectReport(t, Report{Running, 0, 0})
	f.ended <- 70
	f.expectEnd(t, End{Code: 70})
}

func TestIsNeverRunningOnceItIsToStop(t *testing.T) {
	f := start()
	f.expectReport(t, Report{StartPending, 1, Hint})
	f.requests <- Stop
	f.expectReport(t, Report{StopPending, 2, Hint})
	<-f.closed
	close(f.ready)
	f.requests <- Interrogate
	f.expectReport(t, Report{StopPending, 2, Hint})
	f.ended <- 0
	f.expectEnd(t, End{Wanted: true})
}
