// Package supervise is the life of a service around the program it runs. Free of Windows: it can be tested anywhere.
package supervise

import "time"

// State is what the service manager knows of; that the service has stopped is the caller's to say.
type State int

const (
	StartPending State = iota
	Running
	StopPending
)

// Report is what the service manager is told.
type Report struct {
	State State
	// CheckPoint grows while a change is under way, so that the manager sees it go on. 0 while running.
	CheckPoint uint32
	// WaitHint is how long until the next report at most.
	WaitHint time.Duration
}

// Request is what the service manager wants.
type Request int

const (
	Stop Request = iota
	// Interrogate wants the last report once more.
	Interrogate
)

// Program is what runs.
type Program interface {
	// Ready is closed when it is up.
	Ready() <-chan struct{}
	// Ended gives its exit code, once.
	Ended() <-chan int
	// CloseInput tells it to end in order.
	CloseInput()
	// Kill ends it at once.
	Kill()
}

// Outside is the manager, and the time.
type Outside struct {
	Requests <-chan Request
	Report   func(Report)
	After    func(time.Duration) <-chan time.Time
}

const (
	// Step is between two reports of a change that is under way.
	Step = 2 * time.Second
	// Hint is more than a step: a machine under load reports late.
	Hint = 15 * time.Second
	// Patience is for the program to end in order: longer than it allows itself, shorter than a shutdown waits.
	Patience = 25 * time.Second
)

// End is how it came to an end.
type End struct {
	// Code is the program's own.
	Code int
	// Wanted: the manager asked for it; otherwise the program ended by itself.
	Wanted bool
	// Killed: it did not end in time.
	Killed bool
}

// Supervise reports the program's state until it has ended.
func Supervise(program Program, outside Outside) End {
	var last Report
	report := func(state State) {
		if state == Running {
			last = Report{State: Running}
		} else {
			last = Report{State: state, CheckPoint: last.CheckPoint + 1, WaitHint: Hint}
		}
		outside.Report(last)
	}
	report(StartPending)
	var end End
	var tooLate <-chan time.Time
	ready, step := program.Ready(), outside.After(Step)
	for {
		select {
		case end.Code = <-program.Ended():
			return end
		case <-ready:
			ready, step = nil, nil
			report(Running)
		case <-step:
			report(last.State)
			step = outside.After(Step)
		case <-tooLate:
			end.Killed, tooLate = true, nil
			program.Kill()
		case request := <-outside.Requests:
			switch {
			case request == Interrogate:
				outside.Report(last)
			case !end.Wanted:
				end.Wanted, ready = true, nil
				report(StopPending)
				step, tooLate = outside.After(Step), outside.After(Patience)
				program.CloseInput()
			}
		}
	}
}
