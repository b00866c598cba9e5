//go:build windows

package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"

	"natsjob-helper/internal/commandline"
	"natsjob-helper/internal/supervise"
)

const (
	eventStopped = 1
	// What of the program's output is kept to tell why it ended; an event holds at most 31,839 characters.
	keptOutput = 8_000
	accepted   = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown
)

// runService is what the service manager starts. It returns when the service has stopped.
func runService(command commandline.Command) error {
	if command.Dir != "" {
		// The manager starts us in the system's folder.
		if err := os.Chdir(command.Dir); err != nil {
			return err
		}
	}
	return svc.Run(command.Name, &handler{name: command.Name, program: command.Program})
}

type handler struct {
	name    string
	program []string
}

// Execute gives the program's own exit code when it ends by itself: anything but 0 makes the recovery actions apply.
func (one *handler) Execute(_ []string, changes <-chan svc.ChangeRequest, states chan<- svc.Status) (bool, uint32) {
	output := &tail{ready: make(chan struct{})}
	running, err := startChild(childOptions{program: one.program, output: standardOutput{output}, errors: output})
	if err != nil {
		one.tell(err.Error())
		return true, exitFailed
	}
	end := supervise.Supervise(&program{running, output}, supervise.Outside{
		Requests: requestsOf(changes),
		Report:   func(report supervise.Report) { states <- statusOf(report) },
		After:    time.After,
	})
	running.untilAlone(lastEnd)
	// What is still there goes with us.
	running.kill()
	switch {
	case end.Killed:
		one.tell(fmt.Sprintf("The program was ended at once, as it did not stop within %v.\n\n%s", supervise.Patience, output.text()))
		return false, 0
	case end.Wanted || end.Code == 0:
		return false, 0
	}
	one.tell(fmt.Sprintf("The program ended by itself with exit code %d.\n\n%s", end.Code, output.text()))
	return true, uint32(end.Code)
}

// tell writes to the event log; where that does not work there is nobody else to tell.
func (one *handler) tell(text string) {
	log, err := eventlog.Open(one.name)
	if err != nil {
		return
	}
	defer log.Close()
	log.Error(eventStopped, text)
}

type program struct {
	*child
	output *tail
}

func (one *program) Ready() <-chan struct{} { return one.output.ready }
func (one *program) Ended() <-chan int      { return one.ended }
func (one *program) CloseInput()            { one.closeInput() }
func (one *program) Kill()                  { one.kill() }

// requestsOf leaves out what a service need not answer.
func requestsOf(changes <-chan svc.ChangeRequest) <-chan supervise.Request {
	requests := make(chan supervise.Request)
	go func() {
		for change := range changes {
			switch change.Cmd {
			case svc.Interrogate:
				requests <- supervise.Interrogate
			case svc.Stop, svc.Shutdown, svc.PreShutdown:
				requests <- supervise.Stop
			}
		}
	}()
	return requests
}

func statusOf(report supervise.Report) svc.Status {
	status := svc.Status{CheckPoint: report.CheckPoint, WaitHint: uint32(report.WaitHint / time.Millisecond), ProcessId: windows.GetCurrentProcessId()}
	switch report.State {
	case supervise.StartPending:
		status.State = svc.StartPending
	case supervise.Running:
		status.State, status.Accepts = svc.Running, accepted
	case supervise.StopPending:
		status.State = svc.StopPending
	}
	return status
}

// tail keeps the end of what a program writes.
type tail struct {
	mutex sync.Mutex
	kept  []byte
	// ready is closed at the first line on standard output: natsjob writes there once it has started.
	ready chan struct{}
	once  sync.Once
}

func (one *tail) Write(written []byte) (int, error) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	one.kept = append(one.kept, written...)
	if len(one.kept) > keptOutput {
		one.kept = append([]byte(nil), one.kept[len(one.kept)-keptOutput:]...)
	}
	return len(written), nil
}

func (one *tail) text() string {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	return string(one.kept)
}

// standardOutput is the tail as the program's standard output, whose first line says that it is ready.
type standardOutput struct{ *tail }

func (one standardOutput) Write(written []byte) (int, error) {
	one.once.Do(func() { close(one.ready) })
	return one.tail.Write(written)
}
