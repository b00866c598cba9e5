//go:build windows

package main

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Its pipes may be held open by programs that it started and that live on.
const lastOutput = time.Second

// child is a program with a hidden console of its own, so that a key pressed there reaches it and nobody else. It dies with us.
type child struct {
	command *exec.Cmd
	input   io.Closer
	job     windows.Handle
	ended   chan int
}

type childOptions struct {
	program []string
	// Working folder; empty: ours.
	dir string
	// Where its output and its errors go; nil: nowhere.
	output, errors io.Writer
}

// startChild starts a program whose standard input stays open until closeInput.
func startChild(options childOptions) (*child, error) {
	command := exec.Command(options.program[0], options.program[1:]...)
	command.Dir = options.dir
	command.Stdout, command.Stderr = options.output, options.errors
	command.WaitDelay = lastOutput
	command.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_NO_WINDOW,
	}
	setCtrlC(heeded)
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", options.program[0], err)
	}
	one := &child{command: command, input: input, job: job, ended: make(chan int, 1)}
	if err := one.enterJob(); err != nil {
		command.Process.Kill()
		return nil, err
	}
	go func() {
		command.Wait()
		one.ended <- command.ProcessState.ExitCode()
	}()
	return one, nil
}

func (one *child) pid() uint32 { return uint32(one.command.Process.Pid) }

func (one *child) closeInput() { one.input.Close() }

// kill ends it and all it has started.
func (one *child) kill() { windows.TerminateJobObject(one.job, exitFailed) }

// untilAlone waits until what the program started has ended as well: its NATS server does when it is gone, in order.
func (one *child) untilAlone(limit time.Duration) {
	for began := time.Now(); time.Since(began) < limit; time.Sleep(pollEvery) {
		var told accounting
		err := windows.QueryInformationJobObject(one.job, windows.JobObjectBasicAccountingInformation, uintptr(unsafe.Pointer(&told)), uint32(unsafe.Sizeof(told)), nil)
		if err != nil || told.active == 0 {
			return
		}
	}
}

// accounting is JOBOBJECT_BASIC_ACCOUNTING_INFORMATION.
type accounting struct {
	times      [4]int64
	pageFaults uint32
	total      uint32
	active     uint32
	terminated uint32
}

// newJob is a group of processes that Windows ends when our handle to it is closed, be it by our own end.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("a job object cannot be made: %w", err)
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		return 0, fmt.Errorf("the job object cannot be set up: %w", err)
	}
	return job, nil
}

func (one *child) enterJob() error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, one.pid())
	if err != nil {
		return fmt.Errorf("process %d cannot be opened: %w", one.pid(), err)
	}
	defer windows.CloseHandle(process)
	if err := windows.AssignProcessToJobObject(one.job, process); err != nil {
		return fmt.Errorf("process %d cannot be bound to us: %w", one.pid(), err)
	}
	return nil
}
