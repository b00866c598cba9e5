//go:build windows

package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// What the account may do in a folder, in the words of security descriptors.
const (
	modify         = "0x1301bf"
	readAndExecute = "0x1200a9"
)

// prepareFolder makes the folder and closes it to all but the system, administrators and the account: in ProgramData others
// could read the secrets in it otherwise, or lay files there before us.
func prepareFolder(dir, account, rights string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
	if account != "" {
		sid, _, _, err := windows.LookupSID("", account)
		if err != nil {
			return fmt.Errorf("there is no account %s: %w", account, err)
		}
		text += fmt.Sprintf("(A;OICI;%s;;;%s)", rights, sid)
	}
	descriptor, err := windows.SecurityDescriptorFromString(text)
	if err != nil {
		return err
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	const what = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	if err := windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, what, owner, nil, list, nil); err != nil {
		return fmt.Errorf("%s cannot be closed to others: %w", dir, err)
	}
	return nil
}
