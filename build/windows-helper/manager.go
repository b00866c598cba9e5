//go:build windows

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

var errNoService = errors.New("there is no such service")

const (
	// A big store of the NATS server takes up to two minutes to be read in.
	startLimit = 150 * time.Second
	// Longer than `service run` waits for the program.
	stopLimit = 40 * time.Second
	// The manager has no call that waits.
	pollEvery = 200 * time.Millisecond
)

// startService returns when the service runs; one that runs already is fine.
func startService(name string) error {
	return withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_START, func(service *mgr.Service) error {
		if err := service.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return fmt.Errorf("service %s cannot be started: %w", name, err)
		}
		status, err := waitWhile(service, startLimit, svc.StartPending)
		if err != nil {
			return err
		}
		if status.State != svc.Running {
			return fmt.Errorf("service %s has stopped again with exit code %d; the event log says why (source %s)", name, exitCode(status), name)
		}
		return nil
	})
}

// stopService returns when the service has stopped; one that does not run is fine.
func stopService(name string) error {
	return withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_STOP, stopAndWait)
}

func stopAndWait(service *mgr.Service) error {
	status, err := waitWhile(service, startLimit, svc.StartPending)
	if err != nil {
		return err
	}
	if status.State == svc.Stopped {
		return nil
	}
	if _, err := service.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return fmt.Errorf("service %s cannot be stopped: %w", service.Name, err)
	}
	status, err = waitWhile(service, stopLimit, svc.Running, svc.StopPending)
	if err == nil && status.State != svc.Stopped {
		err = fmt.Errorf("service %s is started again by somebody", service.Name)
	}
	return err
}

func waitWhile(service *mgr.Service, limit time.Duration, states ...svc.State) (svc.Status, error) {
	for began := time.Now(); ; time.Sleep(pollEvery) {
		status, err := service.Query()
		if err != nil {
			return status, fmt.Errorf("the state of service %s cannot be read: %w", service.Name, err)
		}
		if !slices.Contains(states, status.State) {
			return status, nil
		}
		if time.Since(began) > limit {
			return status, fmt.Errorf("service %s is still changing its state after %v", service.Name, limit)
		}
	}
}

// withService opens the service with no more rights than are needed: to ask needs no administrator.
func withService(name string, access uint32, use func(*mgr.Service) error) error {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return fmt.Errorf("the service manager cannot be reached: %w", err)
	}
	defer windows.CloseServiceHandle(manager)
	handle, err := windows.OpenService(manager, windows.StringToUTF16Ptr(name), access)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return fmt.Errorf("%s: %w", name, errNoService)
	}
	if err != nil {
		return fmt.Errorf("service %s cannot be opened: %w", name, err)
	}
	service := &mgr.Service{Name: name, Handle: handle}
	defer service.Close()
	return use(service)
}
