//go:build windows

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// Status is what `service status` prints as one line of JSON.
type Status struct {
	Name      string `json:"name"`
	Installed bool   `json:"installed"`
	// As in sc.exe, in lower case: stopped, start-pending, stop-pending, running, other.
	State string `json:"state,omitempty"`
	// Of the service's own process, whose child the program is.
	Pid uint32 `json:"pid,omitempty"`
	// Of the last run, or 0.
	ExitCode uint32 `json:"exitCode"`
	// automatic, manual, disabled.
	Start   string `json:"start,omitempty"`
	Account string `json:"account,omitempty"`
	Command string `json:"command,omitempty"`
}

func printStatus(name string) (int, error) {
	told := Status{Name: name}
	err := withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG, func(service *mgr.Service) error {
		status, err := service.Query()
		if err != nil {
			return err
		}
		config, err := basicConfig(service)
		if err != nil {
			return err
		}
		states := map[svc.State]string{svc.Stopped: "stopped", svc.StartPending: "start-pending", svc.StopPending: "stop-pending", svc.Running: "running"}
		starts := map[uint32]string{mgr.StartAutomatic: "automatic", mgr.StartManual: "manual", mgr.StartDisabled: "disabled"}
		told = Status{
			Name: name, Installed: true, State: states[status.State], Pid: status.ProcessId, ExitCode: exitCode(status),
			Start: starts[config.StartType], Account: windows.UTF16PtrToString(config.ServiceStartName), Command: windows.UTF16PtrToString(config.BinaryPathName),
		}
		if told.State == "" {
			told.State = "other"
		}
		return nil
	})
	if err != nil && !errors.Is(err, errNoService) {
		return exitFailed, err
	}
	line, _ := json.Marshal(told)
	fmt.Println(string(line))
	if !told.Installed {
		return exitMissing, nil
	}
	return 0, nil
}

// basicConfig asks for less than mgr's own call, which not every system can answer.
func basicConfig(service *mgr.Service) (*windows.QUERY_SERVICE_CONFIG, error) {
	var size uint32
	err := windows.QueryServiceConfig(service.Handle, nil, 0, &size)
	if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) {
		return nil, err
	}
	config := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&make([]byte, size)[0]))
	return config, windows.QueryServiceConfig(service.Handle, config, size, &size)
}

// The manager's own codes say of a service that ended with one of its own only that it did.
func exitCode(status svc.Status) uint32 {
	if status.Win32ExitCode == uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR) {
		return status.ServiceSpecificExitCode
	}
	if status.Win32ExitCode == uint32(windows.ERROR_SERVICE_NEVER_STARTED) {
		return 0
	}
	return status.Win32ExitCode
}
