//go:build windows

package main

import (
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc/mgr"
)

// setPreShutdown sets how long the system waits for the service before it goes down.
func setPreShutdown(service *mgr.Service, ms uint32) error {
	return windows.ChangeServiceConfig2(service.Handle, windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, (*byte)(unsafe.Pointer(&ms)))
}

// setDelayedStart lets an automatic service wait until the system is up.
func setDelayedStart(service *mgr.Service, on bool) error {
	info := windows.SERVICE_DELAYED_AUTO_START_INFO{}
	if !on {
		return nil
	}
	info.IsDelayedAutoStartUp = 1
	return windows.ChangeServiceConfig2(service.Handle, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (*byte)(unsafe.Pointer(&info)))
}
