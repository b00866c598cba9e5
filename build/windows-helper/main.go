//go:build windows

// natsjob-helper does for natsjob on Windows what Node cannot: end a console program in order, and speak the service protocol.
package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"

	"natsjob-helper/internal/commandline"
)

const (
	exitFailed       = 1
	exitUsage        = 2
	exitMissing      = 3
	exitNotPermitted = 4
)

func main() {
	command, err := commandline.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "natsjob-helper: %v\n\n%s\n", err, commandline.Usage)
		os.Exit(exitUsage)
	}
	code, err := carryOut(command)
	if err != nil {
		fmt.Fprintf(os.Stderr, "natsjob-helper: %v\n", err)
		code = exitCodeOf(err)
	}
	os.Exit(code)
}

func carryOut(command commandline.Command) (int, error) {
	switch command.Kind {
	case commandline.CtrlC:
		return 0, endForeign(command.Pid)
	case commandline.Run:
		return runUntilInputCloses(command.Program)
	case commandline.ServiceRun:
		return 0, runService(command)
	case commandline.ServiceInstall:
		return 0, installService(command)
	case commandline.ServiceUninstall:
		return 0, uninstallService(command.Name)
	case commandline.ServiceStart:
		return 0, startService(command.Name)
	case commandline.ServiceStop:
		return 0, stopService(command.Name)
	default:
		return printStatus(command.Name)
	}
}

func exitCodeOf(err error) int {
	switch {
	case errors.Is(err, errNoService), errors.Is(err, errNoProcess):
		return exitMissing
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return exitNotPermitted
	}
	return exitFailed
}
